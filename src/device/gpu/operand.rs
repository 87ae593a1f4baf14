//! An operand of a matrix product on a GPU.

use super::context::Context;
use super::vectors::Vectors;
use crate::error::Result;

/// Memory for an operand as packed integers, which is reused from one product to the next.
pub(super) struct Operand {
    pub(super) packed: wgpu::Buffer,
    pub(super) scales: wgpu::Buffer,
}

impl Operand {
    pub(super) fn new(context: &Context) -> Result<Self> {
        Ok(Self { packed: context.storage("an operand", 0)?, scales: context.storage("scales of an operand", 0)? })
    }

    /// Makes the memory large enough for these vectors.
    pub(super) fn make_room(&mut self, context: &Context, vectors: &Vectors) -> Result<()> {
        let (packed, scales) = ((vectors.rows * vectors.padded * 4) as u64, vectors.padded as u64 * 8);
        if self.packed.size() < packed {
            self.packed = context.storage("an operand", packed)?;
        }
        if self.scales.size() < scales {
            self.scales = context.storage("scales of an operand", scales)?;
        }
        Ok(())
    }
}

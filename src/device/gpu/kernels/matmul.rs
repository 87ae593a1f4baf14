//! Dispatches of matrix products: both operands to packed integers, then the products.

use super::GpuTensors;
use super::vectors::Vectors;
use crate::device::gpu::chunk::slices;
use crate::device::gpu::context::Context;
use crate::device::gpu::kernel::Kernel;
use crate::device::tensors::{Tensor, shape};
use crate::error::Result;
use crate::kernel::matmul::{self, Product};
use crate::kernel::scaled::Width;

/// Rows and columns of results that a workgroup owns, and the rows of packed words that it takes at a time.
const TILE: usize = 64;
const STEP: usize = 16;
/// `dot4I8Packed` of a word of 16-bit integers: each digit with each.
const DIGIT_PRODUCTS: usize = 4;

/// Room for an operand as packed integers; it is reused from one product to the next.
pub(super) struct Operand {
    packed: wgpu::Buffer,
    scales: wgpu::Buffer,
}

impl Operand {
    pub(super) fn new(context: &Context) -> Result<Self> {
        Ok(Self { packed: context.storage("an operand", 0)?, scales: context.storage("scales of an operand", 0)? })
    }

    fn make_room(&mut self, context: &Context, vectors: &Vectors) -> Result<()> {
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

/// Twin: `kernel::matmul::matmul`.
pub(super) fn matmul(
    tensors: &mut GpuTensors,
    product: Product,
    width: Width,
    operands: [Tensor; 2],
    out: Tensor,
) -> Result<()> {
    let shape = shape(product, operands[0], operands[1]);
    let values = [tensors.buffer(operands[0])?, tensors.buffer(operands[1])?];
    let out = tensors.buffer(out)?;
    let GpuTensors { context, batch, operands, .. } = tensors;
    let wide = width == Width::Bits16;
    let rows = shape.k.div_ceil(if wide { 2 * STEP } else { 4 * STEP }) * STEP;
    let (a, b) = matmul::Vectors::of(product, shape, &[], &[]);
    let vectors = [(a, shape.m), (b, shape.n)].map(|(vectors, count)| {
        let matmul::Vectors { vector_stride, term_stride, .. } = vectors;
        let padded = count.next_multiple_of(TILE);
        Vectors { vector_stride, term_stride, padded, rows, ..Vectors::rows(count, shape.k, width) }
    });
    for ((vectors, values), operand) in vectors.iter().zip(&values).zip(operands.iter_mut()) {
        operand.make_room(context, vectors)?;
        vectors.run(context, batch, Kernel::ScaleOperand, &[values, &operand.packed, &operand.scales])?;
    }
    let [a, b] = operands;
    let buffers = [&a.packed, &b.packed, &a.scales, &b.scales, &out];
    let kernel = Kernel::Matmul { wide };
    let [padded_a, padded_b] = vectors.map(|vectors| vectors.padded / 4);
    let work = padded_b * shape.k * if wide { DIGIT_PRODUCTS } else { 1 };
    for slice in slices(context, kernel, shape.m, work) {
        let words = [slice.start / TILE, shape.m, shape.n, shape.k, rows, padded_a, padded_b];
        let groups = (shape.n.div_ceil(TILE) as u32, slice.len().div_ceil(TILE) as u32);
        batch.dispatch(context, kernel, &words.map(|word| word as u32), &buffers, (groups, slice.len() * work))?;
    }
    Ok(())
}

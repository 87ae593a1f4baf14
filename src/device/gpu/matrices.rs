//! Matrices of networks on a GPU: the shaders compute on bits of f32 with integers.

use super::batch::CommandBatch;
use super::chunk::slices;
use super::context::Context;
use super::kernel::Kernel;
use super::operand::Operand;
use super::span::{Span, words};
use super::vectors::{FLOAT_WORK, Vectors};
use crate::device::tensors::Tensor;
use crate::error::{Result, try_vec};
use crate::kernel::float::finish;
use std::sync::Arc;

pub(super) struct GpuMatrices {
    pub(super) context: Arc<Context>,
    /// The dispatches that are not submitted yet.
    pub(super) batch: CommandBatch,
    /// The values of all matrices, by number.
    buffers: Vec<wgpu::Buffer>,
    /// The operands of products; each product reuses their memory.
    pub(super) operands: [Operand; 2],
}

impl GpuMatrices {
    pub(super) fn new(context: Arc<Context>) -> Result<Self> {
        let batch = CommandBatch::new(&context)?;
        let operands = [Operand::new(&context)?, Operand::new(&context)?];
        Ok(Self { context, batch, buffers: Vec::new(), operands })
    }

    pub(super) fn buffer(&self, tensor: Tensor) -> Result<wgpu::Buffer> {
        let found = self.buffers.get(tensor.id).cloned();
        found.ok_or_else(|| self.context.failed(format!("there is no matrix {}", tensor.id)))
    }

    /// Runs `kernel` over `len` elements, with `floats` operations each.
    pub(super) fn elements(
        &mut self,
        kernel: Kernel,
        len: usize,
        floats: usize,
        rest: &[u32],
        of: &[Tensor],
    ) -> Result<()> {
        let buffers: Vec<_> = of.iter().map(|tensor| self.buffer(*tensor)).collect::<Result<_>>()?;
        let buffers: Vec<_> = buffers.iter().collect();
        let work = floats * FLOAT_WORK;
        for slice in slices(&self.context, kernel, len, work) {
            let params = [&[slice.start as u32, slice.end as u32], rest].concat();
            let groups = (slice.len().div_ceil(kernel.group_rows()) as u32, 1);
            self.batch.dispatch(
                &self.context,
                kernel,
                &params,
                &buffers,
                (groups, slice.len() as u64 * work as u64),
            )?;
        }
        Ok(())
    }

    /// Runs `kernel` over the vectors of `x`.
    pub(super) fn sums(&mut self, kernel: Kernel, vectors: Vectors, x: Tensor, out: Tensor) -> Result<()> {
        let (x, out) = (self.buffer(x)?, self.buffer(out)?);
        vectors.run(&self.context, &mut self.batch, kernel, &[&x, &out])
    }

    /// Makes a matrix of zeros.
    pub(super) fn create(&mut self, rows: usize, columns: usize) -> Result<Tensor> {
        let bytes = (rows as u64).saturating_mul(columns as u64).saturating_mul(4);
        self.buffers.push(self.context.storage("a matrix of the network", bytes)?);
        Ok(Tensor { id: self.buffers.len() - 1, rows, columns })
    }

    /// Replaces all values.
    pub(super) fn upload(&mut self, to: Tensor, values: &[f32]) -> Result<()> {
        // Commands that wait for their submission must not see these values.
        self.batch.flush(&self.context)?;
        let mut bits = try_vec(0_u32, values.len().min(to.len()), "values to upload")?;
        bits.iter_mut().zip(values).for_each(|(bits, value)| *bits = finish(*value).to_bits());
        self.context.write(&self.buffer(to)?, 0, bytemuck::cast_slice(&bits))
    }

    /// Returns all values.
    pub(super) fn download(&mut self, from: Tensor) -> Result<Vec<f32>> {
        self.batch.flush(&self.context)?;
        let buffer = self.buffer(from)?;
        let piece = self.context.piece() / 4;
        let mut out = try_vec(0.0, from.len(), "values to download")?;
        for (at, out) in out.chunks_mut(piece).enumerate() {
            let span = Span { buffer: &buffer, offset: (at * piece * 4) as u64, size: out.len() as u64 * 4 };
            let bytes = self.batch.read(&self.context, &[span])?;
            out.iter_mut().zip(words(&bytes)).for_each(|(value, bits)| *value = f32::from_bits(bits));
        }
        Ok(out)
    }

    /// Copies all values.
    pub(super) fn copy(&mut self, from: Tensor, to: Tensor) -> Result<()> {
        let bytes = from.len().min(to.len()) as u64 * 4;
        let (from, to) = (self.buffer(from)?, self.buffer(to)?);
        self.batch.copy(&self.context, &from, &to, bytes)
    }
}

//! Matrices of networks on a GPU: the shaders compute on bits of f32 with integers.

use super::batch::CommandBatch;
use super::chunk::run_elements;
use super::context::Context;
use super::kernel::Kernel;
use super::operand::Operand;
use super::span::{Span, words};
use super::vectors::{FLOAT_WORK, Vectors};
use crate::device::tensors::Tensor;
use crate::error::{Result, try_zeros};
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
        run_elements(len, &self.context, &mut self.batch, kernel, rest, (&buffers, floats * FLOAT_WORK))
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
        let mut bits = try_zeros::<u32>(values.len().min(to.len()), "values to upload")?;
        bits.iter_mut().zip(values).for_each(|(bits, value)| *bits = finish(*value).to_bits());
        let buffer = self.buffer(to)?;
        self.batch.write(&self.context, &buffer, bytemuck::cast_slice(&bits))
    }

    /// Returns all values of several matrices, with as few read-backs as their size allows.
    pub(super) fn download(&mut self, from: &[Tensor]) -> Result<Vec<Vec<f32>>> {
        let most = self.context.piece() / 4;
        let buffers: Vec<_> = from.iter().map(|tensor| self.buffer(*tensor)).collect::<Result<_>>()?;
        let values = |tensor: &Tensor| try_zeros(tensor.len(), "values to download");
        let mut out: Vec<Vec<f32>> = from.iter().map(values).collect::<Result<_>>()?;
        // What each read-back takes, and how many values these are.
        let mut readings: Vec<(usize, Vec<Part<'_>>)> = Vec::new();
        for (buffer, out) in buffers.iter().zip(&mut out) {
            for (at, out) in out.chunks_mut(most).enumerate() {
                let part = Part { buffer, first: at * most, out };
                match readings.last_mut().filter(|(len, _)| len + part.out.len() <= most) {
                    Some((len, parts)) => {
                        *len += part.out.len();
                        parts.push(part);
                    }
                    None => readings.push((part.out.len(), vec![part])),
                }
            }
        }
        for (_, parts) in readings {
            let spans: Vec<Span<'_>> = parts.iter().map(Part::span).collect();
            let bytes = self.batch.read(&self.context, &spans)?;
            let mut words = words(&bytes);
            for part in parts {
                part.out.iter_mut().zip(words.by_ref()).for_each(|(value, bits)| *value = f32::from_bits(bits));
            }
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

/// A part of a matrix that is read back.
struct Part<'a> {
    buffer: &'a wgpu::Buffer,
    /// Its first value in the matrix.
    first: usize,
    out: &'a mut [f32],
}

impl Part<'_> {
    fn span(&self) -> Span<'_> {
        Span { buffer: self.buffer, offset: self.first as u64 * 4, size: self.out.len() as u64 * 4 }
    }
}

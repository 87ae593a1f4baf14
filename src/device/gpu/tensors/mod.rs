//! Matrices of networks on a GPU: bits of f32, computed with in integers.

mod matmul;
mod vectors;

use super::batch::Batch;
use super::chunk::slices;
use super::context::Context;
use super::kernel::Kernel;
use super::memory::Span;
use super::table::words;
use crate::device::tensors::{Members, Parameter, Passing, Tensor, Tensors};
use crate::error::{Result, try_vec};
use crate::kernel::adamw::StepFactors;
use crate::kernel::combine::Op;
use crate::kernel::dropout::Mask;
use crate::kernel::float::finish;
use crate::kernel::matmul::Product;
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::Width;
use crate::kernel::straight_through::Weight;
use matmul::Operand;
use std::sync::Arc;
use vectors::Vectors;

/// What a float operation on integers costs, in products of `assign`; and how many of them AdamW takes.
const FLOAT_WORK: usize = 64;
const ADAMW_FLOATS: usize = 14;
/// Float operations of a value that passes the quantizer, besides those of its levels; integer steps that one costs.
const PASS_FLOATS: usize = 3;
const INTEGERS_PER_FLOAT: usize = 16;

pub(super) struct GpuTensors {
    context: Arc<Context>,
    /// Dispatches that are yet to be submitted.
    batch: Batch,
    /// Values of all matrices, by number.
    buffers: Vec<wgpu::Buffer>,
    operands: [Operand; 2],
}

impl GpuTensors {
    pub(super) fn new(context: Arc<Context>) -> Result<Self> {
        let batch = Batch::new(&context)?;
        let operands = [Operand::new(&context)?, Operand::new(&context)?];
        Ok(Self { context, batch, buffers: Vec::new(), operands })
    }

    fn buffer(&self, tensor: Tensor) -> Result<wgpu::Buffer> {
        let found = self.buffers.get(tensor.id).cloned();
        found.ok_or_else(|| self.context.failed(format!("there is no matrix {}", tensor.id)))
    }

    /// Runs `kernel` over `len` elements of `floats` operations each.
    fn elements(&mut self, kernel: Kernel, len: usize, floats: usize, rest: &[u32], of: &[Tensor]) -> Result<()> {
        let buffers: Vec<_> = of.iter().map(|tensor| self.buffer(*tensor)).collect::<Result<_>>()?;
        let buffers: Vec<_> = buffers.iter().collect();
        let work = floats * FLOAT_WORK;
        for slice in slices(&self.context, kernel, len, work) {
            let params = [&[slice.start as u32, slice.end as u32], rest].concat();
            let groups = (slice.len().div_ceil(kernel.group_rows()) as u32, 1);
            self.batch.dispatch(&self.context, kernel, &params, &buffers, (groups, slice.len() * work))?;
        }
        Ok(())
    }

    fn sums(&mut self, kernel: Kernel, vectors: Vectors, x: Tensor, out: Tensor) -> Result<()> {
        let (x, out) = (self.buffer(x)?, self.buffer(out)?);
        vectors.run(&self.context, &mut self.batch, kernel, &[&x, &out])
    }
}

impl Tensors for GpuTensors {
    fn create(&mut self, rows: usize, columns: usize) -> Result<Tensor> {
        let bytes = (rows as u64).saturating_mul(columns as u64).saturating_mul(4);
        self.buffers.push(self.context.storage("a matrix of the network", bytes)?);
        Ok(Tensor { id: self.buffers.len() - 1, rows, columns })
    }

    fn upload(&mut self, to: Tensor, values: &[f32]) -> Result<()> {
        // What waits for its submission must not see these values yet.
        self.batch.flush(&self.context)?;
        let mut bits = try_vec(0_u32, values.len().min(to.len()), "values to upload")?;
        bits.iter_mut().zip(values).for_each(|(bits, value)| *bits = finish(*value).to_bits());
        self.context.write(&self.buffer(to)?, 0, bytemuck::cast_slice(&bits))
    }

    fn download(&mut self, from: Tensor) -> Result<Vec<f32>> {
        self.batch.flush(&self.context)?;
        let buffer = self.buffer(from)?;
        let piece = self.context.piece() / 4;
        let mut out = try_vec(0.0, from.len(), "values to download")?;
        for (at, out) in out.chunks_mut(piece).enumerate() {
            let span = Span { buffer: &buffer, offset: (at * piece * 4) as u64, size: out.len() as u64 * 4 };
            let bytes = self.context.read(&[span])?;
            out.iter_mut().zip(words(&bytes)).for_each(|(value, bits)| *value = f32::from_bits(bits));
        }
        Ok(out)
    }

    fn copy(&mut self, from: Tensor, to: Tensor) -> Result<()> {
        let bytes = from.len().min(to.len()) as u64 * 4;
        let (from, to) = (self.buffer(from)?, self.buffer(to)?);
        self.batch.copy(&self.context, &from, &to, bytes)
    }

    fn matmul(&mut self, product: Product, width: Width, a: Tensor, b: Tensor, out: Tensor) -> Result<()> {
        matmul::matmul(self, product, width, [a, b], out)
    }

    fn combine(&mut self, op: Op, a: Tensor, b: Tensor) -> Result<()> {
        let (code, floats) = match op {
            Op::Add => (0, 1),
            Op::Sub => (1, 1),
            Op::Mul => (2, 1),
            Op::SignTimes => (3, 1),
            Op::InverseRoot => (4, 3),
        };
        self.elements(Kernel::Combine, a.len(), floats, &[code, b.len() as u32], &[a, b])
    }

    fn rectify(&mut self, x: Tensor, slope: f32) -> Result<()> {
        self.elements(Kernel::Rectify, x.len(), 1, &[slope.to_bits()], &[x])
    }

    fn rectify_gradient(&mut self, gradient: Tensor, output: Tensor, slope: f32) -> Result<()> {
        self.elements(Kernel::RectifyGradient, gradient.len(), 1, &[slope.to_bits()], &[gradient, output])
    }

    fn column_sums(&mut self, x: Tensor, out: Tensor) -> Result<()> {
        self.sums(Kernel::ColumnSums, Vectors::columns(x.columns, x.rows, Width::Bits16), x, out)
    }

    fn row_losses(&mut self, x: Tensor, power: Power, out: Tensor) -> Result<()> {
        let kind = match power {
            Power::One => 0,
            Power::Two => 1,
        };
        let vectors = Vectors { kind, ..Vectors::rows(x.rows, x.columns, Width::Bits16) };
        self.sums(Kernel::RowLosses, vectors, x, out)
    }

    fn adamw(&mut self, parameters: Parameter, step: &StepFactors) -> Result<()> {
        let Parameter { value, gradient, moments: [first, second] } = parameters;
        let StepFactors { beta1, rest1, beta2, rest2, root, epsilon, decay, rate } = *step;
        let factors = [beta1, rest1, beta2, rest2, root, epsilon, decay, rate].map(f32::to_bits);
        self.elements(Kernel::AdamW, value.len(), ADAMW_FLOATS, &factors, &[value, gradient, first, second])
    }

    fn dropout(&mut self, x: Tensor, mask: &Mask) -> Result<()> {
        let Mask { key: [key0, key1], threshold, factor } = *mask;
        self.elements(Kernel::Dropout, x.len(), 1, &[key0, key1, threshold, factor.to_bits()], &[x])
    }

    fn straight_through(&mut self, of: &Passing, weight: Weight) -> Result<()> {
        let Passing { latents, codes, books, quantized, commitment, residuals } = *of;
        let levels = codes.columns;
        let params = [books.columns as u32, levels as u32, weight.exponent as u32, weight.factor.to_bits()];
        let tensors = [latents, codes, books, quantized, commitment, residuals];
        self.elements(Kernel::StraightThrough, latents.len(), PASS_FLOATS + levels, &params, &tensors)
    }

    fn codebook_gradient(&mut self, of: &Members, weight: Weight, out: Tensor) -> Result<()> {
        let params = [out.columns as u32, weight.exponent as u32, weight.factor.to_bits()];
        // As many members as there are on average; integers, which cost far less than floats.
        let floats = 2 + of.rows.len() / out.rows.max(1) / INTEGERS_PER_FLOAT;
        self.elements(Kernel::CodebookGradient, out.len(), floats, &params, &[of.residuals, of.rows, of.starts, out])
    }
}

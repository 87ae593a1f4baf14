//! Matrices of networks on the CPU: element-wise steps in parallel pieces, products of 16-bit integers.

mod matmul;
mod pack;
mod quantizer;
mod sums;
#[cfg(test)]
mod tests;
mod unit;

use super::Pool;
use crate::device::reference::HostTensors;
use crate::device::tensors::{Members, Parameter, Passing, Tensor, Tensors, shape};
use crate::error::Result;
use crate::kernel::adamw::{StepFactors, adamw};
use crate::kernel::combine::{Op, combine};
use crate::kernel::dropout::{Mask, dropout};
use crate::kernel::matmul::Product;
use crate::kernel::rectify::{rectify, rectify_gradient};
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::Width;
use crate::kernel::straight_through::Weight;
use rayon::prelude::*;
use unit::{Unit, Work, dispatch};

/// Values that one task handles.
const TASK: usize = 1 << 14;

pub(super) struct CpuTensors {
    pool: Pool,
    host: HostTensors,
    operands: matmul::Operands,
}

impl CpuTensors {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool, host: HostTensors::default(), operands: matmul::Operands::default() }
    }
}

/// Element-wise work, compiled for the vector unit.
enum Piece<'a> {
    Combine(Op, &'a mut [f32], &'a [f32]),
    Rectify(&'a mut [f32], f32),
    RectifyGradient(&'a mut [f32], &'a [f32], f32),
    AdamW(&'a mut [f32], &'a [f32], &'a mut [f32], &'a mut [f32], &'a StepFactors),
    Dropout(&'a mut [f32], usize, &'a Mask),
}

impl Work for Piece<'_> {
    #[inline(always)]
    fn work<U: Unit>(self, _: U) {
        match self {
            Self::Combine(op, a, b) => combine(op, a, b),
            Self::Rectify(x, slope) => rectify(x, slope),
            Self::RectifyGradient(gradient, output, slope) => rectify_gradient(gradient, output, slope),
            Self::AdamW(p, g, m, v, step) => adamw(p, g, m, v, step),
            Self::Dropout(x, first, mask) => dropout(x, first, mask),
        }
    }
}

impl Tensors for CpuTensors {
    fn create(&mut self, rows: usize, columns: usize) -> Result<Tensor> {
        self.host.create(rows, columns)
    }

    fn upload(&mut self, to: Tensor, values: &[f32]) -> Result<()> {
        self.host.upload(to, values)
    }

    fn download(&mut self, from: Tensor) -> Result<Vec<f32>> {
        Ok(self.host.values(from).to_vec())
    }

    fn copy(&mut self, from: Tensor, to: Tensor) -> Result<()> {
        self.host.copy(from, to)
    }

    fn matmul(&mut self, product: Product, width: Width, a: Tensor, b: Tensor, out: Tensor) -> Result<()> {
        let shape = shape(product, a, b);
        let (pool, operands) = (&self.pool, &mut self.operands);
        self.host.change(out, |all, out| {
            pool.run(|| operands.matmul(product, width, shape, all.values(a), all.values(b), out));
        })
    }

    fn combine(&mut self, op: Op, a: Tensor, b: Tensor) -> Result<()> {
        let pool = &self.pool;
        self.host.change(a, |all, values| {
            let other = all.values(b);
            // A row for all is taken whole; matrices of one shape are cut at the same places.
            let whole = b.len() < a.len();
            let task = if whole { (TASK / b.len().max(1)).max(1) * b.len().max(1) } else { TASK };
            pool.run(|| {
                values.par_chunks_mut(task).enumerate().for_each(|(i, part)| {
                    let other = if whole { other } else { other.get(i * task..).unwrap_or_default() };
                    let other = other.get(..part.len().min(other.len())).unwrap_or_default();
                    dispatch(Piece::Combine(op, part, other));
                });
            });
        })
    }

    fn rectify(&mut self, x: Tensor, slope: f32) -> Result<()> {
        let pool = &self.pool;
        self.host.change(x, |_, x| {
            pool.run(|| x.par_chunks_mut(TASK).for_each(|x| dispatch(Piece::Rectify(x, slope))));
        })
    }

    fn rectify_gradient(&mut self, gradient: Tensor, output: Tensor, slope: f32) -> Result<()> {
        let pool = &self.pool;
        self.host.change(gradient, |all, gradient| {
            let parts = gradient.par_chunks_mut(TASK).zip(all.values(output).par_chunks(TASK));
            pool.run(|| parts.for_each(|(g, y)| dispatch(Piece::RectifyGradient(g, y, slope))));
        })
    }

    fn column_sums(&mut self, x: Tensor, out: Tensor) -> Result<()> {
        let pool = &self.pool;
        self.host.change(out, |all, out| pool.run(|| sums::column_sums(all.values(x), out)))
    }

    fn row_losses(&mut self, x: Tensor, power: Power, out: Tensor) -> Result<()> {
        let pool = &self.pool;
        self.host.change(out, |all, out| pool.run(|| sums::row_losses(all.values(x), x.columns, power, out)))
    }

    fn adamw(&mut self, parameters: Parameter, step: &StepFactors) -> Result<()> {
        let Parameter { value, gradient, moments: [first, second] } = parameters;
        let Self { pool, host, .. } = self;
        let [mut p, mut m, mut v] = [value, first, second].map(|tensor| host.take(tensor));
        let parts = p.par_chunks_mut(TASK).zip(host.values(gradient).par_chunks(TASK));
        let parts = parts.zip(m.par_chunks_mut(TASK)).zip(v.par_chunks_mut(TASK));
        pool.run(|| parts.for_each(|(((p, g), m), v)| dispatch(Piece::AdamW(p, g, m, v, step))));
        [(value, p), (first, m), (second, v)].into_iter().for_each(|(tensor, values)| host.put(tensor, values));
        Ok(())
    }

    fn dropout(&mut self, x: Tensor, mask: &Mask) -> Result<()> {
        let pool = &self.pool;
        self.host.change(x, |_, x| {
            let parts = x.par_chunks_mut(TASK).enumerate();
            pool.run(|| parts.for_each(|(i, x)| dispatch(Piece::Dropout(x, i * TASK, mask))));
        })
    }

    fn straight_through(&mut self, of: &Passing, weight: Weight) -> Result<()> {
        let Self { pool, host, .. } = self;
        let outputs = [of.quantized, of.commitment, of.residuals];
        let mut out = outputs.map(|tensor| host.take(tensor));
        let inputs = [of.latents, of.codes, of.books].map(|tensor| host.values(tensor));
        pool.run(|| quantizer::straight_through(inputs, of.books.columns, weight, &mut out));
        outputs.into_iter().zip(out).for_each(|(tensor, values)| host.put(tensor, values));
        Ok(())
    }

    fn codebook_gradient(&mut self, of: &Members, weight: Weight, out: Tensor) -> Result<()> {
        let pool = &self.pool;
        self.host.change(out, |all, values| {
            let of = [of.residuals, of.rows, of.starts].map(|tensor| all.values(tensor));
            pool.run(|| quantizer::codebook_gradient(of, out.columns, weight, values));
        })
    }
}

//! Implements [`Tensors`] for matrices on a GPU: each method runs the kernel of its name.

use super::context::Context;
use super::kernels;
use super::latents::{self, LatentTable};
use super::matrices::GpuMatrices;
use crate::codebook::Codebook;
use crate::device::tensors::{Coding, Members, Parameter, Passing, Tensor, Tensors};
use crate::error::Result;
use crate::kernel::adamw::StepFactors;
use crate::kernel::combine::Op;
use crate::kernel::dropout::Mask;
use crate::kernel::matmul::Product;
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::Width;
use crate::kernel::straight_through::Weight;
use std::sync::Arc;

/// Matrices, and the rows of the last batch of latents that got codes.
pub(super) struct GpuTensors {
    matrices: GpuMatrices,
    latents: Option<LatentTable>,
}

impl GpuTensors {
    pub(super) fn new(context: Arc<Context>) -> Result<Self> {
        Ok(Self { matrices: GpuMatrices::new(context)?, latents: None })
    }
}

impl Tensors for GpuTensors {
    fn create(&mut self, rows: usize, columns: usize) -> Result<Tensor> {
        self.matrices.create(rows, columns)
    }

    fn upload(&mut self, to: Tensor, values: &[f32]) -> Result<()> {
        self.matrices.upload(to, values)
    }

    fn download(&mut self, from: Tensor) -> Result<Vec<f32>> {
        Ok(self.matrices.download(&[from])?.pop().unwrap_or_default())
    }

    fn download_all(&mut self, from: &[Tensor]) -> Result<Vec<Vec<f32>>> {
        self.matrices.download(from)
    }

    fn submit(&mut self) -> Result<()> {
        self.matrices.batch.flush(&self.matrices.context)
    }

    fn copy(&mut self, from: Tensor, to: Tensor) -> Result<()> {
        self.matrices.copy(from, to)
    }

    fn matmul(&mut self, product: Product, width: Width, a: Tensor, b: Tensor, out: Tensor) -> Result<()> {
        kernels::matmul::matmul(&mut self.matrices, product, width, [a, b], out)
    }

    fn combine(&mut self, op: Op, a: Tensor, b: Tensor) -> Result<()> {
        kernels::combine::combine(&mut self.matrices, op, a, b)
    }

    fn rectify(&mut self, x: Tensor, slope: f32) -> Result<()> {
        kernels::rectify::rectify(&mut self.matrices, x, slope)
    }

    fn rectify_gradient(&mut self, gradient: Tensor, output: Tensor, slope: f32) -> Result<()> {
        kernels::rectify::rectify_gradient(&mut self.matrices, gradient, output, slope)
    }

    fn column_sums(&mut self, x: Tensor, out: Tensor) -> Result<()> {
        kernels::column_sums::column_sums(&mut self.matrices, x, out)
    }

    fn row_losses(&mut self, x: Tensor, power: Power, out: Tensor) -> Result<()> {
        kernels::row_losses::row_losses(&mut self.matrices, x, power, out)
    }

    fn adamw(&mut self, parameters: Parameter, step: &StepFactors) -> Result<()> {
        kernels::adamw::adamw(&mut self.matrices, parameters, step)
    }

    fn dropout(&mut self, x: Tensor, mask: &Mask) -> Result<()> {
        kernels::dropout::dropout(&mut self.matrices, x, mask)
    }

    fn quantize(&mut self, of: &Coding, levels: &[Codebook], exponent: i32) -> Result<bool> {
        latents::quantize(&mut self.matrices, &mut self.latents, of, levels, exponent)
    }

    fn straight_through(&mut self, of: &Passing, weight: Weight) -> Result<()> {
        kernels::straight_through::straight_through(&mut self.matrices, of, weight)
    }

    fn codebook_gradient(&mut self, of: &Members, weight: Weight, out: Tensor) -> Result<()> {
        kernels::codebook_gradient::codebook_gradient(&mut self.matrices, of, weight, out)
    }
}

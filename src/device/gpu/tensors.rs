//! Implements [`Tensors`] for matrices on a GPU: each method runs the kernel of its name.

use super::kernels;
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

impl Tensors for GpuMatrices {
    fn create(&mut self, rows: usize, columns: usize) -> Result<Tensor> {
        GpuMatrices::create(self, rows, columns)
    }

    fn upload(&mut self, to: Tensor, values: &[f32]) -> Result<()> {
        GpuMatrices::upload(self, to, values)
    }

    fn download(&mut self, from: Tensor) -> Result<Vec<f32>> {
        Ok(GpuMatrices::download(self, &[from])?.pop().unwrap_or_default())
    }

    fn download_all(&mut self, from: &[Tensor]) -> Result<Vec<Vec<f32>>> {
        GpuMatrices::download(self, from)
    }

    fn submit(&mut self) -> Result<()> {
        self.batch.flush(&self.context)
    }

    fn copy(&mut self, from: Tensor, to: Tensor) -> Result<()> {
        GpuMatrices::copy(self, from, to)
    }

    fn matmul(&mut self, product: Product, width: Width, a: Tensor, b: Tensor, out: Tensor) -> Result<()> {
        kernels::matmul::matmul(self, product, width, [a, b], out)
    }

    fn combine(&mut self, op: Op, a: Tensor, b: Tensor) -> Result<()> {
        kernels::combine::combine(self, op, a, b)
    }

    fn rectify(&mut self, x: Tensor, slope: f32) -> Result<()> {
        kernels::rectify::rectify(self, x, slope)
    }

    fn rectify_gradient(&mut self, gradient: Tensor, output: Tensor, slope: f32) -> Result<()> {
        kernels::rectify::rectify_gradient(self, gradient, output, slope)
    }

    fn column_sums(&mut self, x: Tensor, out: Tensor) -> Result<()> {
        kernels::column_sums::column_sums(self, x, out)
    }

    fn row_losses(&mut self, x: Tensor, power: Power, out: Tensor) -> Result<()> {
        kernels::row_losses::row_losses(self, x, power, out)
    }

    fn adamw(&mut self, parameters: Parameter, step: &StepFactors) -> Result<()> {
        kernels::adamw::adamw(self, parameters, step)
    }

    fn dropout(&mut self, x: Tensor, mask: &Mask) -> Result<()> {
        kernels::dropout::dropout(self, x, mask)
    }

    fn quantize(&mut self, of: &Coding, levels: &[Codebook], exponent: i32) -> Result<bool> {
        GpuMatrices::quantize(self, of, levels, exponent)
    }

    fn straight_through(&mut self, of: &Passing, weight: Weight) -> Result<()> {
        kernels::straight_through::straight_through(self, of, weight)
    }

    fn codebook_gradient(&mut self, of: &Members, weight: Weight, out: Tensor) -> Result<()> {
        kernels::codebook_gradient::codebook_gradient(self, of, weight, out)
    }
}

//! Matrices of networks on the reference device: the scalar kernels.

use crate::codebook::Codebook;
use crate::device::host::HostTensors;
use crate::device::tensors::{Coding, Members, Parameter, Passing, Tensor, Tensors, shape};
use crate::error::Result;
use crate::kernel::adamw::{StepFactors, adamw};
use crate::kernel::assign::assign;
use crate::kernel::codebook_gradient::codebook_gradient;
use crate::kernel::column_sums::column_sums;
use crate::kernel::combine::{Op, combine};
use crate::kernel::dropout::{Mask, dropout};
use crate::kernel::matmul::{Product, matmul};
use crate::kernel::members::{members, number_codes};
use crate::kernel::on_grid::on_grid;
use crate::kernel::rectify::{rectify, rectify_gradient};
use crate::kernel::residual::subtract;
use crate::kernel::row_losses::{Power, row_losses};
use crate::kernel::scaled::Width;
use crate::kernel::straight_through::{Passed, Weight, straight_through};

/// The scalar kernels, one after the other.
#[derive(Default)]
pub(in crate::device) struct ReferenceTensors(HostTensors);

impl Tensors for ReferenceTensors {
    fn create(&mut self, rows: usize, columns: usize) -> Result<Tensor> {
        self.0.create(rows, columns)
    }

    fn upload(&mut self, to: Tensor, values: &[f32]) -> Result<()> {
        self.0.upload(to, values)
    }

    fn download(&mut self, from: Tensor) -> Result<Vec<f32>> {
        Ok(self.0.values(from).to_vec())
    }

    fn copy(&mut self, from: Tensor, to: Tensor) -> Result<()> {
        self.0.copy(from, to)
    }

    fn matmul(&mut self, product: Product, width: Width, a: Tensor, b: Tensor, out: Tensor) -> Result<()> {
        let shape = shape(product, a, b);
        self.0.change(out, |all, out| matmul(product, width, shape, all.values(a), all.values(b), out))
    }

    fn combine(&mut self, op: Op, a: Tensor, b: Tensor) -> Result<()> {
        self.0.change(a, |all, a| combine(op, a, all.values(b)))
    }

    fn rectify(&mut self, x: Tensor, slope: f32) -> Result<()> {
        self.0.change(x, |_, x| rectify(x, slope))
    }

    fn rectify_gradient(&mut self, gradient: Tensor, output: Tensor, slope: f32) -> Result<()> {
        self.0.change(gradient, |all, gradient| rectify_gradient(gradient, all.values(output), slope))
    }

    fn column_sums(&mut self, x: Tensor, out: Tensor) -> Result<()> {
        self.0.change(out, |all, out| column_sums(all.values(x), out))
    }

    fn row_losses(&mut self, x: Tensor, power: Power, out: Tensor) -> Result<()> {
        self.0.change(out, |all, out| row_losses(all.values(x), power, out))
    }

    fn adamw(&mut self, parameters: Parameter, step: &StepFactors) -> Result<()> {
        let Parameter { value, gradient, moments: [first, second] } = parameters;
        let [mut p, mut m, mut v] = [value, first, second].map(|tensor| self.0.take(tensor));
        adamw(&mut p, self.0.values(gradient), &mut m, &mut v, step);
        [(value, p), (first, m), (second, v)].into_iter().for_each(|(tensor, values)| self.0.put(tensor, values));
        Ok(())
    }

    fn dropout(&mut self, x: Tensor, mask: &Mask) -> Result<()> {
        self.0.change(x, |_, x| dropout(x, 0, mask))
    }

    fn quantize(&mut self, of: &Coding, levels: &[Codebook], exponent: i32) -> Result<bool> {
        let Tensor { rows, columns, .. } = of.latents;
        let (mut rest, mut of_level) = (vec![0; rows * columns], vec![0; rows]);
        on_grid(self.0.values(of.latents), exponent, &mut rest);
        let outputs = [of.codes, of.starts, of.rows];
        let [mut codes, mut starts, mut listed] = outputs.map(|tensor| self.0.take(tensor));
        let mut before = 0;
        for (level, book) in levels.iter().enumerate() {
            assign(&rest, book.values(), columns, &mut of_level);
            subtract(&mut rest, book.values(), columns, &of_level);
            number_codes(&of_level, (level, levels.len()), before, &mut codes);
            before += book.clusters();
        }
        members(&codes, &mut starts, &mut listed);
        outputs.into_iter().zip([codes, starts, listed]).for_each(|(tensor, values)| self.0.put(tensor, values));
        Ok(true)
    }

    fn straight_through(&mut self, of: &Passing, weight: Weight) -> Result<()> {
        let outputs = [of.quantized, of.commitment, of.residuals];
        let [mut quantized, mut commitment, mut residuals] = outputs.map(|tensor| self.0.take(tensor));
        let out = Passed { quantized: &mut quantized, commitment: &mut commitment, residuals: &mut residuals };
        let [latents, codes, books] = [of.latents, of.codes, of.books].map(|tensor| self.0.values(tensor));
        straight_through(latents, codes, books, of.books.columns, weight, out);
        outputs
            .into_iter()
            .zip([quantized, commitment, residuals])
            .for_each(|(tensor, values)| self.0.put(tensor, values));
        Ok(())
    }

    fn codebook_gradient(&mut self, of: &Members, weight: Weight, out: Tensor) -> Result<()> {
        self.0.change(out, |all, values| {
            let [residuals, rows, starts] = [of.residuals, of.rows, of.starts].map(|tensor| all.values(tensor));
            codebook_gradient(residuals, rows, starts, out.columns, weight, values);
        })
    }
}

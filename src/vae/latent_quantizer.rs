//! The residual quantizer in training: codebooks in f32, put on a grid for every step, where codes, residuals and sums
//! are exact.

use super::params::{CodebookUpdate, RqVae};
use super::trained_codebook::TrainedCodebook;
use crate::codebook::{CODEWORDS_MAX, Codebook, largest_sum};
use crate::device::tensors::{Members, Passing, Tensor, Tensors};
use crate::device::{Device, Purpose, Table};
use crate::error::{ErrorKind, Result};
use crate::grid::{EXPONENTS, Grid, pow2};
use crate::kernel::adamw::StepFactors;
use crate::kernel::assign::squared_distance;
use crate::kernel::float::finish;
use crate::kernel::row_losses::Power;
use crate::kernel::straight_through::Weight;
use crate::rq::sinkhorn;
use rayon::prelude::*;

/// Bits of the largest latent when a grid is chosen; it may grow 32 times as large before it saturates.
const LATENT_BITS: i32 = 18;

/// The residual quantizer of the latents: the codebooks of all levels, in training.
pub(super) struct LatentQuantizer {
    pub(super) books: Vec<TrainedCodebook>,
    pub(super) dim: usize,
    /// The grid of the current epoch.
    pub(super) exponent: i32,
    device: Device,
    table: Option<Box<dyn Table>>,
    matrices: CodebookTensors,
    /// Codes and gradients of the last batch.
    pub(super) batch: QuantizedBatch,
}

/// Matrices on the device that hold all levels, one after the other.
struct CodebookTensors {
    books: Tensor,
    starts: Tensor,
    gradient: Tensor,
}

/// Codes and gradients of a batch of latents.
#[derive(Default)]
pub(super) struct QuantizedBatch {
    codebooks: Vec<Codebook>,
    /// Rows of every codeword, per level.
    pub(super) counts: Vec<Vec<u64>>,
    /// Gradients of the codebooks or, for moving averages, the pulls alone, per level.
    pub(super) gradients: Vec<Vec<f32>>,
}

/// Matrices for the latents of a number of rows.
pub(super) struct QuantizerActivations {
    codes: Tensor,
    rows: Tensor,
    residuals: Tensor,
    losses: Tensor,
    pub(super) commitment: Tensor,
}

impl QuantizerActivations {
    pub(super) fn new(tensors: &mut dyn Tensors, rows: usize, levels: usize, dim: usize) -> Result<Self> {
        Ok(Self {
            codes: tensors.create(rows, levels)?,
            rows: tensors.create(rows * levels, 1)?,
            residuals: tensors.create(rows * levels, dim)?,
            losses: tensors.create(rows * levels, 1)?,
            commitment: tensors.create(rows, dim)?,
        })
    }
}

impl LatentQuantizer {
    pub(super) fn new(
        tensors: &mut dyn Tensors,
        books: Vec<TrainedCodebook>,
        dim: usize,
        device: &Device,
    ) -> Result<Self> {
        let clusters = books.iter().map(|book| book.counts.len()).sum();
        let matrices = CodebookTensors {
            books: tensors.create(clusters, dim)?,
            starts: tensors.create(clusters + 1, 1)?,
            gradient: tensors.create(clusters, dim)?,
        };
        let (device, batch) = (device.clone(), QuantizedBatch::default());
        Ok(Self { books, dim, exponent: 0, device, table: None, matrices, batch })
    }

    /// Chooses the grid on which the largest of these latents and of all codewords is in [2^17, 2^18).
    pub(super) fn choose_grid(&mut self, latents: &[f32]) {
        let values = latents.iter().chain(self.books.iter().flat_map(|book| &book.values));
        let largest = values.fold(0.0_f32, |largest, x| largest.max(x.abs()));
        let exponent = (largest.to_bits() >> 23) as i32 - 127;
        let finest = if largest > 0.0 { LATENT_BITS - 1 - exponent } else { LATENT_BITS };
        self.exponent = finest.clamp(*EXPONENTS.start(), *EXPONENTS.end());
    }

    /// Whether the codebooks have grown out of the grid. They may where latents begin small, in the first epoch.
    pub(super) fn has_outgrown(&self) -> bool {
        self.books.iter().flat_map(|book| &book.values).all(|c| c.is_finite())
            && largest_sum(&self.on_grid()) > CODEWORDS_MAX
    }

    fn on_grid(&self) -> Vec<Codebook> {
        self.books.iter().map(|book| book.on_grid(self.exponent, self.dim)).collect()
    }

    /// The codebooks on the grid.
    ///
    /// # Errors
    /// [`ErrorKind::Diverged`] where they have grown out of it, or are not finite.
    pub(super) fn codebooks(&self) -> Result<Vec<Codebook>> {
        if !self.books.iter().flat_map(|book| &book.values).all(|c| c.is_finite()) {
            return Err(ErrorKind::Diverged { what: "a codeword is not finite".into() }.into());
        }
        let books = self.on_grid();
        match largest_sum(&books) > CODEWORDS_MAX {
            true => Err(ErrorKind::Diverged { what: "the codebooks outgrew the latents' grid".into() }.into()),
            false => Ok(books),
        }
    }

    /// Quantizes the finite `latents` (n, d), which are those of `from`, into `to`, and computes the gradients of the
    /// quantization loss; returns the mean over the levels of the squared distance, per value of the latents.
    ///
    /// # Exactness
    /// Codes by exact distances; the rest is `kernel::straight_through`, `codebook_gradient` and `row_losses`.
    pub(super) fn quantize(
        &mut self,
        tensors: &mut dyn Tensors,
        (latents, from): (&[f32], Tensor),
        activations: &QuantizerActivations,
        to: Tensor,
        params: &RqVae,
    ) -> Result<f64> {
        let codebooks = self.codebooks()?;
        let codes = self.codes(&codebooks, latents, params)?;
        self.upload(tensors, &codebooks, &codes, activations)?;

        let factor = 2.0 * params.quantization_weight / (codebooks.len() * latents.len().max(1)) as f64;
        let weight = |factor: f64| Weight { exponent: self.exponent, factor: finish(factor as f32) };
        let CodebookTensors { books, starts, gradient } = self.matrices;
        let QuantizerActivations { codes, rows, residuals, losses, commitment } = *activations;
        let passing = Passing { latents: from, codes, books, quantized: to, commitment, residuals };
        tensors.straight_through(&passing, weight(params.beta * factor))?;
        let pull = if params.update == CodebookUpdate::Gradient { factor } else { 1.0 };
        tensors.codebook_gradient(&Members { residuals, rows, starts }, weight(pull), gradient)?;
        tensors.row_losses(residuals, Power::Two, losses)?;

        let sum: f64 = tensors.download(losses)?.iter().map(|loss| f64::from(*loss)).sum();
        let mut gradients = tensors.download(gradient)?.into_iter();
        let of_level = |codebook: &Codebook| gradients.by_ref().take(codebook.values().len()).collect();
        self.batch.gradients = codebooks.iter().map(of_level).collect();
        self.batch.codebooks = codebooks;
        let unit = pow2(-self.exponent);
        Ok(sum * unit * unit / (self.books.len() * latents.len().max(1)) as f64)
    }

    /// Codes (n, L), counted over all levels: those of a level come after all codes of the levels before.
    fn codes(&mut self, codebooks: &[Codebook], latents: &[f32], params: &RqVae) -> Result<Vec<usize>> {
        let (levels, rows) = (codebooks.len(), latents.len() / self.dim);
        let mut residual = vec![0; latents.len()];
        Grid::new(vec![0.0; self.dim], self.exponent).quantize(latents, &mut residual);
        let mut codes = vec![0; rows * levels];
        let mut of_level = vec![0; rows];
        let mut first = 0;
        self.batch.counts.clear();
        for (level, book) in codebooks.iter().enumerate() {
            match params.sinkhorn_of(level) {
                None => self.assign(book, &residual, &mut of_level)?,
                Some(epsilon) => of_level = self.balance(book, &residual, epsilon, params.sinkhorn.1),
            }
            crate::kernel::residual::subtract(&mut residual, book.values(), self.dim, &of_level);
            let mut counts = vec![0; book.clusters()];
            for (all, code) in codes.iter_mut().skip(level).step_by(levels).zip(&of_level) {
                *all = first + *code as usize;
                counts.iter_mut().skip(*code as usize).take(1).for_each(|count| *count += 1);
            }
            first += book.clusters();
            self.batch.counts.push(counts);
        }
        Ok(codes)
    }

    fn upload(
        &self,
        tensors: &mut dyn Tensors,
        codebooks: &[Codebook],
        codes: &[usize],
        activations: &QuantizerActivations,
    ) -> Result<()> {
        let books: Vec<f32> = codebooks.iter().flat_map(|book| book.values()).map(|c| *c as f32).collect();
        tensors.upload(self.matrices.books, &books)?;
        tensors.upload(activations.codes, &codes.iter().map(|code| *code as f32).collect::<Vec<f32>>())?;
        // The rows of every codeword, by counting.
        let ends = self.batch.counts.iter().flatten().scan(0, |sum, count| {
            *sum += *count as usize;
            Some(*sum)
        });
        let mut starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        tensors.upload(self.matrices.starts, &starts.iter().map(|start| *start as f32).collect::<Vec<f32>>())?;
        let mut rows = vec![0.0; codes.len()];
        for (row, code) in codes.iter().enumerate() {
            let Some(next) = starts.get_mut(*code) else { continue };
            rows.iter_mut().skip(*next).take(1).for_each(|place| *place = row as f32);
            *next += 1;
        }
        tensors.upload(activations.rows, &rows)
    }

    fn assign(&mut self, book: &Codebook, residual: &[i32], codes: &mut [u32]) -> Result<()> {
        let mut table = match self.table.take() {
            Some(table) if table.rows() == codes.len() => table,
            _ => self.device.engine().table(codes.len(), self.dim, Purpose::Encode)?,
        };
        table.upload(0, residual)?;
        table.assign(book)?;
        table.codes(codes)?;
        self.table = Some(table);
        Ok(())
    }

    /// Assigns latents by Sinkhorn, on the host.
    fn balance(&self, book: &Codebook, residual: &[i32], epsilon: f64, iterations: usize) -> Vec<u32> {
        let (dim, unit) = (self.dim, pow2(-self.exponent) * pow2(-self.exponent));
        let of_row = |row: &[i32]| {
            let distance = |codeword: &[i32]| squared_distance(row, codeword) as f64 * unit;
            book.values().chunks_exact(dim).map(distance).collect::<Vec<f64>>()
        };
        let mut distances: Vec<f64> = residual.par_chunks_exact(dim).flat_map_iter(of_row).collect();
        sinkhorn::codes(&mut distances, book.clusters(), epsilon, iterations)
    }

    /// Moves the codebooks after a batch.
    pub(super) fn update(&mut self, update: CodebookUpdate, step: &StepFactors) {
        let QuantizedBatch { codebooks, counts, gradients } = &self.batch;
        let levels = codebooks.iter().zip(counts).zip(gradients);
        for (book, ((codebook, counts), gradient)) in self.books.iter_mut().zip(levels) {
            match update {
                CodebookUpdate::Gradient => book.descend(gradient, step),
                CodebookUpdate::MovingAverage(decay) => {
                    book.average(decay, codebook, self.exponent, counts, gradient);
                }
            }
        }
    }
}

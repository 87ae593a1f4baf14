//! The residual quantizer in training: codebooks in f32, put on a grid for every step, where codes, residuals and sums
//! are exact.
//!
//! Codebooks and their moments stay on the host: they are small beside the networks, and a step sends them to the
//! device, as grid integers, and reads their gradient along with its losses.

mod host;

use super::params::{CodebookUpdate, RqVae};
use super::trained_codebook::TrainedCodebook;
use crate::codebook::{CODEWORDS_MAX, Codebook, largest_sum};
use crate::device::tensors::{Coding, Members, Passing, Tensor, Tensors};
use crate::device::{Device, Table};
use crate::error::{ErrorKind, Result};
use crate::grid::{EXPONENTS, pow2};
use crate::kernel::adamw::StepFactors;
use crate::kernel::float::finish;
use crate::kernel::row_losses::Power;
use crate::kernel::straight_through::Weight;

/// Bits of the largest latent when a grid is chosen; it may grow 32 times as large before it saturates.
const LATENT_BITS: i32 = 18;

/// The residual quantizer of the latents: the codebooks of all levels, in training.
pub(super) struct LatentQuantizer {
    pub(super) books: Vec<TrainedCodebook>,
    pub(super) dim: usize,
    /// The grid of the current epoch.
    pub(super) exponent: i32,
    /// The device for codes on the host.
    device: Device,
    table: Option<Box<dyn Table>>,
    matrices: CodebookTensors,
    /// Codes and gradients of the last batch.
    pub(super) batch: QuantizedBatch,
}

/// Matrices on the device that hold all levels, one after the other.
struct CodebookTensors {
    books: Tensor,
    /// Where the rows of each codeword begin in those of a batch.
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
    /// The sum of the magnitudes of each latent.
    magnitudes: Tensor,
    pub(super) commitment: Tensor,
}

impl QuantizerActivations {
    pub(super) fn new(tensors: &mut dyn Tensors, rows: usize, levels: usize, dim: usize) -> Result<Self> {
        Ok(Self {
            codes: tensors.create(rows, levels)?,
            rows: tensors.create(rows * levels, 1)?,
            residuals: tensors.create(rows * levels, dim)?,
            losses: tensors.create(rows * levels, 1)?,
            magnitudes: tensors.create(rows, 1)?,
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

    /// Gives the latents of a batch their codes and lists the rows of every codeword; returns false where
    /// [`LatentQuantizer::code_on_host`] has to do it.
    ///
    /// # Exactness
    /// Codes by exact distances, level by level.
    ///
    /// # Errors
    /// As for [`LatentQuantizer::codebooks`], and what devices can meet.
    pub(super) fn code(
        &mut self,
        tensors: &mut dyn Tensors,
        latents: Tensor,
        activations: &QuantizerActivations,
        params: &RqVae,
    ) -> Result<bool> {
        self.batch.codebooks = self.codebooks()?;
        if (0..self.books.len()).any(|level| params.sinkhorn_of(level).is_some()) {
            return Ok(false);
        }
        let QuantizerActivations { codes, rows, .. } = *activations;
        let coding = Coding { latents, codes, starts: self.matrices.starts, rows };
        tensors.quantize(&coding, &self.batch.codebooks, self.exponent)
    }

    /// Quantizes the latents of a batch, which have codes, into `to`, and computes the gradients and the losses.
    ///
    /// # Exactness
    /// That of `kernel::straight_through`, `codebook_gradient` and `row_losses`.
    pub(super) fn pass(
        &mut self,
        tensors: &mut dyn Tensors,
        latents: Tensor,
        activations: &QuantizerActivations,
        to: Tensor,
        params: &RqVae,
    ) -> Result<()> {
        let values: Vec<f32> = self.batch.codebooks.iter().flat_map(|book| book.values()).map(|c| *c as f32).collect();
        let factor = 2.0 * params.quantization_weight / (self.books.len() * latents.len().max(1)) as f64;
        let weight = |factor: f64| Weight { exponent: self.exponent, factor: finish(factor as f32) };
        let CodebookTensors { books, starts, gradient } = self.matrices;
        let QuantizerActivations { codes, rows, residuals, losses, magnitudes, commitment } = *activations;
        tensors.upload(books, &values)?;
        let passing = Passing { latents, codes, books, quantized: to, commitment, residuals };
        tensors.straight_through(&passing, weight(params.beta * factor))?;
        let pull = if params.update == CodebookUpdate::Gradient { factor } else { 1.0 };
        tensors.codebook_gradient(&Members { residuals, rows, starts }, weight(pull), gradient)?;
        tensors.row_losses(residuals, Power::Two, losses)?;
        tensors.row_losses(latents, Power::One, magnitudes)
    }

    /// The matrices of what the host has to know of a batch.
    pub(super) fn results(&self, activations: &QuantizerActivations) -> [Tensor; 4] {
        [activations.losses, activations.magnitudes, self.matrices.starts, self.matrices.gradient]
    }

    /// Takes the values of [`LatentQuantizer::results`]. Returns the mean over the levels of the squared distance, per
    /// value of the latents; none where a latent is not finite.
    pub(super) fn take(&mut self, [losses, magnitudes, starts, gradients]: [Vec<f32>; 4]) -> Option<f64> {
        // A row with a value that is not finite has no sum, see `kernel::scaled`.
        if magnitudes.iter().any(|magnitude| magnitude.is_nan()) {
            return None;
        }
        let codebooks = &self.batch.codebooks;
        let mut counts = starts.iter().zip(starts.iter().skip(1)).map(|(start, end)| (end - start) as u64);
        let of_level = |book: &Codebook| counts.by_ref().take(book.clusters()).collect();
        self.batch.counts = codebooks.iter().map(of_level).collect();
        let mut gradients = gradients.into_iter();
        let of_level = |book: &Codebook| gradients.by_ref().take(book.values().len()).collect();
        self.batch.gradients = codebooks.iter().map(of_level).collect();
        let sum: f64 = losses.iter().map(|loss| f64::from(*loss)).sum();
        let unit = pow2(-self.exponent);
        Some(sum * unit * unit / (self.books.len() * (magnitudes.len() * self.dim).max(1)) as f64)
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

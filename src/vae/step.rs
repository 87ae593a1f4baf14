//! A step of training: forward, through the quantizer, back, and the optimiser.
//!
//! Steps of a device are queued, and the host waits once, for losses, counts and the gradients of codebooks: before the
//! optimiser, because a training that diverges must not go on. It waits once more for the latents in the first step of
//! an epoch, which chooses a grid, and wherever Sinkhorn assigns them on the host; once for the norm of clipped
//! gradients; and twice for the rotation of gradients, which the host computes in f64.

use super::activations::BatchActivations;
use super::divergence::{Relative, RowSize};
use super::fit::RqVaeFit;
use super::params::{CodebookUpdate, Estimator, Loss, Reduction};
use super::rotation::rotate_rows;
use super::tally::StepLosses;
use crate::device::tensors::Tensor;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::adamw::{Rule, StepFactors};
use crate::kernel::combine::Op;
use crate::kernel::float::finish;
use crate::rng::row_hash;

impl RqVaeFit {
    pub(super) fn step(&mut self, rows: &[f32]) -> Result<StepLosses> {
        let activations = self.batch_activations(rows.len() / self.data.dim)?;
        let key = row_hash(self.params.seed ^ 0x6472_6f70, self.state.step);
        self.encode(&activations, rows, key)?;
        let ((_, latents), (quantized, _)) = (ends(&activations.encoder.values), ends(&activations.decoder.values));
        // RQ-KMeans+ stays on the grid of its model.
        if !self.skip && (self.state.batch == 0 || self.quantizer.has_outgrown()) {
            let latents = self.latents(latents)?;
            self.quantizer.choose_grid(&latents);
        }
        if !self.quantizer.code(&mut *self.tensors, latents, &activations.quantizer, &self.params)? {
            let latents = self.latents(latents)?;
            self.quantizer.code_on_host(&mut *self.tensors, &latents, &activations.quantizer, &self.params)?;
        }
        self.quantizer.pass(&mut *self.tensors, latents, &activations.quantizer, quantized, &self.params)?;
        let turning = match self.params.estimator {
            Estimator::StraightThrough => None,
            // Before the decoder drops some of it.
            Estimator::Rotation => Some(self.tensors.download_all(&[latents, quantized])?),
        };
        self.decode(&activations, !key)?;
        let (losses, error) = self.losses(&activations)?;
        self.check_losses(rows, losses, error)?;
        self.backward(&activations, turning.as_deref(), key)?;
        self.update()?;
        self.activations.push(activations);
        Ok(losses)
    }

    /// Refuses to go on from losses that are no numbers, or far beyond those of the untrained networks.
    pub(super) fn check_losses(&mut self, rows: &[f32], losses: StepLosses, squared_distance: f64) -> Result<()> {
        let step = self.state.step + 1;
        if !losses.loss.is_finite() {
            let what = format!("the loss of step {step} is {}", losses.loss);
            return Err(ErrorKind::Diverged { what }.into());
        }
        let batch = RowSize::of(rows, self.data.dim, &self.params);
        let relative = Relative::new(losses.reconstruction, squared_distance, batch, self.row_size);
        relative.check(*self.state.untrained.get_or_insert(relative), &self.params, step)
    }

    /// Takes a step on `rows`; returns its losses and its gradients, of the networks and then of the codebooks.
    #[cfg(test)]
    #[expect(clippy::type_complexity, reason = "of one test")]
    pub(super) fn gradients(&mut self, rows: &[f32]) -> Result<(StepLosses, Vec<Vec<f32>>, Vec<Vec<f32>>)> {
        let report = self.step(rows)?;
        let books = self.quantizer.batch.gradients.clone();
        let layers = self.encoder.weights().chain(self.decoder.weights()).map(|parameter| parameter.gradient);
        let nets = layers.map(|gradient| self.tensors.download(gradient)).collect::<Result<_>>()?;
        Ok((report, nets, books))
    }

    /// Encodes standardised rows, with dropout.
    fn encode(&mut self, activations: &BatchActivations, rows: &[f32], key: u64) -> Result<()> {
        let tensors = &mut *self.tensors;
        let (first, last) = ends(&activations.encoder.values);
        tensors.upload(activations.target, rows)?;
        tensors.copy(activations.target, first)?;
        self.encoder.forward(tensors, &activations.encoder, &self.scalars, key)?;
        if self.skip {
            tensors.combine(Op::Add, last, activations.target)?;
        }
        Ok(())
    }

    /// Downloads the latents of a batch.
    fn latents(&mut self, latents: Tensor) -> Result<Vec<f32>> {
        let latents = self.tensors.download(latents)?;
        if latents.iter().all(|x| x.is_finite()) { Ok(latents) } else { Err(self.not_finite()) }
    }

    fn not_finite(&self) -> Error {
        let what = format!("a latent is not finite in step {}", self.state.step + 1);
        ErrorKind::Diverged { what }.into()
    }

    /// Reconstructs the quantized latents; leaves the losses of the rows and the gradient of the reconstruction.
    fn decode(&mut self, activations: &BatchActivations, key: u64) -> Result<()> {
        let tensors = &mut *self.tensors;
        let (_, last) = ends(&activations.decoder.values);
        let (_, gradient) = ends(&activations.decoder.gradients);
        self.decoder.forward(tensors, &activations.decoder, &self.scalars, key)?;
        tensors.copy(last, gradient)?;
        tensors.combine(Op::Sub, gradient, activations.target)?;
        tensors.row_losses(gradient, self.params.loss.power(), activations.losses)?;
        let op = if self.params.loss == Loss::Mse { Op::Mul } else { Op::SignTimes };
        tensors.combine(op, gradient, activations.factor)
    }

    /// Reads all that the host has to know of a batch; in most steps it waits for a device here and nowhere else.
    /// Returns the losses, and the squared distance of the latents from their codewords.
    fn losses(&mut self, activations: &BatchActivations) -> Result<(StepLosses, f64)> {
        let [losses, magnitudes, starts, gradient] = self.quantizer.results(&activations.quantizer);
        let found = self.tensors.download_all(&[activations.losses, losses, magnitudes, starts, gradient])?;
        let [of_rows, quantizer @ ..] = <[Vec<f32>; 5]>::try_from(found).unwrap_or_default();
        let Some(error) = self.quantizer.take(quantizer) else { return Err(self.not_finite()) };
        let sum: f64 = of_rows.iter().map(|loss| f64::from(*loss)).sum();
        let reconstruction = sum * self.per_value(activations.rows);
        let quantization = error * (1.0 + self.params.beta) * self.params.quantization_weight;
        Ok((StepLosses { loss: reconstruction + quantization, reconstruction, quantization }, error))
    }

    /// Returns the weight of a single value in the reconstruction loss of a batch.
    fn per_value(&self, rows: usize) -> f64 {
        match self.params.reduction {
            Reduction::Mean => 1.0 / (rows * self.data.dim) as f64,
            Reduction::Sum => 1.0 / rows as f64,
        }
    }

    /// Computes the gradients of all layers; those of the latents turn with the quantized values where both are given.
    fn backward(&mut self, activations: &BatchActivations, turning: Option<&[Vec<f32>]>, key: u64) -> Result<()> {
        let tensors = &mut *self.tensors;
        let (of_quantized, _) = ends(&activations.decoder.gradients);
        let (_, of_latents) = ends(&activations.encoder.gradients);
        self.decoder.backward(tensors, &activations.decoder, !key, true)?;
        match turning {
            Some([latents, quantized]) => {
                let mut gradient = tensors.download(of_quantized)?;
                rotate_rows(latents, quantized, self.quantizer.dim, &mut gradient);
                tensors.upload(of_latents, &gradient)?;
            }
            _ => tensors.copy(of_quantized, of_latents)?,
        }
        tensors.combine(Op::Add, of_latents, activations.quantizer.commitment)?;
        self.encoder.backward(tensors, &activations.encoder, key, false)
    }

    /// Takes one step of the optimiser.
    fn update(&mut self) -> Result<()> {
        if let Some(clip) = self.params.clip {
            self.clip(clip)?;
        }
        let rule = Rule { lr: self.lr(), ..self.params.rule };
        self.state.step += 1;
        let step = StepFactors::new(&rule, self.state.step);
        let tensors = &mut *self.tensors;
        self.encoder.step(tensors, &step)?;
        self.decoder.step(tensors, &step)?;
        // The device works while the host gathers the next rows.
        tensors.submit()?;
        self.quantizer.update(self.params.update, &step);
        Ok(())
    }

    /// Scales all gradients so that their norm is at most `most`; codebooks that follow averages have none.
    fn clip(&mut self, most: f64) -> Result<()> {
        let tensors = &mut *self.tensors;
        let of_books = match self.params.update {
            CodebookUpdate::Gradient => self.quantizer.batch.gradients.as_mut_slice(),
            CodebookUpdate::MovingAverage(_) => &mut [],
        };
        let square: f64 = of_books.iter().flatten().map(|g| f64::from(*g) * f64::from(*g)).sum();
        let of_encoder = self.encoder.square_gradients(tensors)?;
        let of_decoder = self.decoder.square_gradients(tensors)?;
        let found = tensors.download_all(&[of_encoder, of_decoder].concat())?;
        let (of_encoder, of_decoder) = found.split_at_checked(of_encoder.len()).unwrap_or_default();
        let norm = (square + (sum(of_encoder) + sum(of_decoder))).sqrt();
        if norm > most {
            let factor = (most / norm) as f32;
            tensors.upload(self.scalars.clip, &[factor])?;
            self.encoder.scale_gradients(tensors, self.scalars.clip)?;
            self.decoder.scale_gradients(tensors, self.scalars.clip)?;
            of_books.iter_mut().flatten().for_each(|g| *g = finish(*g * factor));
        }
        Ok(())
    }

    fn batch_activations(&mut self, rows: usize) -> Result<BatchActivations> {
        if let Some(at) = self.activations.iter().position(|activations| activations.rows == rows) {
            return Ok(self.activations.swap_remove(at));
        }
        let power = if self.params.loss == Loss::Mse { 2.0 } else { 1.0 };
        let factor = finish((power * self.per_value(rows)) as f32);
        let networks = [&self.encoder, &self.decoder];
        BatchActivations::new(&mut *self.tensors, networks, &self.quantizer, (rows, self.data.dim), factor)
    }
}

/// Adds up the sum of each matrix.
fn sum(matrices: &[Vec<f32>]) -> f64 {
    matrices.iter().map(|values| values.iter().map(|x| f64::from(*x)).sum::<f64>()).fold(0.0, |all, one| all + one)
}

/// The first and the last of a chain.
fn ends(list: &[Tensor]) -> (Tensor, Tensor) {
    let none = Tensor { id: usize::MAX, rows: 0, columns: 0 };
    (list.first().copied().unwrap_or(none), list.last().copied().unwrap_or(none))
}

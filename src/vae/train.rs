//! Training: epochs of steps, each epoch judged on rows that were held out.

use super::data::{Data, Standard};
use super::judge::{self, Judged};
use super::model::RqVaeModel;
use super::net::{Net, Scalars, Space, Style, scalar};
use super::params::{Keep, Loss, Reduction, RqVae};
use super::quantizer::{Book, Quantizer};
use super::report::{EpochReport, RqVaeReport, Tally, VaeProgress};
use super::start;
use crate::device::Device;
use crate::device::tensors::{Tensor, Tensors};
use crate::error::{ErrorKind, Result};
use crate::kernel::adamw::{Rule, Step};
use crate::kernel::combine::Op;
use crate::kernel::float::finish;
use crate::rng::row_hash;
use crate::rows::Rows;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// A training in progress.
///
/// ```
/// use semid::{Device, Matrix, RqVae};
///
/// let values: Vec<f32> = (0..2000).map(|i| ((i * i) % 101) as f32).collect();
/// let rows = Matrix::new(&values, 8)?;
/// let params = RqVae::new(2, 8).hidden([16]).latent(4).epochs(2).batch(64);
/// let device = Device::cpu();
/// let mut training = params.begin(&rows, &device)?;
/// while let Some(epoch) = training.next_epoch(|_| std::ops::ControlFlow::Continue(()))? {
///     println!("epoch {}: loss {:.4}", epoch.epoch, epoch.loss);
/// }
/// let (model, report) = training.finish()?;
/// assert_eq!(report.epochs.len(), 2);
/// # Ok::<(), semid::Error>(())
/// ```
pub struct RqVaeFit<'a> {
    pub(super) params: RqVae,
    pub(super) device: &'a Device,
    pub(super) data: Data,
    tensors: Box<dyn Tensors>,
    pub(super) encoder: Net,
    pub(super) decoder: Net,
    scalars: Scalars,
    /// Room for whole batches, and for the last one of an epoch.
    spaces: Vec<Workspace>,
    pub(super) quantizer: Quantizer,
    pub(super) skip: bool,
    pub(super) state: State,
    pub(super) best: Option<Best>,
}

/// Where a training stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// Steps done in all.
    pub(super) step: u64,
    /// The epoch to go on with, from 0, and the batches done of it.
    pub(super) epoch: usize,
    pub(super) batch: usize,
    /// What these batches came to.
    pub(super) tally: Tally,
    pub(super) reports: Vec<EpochReport>,
}

/// The best model so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best {
    pub(super) judged: Judged,
    pub(super) epoch: usize,
    pub(super) model: RqVaeModel,
}

/// Matrices for a number of rows.
struct Workspace {
    rows: usize,
    encoder: Space,
    decoder: Space,
    target: Tensor,
    losses: Tensor,
    commitment: Tensor,
    /// Factor of the gradient of the reconstruction loss.
    factor: Tensor,
}

/// What a step came to.
pub(super) struct StepReport {
    pub(super) loss: f64,
    pub(super) reconstruction: f64,
    pub(super) quantization: f64,
}

impl RqVae {
    /// Trains a model.
    ///
    /// # Shapes
    /// `rows` (N, D).
    ///
    /// # Exactness
    /// The same rows, parameters and seed give the same model, bit for bit, on every device and for any number of threads.
    ///
    /// # Errors
    /// Parameters that make no sense, NaN or infinities, [`ErrorKind::Diverged`], and what devices and sources can meet.
    pub fn fit(&self, rows: &dyn Rows, device: &Device) -> Result<RqVaeModel> {
        Ok(self.fit_with(rows, device, |_| ControlFlow::Continue(()))?.0)
    }

    /// [`RqVae::fit`] with a callback after every step, which may stop it.
    ///
    /// # Errors
    /// As for [`RqVae::fit`], and [`ErrorKind::Cancelled`].
    pub fn fit_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        mut progress: impl FnMut(&VaeProgress<'_>) -> ControlFlow<()>,
    ) -> Result<(RqVaeModel, RqVaeReport)> {
        let mut training = self.begin(rows, device)?;
        while training.next_epoch(&mut progress)?.is_some() {}
        training.finish()
    }

    /// Begins a training, for callers who want to look at epochs, save checkpoints or stop in between.
    ///
    /// # Errors
    /// As for [`RqVae::fit`].
    pub fn begin<'a>(&self, rows: &dyn Rows, device: &'a Device) -> Result<RqVaeFit<'a>> {
        self.check_numbers()?;
        let data = Data::read(rows, self, None)?;
        let clusters = self.check(data.len(), data.dim)?;
        let start = start::drawn(self, &data, &clusters, device)?;
        RqVaeFit::assemble(self, data, start, device)
    }
}

/// What a training starts from.
pub(super) struct Start {
    pub(super) encoder: Vec<super::weights::Layer>,
    pub(super) decoder: Vec<super::weights::Layer>,
    pub(super) books: Vec<Book>,
    /// Whether the encoder adds its input to its output.
    pub(super) skip: bool,
}

impl<'a> RqVaeFit<'a> {
    pub(super) fn assemble(params: &RqVae, data: Data, start: Start, device: &'a Device) -> Result<Self> {
        let mut tensors = device.engine().tensors()?;
        let style = Style { width: params.width.width(), slope: params.slope, dropout: params.dropout };
        let latent = start.encoder.last().map_or(1, |layer| layer.outputs);
        let encoder = Net::new(&mut *tensors, &start.encoder, style, params.batch_norm)?;
        let decoder = Net::new(&mut *tensors, &start.decoder, style, params.batch_norm)?;
        let scalars = Scalars::new(&mut *tensors)?;
        Ok(Self {
            params: params.clone(),
            device,
            data,
            tensors,
            encoder,
            decoder,
            scalars,
            spaces: Vec::new(),
            quantizer: Quantizer::new(start.books, latent, device),
            skip: start.skip,
            state: State::default(),
            best: None,
        })
    }

    /// Trains to the end of the current epoch and judges it; `None` when all epochs are done. The callback comes after
    /// every step and may stop the training, which can go on later.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] where the callback stopped it, [`ErrorKind::Diverged`], and what devices can meet.
    pub fn next_epoch(
        &mut self,
        mut progress: impl FnMut(&VaeProgress<'_>) -> ControlFlow<()>,
    ) -> Result<Option<&EpochReport>> {
        if self.state.epoch >= self.params.epochs {
            return Ok(None);
        }
        let order = self.data.order(self.params.seed, self.state.epoch);
        let mut rows = Vec::new();
        let batches = order.chunks(self.params.batch);
        let count = batches.len();
        for (i, batch) in batches.enumerate().skip(self.state.batch) {
            self.data.gather(batch, &mut rows);
            let report = self.step(&rows)?;
            self.state.tally.add(&report, batch.len(), self.quantizer.counts());
            self.state.batch = i + 1;
            let shown = VaeProgress { steps: count, ..VaeProgress::new(&self.state, self.params.epochs, report.loss) };
            if progress(&shown).is_break() {
                return Err(ErrorKind::Cancelled.into());
            }
        }
        self.end_epoch(order.chunks(self.params.batch).next_back().unwrap_or_default())?;
        Ok(self.state.reports.last())
    }

    /// The model that was judged best, and what all epochs came to.
    ///
    /// # Errors
    /// What devices can meet.
    pub fn finish(mut self) -> Result<(RqVaeModel, RqVaeReport)> {
        let best = match self.best.take() {
            Some(best) => best,
            None => self.judge()?,
        };
        let report = RqVaeReport {
            rows: self.data.len(),
            dim: self.data.dim,
            best_epoch: best.epoch,
            epochs: self.state.reports,
        };
        Ok((best.model, report))
    }

    /// The learning rate of the next step.
    fn lr(&self) -> f64 {
        let steps = self.data.len().div_ceil(self.params.batch) as u64;
        let RqVae { epochs, warmup, .. } = self.params;
        self.params.rule.lr * self.params.schedule.factor(self.state.step, steps, epochs, warmup)
    }

    fn step(&mut self, rows: &[f32]) -> Result<StepReport> {
        let space = self.workspace(rows.len() / self.data.dim)?;
        let key = row_hash(self.params.seed ^ 0x6472_6f70, self.state.step);
        let latents = self.encode(&space, rows, key)?;
        // RQ-KMeans+ stays on the grid of its model.
        if self.state.batch == 0 && !self.skip {
            self.quantizer.choose_grid(&latents);
        }
        self.quantizer.quantize(&latents, &self.params)?;
        let reconstruction = self.decode(&space, !key)?;
        let quantization = self.quantizer.batch.error * (1.0 + self.params.beta) * self.params.quantization_weight;
        let loss = reconstruction + quantization;
        if !loss.is_finite() {
            let what = format!("the loss of step {} is {loss}", self.state.step + 1);
            return Err(ErrorKind::Diverged { what }.into());
        }
        self.backward(&space, &latents, key)?;
        self.update(latents.len())?;
        self.spaces.push(space);
        Ok(StepReport { loss, reconstruction, quantization })
    }

    /// What a step on `rows` comes to, and the gradients it takes: of the networks, then of the codebooks.
    #[cfg(test)]
    #[expect(clippy::type_complexity, reason = "of one test")]
    pub(super) fn gradients(&mut self, rows: &[f32]) -> Result<(StepReport, Vec<Vec<f32>>, Vec<Vec<f32>>)> {
        let report = self.step(rows)?;
        let values = rows.len() / self.data.dim * self.quantizer.dim;
        let books = self.quantizer.gradients(quantization_factor(&self.params, &self.quantizer, values));
        let layers = self.encoder.weights().chain(self.decoder.weights()).map(|trained| trained.gradient);
        let nets = layers.map(|gradient| self.tensors.download(gradient)).collect::<Result<_>>()?;
        Ok((report, nets, books))
    }

    /// Latents of standardised rows, with dropout.
    fn encode(&mut self, space: &Workspace, rows: &[f32], key: u64) -> Result<Vec<f32>> {
        let tensors = &mut *self.tensors;
        let (first, last) = ends(&space.encoder.values);
        tensors.upload(space.target, rows)?;
        tensors.copy(space.target, first)?;
        self.encoder.forward(tensors, &space.encoder, &self.scalars, key)?;
        if self.skip {
            tensors.combine(Op::Add, last, space.target)?;
        }
        let latents = tensors.download(last)?;
        match latents.iter().all(|x| x.is_finite()) {
            true => Ok(latents),
            false => {
                let what = format!("a latent is not finite in step {}", self.state.step + 1);
                Err(ErrorKind::Diverged { what }.into())
            }
        }
    }

    /// Reconstructs the quantized latents; leaves the gradient of the reconstruction and returns its loss.
    fn decode(&mut self, space: &Workspace, key: u64) -> Result<f64> {
        let tensors = &mut *self.tensors;
        let (first, last) = ends(&space.decoder.values);
        let (_, gradient) = ends(&space.decoder.gradients);
        tensors.upload(first, &self.quantizer.batch.quantized)?;
        self.decoder.forward(tensors, &space.decoder, &self.scalars, key)?;
        tensors.copy(last, gradient)?;
        tensors.combine(Op::Sub, gradient, space.target)?;
        tensors.row_losses(gradient, self.params.loss.power(), space.losses)?;
        let sum: f64 = tensors.download(space.losses)?.iter().map(|loss| f64::from(*loss)).sum();
        let op = if self.params.loss == Loss::Mse { Op::Mul } else { Op::SignTimes };
        tensors.combine(op, gradient, space.factor)?;
        Ok(sum * self.per_value(space.rows))
    }

    /// The weight of a single value in the reconstruction loss of a batch.
    fn per_value(&self, rows: usize) -> f64 {
        match self.params.reduction {
            Reduction::Mean => 1.0 / (rows * self.data.dim) as f64,
            Reduction::Sum => 1.0 / rows as f64,
        }
    }

    fn backward(&mut self, space: &Workspace, latents: &[f32], key: u64) -> Result<()> {
        let tensors = &mut *self.tensors;
        let (of_quantized, _) = ends(&space.decoder.gradients);
        let (_, of_latents) = ends(&space.encoder.gradients);
        self.decoder.backward(tensors, &space.decoder, !key, true)?;
        match self.params.estimator {
            super::Estimator::StraightThrough => tensors.copy(of_quantized, of_latents)?,
            estimator => {
                let mut gradient = tensors.download(of_quantized)?;
                self.quantizer.estimate(estimator, latents, &mut gradient);
                tensors.upload(of_latents, &gradient)?;
            }
        }
        let factor = self.params.beta * quantization_factor(&self.params, &self.quantizer, latents.len());
        tensors.upload(space.commitment, &self.quantizer.commitment(factor))?;
        tensors.combine(Op::Add, of_latents, space.commitment)?;
        self.encoder.backward(tensors, &space.encoder, key, false)
    }

    /// One step of the optimiser; `latents` is the number of their values.
    fn update(&mut self, latents: usize) -> Result<()> {
        let mut gradients = self.quantizer.gradients(quantization_factor(&self.params, &self.quantizer, latents));
        let tensors = &mut *self.tensors;
        if let Some(clip) = self.params.clip {
            let of_books: f64 = gradients.iter().flatten().map(|g| f64::from(*g) * f64::from(*g)).sum();
            let nets = self.encoder.gradient_square(tensors)? + self.decoder.gradient_square(tensors)?;
            let norm = (of_books + nets).sqrt();
            if norm > clip {
                let factor = (clip / norm) as f32;
                tensors.upload(self.scalars.clip, &[factor])?;
                self.encoder.scale_gradients(tensors, self.scalars.clip)?;
                self.decoder.scale_gradients(tensors, self.scalars.clip)?;
                gradients.iter_mut().flatten().for_each(|g| *g = finish(*g * factor));
            }
        }
        let rule = Rule { lr: self.lr(), ..self.params.rule };
        self.state.step += 1;
        let step = Step::new(&rule, self.state.step);
        let tensors = &mut *self.tensors;
        self.encoder.step(tensors, &step)?;
        self.decoder.step(tensors, &step)?;
        self.quantizer.update(self.params.update, &gradients, &step);
        Ok(())
    }

    fn workspace(&mut self, rows: usize) -> Result<Workspace> {
        if let Some(at) = self.spaces.iter().position(|space| space.rows == rows) {
            return Ok(self.spaces.swap_remove(at));
        }
        let power = if self.params.loss == Loss::Mse { 2.0 } else { 1.0 };
        let factor = finish((power * self.per_value(rows)) as f32);
        let tensors = &mut *self.tensors;
        Ok(Workspace {
            rows,
            encoder: self.encoder.space(tensors, rows)?,
            decoder: self.decoder.space(tensors, rows)?,
            target: tensors.create(rows, self.data.dim)?,
            losses: tensors.create(rows, 1)?,
            commitment: tensors.create(rows, self.quantizer.dim)?,
            factor: scalar(tensors, factor)?,
        })
    }

    fn end_epoch(&mut self, last_batch: &[usize]) -> Result<()> {
        let lr = self.lr();
        if self.params.revive {
            self.revive(last_batch)?;
        }
        let best = self.judge()?;
        let tally = std::mem::take(&mut self.state.tally);
        self.state.reports.push(tally.report(self.state.epoch + 1, lr, &best.judged));
        let better = match &self.best {
            None => true,
            Some(before) => match self.params.keep {
                Keep::Loss => best.judged.reconstruction < before.judged.reconstruction,
                Keep::Collisions => best.judged.collisions_first() < before.judged.collisions_first(),
                Keep::Last => true,
            },
        };
        if better {
            self.best = Some(best);
        }
        self.state.epoch += 1;
        self.state.batch = 0;
        Ok(())
    }

    /// Restarts codewords that had no rows in this epoch at what the levels before left of rows of its last batch, rows
    /// drawn by (seed, level, epoch).
    fn revive(&mut self, last_batch: &[usize]) -> Result<()> {
        let unused = self.state.tally.unused();
        if unused.iter().all(Vec::is_empty) {
            return Ok(());
        }
        let mut rows = Vec::new();
        self.data.gather(last_batch, &mut rows);
        let model = self.model()?;
        let latents = model.latents(&rows, self.device)?;
        start::revive(&mut self.quantizer, &latents, &unused, self.params.seed, self.state.epoch)
    }

    /// The model as it is now.
    pub(super) fn model(&mut self) -> Result<RqVaeModel> {
        let encoder = self.encoder.layers(&mut *self.tensors)?;
        let decoder = self.decoder.layers(&mut *self.tensors)?;
        let standard: Standard = self.data.standard.clone();
        RqVaeModel::of_training(&self.params, standard, encoder, decoder, &self.quantizer, self.skip)
    }

    /// The model as it is now, and how it does on the rows that epochs are judged by.
    fn judge(&mut self) -> Result<Best> {
        if self.state.step == 0 && !self.skip {
            let model = self.model()?;
            let rows = self.data.train.chunks(self.params.batch * self.data.dim).next().unwrap_or_default();
            let latents = model.latents(rows, self.device)?;
            self.quantizer.choose_grid(&latents);
        }
        let model = self.model()?;
        let judged = judge::judge(&self.params, &model, self.data.judged(), self.device)?;
        Ok(Best { judged, epoch: self.state.epoch + 1, model })
    }

    /// Everything on the device that a checkpoint keeps.
    pub(super) fn download_state(&mut self) -> Result<Vec<Vec<f32>>> {
        let all: Vec<Tensor> = self.encoder.state().chain(self.decoder.state()).collect();
        all.into_iter().map(|tensor| self.tensors.download(tensor)).collect()
    }

    pub(super) fn upload_state(&mut self, values: &[Vec<f32>]) -> Result<()> {
        let all: Vec<Tensor> = self.encoder.state().chain(self.decoder.state()).collect();
        if !all.iter().map(|tensor| tensor.len()).eq(values.iter().map(Vec::len)) {
            return Err(crate::Error::damaged("the checkpoint belongs to a network of another shape"));
        }
        all.into_iter().zip(values).try_for_each(|(tensor, values)| self.tensors.upload(tensor, values))
    }
}

/// The first and the last of a chain.
fn ends(list: &[Tensor]) -> (Tensor, Tensor) {
    let none = Tensor { id: usize::MAX, rows: 0, columns: 0 };
    (list.first().copied().unwrap_or(none), list.last().copied().unwrap_or(none))
}

/// Twice the weight of a squared difference in the quantization loss of a batch with that many values of latents.
fn quantization_factor(params: &RqVae, quantizer: &Quantizer, latents: usize) -> f64 {
    2.0 * params.quantization_weight / (quantizer.books.len() * latents) as f64
}

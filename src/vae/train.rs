//! Training: epochs of steps, each epoch judged on rows that were held out.

use super::book::Book;
use super::data::{Data, Standard};
use super::forward::Forward;
use super::judge::{self, Judged};
use super::model::RqVaeModel;
use super::net::{Net, Scalars, Style};
use super::params::{Keep, RqVae};
use super::quantizer::Quantizer;
use super::report::{EpochReport, RqVaeReport, Tally, VaeProgress};
use super::start;
use super::step::Workspace;
use crate::device::Device;
use crate::device::tensors::{Tensor, Tensors};
use crate::error::{ErrorKind, Result};
use crate::kernel::float::finish;
use crate::rows::Rows;
use crate::rq::Progress;
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
    pub(super) tensors: Box<dyn Tensors>,
    pub(super) encoder: Net,
    pub(super) decoder: Net,
    pub(super) scalars: Scalars,
    /// Room for whole batches, and for the last one of an epoch.
    pub(super) spaces: Vec<Workspace>,
    pub(super) quantizer: Quantizer,
    pub(super) skip: bool,
    /// Fingerprint of the model that it started from, if any.
    pub(super) warm_start: String,
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
    /// Loss of the first step, and its part that is reconstruction.
    pub(super) first: Option<[f64; 2]>,
}

/// The best model so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best {
    pub(super) judged: Judged,
    pub(super) epoch: usize,
    pub(super) model: RqVaeModel,
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

    /// [`RqVae::fit`] with a callback after every step, which may stop it; see [`RqVae::begin_with`] for what comes before.
    ///
    /// # Errors
    /// As for [`RqVae::fit`], and [`ErrorKind::Cancelled`].
    pub fn fit_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        progress: impl FnMut(&VaeProgress<'_>) -> ControlFlow<()>,
    ) -> Result<(RqVaeModel, RqVaeReport)> {
        let mut training = self.begin(rows, device)?;
        training.train(None, progress)?;
        training.finish()
    }

    /// Begins a training, for callers who want to look at epochs, save checkpoints or stop in between.
    ///
    /// # Errors
    /// As for [`RqVae::fit`].
    pub fn begin<'a>(&self, rows: &dyn Rows, device: &'a Device) -> Result<RqVaeFit<'a>> {
        self.begin_with(rows, device, |_| ControlFlow::Continue(()))
    }

    /// [`RqVae::begin`] with a callback for the k-means that the codebooks start from, which may stop it.
    ///
    /// # Errors
    /// As for [`RqVae::fit`], and [`ErrorKind::Cancelled`].
    pub fn begin_with<'a>(
        &self,
        rows: &dyn Rows,
        device: &'a Device,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<RqVaeFit<'a>> {
        self.check_numbers()?;
        let data = Data::read(rows, self, None)?;
        let clusters = self.check(data.len(), data.dim)?;
        let start = start::drawn(self, &data, &clusters, device, progress)?;
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
        let style = Style { width: params.width.width(), slope: finish(params.slope), dropout: params.dropout };
        let latent = start.encoder.last().map_or(1, |layer| layer.outputs);
        let encoder = Net::new(&mut *tensors, &start.encoder, style, params.batch_norm)?;
        let decoder = Net::new(&mut *tensors, &start.decoder, style, params.batch_norm)?;
        let scalars = Scalars::new(&mut *tensors)?;
        let quantizer = Quantizer::new(&mut *tensors, start.books, latent, device)?;
        Ok(Self {
            params: params.clone(),
            device,
            data,
            tensors,
            encoder,
            decoder,
            scalars,
            spaces: Vec::new(),
            quantizer,
            skip: start.skip,
            warm_start: String::new(),
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
            let report = self.on_device(|fit| fit.step(&rows))?;
            self.state.tally.add(&report, batch.len(), &self.quantizer.batch.counts);
            self.state.batch = i + 1;
            let shown = VaeProgress { steps: count, ..VaeProgress::new(&self.state, self.params.epochs, report.loss) };
            if progress(&shown).is_break() {
                return Err(ErrorKind::Cancelled.into());
            }
        }
        self.on_device(|fit| fit.end_epoch(&order))?;
        Ok(self.state.reports.last())
    }

    /// The epochs done so far.
    pub fn epochs(&self) -> &[EpochReport] {
        &self.state.reports
    }

    /// Calls `work` where small steps are quick.
    fn on_device<R: Send>(&mut self, work: impl Fn(&mut Self) -> Result<R> + Sync) -> Result<R> {
        let (engine, mut result) = (self.device.engine(), None);
        engine.run(&mut || result = Some(work(self)));
        result.unwrap_or_else(|| Err(ErrorKind::Cancelled.into()))
    }

    /// The model that was judged best, and what all epochs came to.
    ///
    /// # Errors
    /// What devices can meet.
    pub fn finish(mut self) -> Result<(RqVaeModel, RqVaeReport)> {
        let best = match self.best.take() {
            Some(best) => best,
            None => Best { epoch: 0, ..self.judge()? },
        };
        let report = RqVaeReport {
            rows: self.data.len(),
            dim: self.data.dim,
            best_epoch: best.epoch,
            epochs: self.state.reports,
        };
        let mut model = best.model;
        model.origin = self.params.origin(&self.warm_start)?;
        Ok((model, report))
    }

    /// The learning rate of the next step.
    pub(super) fn lr(&self) -> f64 {
        let steps = self.data.len().div_ceil(self.params.batch) as u64;
        let RqVae { epochs, warmup, .. } = self.params;
        self.params.rule.lr * self.params.schedule.factor(self.state.step, steps, epochs, warmup)
    }

    fn end_epoch(&mut self, order: &[usize]) -> Result<()> {
        let lr = self.lr();
        if self.params.revive {
            self.revive(order)?;
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

    /// Restarts codewords that had no rows in this epoch at what the levels before left of rows, each of another row while
    /// there are enough, in the order of the epoch.
    fn revive(&mut self, order: &[usize]) -> Result<()> {
        let unused = self.state.tally.unused();
        let count = unused.iter().map(Vec::len).sum::<usize>().min(order.len());
        if count == 0 {
            return Ok(());
        }
        let mut rows = Vec::new();
        self.data.gather(order.get(..count).unwrap_or_default(), &mut rows);
        let model = self.model()?;
        let latents = model.latents(&rows, self.device)?;
        start::revive(&mut self.quantizer, &latents, &unused);
        Ok(())
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
            // Without a grid there is no model yet.
            let layers = self.encoder.layers(&mut *self.tensors)?;
            let rows = self.data.train.chunks(self.params.batch * self.data.dim).next().unwrap_or_default();
            self.quantizer.choose_grid(&Forward::once(&layers, &self.params, rows, self.device)?);
        }
        let model = self.model()?;
        let judged = judge::judge(&self.params, &model, self.data.judged(), self.device)?;
        if !judged.loss.is_finite() {
            let what =
                format!("the loss of the rows that epoch {} is judged by is {}", self.state.epoch + 1, judged.loss);
            return Err(ErrorKind::Diverged { what }.into());
        }
        Ok(Best { judged, epoch: self.state.epoch + 1, model })
    }

    /// Everything on the device that a checkpoint keeps.
    pub(super) fn download_state(&mut self) -> Result<Vec<Vec<f32>>> {
        let all: Vec<Tensor> = self.encoder.state().chain(self.decoder.state()).collect();
        all.into_iter().map(|tensor| self.tensors.download(tensor)).collect()
    }

    /// Whether these are of the sizes of [`RqVaeFit::download_state`].
    pub(super) fn is_state(&self, values: &[Vec<f32>]) -> bool {
        let all = self.encoder.state().chain(self.decoder.state());
        all.map(|tensor| tensor.len()).eq(values.iter().map(Vec::len))
    }

    pub(super) fn upload_state(&mut self, values: &[Vec<f32>]) -> Result<()> {
        let all: Vec<Tensor> = self.encoder.state().chain(self.decoder.state()).collect();
        all.into_iter().zip(values).try_for_each(|(tensor, values)| self.tensors.upload(tensor, values))
    }
}

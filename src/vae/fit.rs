//! A training in progress: what it holds, on the host and on the device.

use super::activations::BatchActivations;
use super::data::Data;
use super::divergence::RowSize;
use super::latent_quantizer::LatentQuantizer;
use super::network::{LayerOptions, Network};
use super::parameter::Scalars;
use super::params::RqVae;
use super::start::InitialModel;
use super::state::{BestModel, TrainingState};
use crate::device::Device;
use crate::device::tensors::{Tensor, Tensors};
use crate::error::Result;
use crate::kernel::float::finish;

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
// Its methods are in `epoch.rs` (epochs, restarts, validation, the end), `step.rs` (one batch) and `checkpoint.rs`
// (saving and going on); `plus.rs` makes one from a residual k-means model.
pub struct RqVaeFit {
    pub(super) params: RqVae,
    pub(super) device: Device,
    pub(super) data: Data,
    /// The size of all training rows.
    pub(super) row_size: RowSize,
    pub(super) tensors: Box<dyn Tensors>,
    pub(super) encoder: Network,
    pub(super) decoder: Network,
    pub(super) scalars: Scalars,
    /// Activations for whole batches, and for the last one of an epoch.
    pub(super) activations: Vec<BatchActivations>,
    pub(super) quantizer: LatentQuantizer,
    pub(super) skip: bool,
    /// Fingerprint of the model that it started from, if any.
    pub(super) warm_start: String,
    pub(super) state: TrainingState,
    pub(super) best: Option<BestModel>,
}

impl RqVaeFit {
    pub(super) fn assemble(params: &RqVae, data: Data, start: InitialModel, device: &Device) -> Result<Self> {
        let mut tensors = device.engine().tensors()?;
        let options =
            LayerOptions { width: params.width.width(), slope: finish(params.slope), dropout: params.dropout };
        let latent = start.encoder.last().map_or(1, |layer| layer.outputs);
        let encoder = Network::new(&mut *tensors, &start.encoder, options, params.batch_norm)?;
        let decoder = Network::new(&mut *tensors, &start.decoder, options, params.batch_norm)?;
        let scalars = Scalars::new(&mut *tensors)?;
        let quantizer = LatentQuantizer::new(&mut *tensors, start.books, latent, device)?;
        Ok(Self {
            // Checkpoints and models name the batch and the rate that were used.
            params: params.clone().batch(params.batch_of(data.len())).lr(params.lr_of(data.len())),
            device: device.clone(),
            row_size: RowSize::of(&data.train, data.dim, params),
            data,
            tensors,
            encoder,
            decoder,
            scalars,
            activations: Vec::new(),
            quantizer,
            skip: start.skip,
            warm_start: String::new(),
            state: TrainingState::default(),
            best: None,
        })
    }

    /// Returns the rows per step.
    pub(super) fn batch(&self) -> usize {
        self.params.batch_of(self.data.len())
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

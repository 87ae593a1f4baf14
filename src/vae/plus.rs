//! RQ-KMeans+: a network that starts as a fitted residual k-means model and is fine-tuned.

use super::data::Data;
use super::fit::RqVaeFit;
use super::params::RqVae;
use super::standard::Standard;
use super::start::InitialModel;
use super::trained_codebook::TrainedCodebook;
use super::weights::{Layer, widths};
use crate::codebook;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::rng::Stream;
use crate::rows::Rows;
use crate::rq::{Metric, RqKMeansModel};
use std::path::Path;

/// Refuses a model whose first codes labels give: a network would not keep the labels.
pub(super) fn check_labels(model: &RqKMeansModel) -> Result<()> {
    match model.label_tables() {
        [] => Ok(()),
        _ => {
            let advice = "must be a model without levels from labels, which no network has; start from another";
            Err(Error::parameter("warm_start", "rq-kmeans", advice))
        }
    }
}

impl RqVae {
    /// Begins an RQ-KMeans+ training: codebooks are those of `model`, the encoder is `x + MLP(x)` with a last layer of
    /// zeros, so that it starts as the model itself; latents have the embeddings' dimensions.
    ///
    /// Rows are only shifted, by the model's offset, not scaled; far values are cut off. `latent`, `kmeans_init` and
    /// `standardize` do not matter. Parameters of the kind `rq-kmeans-plus` keep the last epoch by default, so set
    /// [`Keep::Last`]: the epoch with the smallest loss on held-out rows leaves more of the rows it was trained on.
    ///
    /// [`Keep::Last`]: crate::vae::Keep::Last
    ///
    /// # Errors
    /// As for [`RqVae::begin`]; [`ErrorKind::DimMismatch`] for a model of other rows, and [`ErrorKind::Parameter`] for
    /// one that scales rows or residuals, whose first codes labels give, or whose clusters are not those asked for.
    pub fn begin_from(&self, model: &RqKMeansModel, rows: &dyn Rows, device: &Device) -> Result<RqVaeFit> {
        let (params, data) = self.plus(model, rows, device)?;
        let start = params.start_of(model, &data)?;
        let mut training = RqVaeFit::assemble(&params, data, start, device)?;
        training.quantizer.exponent = model.codebook_exponent();
        training.warm_start = model.fingerprint();
        Ok(training)
    }

    /// Goes on with an RQ-KMeans+ training, see [`RqVae::resume`].
    ///
    /// # Errors
    /// As for [`RqVae::begin_from`] and [`RqVae::resume`].
    pub fn resume_from(
        &self,
        checkpoint: impl AsRef<Path>,
        model: &RqKMeansModel,
        rows: &dyn Rows,
        device: &Device,
    ) -> Result<RqVaeFit> {
        let path = checkpoint.as_ref();
        let bytes = crate::io::model_file::read_file(path)?;
        let mut training = self.begin_from(model, rows, device)?;
        training.restore(&bytes, path).map_err(|error| error.at(path))?;
        Ok(training)
    }

    /// These parameters as they are for `model`, and the rows, shifted.
    fn plus(&self, model: &RqKMeansModel, rows: &dyn Rows, device: &Device) -> Result<(Self, Data)> {
        if rows.dim() != model.dim() {
            return Err(ErrorKind::DimMismatch { expected: model.dim(), found: rows.dim() }.into());
        }
        if model.metric() != Metric::L2 || model.normalize_residuals() {
            let expected =
                "must be a model with metric l2 and residuals as they are; fit one without cosine or normalisation";
            return Err(Error::parameter("warm start", "this model", expected));
        }
        check_labels(model)?;
        self.check_numbers()?;
        let params = Self { latent: model.dim(), kmeans_init: false, standardize: false, ..self.clone() };
        let offset = model.grid().offset().to_vec();
        let standard = Standard { offset, ..Standard::none(model.dim()) };
        let data = Data::read(rows, &params, Some(standard), device)?;
        let clusters = params.check(data.len(), data.dim)?;
        if clusters != model.clusters() {
            let expected =
                format!("must be {:?}, those of the warm start; leave levels and clusters to it", model.clusters());
            return Err(Error::parameter("clusters", format!("{clusters:?}"), expected));
        }
        Ok((params, data))
    }

    fn start_of(&self, model: &RqKMeansModel, data: &Data) -> Result<InitialModel> {
        let mut stream = Stream::new("rq-vae weights", self.seed, 0, 0);
        let mut layers = |sizes: Vec<(usize, usize)>| -> Vec<Layer> {
            sizes.into_iter().map(|(inputs, outputs)| Layer::drawn(inputs, outputs, &mut stream)).collect()
        };
        let hidden = || self.hidden.iter().copied();
        let mut encoder = layers(widths(data.dim, hidden(), data.dim));
        let decoder = layers(widths(data.dim, hidden().rev(), data.dim));
        encoder.last_mut().into_iter().for_each(|layer| *layer = Layer::zero(layer.inputs, layer.outputs));
        let levels = model.levels().iter().enumerate();
        let books = levels.map(|(level, book)| {
            Ok(TrainedCodebook::new(codebook::to_f32(level, book, model.codebook_exponent())?, data.dim))
        });
        Ok(InitialModel { encoder, decoder, books: books.collect::<Result<_>>()?, skip: true })
    }
}

//! Parameters of a fit, whatever the kind of its model.

use super::FirstLevels;
use super::{Quantizer, Tell, Training, TrainingReport, unsupported};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::labels::LabelledFit;
use crate::quantization::Metric;
use crate::rows::Rows;
use crate::weights::Weights;
use serde_json::Value;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The parameters of a fit, which can run it.
///
/// Every kind of model implements it for its parameters, such as [`RqKMeans`](crate::RqKMeans), and [`Parameters`]
/// holds those of any kind. A kind needs the methods without a default; the others are for what only some kinds can do.
///
/// [`Parameters`]: super::Parameters
pub trait Trainer: Any + fmt::Debug + Send + Sync {
    /// Returns the name of the kind, such as `rq-kmeans`.
    fn kind(&self) -> &'static str;

    /// Lists all parameters by name, as files have them: `kind`, `version`, `levels`, `clusters`, `seed` and those of
    /// the kind.
    ///
    /// # Errors
    /// None for the kinds of this crate.
    fn parameters(&self) -> Result<BTreeMap<String, Value>>;

    /// Copies the parameters with other clusters, one number per level, and another seed. For a kind that takes
    /// [`TrainOption::Balance`], `balanced` sets whether the clusters are balanced.
    fn variant(&self, clusters: &[usize], seed: u64, balanced: bool) -> Arc<dyn Trainer>;

    /// Refuses parameters that make no sense for `rows` rows of `dim` dimensions.
    ///
    /// # Errors
    /// As for the fit.
    fn check(&self, rows: usize, dim: usize) -> Result<()>;

    /// Refuses options that a training of `rows` rows of `dim` dimensions with these parameters cannot take, before it
    /// begins.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for an option that this kind does not take, and errors
    /// of [`Trainer::begin`] about options.
    fn check_options(&self, options: &TrainOptions<'_>, rows: usize, dim: usize) -> Result<()> {
        let _ = (rows, dim);
        let given = [
            (TrainOption::Weights, options.weights.is_some(), "weights of rows"),
            (TrainOption::Labels, options.labels.is_some(), "levels that labels give"),
            (TrainOption::WarmStart, options.warm_start.is_some(), "starts from a fitted model"),
            (TrainOption::FreezeLevels, options.freeze_levels > 0, "levels that keep their codewords"),
        ];
        match given.into_iter().find(|(option, given, _)| *given && !self.takes(*option)) {
            Some((_, _, what)) => Err(unsupported(self.kind(), what)),
            None => options.warm_start.map_or(Ok(()), |model| self.check_warm_start(model)),
        }
    }

    /// Begins a training; it calls `tell`, which may stop it, with its progress. A kind that trains all at once does so
    /// here and returns a [`FinishedTraining`](super::FinishedTraining).
    ///
    /// # Exactness
    /// Equal rows and parameters give the same model, on every device.
    ///
    /// # Errors
    /// Parameters that make no sense, [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and errors of the rows and
    /// the device.
    fn begin<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &Device,
        options: &TrainOptions<'_>,
        tell: Tell<'_>,
    ) -> Result<Box<dyn Training + 'a>>;

    /// Whether this kind uses an option.
    fn takes(&self, option: TrainOption) -> bool {
        let _ = option;
        false
    }

    /// Whether the first levels of a model equal those of a model that has only these levels, so that a sweep fits them
    /// once.
    fn levels_stand_alone(&self) -> bool {
        false
    }

    /// Returns the metric that the model will have, see [`Quantizer::metric`].
    fn metric(&self) -> Metric {
        Metric::default()
    }

    /// Whether decoding will give the rows back, see [`Quantizer::reconstructs`].
    fn reconstructs(&self) -> bool {
        true
    }

    /// Whether the model can encode by a beam that is wider than 1, see [`Encoder::beam`](crate::Encoder::beam).
    fn takes_beam(&self) -> bool {
        true
    }

    /// Whether rows themselves are put on a grid that is chosen from all of them, see [`Quantizer::grid`].
    fn has_grid(&self) -> bool {
        false
    }

    /// Whether no training of this kind begins without [`TrainOptions::warm_start`].
    fn needs_warm_start(&self) -> bool {
        false
    }

    /// Refuses a model that a training of this kind cannot start from, see [`TrainOptions::warm_start`].
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter), and
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a kind that starts from none.
    fn check_warm_start(&self, model: &dyn Quantizer) -> Result<()> {
        let _ = model;
        Err(unsupported(self.kind(), "starts from a fitted model"))
    }

    /// Returns the names and values of the parameters that a sweep does not set, in the form of the first format of
    /// sweep lines; nothing for a kind that came later.
    #[doc(hidden)]
    fn first_settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// An option that only some kinds use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrainOption {
    /// Clusters of equal sizes.
    Balance,
    /// The limit of [`Device::with_memory`]: rows may be larger than memory.
    Memory,
    /// [`TrainOptions::checkpoint`].
    Checkpoint,
    /// [`TrainOptions::warm_start`].
    WarmStart,
    /// [`TrainOptions::freeze_levels`].
    FreezeLevels,
    /// [`TrainOptions::weights`].
    Weights,
    /// [`TrainOptions::labels`].
    Labels,
}

/// The options of a training besides parameters, rows and a device; by default, there are none.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct TrainOptions<'a> {
    /// File that keeps the state of the training; if it exists, the training goes on from it.
    pub checkpoint: Option<&'a Path>,
    /// Fitted model that the training starts from.
    pub warm_start: Option<&'a dyn Quantizer>,
    /// How many levels of the warm start, from the first one on, keep their codewords bit for bit.
    pub freeze_levels: usize,
    /// First levels of another training on the same rows, whose parameters differ only in the clusters of later levels.
    pub first_levels: Option<&'a FirstLevels>,
    /// How often each row counts, for kinds that take [`TrainOption::Weights`]; none where each counts once.
    pub weights: Option<&'a Weights>,
    /// Labels that give the codes of first levels, for kinds that take [`TrainOption::Labels`].
    pub labels: Option<LabelledFit<'a>>,
}

/// Says that levels of no model cannot be frozen.
pub(crate) fn no_model_to_freeze(levels: usize) -> Error {
    Error::parameter("freeze_levels", levels, "must be 0, or give a model to start from, whose levels they are")
}

/// Trains to the end.
pub(crate) fn train(
    trainer: &dyn Trainer,
    rows: &dyn Rows,
    device: &Device,
    options: &TrainOptions<'_>,
    tell: Tell<'_>,
) -> Result<(Arc<dyn Quantizer>, TrainingReport)> {
    let mut training = trainer.begin(rows, device, options, tell)?;
    while training.advance(tell)? {}
    Ok((training.model()?, training.report()?))
}

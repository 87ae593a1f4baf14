//! Parameters of a fit, whatever the kind of its model.

use super::FirstLevels;
use super::{Quantizer, Tell, Training, unsupported};
use crate::device::Device;
use crate::error::Result;
use crate::quantization::Metric;
use crate::rows::Rows;
use serde_json::Value;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The parameters of a fit, and the fit.
///
/// Every kind of model implements it for its parameters, such as [`RqKMeans`](crate::RqKMeans), and [`Parameters`]
/// holds those of any kind. A kind needs the methods without a default; the others say what else it can do.
///
/// [`Parameters`]: super::Parameters
pub trait Trainer: Any + fmt::Debug + Send + Sync {
    /// Name of the kind, such as `rq-kmeans`.
    fn kind(&self) -> &'static str;

    /// Lists all parameters by name, as they stand in files: `kind`, `version`, `levels`, `clusters`, `seed` and those
    /// of the kind.
    ///
    /// # Errors
    /// None for the kinds of this crate.
    fn parameters(&self) -> Result<BTreeMap<String, Value>>;

    /// Copies the parameters with other clusters, one number per level, and another seed; `balanced` sets whether the
    /// clusters are, for a kind that takes [`TrainOption::Balance`].
    fn variant(&self, clusters: &[usize], seed: u64, balanced: bool) -> Arc<dyn Trainer>;

    /// Refuses parameters that make no sense for `rows` rows of `dim` dimensions.
    ///
    /// # Errors
    /// As for the fit.
    fn check(&self, rows: usize, dim: usize) -> Result<()>;

    /// Begins a training; `tell` hears how far it is and may stop it. A kind that trains all at once does so here, and
    /// returns a [`FinishedTraining`](super::FinishedTraining).
    ///
    /// # Exactness
    /// Equal rows and parameters give the same model, on every device.
    ///
    /// # Errors
    /// Parameters that make no sense, [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and what rows and devices
    /// can meet.
    fn begin<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &'a Device,
        options: &TrainOptions<'_>,
        tell: Tell<'_>,
    ) -> Result<Box<dyn Training + 'a>>;

    /// Whether this option says something to this kind.
    fn takes(&self, option: TrainOption) -> bool {
        let _ = option;
        false
    }

    /// Whether the first levels of a model are those of a model that has no others, so that a sweep fits them once.
    fn levels_stand_alone(&self) -> bool {
        false
    }

    /// How the model will understand distances, see [`Quantizer::metric`].
    fn metric(&self) -> Metric {
        Metric::default()
    }

    /// Whether decoding will give the rows back, see [`Quantizer::reconstructs`].
    fn reconstructs(&self) -> bool {
        true
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

    /// Names and values of the parameters that a sweep does not set, in the words of the first format of its lines:
    /// nothing for a kind that came later.
    #[doc(hidden)]
    fn first_settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What only some kinds have a use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrainOption {
    /// Clusters of equal sizes.
    Balance,
    /// The limit of [`Device::with_memory`]: rows may be larger than memory.
    Memory,
    /// [`TrainOptions::checkpoint`].
    Checkpoint,
    /// [`TrainOptions::warm_start`], without which no training begins.
    WarmStart,
}

/// What a training is given beside parameters, rows and a device; by default nothing.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct TrainOptions<'a> {
    /// File that keeps the state of the training; where it is there already, the training goes on from it.
    pub checkpoint: Option<&'a Path>,
    /// Fitted model that the training starts from.
    pub warm_start: Option<&'a dyn Quantizer>,
    /// First levels of another training of the same rows and parameters, which differ in later clusters only.
    pub first_levels: Option<&'a FirstLevels>,
}

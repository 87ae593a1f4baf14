//! Fits that start from a fitted model, so that most rows keep their codes.

use super::{Fit, Given, Start};
use crate::codebook::Codebook;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::origin::Origin;
use crate::population::{Remote, Workers};
use crate::quantization::Quantization;
use crate::rows::Rows;
use crate::rq::model::RqKMeansModel;
use crate::rq::params::{Algorithm, RqKMeans};
use crate::rq::progress::Progress;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A fitted model from which a fit of residual k-means starts.
///
/// The new model keeps the grid of the old one, bit for bit. On every level the old codewords are the first ones of
/// Lloyd's algorithm. Frozen levels, the first ones of the model, keep their codewords bit for bit: rows are assigned
/// to them, and nothing moves. So a codeword keeps its code and stays near its place, and most rows keep their codes.
///
/// New values beyond the old grid saturate, which [`FitReport`](super::FitReport) counts. Where many do, the rows have
/// moved too far for a warm start.
///
/// ```
/// use semid::rq::WarmStart;
/// use semid::{Device, Matrix, RqKMeans};
///
/// let values: Vec<f32> = (0..400).map(|i| ((i * 37) % 101) as f32).collect();
/// let (rows, device, params) = (Matrix::new(&values, 4)?, Device::cpu(), RqKMeans::new(2, 8));
/// let old = params.fit(&Matrix::new(&values[..320], 4)?, &device)?;
///
/// let new = params.fit_from(&WarmStart::new(&old).freeze_levels(1), &rows, &device)?;
/// assert_eq!((new.grid(), &new.levels()[0]), (old.grid(), &old.levels()[0]));
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WarmStart<'m> {
    model: &'m RqKMeansModel,
    frozen: usize,
}

impl<'m> WarmStart<'m> {
    /// Starts from this model, with no level frozen.
    pub fn new(model: &'m RqKMeansModel) -> Self {
        Self { model, frozen: 0 }
    }

    /// Sets how many levels, from the first one on, keep their codewords bit for bit.
    #[must_use]
    pub fn freeze_levels(mut self, levels: usize) -> Self {
        self.frozen = levels;
        self
    }

    /// Returns how rows become integers in the model.
    pub(super) fn quantization(&self) -> &Quantization {
        &self.model.quantization
    }

    pub(super) fn first_codewords(&self) -> FirstCodewords {
        FirstCodewords {
            levels: self.model.levels().iter().cloned().map(Arc::new).collect(),
            frozen: self.frozen,
            fingerprint: self.model.fingerprint(),
        }
    }

    /// Refuses a model that no fit starts from, whatever the parameters and the rows.
    pub(in crate::rq) fn check_model(&self) -> Result<()> {
        match self.model.label_tables() {
            [] => Ok(()),
            _ => {
                let advice =
                    "must be a model without levels from labels, which no fit would keep; fit with labels anew";
                Err(Error::parameter("warm_start", "rq-kmeans", advice))
            }
        }
    }

    /// Refuses parameters and rows that do not go with the model.
    pub(in crate::rq) fn check(&self, params: &RqKMeans, dim: usize) -> Result<()> {
        let Self { model, frozen } = self;
        if model.dim() != dim {
            return Err(ErrorKind::DimMismatch { expected: model.dim(), found: dim }.into());
        }
        self.check_model()?;
        let (clusters, expected) = (params.clusters_per_level()?, model.clusters());
        if clusters != expected {
            let advice = format!("must be {expected:?}, those of the warm start; ask for these, or fit without it");
            return Err(Error::parameter("clusters", format!("{clusters:?}"), advice));
        }
        if params.metric != model.metric() {
            let advice = format!("must be {}, as in the warm start", model.metric().name());
            return Err(Error::parameter("metric", params.metric.name(), advice));
        }
        if params.normalize_residuals != model.normalize_residuals() {
            let advice = "must be the opposite, as in the warm start";
            return Err(Error::parameter("normalize_residuals", params.normalize_residuals, advice));
        }
        let advice = match params.algorithm {
            Algorithm::Lloyd => "",
            Algorithm::MiniBatch(_) => "must be Lloyd with a warm start, which the first batches would undo",
            Algorithm::Hierarchical(_) => "must be Lloyd with a warm start, which takes the place of the hierarchy",
        };
        if !advice.is_empty() {
            return Err(Error::parameter("algorithm", params.algorithm.name(), advice));
        }
        match *frozen > expected.len() {
            true => {
                let advice = format!("must be at most the {} levels of the warm start", expected.len());
                Err(Error::parameter("freeze_levels", frozen, advice))
            }
            false => Ok(()),
        }
    }
}

/// The codewords that the levels of a fit start from.
pub(in crate::rq) struct FirstCodewords {
    levels: Vec<Arc<Codebook>>,
    /// How many of the levels keep them.
    frozen: usize,
    /// The fingerprint of the model.
    fingerprint: String,
}

impl FirstCodewords {
    /// Returns how many levels, from the first one on, keep their codewords.
    pub(super) fn frozen(&self) -> usize {
        self.frozen
    }

    /// Returns the first codewords of a level, and whether it keeps them.
    pub(super) fn of_level(&self, level: usize) -> Option<(Arc<Codebook>, bool)> {
        Some((self.levels.get(level)?.clone(), level < self.frozen))
    }

    /// Returns what the file of a model of the first `levels` levels tells about its fit; nothing unless these are all,
    /// because a fit of fewer levels does not start from this model.
    pub(in crate::rq) fn origin(&self, params: &RqKMeans, levels: usize) -> Result<Origin> {
        match levels == self.levels.len() {
            true => Ok(params.recorded()?.started_from(&self.fingerprint, self.frozen)),
            false => Ok(Origin::default()),
        }
    }
}

impl RqKMeans {
    /// Fits all levels, starting from a fitted model.
    ///
    /// `init`, `n_init` and `center` have no influence: the model gives the grid and the first codewords, with which
    /// all runs would be the same. Balanced clusters and Sinkhorn work as without a warm start; frozen balanced levels
    /// get new prices. Rows that count several times go through
    /// [`TrainOptions::weights`](crate::quantizer::TrainOptions::weights).
    ///
    /// # Shapes
    /// `rows` (N, D), with the dimensions of the model and N at least the clusters of every level.
    ///
    /// # Exactness
    /// The same rows, parameters, model and frozen levels give the same fingerprint on every device, for every division
    /// into shards. Where all levels are frozen, that is the fingerprint of the model, unless it has prices.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`]; [`ErrorKind::DimMismatch`] for rows of other dimensions than the model's, and
    /// [`ErrorKind::Parameter`] for other clusters, another metric, normalised residuals on one side only, an algorithm
    /// that is not Lloyd's, more frozen levels than there are, and a model whose first codes labels give.
    pub fn fit_from(&self, start: &WarmStart<'_>, rows: &dyn Rows, device: &Device) -> Result<RqKMeansModel> {
        let mut fit = self.begin_from(start, rows, device)?;
        while fit.next_level()?.is_some() {}
        Ok(fit.finish()?.0)
    }

    /// Puts the rows on the grid of a fitted model, ready for [`Fit::next_level`]; see [`RqKMeans::fit_from`].
    ///
    /// # Errors
    /// As for [`RqKMeans::fit_from`].
    pub fn begin_from<'a>(&self, start: &WarmStart<'_>, rows: &'a dyn Rows, device: &Device) -> Result<Fit<'a>> {
        self.begin_on(Start::Model(start), rows, Given::default(), device, &mut |_| ControlFlow::Continue(()))
    }

    /// Begins a fit as [`RqKMeans::begin_from`] does, for rows that workers hold, see [`RqKMeans::fit_on_workers`].
    ///
    /// # Errors
    /// As for [`RqKMeans::fit_from`] and [`RqKMeans::fit_on_workers`].
    pub fn begin_from_on_workers<'a>(
        &self,
        start: &WarmStart<'_>,
        workers: impl Workers + 'a,
        device: &Device,
        mut progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Fit<'a>> {
        self.check_workers()?;
        self.begin_over(Box::new(Remote::new(workers)), Start::Model(start), device, &mut progress)
    }
}

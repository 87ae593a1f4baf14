//! Product codes as a kind that is trained.

use super::file::kind_of;
use super::fit::PqFit;
use super::model::PqKMeansModel;
use super::params::PqKMeans;
use crate::device::Device;
use crate::error::Result;
use crate::fields::{Fields, fields};
use crate::quantization::Metric;
use crate::quantizer::{Tell, TrainOption, TrainOptions, Trainer, Training, TrainingProgress, unsupported};
use crate::rows::Rows;
use std::ops::ControlFlow;
use std::sync::Arc;

impl PqKMeans {
    /// Fits all levels.
    ///
    /// # Shapes
    /// `rows` (N, D) with N at least the clusters of every level, and D at least the number of slices.
    ///
    /// # Exactness
    /// Equal rows, parameters and seed give a model with the same fingerprint on every device. The residual levels are
    /// those that [`RqKMeans`](crate::RqKMeans) fits with as many levels.
    ///
    /// # Errors
    /// Parameters out of range, NaN or infinities in the rows, and errors of the device and of the source.
    pub fn fit(&self, rows: &dyn Rows, device: &Device) -> Result<PqKMeansModel> {
        let mut tell = |_: &TrainingProgress<'_>| ControlFlow::Continue(());
        let mut fit = PqFit::begin(self, rows, None, device, &mut tell)?;
        while fit.next_level(&mut tell)? {}
        fit.model()
    }
}

impl Trainer for PqKMeans {
    fn kind(&self) -> &'static str {
        kind_of(self.get_residual_levels())
    }

    fn parameters(&self) -> Result<Fields> {
        fields(self)
    }

    fn variant(&self, clusters: &[usize], seed: u64, _: bool) -> Arc<dyn Trainer> {
        Arc::new(self.variant(clusters, seed))
    }

    fn check(&self, rows: usize, dim: usize) -> Result<()> {
        self.check_rows(rows, dim).map(drop)
    }

    fn begin<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &Device,
        options: &TrainOptions<'_>,
        tell: Tell<'_>,
    ) -> Result<Box<dyn Training + 'a>> {
        let refused = [
            (options.warm_start.is_some() || options.freeze_levels > 0, "starts from a fitted model"),
            (options.labels.is_some(), "levels that labels give"),
            (options.first_levels.is_some(), "levels that fits share"),
        ];
        if let Some((_, what)) = refused.into_iter().find(|(given, _)| *given) {
            return Err(unsupported(Trainer::kind(self), what));
        }
        Ok(Box::new(PqFit::begin(self, rows, options.weights, device, tell)?))
    }

    fn takes(&self, option: TrainOption) -> bool {
        matches!(option, TrainOption::Memory | TrainOption::Weights)
    }

    fn takes_beam(&self) -> bool {
        false
    }

    fn has_grid(&self) -> bool {
        self.k_means.metric == Metric::L2
    }

    fn metric(&self) -> Metric {
        self.k_means.metric
    }
}

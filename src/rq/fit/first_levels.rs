//! Levels that several fits have in common.

use super::{Fit, Given, LevelReport, Scale, Start};
use crate::device::Device;
use crate::error::Result;
use crate::population::FittedLevel;
use crate::rows::Rows;
use crate::rq::params::RqKMeans;
use crate::rq::progress::Callback;

/// The levels that a fit has so far, for fits whose parameters differ only in the clusters of later levels.
#[derive(Clone)]
pub(crate) struct FirstLevels {
    scale: Scale,
    levels: Vec<FittedLevel>,
    prices: Vec<Vec<i64>>,
    reports: Vec<LevelReport>,
}

impl Fit<'_> {
    /// Returns all levels fitted so far.
    pub(crate) fn first_levels(&self) -> FirstLevels {
        FirstLevels {
            scale: Scale {
                grid: self.quantization.grid.clone(),
                most_variance: self.most_variance,
                narrow: self.narrow.clone(),
            },
            levels: self.fitted.clone(),
            prices: self.prices.clone(),
            reports: self.reports.clone(),
        }
    }
}

impl RqKMeans {
    /// Begins a fit that has these levels already and goes on after them: a level takes one assignment instead of a
    /// fit.
    ///
    /// # Exactness
    /// The result has the bits of a fit of all levels, where [`RqKMeans::levels_stand_alone`].
    pub(crate) fn go_on_with<'a>(
        &self,
        first: &FirstLevels,
        rows: &'a dyn Rows,
        given: Given<'_>,
        device: &Device,
        callback: Callback<'_>,
    ) -> Result<Fit<'a>> {
        let mut fit = self.begin_on(Start::Scale(first.scale.clone()), rows, given, device, callback)?;
        // Labels have given their levels already, and they are the same.
        for level in first.levels.iter().skip(fit.fitted.len()) {
            fit.residuals.subtract(level.clone());
        }
        let FirstLevels { scale: _, levels, prices, reports } = first.clone();
        (fit.fitted, fit.prices, fit.reports) = (levels, prices, reports);
        Ok(fit)
    }
}

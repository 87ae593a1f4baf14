//! Levels that several fits have in common.

use super::fit::{Fit, LevelReport};
use super::params::RqKMeans;
use super::progress::{Callback, Progress, report};
use crate::codebook::Codebook;
use crate::device::Device;
use crate::error::Result;
use crate::grid::Grid;
use crate::rows::Rows;

/// The levels that a fit has so far, for fits whose parameters differ only in the clusters of later levels.
#[derive(Clone)]
pub(crate) struct FirstLevels {
    grid: Grid,
    codebooks: Vec<Codebook>,
    prices: Vec<Vec<i64>>,
    codes: Vec<Option<Vec<u32>>>,
    reports: Vec<LevelReport>,
}

impl Fit<'_> {
    /// All levels fitted so far.
    pub(crate) fn first_levels(&self) -> FirstLevels {
        FirstLevels {
            grid: self.quantization.grid.clone(),
            codebooks: self.codebooks.clone(),
            prices: self.prices.clone(),
            codes: self.codes.clone(),
            reports: self.reports.clone(),
        }
    }
}

impl RqKMeans {
    /// A fit that has these levels already and goes on after them: one assignment a level instead of a fit.
    ///
    /// # Exactness
    /// The bits of a fit of all levels, where [`RqKMeans::levels_stand_alone`].
    pub(crate) fn go_on_with<'a>(
        &self,
        first: &FirstLevels,
        rows: &'a dyn Rows,
        device: &'a Device,
        callback: Callback<'_>,
    ) -> Result<Fit<'a>> {
        let mut fit = self.begin_on(Some(first.grid.clone()), rows, device, callback)?;
        let FirstLevels { grid: _, codebooks, prices, codes, reports } = first.clone();
        for (codebook, codes) in codebooks.into_iter().zip(&codes) {
            report(callback, &Progress::start(self.levels, self.max_iter))?;
            fit.enter_level()?;
            match codes {
                Some(codes) => fit.table.set_codes(codes)?,
                None => drop(fit.table.assign(&codebook)?),
            }
            fit.codebooks.push(codebook);
        }
        (fit.prices, fit.codes, fit.reports) = (prices, codes, reports);
        Ok(fit)
    }
}

//! Fits of rows that workers hold.

use super::{Fit, FitReport, Start};
use crate::device::Device;
use crate::error::{ErrorKind, Result};
use crate::population::{Remote, Workers};
use crate::rq::model::RqKMeansModel;
use crate::rq::params::RqKMeans;
use crate::rq::progress::Progress;
use std::ops::ControlFlow;

impl RqKMeans {
    /// Fits all levels to rows that workers hold, in other processes or on other machines; `device` computes what
    /// concerns few rows. `Break` ends the fit with [`ErrorKind::Cancelled`].
    ///
    /// # Exactness
    /// The model has the fingerprint of a fit of the same rows on one machine, whatever the division into shards and
    /// the devices of the workers, and whichever workers are lost and started anew.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`]; [`ErrorKind::NotWhole`] for balanced clusters and Sinkhorn, which need all rows in one
    /// table; [`ErrorKind::Shards`] where counts do not add up to all rows; [`ErrorKind::Message`] for replies that
    /// are none; and what the workers meet.
    pub fn fit_on_workers(
        &self,
        workers: impl Workers,
        device: &Device,
        mut progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<(RqKMeansModel, FitReport)> {
        let mut fit = self.begin_on_workers(workers, device, &mut progress)?;
        while fit.next_level_with(&mut progress)?.is_some() {}
        fit.finish()
    }

    /// Finds the grid of rows that workers hold, ready for [`Fit::next_level`].
    ///
    /// # Errors
    /// As for [`RqKMeans::fit_on_workers`].
    pub fn begin_on_workers<'a>(
        &self,
        workers: impl Workers + 'a,
        device: &Device,
        mut progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Fit<'a>> {
        self.check_workers()?;
        self.begin_over(Box::new(Remote::new(workers)), Start::Rows, device, &mut progress)
    }

    /// Refuses fits that need all rows in one table.
    pub(super) fn check_workers(&self) -> Result<()> {
        match self.sizes.is_some() || self.sinkhorn.is_some() {
            true => Err(ErrorKind::NotWhole.into()),
            false => Ok(()),
        }
    }
}

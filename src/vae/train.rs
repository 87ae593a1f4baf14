//! Training: from rows and parameters to a model.

use super::data::Data;
use super::fit::RqVaeFit;
use super::model::RqVaeModel;
use super::params::RqVae;
use super::report::{RqVaeReport, VaeProgress};
use super::start;
use crate::device::Device;
use crate::error::Result;
use crate::rows::Rows;
use crate::rq::Progress;
use std::ops::ControlFlow;

impl RqVae {
    /// Trains a model.
    ///
    /// # Shapes
    /// `rows` (N, D).
    ///
    /// # Exactness
    /// Equal rows, parameters and seeds give the same model, bit for bit, on every device and for any number of
    /// threads.
    ///
    /// # Errors
    /// Parameters that make no sense, NaN or infinities, [`ErrorKind::Diverged`](crate::ErrorKind::Diverged), and what
    /// devices and sources can
    /// meet.
    pub fn fit(&self, rows: &dyn Rows, device: &Device) -> Result<RqVaeModel> {
        Ok(self.fit_with(rows, device, |_| ControlFlow::Continue(()))?.0)
    }

    /// [`RqVae::fit`] with a callback after every step, which may stop it; see [`RqVae::begin_with`] for what comes
    /// before.
    ///
    /// # Errors
    /// As for [`RqVae::fit`], and [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
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
    pub fn begin(&self, rows: &dyn Rows, device: &Device) -> Result<RqVaeFit> {
        self.begin_with(rows, device, |_| ControlFlow::Continue(()))
    }

    /// [`RqVae::begin`] with a callback for the k-means that the codebooks start from, which may stop it.
    ///
    /// # Errors
    /// As for [`RqVae::fit`], and [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
    pub fn begin_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<RqVaeFit> {
        self.check_numbers()?;
        let data = Data::read(rows, self, None, device)?;
        let clusters = self.check(data.len(), data.dim)?;
        let start = start::drawn(self, &data, &clusters, device, progress)?;
        RqVaeFit::assemble(self, data, start, device)
    }
}

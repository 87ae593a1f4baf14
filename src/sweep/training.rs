//! Trainings of networks, which go on where a sweep was stopped or killed.

use super::progress::SweepStage;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::rows::Rows;
use crate::vae::{RqVae, RqVaeModel};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The file that keeps the state of a training beside the file of its sweep.
pub(super) struct Checkpoint(PathBuf);

impl Checkpoint {
    pub(super) fn of(sweep: &Path) -> Self {
        let mut path = sweep.as_os_str().to_owned();
        path.push(".checkpoint");
        Self(path.into())
    }

    /// Trains a model, from the file's state if it is one of this training.
    pub(super) fn train(
        &self,
        params: &RqVae,
        rows: &dyn Rows,
        device: &Device,
        tell: &mut dyn FnMut(SweepStage<'_>) -> ControlFlow<()>,
    ) -> Result<RqVaeModel> {
        let resumed = self.0.exists().then(|| params.resume(&self.0, rows, device));
        let mut training = match resumed.filter(|resumed| !resumed.as_ref().is_err_and(is_of_another)) {
            Some(training) => training?,
            None => params.begin_with(rows, device, |fit| tell(SweepStage::Fit(fit)))?,
        };
        training.train(Some(&self.0), |step| tell(SweepStage::Train(step)))?;
        Ok(training.finish()?.0)
    }

    /// Removes the file, if it is there.
    pub(super) fn remove(&self) -> Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("removing", error).at(&self.0)),
            _ => Ok(()),
        }
    }
}

/// Whether a checkpoint is of no use here: of another run, or broken.
fn is_of_another(error: &Error) -> bool {
    use ErrorKind::{Damaged, DamagedCheckpoint, Format, Parameter};
    matches!(
        error.kind(),
        Parameter { name: "checkpoint", .. } | DamagedCheckpoint { .. } | Damaged { .. } | Format { .. }
    )
}

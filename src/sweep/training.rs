//! Trainings that go on where a sweep was stopped or killed.

use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::quantizer::{Tell, TrainOption, TrainOptions, Trainer, Training};
use crate::rows::Rows;
use std::path::{Path, PathBuf};

/// The file that keeps the state of a training beside the file of its sweep.
pub(super) struct Checkpoint(PathBuf);

impl Checkpoint {
    pub(super) fn of(sweep: &Path) -> Self {
        let mut path = sweep.as_os_str().to_owned();
        path.push(".checkpoint");
        Self(path.into())
    }

    /// Begins a training, from the state in the file if that state belongs to this training.
    pub(super) fn begin<'a>(
        &self,
        trainer: &dyn Trainer,
        rows: &'a dyn Rows,
        device: &Device,
        options: TrainOptions<'_>,
        tell: Tell<'_>,
    ) -> Result<Box<dyn Training + 'a>> {
        let checkpoint = trainer.takes(TrainOption::Checkpoint).then_some(self.0.as_path());
        let options = TrainOptions { checkpoint, ..options };
        match trainer.begin(rows, device, &options, tell) {
            Err(error) if checkpoint.is_some_and(Path::exists) && is_of_another(&error) => {
                self.remove()?;
                trainer.begin(rows, device, &options, tell)
            }
            training => training,
        }
    }

    /// Removes the file, if it is there.
    pub(super) fn remove(&self) -> Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("removing", error).at(&self.0)),
            _ => Ok(()),
        }
    }
}

/// Whether the error says that a checkpoint is of no use here, because it belongs to another run or is damaged.
fn is_of_another(error: &Error) -> bool {
    use ErrorKind::{Damaged, DamagedCheckpoint, Format, Parameter};
    matches!(
        error.kind(),
        Parameter { name: "checkpoint", .. } | DamagedCheckpoint { .. } | Damaged { .. } | Format { .. }
    )
}

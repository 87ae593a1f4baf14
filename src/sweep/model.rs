//! Gives back the models of finished runs.

use super::grid::{Sweep, runs_of};
use super::progress::{SweepProgress, SweepStage};
use super::record::SweepRecord;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Model;
use crate::quantizer::{TrainingProgress, train};
use crate::rows::Rows;
use std::ops::ControlFlow;
use std::path::PathBuf;

impl Sweep {
    /// Returns the model of a finished run: loads it from the folder of [`Sweep::models`] if it is there, and fits it
    /// again otherwise.
    ///
    /// # Exactness
    /// The model equals the one that was measured, bit for bit.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a run that is not of this grid, [`ErrorKind::OtherSweep`] where other rows or
    /// parameters give another model, and errors of the fit.
    ///
    /// ```
    /// use semid::metrics::Evaluation;
    /// use semid::sweep::SweepMetric;
    /// use semid::{Device, Matrix, Sweep};
    ///
    /// let values: Vec<f32> = (0..800).map(|i| ((i * i) % 101) as f32).collect();
    /// let (rows, device, folder) = (Matrix::new(&values, 4)?, Device::cpu(), tempfile::tempdir()?);
    /// let sweep = Sweep::new([1, 2], [4, 8]).evaluation(Evaluation::new().k(0));
    /// let records = sweep.run(&rows, &device, folder.path().join("sweep.jsonl"))?;
    /// let best = SweepMetric::named("collision_rate")?.rank(&records)[0];
    /// let model = sweep.model(best, &rows, &device)?;
    /// assert_eq!(model.fingerprint(), best.fingerprint);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn model(&self, record: &SweepRecord, rows: &dyn Rows, device: &Device) -> Result<Model> {
        self.model_with(record, rows, device, |_| ControlFlow::Continue(()))
    }

    /// Fits the model as [`Sweep::model`] does, and calls `progress`, whose `Break` ends it with
    /// [`ErrorKind::Cancelled`].
    ///
    /// # Errors
    /// As for [`Sweep::model`].
    pub fn model_with(
        &self,
        record: &SweepRecord,
        rows: &dyn Rows,
        device: &Device,
        mut progress: impl FnMut(&SweepProgress<'_>) -> ControlFlow<()>,
    ) -> Result<Model> {
        let parameters = &record.parameters;
        let chains = self.chains()?;
        let runs = runs_of(&chains).count();
        let found = runs_of(&chains).enumerate().find(|(_, (_, run))| *run == parameters);
        let Some((run, (kind, _))) = found else {
            return Err(Error::parameter("record", parameters.name(), "must be a run of this sweep"));
        };
        let saved = self.model_path(parameters).and_then(|path| Model::load(path).ok());
        if let Some(model) = saved.filter(|model| model.fingerprint() == record.fingerprint) {
            return Ok(model);
        }
        let mut tell = |stage: SweepStage<'_>| progress(&SweepProgress { run, runs, parameters, stage });
        let mut tell = |training: &TrainingProgress<'_>| tell(SweepStage::Train(training));
        let options = self.inputs.options(parameters);
        let (model, _) = train(&*parameters.trainer(kind), rows, device, &options, &mut tell)?;
        let model = self.inputs.finished(model)?;
        let (found, expected) = (record.fingerprint.clone(), model.fingerprint());
        match found == expected {
            true => Ok(model),
            false => {
                Err(ErrorKind::OtherSweep { line: run + 1, what: "fingerprint".to_owned(), found, expected }.into())
            }
        }
    }

    /// Returns the path of a run's model, if models are kept.
    pub(super) fn model_path(&self, run: &super::SweepParameters) -> Option<PathBuf> {
        self.models.as_ref().map(|folder| folder.join(format!("{}.safetensors", run.name())))
    }
}

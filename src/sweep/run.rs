//! The runs, one after the other.

use super::file::SweepFile;
use super::grid::{Chain, Sweep, runs_of};
use super::progress::{Callback, SweepProgress, SweepStage};
use super::record::{FORMAT, PredictedCollisions, SweepData, SweepParameters, SweepRecord, SweepSeconds};
use super::shared::Shared;
use super::training::Checkpoint;
use crate::clock::Instant;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::io::AtomicFile;
use crate::metrics::{Evaluator, weighted_errors};
use crate::model::Model;
use crate::quantizer::{Parameters, TrainOption, TrainOptions, TrainingProgress};
use crate::rows::Rows;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

impl Sweep {
    /// Fits and measures the runs that the file at `path` does not have yet, and returns all runs.
    ///
    /// # Exactness
    /// A finished sweep leaves the same file, apart from `seconds` and the checksums that cover them, on every device
    /// and however often it was stopped or killed in between.
    ///
    /// # Errors
    /// Parameters that make no sense for some run, before anything is fitted; [`ErrorKind::OtherSweep`] where the file
    /// has lines that this sweep would not write; [`ErrorKind::Busy`] where another process writes to the file; errors
    /// of fits and measurements. Finished runs stay in the file.
    pub fn run(&self, rows: &dyn Rows, device: &Device, path: impl AsRef<Path>) -> Result<Vec<SweepRecord>> {
        self.run_with(rows, device, path, |_| ControlFlow::Continue(()))
    }

    /// Runs the sweep as [`Sweep::run`] does, and calls `progress`, whose `Break` ends it with
    /// [`ErrorKind::Cancelled`].
    ///
    /// # Errors
    /// As for [`Sweep::run`].
    pub fn run_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        path: impl AsRef<Path>,
        mut progress: impl FnMut(&SweepProgress<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<SweepRecord>> {
        let chains = self.chains()?;
        self.check(&chains, rows.len(), rows.dim())?;
        let (path, data) = (path.as_ref(), SweepData::of(rows)?);
        let file = SweepFile::open(path)?;
        self.compare(&file.records, &chains, &data).map_err(|error| error.at(path))?;
        self.prepare_folder(runs_of(&chains).skip(file.records.len()).map(|(_, run)| run))?;
        let evaluator = match &self.inputs.weights {
            Some(weights) => self.evaluation.on(rows).weights(weights)?,
            None => self.evaluation.on(rows),
        };
        let mut work = ActiveSweep {
            sweep: self,
            rows,
            device,
            data,
            file,
            evaluator,
            progress: &mut progress,
            shared: Shared::after(self.inputs.given_levels()),
            at: 0,
            runs: chains.iter().map(|chain| chain.runs.len()).sum(),
        };
        for (i, chain) in chains.iter().enumerate() {
            work.chain(chain, chains.get(i + 1..).unwrap_or_default())?;
        }
        Ok(work.file.finish())
    }

    /// Creates the folder of models and checks that the models of the `missing` runs can be written there, before time
    /// is spent on fits.
    fn prepare_folder<'a>(&self, missing: impl Iterator<Item = &'a SweepParameters>) -> Result<()> {
        let Some(folder) = &self.models else { return Ok(()) };
        std::fs::create_dir_all(folder).map_err(|error| Error::io("creating", error).at(folder))?;
        for path in missing.filter_map(|run| self.model_path(run)) {
            AtomicFile::check(&path)?;
        }
        Ok(())
    }
}

/// A sweep that is under way.
struct ActiveSweep<'a> {
    sweep: &'a Sweep,
    rows: &'a dyn Rows,
    device: &'a Device,
    data: SweepData,
    file: SweepFile,
    evaluator: Evaluator<'a>,
    progress: Callback<'a>,
    shared: Shared,
    /// Number of the current run, from 0.
    at: usize,
    runs: usize,
}

impl ActiveSweep<'_> {
    /// Finishes all runs of a chain, and fits only the levels that unfinished runs need; `later` are the chains after
    /// it.
    fn chain(&mut self, chain: &Chain<'_>, later: &[Chain<'_>]) -> Result<()> {
        let open = |(i, run): &(usize, &SweepParameters)| !self.is_finished(self.at + i, run);
        let last = chain.runs.iter().enumerate().filter(open).map(|(i, _)| i + 1).next_back();
        let needed = chain.runs.get(..last.unwrap_or(0)).unwrap_or_default();
        self.train(chain.kind, needed, later)?;
        chain.runs.get(needed.len()..).unwrap_or_default().iter().try_for_each(|run| self.tell_finished(run))
    }

    /// Trains one model, of which every run takes the first levels; the training goes on after those that an earlier
    /// chain shares with it.
    fn train(&mut self, kind: &Parameters, runs: &[SweepParameters], later: &[Chain<'_>]) -> Result<()> {
        let Some(longest) = runs.last() else { return Ok(()) };
        let (rows, device, first) = (self.rows, self.device, self.at);
        let inputs = &self.sweep.inputs;
        let (options, given) = (inputs.options(longest), inputs.given_levels());
        let (trainer, checkpoint) = (longest.trainer(kind), Checkpoint::of(self.file.path()));
        self.shared.enter(longest);
        let mut spent = Duration::ZERO;
        let mut training = None;
        for (i, run) in runs.iter().enumerate() {
            let (at, runs, progress) = (first + i, self.runs, &mut *self.progress);
            let mut tell = |training: &TrainingProgress<'_>| {
                progress(&SweepProgress { run: at, runs, parameters: run, stage: SweepStage::Train(training) })
            };
            let mut start = Instant::now();
            let training = match (&mut training, self.shared.longest(longest)) {
                (Some(training), _) => training,
                (None, None) => training.insert(checkpoint.begin(&*trainer, rows, device, options, &mut tell)?),
                (None, Some((levels, before))) => {
                    let options = TrainOptions { first_levels: Some(levels), ..options };
                    let begun = checkpoint.begin(&*trainer, rows, device, options, &mut tell)?;
                    // A run counts as if it were alone. The time of the shared levels already includes that of reading
                    // the rows.
                    (spent, start) = (*before, Instant::now());
                    training.insert(begun)
                }
            };
            while training.levels() < given + run.levels && training.advance(&mut tell)? {
                if kind.levels_stand_alone() {
                    self.shared.keep(&**training, longest, later, spent + start.elapsed());
                }
            }
            spent += start.elapsed();
            self.finish(kind, run, &inputs.finished(training.model()?)?, spent)?;
        }
        match kind.takes(TrainOption::Checkpoint) {
            true => checkpoint.remove(),
            false => Ok(()),
        }
    }

    /// Keeps the model, measures it and writes the line, as far as that is not done yet.
    fn finish(&mut self, kind: &Parameters, run: &SweepParameters, model: &Model, fit: Duration) -> Result<()> {
        let fingerprint = model.fingerprint();
        if let Some(found) = self.file.records.get(self.at).map(|record| record.fingerprint.clone())
            && found != fingerprint
        {
            let (line, what) = (self.at + 1, "fingerprint".to_owned());
            return Err(ErrorKind::OtherSweep { line, what, found, expected: fingerprint }.into());
        }
        if let Some(path) = self.sweep.model_path(run).filter(|_| !self.is_finished(self.at, run)) {
            if self.at == self.file.records.len() {
                keeps_others(&path, &fingerprint)?;
            }
            model.save(path)?;
        }
        if self.at == self.file.records.len() {
            let record = self.measure(kind, run, model, fingerprint, fit)?;
            self.file.append(record)?;
        }
        self.tell_finished(run)
    }

    fn measure(
        &mut self,
        kind: &Parameters,
        run: &SweepParameters,
        model: &Model,
        fingerprint: String,
        fit: Duration,
    ) -> Result<SweepRecord> {
        let start = Instant::now();
        let (at, runs, progress) = (self.at, self.runs, &mut *self.progress);
        let inputs = &self.sweep.inputs;
        let codes = self.evaluator.encode(&**model, inputs.labels.as_ref(), self.device)?;
        let metrics = self.evaluator.run(&**model, &codes, self.device, |evaluation| {
            progress(&SweepProgress { run: at, runs, parameters: run, stage: SweepStage::Evaluation(evaluation) })
        })?;
        let weights = inputs.weights.as_ref().filter(|_| model.reconstructs());
        let weighted = weights.map(|weights| weighted_errors(&**model, self.rows, &codes, weights, self.device));
        Ok(SweepRecord {
            format: FORMAT,
            parameters: run.clone(),
            settings: self.sweep.settings(kind)?,
            data: self.data.clone(),
            fingerprint,
            predicted: self.sweep.predict.map(|rows| PredictedCollisions::of(&metrics.codes, rows)),
            metrics,
            weighted: weighted.transpose()?,
            seconds: SweepSeconds { fit: fit.as_secs_f64(), evaluation: start.elapsed().as_secs_f64() },
        })
    }

    /// Tells the caller that a run is in the file, and goes on to the next.
    fn tell_finished(&mut self, run: &SweepParameters) -> Result<()> {
        let Some(record) = self.file.records.get(self.at) else { return Ok(()) };
        let stage = SweepStage::Finished(record);
        let flow = (self.progress)(&SweepProgress { run: self.at, runs: self.runs, parameters: run, stage });
        self.at += 1;
        match flow {
            ControlFlow::Break(()) if self.at < self.runs => Err(ErrorKind::Cancelled.into()),
            _ => Ok(()),
        }
    }

    /// Whether the run has its line and, where models are kept, its model.
    fn is_finished(&self, at: usize, run: &SweepParameters) -> bool {
        let Some(record) = self.file.records.get(at) else { return false };
        let saved = |path| Model::load(path).is_ok_and(|model| model.fingerprint() == record.fingerprint);
        self.sweep.model_path(run).is_none_or(saved)
    }
}

/// Refuses to replace the model of another sweep, which may have the same name, because names do not tell rows and
/// settings.
fn keeps_others(path: &Path, fingerprint: &str) -> Result<()> {
    match Model::load(path) {
        Ok(other) if other.fingerprint() != fingerprint => {
            let advice = "give a folder without the models of other sweeps: another model of that name is there";
            Err(Error::parameter("models", path.display(), advice))
        }
        _ => Ok(()),
    }
}

//! Checkpoints: all that a training needs to go on to the same bits as if it had never stopped.
//!
//! A `.safetensors` file: `state.{i}` (f32) are the networks' parameters, moments and averages, `book.{l}.{part}` those
//! of the codebooks, `best` the bytes of the best model's file. `__metadata__` holds the parameters (JSON), the rows'
//! digest, where the training stands and a checksum over everything. Files of version 1 have the parameters as
//! `legacy.rs` writes them.

use super::data::Data;
use super::fit::RqVaeFit;
use super::legacy;
use super::model::RqVaeModel;
use super::params::RqVae;
use super::report::VaeProgress;
use super::schedule::Schedule;
use super::start;
use super::state::{BestModel, TrainingState};
use super::trained_codebook::TrainedCodebook;
use super::validation::Validation;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::grid::EXPONENTS;
use crate::io::model_file::hex;
use crate::io::model_file::{NamedTensor, assemble, checksum, from_le_bytes, le_bytes, read_file, write_file};
use crate::rows::Rows;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use std::path::Path;

const FORMAT: &str = "semid checkpoint";
const VERSION: &str = "2";
/// The version whose parameters are in the words of that time.
const LEGACY: &str = "1";

/// Where a training stands, besides tensors.
#[derive(Serialize, Deserialize)]
struct Standing {
    state: TrainingState,
    exponent: i32,
    /// Judgement and epoch of the best model.
    best: Option<(Validation, usize)>,
}

impl RqVaeFit {
    /// Trains to the end, with a checkpoint after every epoch and where the callback stops it; after any other failure
    /// the file keeps the last good state.
    ///
    /// # Errors
    /// As for [`RqVaeFit::next_epoch`] and [`RqVaeFit::save_checkpoint`].
    pub fn train(
        &mut self,
        checkpoint: Option<&Path>,
        mut progress: impl FnMut(&VaeProgress<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        loop {
            let epoch = self.next_epoch(&mut progress).map(|epoch| epoch.is_some());
            let save = epoch.as_ref().map_or_else(|error| matches!(error.kind(), ErrorKind::Cancelled), |more| *more);
            if let Some(path) = checkpoint.filter(|_| save) {
                self.save_checkpoint(path)?;
            }
            if !epoch? {
                return Ok(());
            }
        }
    }

    /// Saves a checkpoint, at the end of an epoch or in the middle of one; the file appears complete or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] with the path, and what devices can meet.
    pub fn save_checkpoint(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let standing = Standing {
            state: self.state.clone(),
            exponent: self.quantizer.exponent,
            best: self.best.as_ref().map(|best| (best.validation, best.epoch)),
        };
        let broken = |error: serde_json::Error| Error::format("checkpoint", error.to_string());
        let standing = serde_json::to_string(&standing).map_err(broken)?;
        let params = serde_json::to_string(&self.params.lasting()).map_err(broken)?;
        let rows = digest(&self.data);
        let tensors = self.tensors_of_checkpoint()?;
        let data: Vec<&[u8]> = tensors.iter().map(|(_, _, _, bytes)| bytes.as_slice()).collect();
        let metadata = json!({
            "checksum": checksum([FORMAT, VERSION, &params, &rows, &standing, &self.warm_start], &data),
            "format": FORMAT,
            "format_version": VERSION,
            "params": params,
            "rows": rows,
            "standing": standing,
            "warm_start": self.warm_start,
        });
        write_file(path, Ok(assemble(metadata, &tensors)))
    }

    fn tensors_of_checkpoint(&mut self) -> Result<Vec<NamedTensor>> {
        let wide = |values: &[f64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let mut tensors: Vec<NamedTensor> = Vec::new();
        // Larger numbers first, so that all of them are aligned.
        for (level, book) in self.quantizer.books.iter().enumerate() {
            for (part, values) in [("counts", &book.counts), ("sums", &book.sums)] {
                tensors.push((format!("book.{level}.{part}"), Dtype::F64, vec![values.len()], wide(values)));
            }
        }
        for (level, book) in self.quantizer.books.iter().enumerate() {
            let [m, v] = &book.moments;
            for (part, values) in [("values", &book.values), ("m", m), ("v", v)] {
                tensors.push((format!("book.{level}.{part}"), Dtype::F32, vec![values.len()], le_bytes(values)));
            }
        }
        for (i, values) in self.download_state()?.iter().enumerate() {
            tensors.push((format!("state.{i}"), Dtype::F32, vec![values.len()], le_bytes(values)));
        }
        let best = self.best.as_ref().map_or(Ok(Vec::new()), |best| best.model.to_bytes())?;
        tensors.push(("best".into(), Dtype::U8, vec![best.len()], best));
        Ok(tensors)
    }
}

impl RqVae {
    /// The parameters that the steps of a training depend on. Without a cosine, a longer training begins with the bits
    /// of a shorter one, so the number of epochs is not among them.
    fn lasting(&self) -> Self {
        match self.schedule {
            Schedule::Cosine => self.canonical(),
            Schedule::Constant | Schedule::Step { .. } => self.canonical().epochs(0),
        }
    }

    /// Whether a file of that version with these parameters is of this training. Parameters that this build does not
    /// know make another training.
    fn is_of(&self, version: &str, params: &str) -> bool {
        match version {
            LEGACY => legacy::checkpoint(self).contains(&params.to_owned()),
            _ => serde_json::from_str(params).is_ok_and(|params: Self| params.lasting() == self.lasting()),
        }
    }

    /// Goes on with the training of a checkpoint: the same rows and parameters give the same bits as without a stop.
    /// The number of epochs may be another one, unless the learning rate follows a cosine.
    ///
    /// # Errors
    /// As for [`RqVae::begin`]; [`ErrorKind::DamagedCheckpoint`] for a broken checkpoint and [`ErrorKind::Parameter`]
    /// for one of other rows or parameters.
    pub fn resume(&self, checkpoint: impl AsRef<Path>, rows: &dyn Rows, device: &Device) -> Result<RqVaeFit> {
        let path = checkpoint.as_ref();
        let bytes = read_file(path)?;
        self.check_numbers()?;
        let data = Data::read(rows, self, None, device)?;
        let clusters = self.check(data.len(), data.dim)?;
        let start = start::shaped(self, &data, &clusters);
        let mut training = RqVaeFit::assemble(self, data, start, device)?;
        training.restore(&bytes, path).map_err(|error| error.at(path))?;
        Ok(training)
    }
}

impl RqVaeFit {
    /// Takes over a checkpoint.
    pub(super) fn restore(&mut self, bytes: &[u8], path: &Path) -> Result<()> {
        let broken = |error: safetensors::SafeTensorError| Error::format("checkpoint", error.to_string());
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let metadata = metadata.metadata().clone().unwrap_or_default();
        let get = |key: &str| metadata.get(key).map_or("", String::as_str);
        let version = get("format_version");
        if get("format") != FORMAT || ![LEGACY, VERSION].contains(&version) {
            return Err(Error::format("checkpoint", "its metadata do not say so; give one that a training saved"));
        }
        let other = |what: &str| {
            let expected = format!("give another file, or the {what} of the training that this one belongs to");
            Error::parameter("checkpoint", path.display(), expected)
        };
        if !self.params.is_of(version, get("params")) {
            return Err(other("parameters"));
        }
        if get("rows") != digest(&self.data) {
            return Err(other("rows"));
        }
        if get("warm_start") != self.warm_start {
            return Err(other("warm start"));
        }
        let names = names(self.quantizer.books.len(), tensors.len());
        let data = names.iter().map(|name| tensors.tensor(name).map(|tensor| tensor.data()));
        let data: Vec<&[u8]> = data.collect::<Result<_, _>>().map_err(broken)?;
        let covered = ["format", "format_version", "params", "rows", "standing", "warm_start"].map(get);
        let damaged = |reason: String| Error::from(ErrorKind::DamagedCheckpoint { reason });
        if get("checksum") != checksum(covered, &data) {
            return Err(damaged("it does not have the checksum that it states".to_owned()));
        }
        let standing: Standing = serde_json::from_str(get("standing")).map_err(|error| damaged(error.to_string()))?;
        let epoch = standing.state.epoch;
        if epoch > self.params.epochs {
            let expected =
                format!("give another file, or {epoch} epochs or more, which this training has done already");
            return Err(Error::parameter("checkpoint", path.display(), expected));
        }
        self.take(standing, &data)
    }

    /// Takes over what the file holds, once all of it has the sizes and places that this training can have.
    fn take(&mut self, standing: Standing, data: &[&[u8]]) -> Result<()> {
        let mut data = data.iter();
        let mut next = || data.next().copied().unwrap_or_default();
        let wide = |bytes: &[u8]| bytes.as_chunks::<8>().0.iter().map(|value| f64::from_le_bytes(*value)).collect();
        let averages: Vec<[Vec<f64>; 2]> = self.quantizer.books.iter().map(|_| [wide(next()), wide(next())]).collect();
        let mut books = Vec::new();
        for [counts, sums] in averages {
            let [values, m, v] = [(); 3].map(|()| from_le_bytes(next()));
            books.push(TrainedCodebook { values, moments: [m, v], counts, sums });
        }
        let states: Vec<Vec<f32>> =
            (0..self.encoder.state().chain(self.decoder.state()).count()).map(|_| from_le_bytes(next())).collect();
        let best = match standing.best {
            Some((validation, epoch)) => Some(BestModel { validation, epoch, model: RqVaeModel::from_bytes(next())? }),
            None => None,
        };
        if !books.iter().map(TrainedCodebook::sizes).eq(self.quantizer.books.iter().map(TrainedCodebook::sizes))
            || !self.is_state(&states)
            || !self.is_within(&standing.state)
            || !EXPONENTS.contains(&standing.exponent)
            || best.as_ref().is_some_and(|best| best.model.dim() != self.data.dim)
        {
            let reason = "what it holds is of another size than this training's".to_owned();
            return Err(ErrorKind::DamagedCheckpoint { reason }.into());
        }
        if !states.iter().flatten().all(|x| x.is_finite()) || !books.iter().all(TrainedCodebook::is_finite) {
            let reason = "it holds numbers that no training gives".to_owned();
            return Err(ErrorKind::DamagedCheckpoint { reason }.into());
        }
        self.upload_state(&states)?;
        self.quantizer.books = books;
        self.quantizer.exponent = standing.exponent;
        self.state = standing.state;
        self.best = best;
        Ok(())
    }

    /// Whether this training can stand there.
    fn is_within(&self, state: &TrainingState) -> bool {
        let batches = self.data.len().div_ceil(self.batch());
        let clusters: Vec<usize> = self.quantizer.books.iter().map(|book| book.counts.len()).collect();
        let steps = state.epoch.checked_mul(batches).and_then(|steps| steps.checked_add(state.batch));
        steps.is_some_and(|steps| steps as u64 == state.step)
            && state.batch <= batches
            && state.epoch == state.reports.len()
            && state.tally.is_within(self.data.len(), &clusters)
    }
}

/// Names of a checkpoint's tensors, in the order in which they are written; `count` is that of all.
fn names(levels: usize, count: usize) -> Vec<String> {
    let books = |parts: &'static [&'static str]| {
        (0..levels).flat_map(move |level| parts.iter().map(move |part| format!("book.{level}.{part}")))
    };
    let states = (0..count.saturating_sub(5 * levels + 1)).map(|i| format!("state.{i}"));
    books(&["counts", "sums"]).chain(books(&["values", "m", "v"])).chain(states).chain(["best".to_owned()]).collect()
}

/// SHA-256, in hex, of the rows as a training uses them, and of how they were standardised.
fn digest(data: &Data) -> String {
    let mut hash = Sha256::new();
    let limits = data.standard.limits.iter().flat_map(|limits| [&limits.low[..], &limits.high]);
    let rows = [&data.standard.offset[..], &data.standard.scale, &data.train, data.validation_rows()];
    for values in rows.into_iter().chain(limits) {
        hash.update((values.len() as u64).to_le_bytes());
        for chunk in values.chunks(1 << 14) {
            hash.update(le_bytes(chunk));
        }
    }
    hex(&hash.finalize())
}

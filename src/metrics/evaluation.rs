//! Measures all metrics of a model on some rows at once.

use super::nearest;
use super::progress::EvaluationProgress;
use super::quality::Quality;
use crate::beam::MOST_WIDTH;
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::labels::Labels;
use crate::quantizer::{EncodeOptions, Quantizer};
use crate::rows::Rows;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Settings of an evaluation: the metrics that it measures, and on how many rows.
///
/// ```
/// use semid::metrics::Evaluation;
/// use semid::{Device, Matrix, RqKMeans};
///
/// let values: Vec<f32> = (0..4000).map(|i| ((i * i) % 251) as f32).collect();
/// let (rows, device) = (Matrix::new(&values, 8)?, Device::cpu());
/// let model = RqKMeans::new(3, 16).seed(42).fit(&rows, &device)?;
/// let quality = Evaluation::new().k(5).run(&model, &rows, &device)?;
/// let neighbors = quality.neighbors.unwrap();
/// println!("collisions {}, recall@5 {}", quality.codes.ids.collision_rate, neighbors.recall_at_k.decoded.value);
/// # Ok::<(), semid::Error>(())
/// ```
///
/// # Files
/// An evaluation is serialized as an object with `k`, `recall_curve`, `sample`, `pairs`, `seed` and `beam`. A missing
/// field has its default; unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredEvaluation")]
pub struct Evaluation {
    pub(crate) k: usize,
    #[serde(rename = "recall_curve")]
    pub(crate) curve: Vec<usize>,
    pub(crate) sample: Option<usize>,
    pub(crate) pairs: usize,
    pub(crate) seed: u64,
    pub(crate) beam: Option<usize>,
}

/// [`Evaluation`] as files contain it, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StoredEvaluation {
    k: usize,
    recall_curve: Vec<usize>,
    sample: Option<usize>,
    pairs: usize,
    seed: u64,
    beam: Option<usize>,
}

impl Default for StoredEvaluation {
    fn default() -> Self {
        let Evaluation { k, curve, sample, pairs, seed, beam } = Evaluation::new();
        Self { k, recall_curve: curve, sample, pairs, seed, beam }
    }
}

impl TryFrom<StoredEvaluation> for Evaluation {
    type Error = Error;

    fn try_from(stored: StoredEvaluation) -> Result<Self> {
        let StoredEvaluation { k, recall_curve, sample, pairs, seed, beam } = stored;
        let evaluation = Self { k, curve: recall_curve, sample, pairs, seed, beam };
        evaluation.check_alone()?;
        Ok(evaluation)
    }
}

/// The largest number of pairs of rows; a pair takes some 100 bytes.
const MOST_PAIRS: u64 = 1 << 24;

impl Default for Evaluation {
    fn default() -> Self {
        Self::new()
    }
}

impl Evaluation {
    /// Makes an evaluation with 10 neighbours, all rows as queries, 20,000 pairs, seed 42 and the beam of the model.
    pub fn new() -> Self {
        Self { k: 10, curve: Vec::new(), sample: None, pairs: 20_000, seed: 42, beam: None }
    }

    /// Sets the number of neighbours of each query; 0 leaves out everything about neighbours and distances.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// Sets further numbers of neighbours at which the same search measures recall; no effect where k is 0.
    ///
    /// ```
    /// use semid::metrics::Evaluation;
    /// use semid::{Device, Matrix, RqKMeans};
    ///
    /// let values: Vec<f32> = (0..4000).map(|i| ((i * i) % 251) as f32).collect();
    /// let (rows, device) = (Matrix::new(&values, 8)?, Device::cpu());
    /// let model = RqKMeans::new(2, 16).fit(&rows, &device)?;
    /// let quality = Evaluation::new().k(5).recall_curve([1, 5]).run(&model, &rows, &device)?;
    /// let neighbors = quality.neighbors.unwrap();
    /// assert_eq!(neighbors.recall_curve[1].recall, neighbors.recall_at_k);
    /// # Ok::<(), semid::Error>(())
    /// ```
    #[must_use]
    pub fn recall_curve(mut self, ks: impl Into<Vec<usize>>) -> Self {
        self.curve = ks.into();
        self
    }

    /// Sets how many rows, chosen by the seed, are queries instead of all rows; their neighbours are searched among all
    /// rows.
    #[must_use]
    pub fn sample(mut self, queries: usize) -> Self {
        self.sample = Some(queries);
        self
    }

    /// Sets the largest number of pairs of rows for the correlation of distances; if there are fewer pairs, all are
    /// used.
    #[must_use]
    pub fn pairs(mut self, pairs: usize) -> Self {
        self.pairs = pairs;
        self
    }

    /// Sets the seed of the sample and of the pairs.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the width of the beam that encodes rows, see [`Encoder::beam`](crate::Encoder::beam); 1 takes the nearest
    /// codeword of every level, and none is the beam of the model. It has no effect on codes that are given.
    ///
    /// ```
    /// use semid::metrics::Evaluation;
    /// use semid::{Device, Matrix, RqKMeans};
    ///
    /// let values: Vec<f32> = (0..4000).map(|i| ((i * i) % 251) as f32).collect();
    /// let (rows, device) = (Matrix::new(&values, 8)?, Device::cpu());
    /// let model = RqKMeans::new(3, 16).fit(&rows, &device)?;
    /// let quality = |width: usize| Evaluation::new().k(0).beam(width).run(&model, &rows, &device);
    /// assert!(quality(4)?.errors.unwrap().mse < quality(1)?.errors.unwrap().mse);
    /// # Ok::<(), semid::Error>(())
    /// ```
    #[must_use]
    pub fn beam(mut self, width: impl Into<Option<usize>>) -> Self {
        self.beam = width.into();
        self
    }

    /// Encodes rows as [`Evaluation::run`] does, by the beam of the evaluation.
    ///
    /// # Errors
    /// As for [`Encoder::encode`](crate::Encoder::encode).
    pub fn encode(&self, model: &dyn Quantizer, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        self.encode_labelled(model, None, rows, device)
    }

    /// Does what [`Evaluation::encode`] does, with the labels of the rows for a model whose first levels labels give.
    ///
    /// # Errors
    /// As for [`Encoder::labels`](crate::Encoder::labels).
    pub fn encode_labelled(
        &self,
        model: &dyn Quantizer,
        labels: Option<&Labels>,
        rows: &dyn Rows,
        device: &Device,
    ) -> Result<Codes> {
        match (self.beam, labels) {
            (None, None) => model.encode(rows, device),
            (beam, labels) => {
                let options = EncodeOptions { beam, labels: labels.cloned(), ..EncodeOptions::default() };
                model.encode_by(rows, device, &options)
            }
        }
    }

    /// Encodes rows with a model and measures the codes.
    ///
    /// # Exactness
    /// Every device and any number of threads give the same bits: distances are exact integers, and other values are
    /// rounded in a fixed order.
    ///
    /// # Errors
    /// As for [`Evaluation::run_on_codes`], and any error of encoding.
    pub fn run(&self, model: &dyn Quantizer, rows: &dyn Rows, device: &Device) -> Result<Quality> {
        self.check(rows.len())?;
        let codes = self.encode(model, rows, device)?;
        self.run_on_codes(model, rows, &codes, device, |_| ControlFlow::Continue(()))
    }

    /// Measures codes of `rows`, whether the model gave them or not; `progress` may stop the evaluation.
    ///
    /// # Shapes
    /// `rows` (N, D), `codes` (N, L).
    ///
    /// # Errors
    /// [`Empty`](crate::ErrorKind::Empty); [`Parameter`](crate::ErrorKind::Parameter) for k above N - 1 or no queries;
    /// errors for rows and codes that do not fit together or do not fit the model;
    /// [`Cancelled`](crate::ErrorKind::Cancelled); any error of the device and of reading rows.
    pub fn run_on_codes(
        &self,
        model: &dyn Quantizer,
        rows: &dyn Rows,
        codes: &Codes,
        device: &Device,
        progress: impl FnMut(&EvaluationProgress) -> ControlFlow<()>,
    ) -> Result<Quality> {
        self.on(rows).run(model, codes, device, progress)
    }

    /// Returns how many neighbours have to be searched.
    pub(super) fn most(&self) -> usize {
        self.curve.iter().copied().max().unwrap_or(0).max(self.k)
    }

    /// Refuses settings that no rows allow.
    fn check_alone(&self) -> Result<()> {
        if self.sample == Some(0) {
            return Err(Error::parameter("sample", 0, "must be at least 1"));
        }
        match (self.pairs, self.beam) {
            (0, _) => Err(Error::parameter("pairs", 0, "must be at least 1")),
            (_, Some(width)) if !(1..=MOST_WIDTH).contains(&width) => {
                Err(Error::parameter("beam", width, format!("must be 1 to {MOST_WIDTH}")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses settings that this number of rows does not allow, before they are encoded.
    ///
    /// # Errors
    /// [`Empty`](crate::ErrorKind::Empty) and [`Parameter`](crate::ErrorKind::Parameter), as for
    /// [`Evaluation::run_on_codes`].
    pub fn check(&self, rows: usize) -> Result<()> {
        if rows == 0 {
            return Err(ErrorKind::Empty.into());
        }
        if self.k >= rows && self.k > 0 {
            let expected = format!("{}; 0 leaves neighbours out", at_most_neighbors(rows));
            return Err(Error::parameter("k", self.k, expected));
        }
        if let Some(k) = self.curve.iter().find(|k| !(1..rows).contains(*k)).filter(|_| self.k > 0) {
            let expected = at_most_neighbors(rows);
            return Err(Error::parameter("recall_curve", k, expected));
        }
        self.check_alone()?;
        let queries = self.sample.map_or(rows, |sample| sample.min(rows));
        if self.k > 0 && queries.saturating_mul(self.most()) > nearest::MOST {
            let expected = format!(
                "must be at most {} for {queries} queries; ask for fewer queries or neighbours",
                nearest::MOST / queries.max(1)
            );
            return Err(Error::parameter("k", self.most(), expected));
        }
        let all = (rows as u64).saturating_mul((rows as u64).saturating_sub(1)) / 2;
        if self.k > 0 && all.min(self.pairs as u64) > MOST_PAIRS {
            let expected = format!("must be at most {MOST_PAIRS}; thousands give as good an estimate");
            return Err(Error::parameter("pairs", self.pairs, expected));
        }
        Ok(())
    }
}

impl Evaluation {
    /// Returns the number of neighbours of each query.
    pub fn get_k(&self) -> usize {
        self.k
    }

    /// Returns the further numbers of neighbours at which recall is measured.
    pub fn get_recall_curve(&self) -> &[usize] {
        &self.curve
    }

    /// Returns the number of queries; `None` means all rows.
    pub fn get_sample(&self) -> Option<usize> {
        self.sample
    }

    /// Returns the largest number of pairs of rows.
    pub fn get_pairs(&self) -> usize {
        self.pairs
    }

    /// Returns the seed of queries and pairs.
    pub fn get_seed(&self) -> u64 {
        self.seed
    }

    /// Returns the width of the beam that encodes rows; none where it is that of the model.
    pub fn get_beam(&self) -> Option<usize> {
        self.beam
    }
}

/// Says how many neighbours a row can have at most.
fn at_most_neighbors(rows: usize) -> String {
    match rows {
        0 | 1 => "must be 0, as a single row has no neighbours".to_owned(),
        2 => "must be 1, as 2 rows have 1 neighbour each".to_owned(),
        _ => format!("must be from 1 to {}, the neighbours of each of {rows} rows", rows - 1),
    }
}

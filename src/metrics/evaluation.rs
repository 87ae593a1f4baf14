//! All metrics of a model on some rows at once.

use super::code_metrics::code_metrics;
use super::correlation::Pairs;
use super::errors::{self, errors};
use super::estimate::Estimate;
use super::ids::Ids;
use super::nearest::Nearest;
use super::points::Points;
use super::quality::{ByDistance, NeighborMetrics, Quality};
use super::quantizer::{DecodedRows, Quantizer};
use super::ranking::{ByDecoded, ByHamming, ByPrefix, Ranking};
use super::retrieval::Truth;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::rng::{self, Stream};
use crate::rows::Rows;
use crate::rq::Codes;
use std::ops::ControlFlow;

/// What to measure, and on how much.
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
#[derive(Clone, Debug)]
pub struct Evaluation {
    k: usize,
    sample: Option<usize>,
    pairs: usize,
    seed: u64,
}

/// How far an evaluation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvaluationProgress {
    /// What is being done.
    pub stage: &'static str,
    /// Comparisons of two rows done at this stage.
    pub done: u64,
    /// Comparisons that it takes; 0 where that is not known.
    pub total: u64,
}

/// May stop the evaluation by returning `Break`.
type Callback<'a> = &'a mut dyn FnMut(&EvaluationProgress) -> ControlFlow<()>;

impl Default for Evaluation {
    fn default() -> Self {
        Self::new()
    }
}

impl Evaluation {
    /// 10 neighbours, all rows as queries, 20,000 pairs, seed 42.
    pub fn new() -> Self {
        Self { k: 10, sample: None, pairs: 20_000, seed: 42 }
    }

    /// Neighbours of each query; 0 leaves out everything about neighbours and distances.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// Looks for the neighbours of that many rows, chosen by the seed, instead of all; the neighbours are among all rows.
    #[must_use]
    pub fn sample(mut self, queries: usize) -> Self {
        self.sample = Some(queries);
        self
    }

    /// Most pairs of rows for the correlation of distances; all pairs where there are no more.
    #[must_use]
    pub fn pairs(mut self, pairs: usize) -> Self {
        self.pairs = pairs;
        self
    }

    /// Seed of the sample and of the pairs.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Encodes rows with a model and measures.
    ///
    /// # Exactness
    /// The same bits on every device, for any number of threads: distances are exact integers, and what is rounded is
    /// rounded in a fixed order.
    ///
    /// # Errors
    /// As for [`Evaluation::run_on_codes`], and what encoding can meet.
    pub fn run(&self, model: &dyn Quantizer, rows: &dyn Rows, device: &Device) -> Result<Quality> {
        let codes = model.encode(rows, device)?;
        self.run_on_codes(model, rows, &codes, device, |_| ControlFlow::Continue(()))
    }

    /// Measures codes that `rows` were given, by the model or otherwise; `progress` may stop it.
    ///
    /// # Shapes
    /// `rows` (N, D), `codes` (N, L).
    ///
    /// # Errors
    /// [`ErrorKind::Empty`]; [`ErrorKind::Parameter`] for k above N - 1 or no queries; rows and codes that do not belong
    /// together or to the model; [`ErrorKind::Cancelled`]; what devices and sources can meet.
    pub fn run_on_codes(
        &self,
        model: &dyn Quantizer,
        rows: &dyn Rows,
        codes: &Codes,
        device: &Device,
        mut progress: impl FnMut(&EvaluationProgress) -> ControlFlow<()>,
    ) -> Result<Quality> {
        errors::check(model, rows, codes)?;
        self.check(rows.len())?;
        tell(&mut progress, "errors", 0, 0)?;
        let of_codes = code_metrics(codes, &model.clusters())?;
        let errors = model.reconstructs().then(|| errors(model, rows, codes)).transpose()?;
        let neighbors = (self.k > 0).then(|| self.neighbors(model, rows, codes, device, &mut progress)).transpose()?;
        Ok(Quality { codes: of_codes, errors, neighbors })
    }

    fn check(&self, rows: usize) -> Result<()> {
        if self.k >= rows && self.k > 0 {
            let expected = format!("{rows} rows have {} neighbours each; 0 leaves neighbours out", rows - 1);
            return Err(Error::parameter("k", self.k, expected));
        }
        if self.sample == Some(0) {
            return Err(Error::parameter("sample", 0, "at least 1 row has to be looked at"));
        }
        if self.pairs == 0 {
            return Err(Error::parameter("pairs", 0, "at least 1 pair has to be looked at"));
        }
        Ok(())
    }

    fn neighbors(
        &self,
        model: &dyn Quantizer,
        rows: &dyn Rows,
        codes: &Codes,
        device: &Device,
        progress: Callback<'_>,
    ) -> Result<NeighborMetrics> {
        let queries = self.queries(rows.len());
        tell(progress, "true neighbours", 0, 0)?;
        let points = Points::new(rows, model.metric(), device, |_| 1)?;
        let ids = Ids::new(codes)?;
        let decoded = DecodedRows { model, codes: &ids.codes };
        let weight = |id: usize| ids.rows.get(id).copied().unwrap_or(0);
        let decoded = Points::new(&decoded, model.metric(), device, weight)?;

        let chosen = distinct(&queries, &points.of_row);
        let mut tick = counter(progress, "true neighbours", chosen.len(), points.len());
        let nearest = Nearest::search(&points, chosen, self.k, device, &mut tick)?;
        drop(tick);
        let query_ids = distinct(&queries, &ids.of_row);
        let mut tick = counter(progress, "neighbours of the decoded IDs", query_ids.len(), decoded.len());
        let by_decoded = ByDecoded::new(&decoded, query_ids.into_iter(), self.k, device, &mut tick)?;
        drop(tick);

        let truth = Truth::new(&points, &ids, &nearest, self.k);
        let score = |ranking: &dyn Ranking| truth.score(ranking, &queries);
        let scores = ByDistance {
            prefix: score(&ByPrefix::new(&ids)),
            decoded: score(&by_decoded),
            hamming: score(&ByHamming::new(&ids)),
        };
        tell(progress, "distances", 0, 0)?;
        Ok(NeighborMetrics {
            k: self.k,
            queries: queries.len(),
            recall_at_k: scores.map(|retrieval| retrieval.recall),
            ndcg_at_k: scores.map(|retrieval| retrieval.ndcg),
            distance_correlation: self.correlation(&points, &ids, &decoded, device)?,
        })
    }

    /// The rows whose neighbours are looked for, ascending.
    fn queries(&self, rows: usize) -> Vec<usize> {
        // Other rows than `fit` would choose by the same seed.
        let seed = Stream::new("queries", self.seed, 0, 0).next_u64();
        rng::sample(seed, rows, self.sample.unwrap_or(rows))
    }

    fn correlation(
        &self,
        points: &Points<'_>,
        ids: &Ids,
        decoded: &Points<'_>,
        device: &Device,
    ) -> Result<ByDistance<Option<Estimate>>> {
        let pairs = Pairs::new(points.of_row.len(), self.pairs, self.seed);
        let id = |row: usize| ids.of_row.get(row).copied().unwrap_or(0);
        let of_rows = pairs.distances(points, device, |row| row)?;
        let of_decoded = pairs.distances(decoded, device, |row| id(row) as usize)?;
        let by = |distance: &dyn Fn(u32, u32) -> usize| {
            let distances = pairs.rows.iter().map(|(a, b)| distance(id(*a), id(*b)) as u64);
            pairs.correlation(&of_rows, &distances.collect::<Vec<_>>())
        };
        Ok(ByDistance {
            prefix: by(&|a, b| ids.codes.levels() - ids.shared_prefix(a, b)),
            decoded: pairs.correlation(&of_rows, &of_decoded),
            hamming: by(&|a, b| ids.hamming(a, b)),
        })
    }
}

/// What the rows have, each once.
fn distinct(rows: &[usize], of_row: &[u32]) -> Vec<u32> {
    let mut all: Vec<u32> = rows.iter().filter_map(|row| of_row.get(*row).copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn tell(progress: Callback<'_>, stage: &'static str, done: u64, total: u64) -> Result<()> {
    match progress(&EvaluationProgress { stage, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ErrorKind::Cancelled.into()),
    }
}

/// Adds up comparisons and tells.
fn counter(
    progress: Callback<'_>,
    stage: &'static str,
    queries: usize,
    points: usize,
) -> impl FnMut(u64) -> Result<()> {
    let (mut done, total) = (0, queries as u64 * points as u64);
    move |more| {
        done += more;
        tell(progress, stage, done, total)
    }
}

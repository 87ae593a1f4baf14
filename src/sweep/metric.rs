//! Metrics that runs can be ranked by.

use super::record::SweepRecord;
use crate::error::{ErrorKind, Result};
use crate::metrics::{ErrorMetrics, Estimate, IdMetrics, NeighborMetrics};
use std::cmp::Ordering;

/// A number by which runs are ranked.
///
/// | less is better | more is better |
/// | --- | --- |
/// | `collision_rate`, `collided_item_rate`, `max_bucket`, `gini`, `imbalance`, `dead_codes` | `distinct_ids`, `entropy`, `entropy_ratio`, `perplexity`, `utilization` |
/// | `squared_error_per_row`, `mse`, `relative_l1` | `recall_at_k.D`, `ndcg_at_k.D`, `distance_correlation.D` with D of `prefix`, `decoded`, `hamming` |
/// | `predicted_collision_rate`, `weighted_squared_error_per_row`, `weighted_mse` | `weighted_recall_at_k.D`, `weighted_ndcg_at_k.D` |
///
/// `dead_codes` is the sum over all levels, and `utilization` the mean over them.
///
/// ```
/// use semid::sweep::SweepMetric;
///
/// let metric = SweepMetric::named("recall_at_k.decoded")?;
/// assert!(!metric.less_is_better());
/// assert!(SweepMetric::named("accuracy").unwrap_err().to_string().contains("collision_rate"));
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct SweepMetric {
    name: &'static str,
    less_is_better: bool,
    value: fn(&SweepRecord) -> Option<f64>,
}

const fn less(name: &'static str, value: fn(&SweepRecord) -> Option<f64>) -> SweepMetric {
    SweepMetric { name, less_is_better: true, value }
}

const fn more(name: &'static str, value: fn(&SweepRecord) -> Option<f64>) -> SweepMetric {
    SweepMetric { name, less_is_better: false, value }
}

fn ids(record: &SweepRecord) -> &IdMetrics {
    &record.metrics.codes.ids
}

fn errors(record: &SweepRecord, part: fn(&ErrorMetrics) -> f64) -> Option<f64> {
    record.metrics.errors.as_ref().map(part)
}

fn weighted(record: &SweepRecord, part: fn(&ErrorMetrics) -> f64) -> Option<f64> {
    record.weighted.as_ref().map(part)
}

fn neighbors(record: &SweepRecord, part: fn(&NeighborMetrics) -> Option<Estimate>) -> Option<f64> {
    record.metrics.neighbors.as_ref().and_then(part).map(|estimate| estimate.value)
}

fn utilization(record: &SweepRecord) -> Option<f64> {
    let levels = &record.metrics.codes.levels;
    let sum: f64 = levels.iter().map(|level| level.utilization).sum();
    (!levels.is_empty()).then_some(sum / levels.len() as f64)
}

fn dead_codes(record: &SweepRecord) -> Option<f64> {
    Some(record.metrics.codes.levels.iter().map(|level| level.dead_codes).sum::<u64>() as f64)
}

/// All metrics.
const METRICS: [SweepMetric; 32] = [
    less("collision_rate", |record| Some(ids(record).collision_rate)),
    less("collided_item_rate", |record| Some(ids(record).collided_item_rate)),
    less("max_bucket", |record| Some(ids(record).max_bucket as f64)),
    more("distinct_ids", |record| Some(ids(record).distinct_ids as f64)),
    more("entropy", |record| Some(ids(record).entropy)),
    more("entropy_ratio", |record| Some(ids(record).entropy_ratio)),
    more("perplexity", |record| Some(ids(record).perplexity)),
    less("gini", |record| Some(ids(record).gini)),
    less("imbalance", |record| Some(ids(record).imbalance)),
    more("utilization", utilization),
    less("dead_codes", dead_codes),
    less("squared_error_per_row", |record| errors(record, |errors| errors.squared_error_per_row)),
    less("mse", |record| errors(record, |errors| errors.mse)),
    less("relative_l1", |record| errors(record, |errors| errors.relative_l1)),
    more("recall_at_k.prefix", |record| neighbors(record, |of| Some(of.recall_at_k.prefix))),
    more("recall_at_k.decoded", |record| neighbors(record, |of| Some(of.recall_at_k.decoded))),
    more("recall_at_k.hamming", |record| neighbors(record, |of| Some(of.recall_at_k.hamming))),
    more("ndcg_at_k.prefix", |record| neighbors(record, |of| Some(of.ndcg_at_k.prefix))),
    more("ndcg_at_k.decoded", |record| neighbors(record, |of| Some(of.ndcg_at_k.decoded))),
    more("ndcg_at_k.hamming", |record| neighbors(record, |of| Some(of.ndcg_at_k.hamming))),
    more("distance_correlation.prefix", |record| neighbors(record, |of| of.distance_correlation.prefix)),
    more("distance_correlation.decoded", |record| neighbors(record, |of| of.distance_correlation.decoded)),
    more("distance_correlation.hamming", |record| neighbors(record, |of| of.distance_correlation.hamming)),
    less("weighted_squared_error_per_row", |record| weighted(record, |errors| errors.squared_error_per_row)),
    less("weighted_mse", |record| weighted(record, |errors| errors.mse)),
    more("weighted_recall_at_k.prefix", |record| neighbors(record, |of| Some(of.weighted_recall_at_k?.prefix))),
    more("weighted_recall_at_k.decoded", |record| neighbors(record, |of| Some(of.weighted_recall_at_k?.decoded))),
    more("weighted_recall_at_k.hamming", |record| neighbors(record, |of| Some(of.weighted_recall_at_k?.hamming))),
    more("weighted_ndcg_at_k.prefix", |record| neighbors(record, |of| Some(of.weighted_ndcg_at_k?.prefix))),
    more("weighted_ndcg_at_k.decoded", |record| neighbors(record, |of| Some(of.weighted_ndcg_at_k?.decoded))),
    more("weighted_ndcg_at_k.hamming", |record| neighbors(record, |of| Some(of.weighted_ndcg_at_k?.hamming))),
    less("predicted_collision_rate", |record| record.predicted.map(|predicted| predicted.collision_rate)),
];

/// Ranks by the collision rate.
impl Default for SweepMetric {
    fn default() -> Self {
        less("collision_rate", |record| Some(ids(record).collision_rate))
    }
}

impl SweepMetric {
    /// Finds a metric by its name.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownMetric`] with all names.
    pub fn named(name: &str) -> Result<Self> {
        let unknown = || ErrorKind::UnknownMetric {
            name: name.to_owned(),
            available: Self::names().collect::<Vec<_>>().join(", "),
        };
        Ok(*METRICS.iter().find(|metric| metric.name == name).ok_or_else(unknown)?)
    }

    /// Lists all names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        METRICS.iter().map(|metric| metric.name)
    }

    /// Returns the name of the metric.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the best run has the smallest value.
    pub fn less_is_better(&self) -> bool {
        self.less_is_better
    }

    /// Returns the value of a run, where it was measured.
    pub fn value(&self, record: &SweepRecord) -> Option<f64> {
        (self.value)(record)
    }

    /// Ranks runs, best first: equal ones in the order given, those without a value last.
    pub fn rank<'a>(&self, records: &'a [SweepRecord]) -> Vec<&'a SweepRecord> {
        let mut ranked: Vec<&SweepRecord> = records.iter().collect();
        ranked.sort_by(|a, b| match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) if self.less_is_better => a.total_cmp(&b),
            (Some(a), Some(b)) => b.total_cmp(&a),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        });
        ranked
    }
}

impl std::fmt::Debug for SweepMetric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SweepMetric").field(&self.name).finish()
    }
}

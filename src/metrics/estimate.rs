//! Means of samples, and how far they may be from the mean of all.

use serde::{Deserialize, Serialize};

/// Standard deviations of a normal distribution that 95 % lie within.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// A value measured on a sample, with a 95 % confidence interval.
///
/// The interval says what the choice of the sample leaves open. Measured on everything there is, nothing is left open:
/// `low`, `value` and `high` are the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Size of the sample.
    pub samples: u64,
}

impl Estimate {
    /// The mean of `values` within 0 ..= 1, drawn without repetition from `population` of their kind.
    ///
    /// With standard deviation s of the n values the interval is `mean +- 1.96 s sqrt((1 - n / population) / n)`, cut to
    /// 0 ..= 1. The sums are made in the order of the values.
    pub(super) fn mean(values: &[f64], population: u64) -> Self {
        let samples = values.len() as u64;
        let n = samples as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let variance = squares / (n - 1.0).max(1.0);
        let left = 1.0 - n / (population.max(1) as f64);
        let half = NORMAL_95 * (variance * left.max(0.0) / n.max(1.0)).sqrt();
        Self { value: mean, low: (mean - half).max(0.0), high: (mean + half).min(1.0), samples }
    }

    /// A rank correlation of `samples` of `population` pairs.
    ///
    /// The interval is `tanh(atanh(r) +- 1.96 sqrt((1 + r^2 / 2) / (n - 3)))`.
    ///
    /// # References
    /// D. G. Bonett, T. A. Wright, Sample size requirements for estimating Pearson, Kendall and Spearman correlations,
    /// Psychometrika 65, 2000.
    pub(super) fn rank_correlation(value: f64, samples: u64, population: u64) -> Self {
        if samples >= population {
            return Self { value, low: value, high: value, samples };
        }
        let free = samples.saturating_sub(3).max(1) as f64;
        let half = NORMAL_95 * ((1.0 + value * value / 2.0) / free).sqrt();
        let end = |end: f64| libm::tanh(libm::atanh(value.clamp(-1.0, 1.0)) + end);
        Self { value, low: end(-half), high: end(half), samples }
    }
}

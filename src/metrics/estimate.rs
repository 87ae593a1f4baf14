//! Means of samples, and how far they may be from the mean of the whole population.

use serde::{Deserialize, Serialize};

/// 95 % of a normal distribution lie within this number of standard deviations.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// A value measured on a sample, with a 95 % confidence interval.
///
/// The interval shows the uncertainty from the choice of the sample. A value measured on the whole population has none:
/// `low`, `value` and `high` are then equal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The measured value.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Size of the sample.
    pub samples: u64,
}

impl Estimate {
    /// Estimates the mean of a population from `values` within 0 ..= 1, which were drawn from it without repetition.
    ///
    /// With standard deviation s of the n values, the interval is `mean +- 1.96 s sqrt((1 - n / population) / n)`;
    /// where all values of a part of the population are equal, it is `mean +- 3 / n`. Both are cut to 0 ..= 1. The sums
    /// are computed in the order of the values.
    ///
    /// # References
    /// J. A. Hanley, A. Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 249, 1983: the rule of
    /// three.
    pub(super) fn mean(values: &[f64], population: u64) -> Self {
        let samples = values.len() as u64;
        let n = samples as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let variance = squares / (n - 1.0).max(1.0);
        let left = 1.0 - n / (population.max(1) as f64);
        let alike = values.windows(2).all(|pair| pair.first() == pair.last());
        let half = match alike && samples < population {
            true => 3.0 / n.max(1.0),
            false => NORMAL_95 * (variance * left.max(0.0) / n.max(1.0)).sqrt(),
        };
        Self { value: mean, low: (mean - half).max(0.0), high: (mean + half).min(1.0), samples }
    }

    /// Estimates a rank correlation from `samples` of `population` pairs.
    ///
    /// The interval is `tanh(atanh(r) +- 1.96 sqrt((1 + r^2 / 2) / (n - 3)))`. It is -1 ..= 1 where n is at most 3 or r
    /// is 1 or -1, because the formula does not hold there.
    ///
    /// # References
    /// D. G. Bonett, T. A. Wright, Sample size requirements for estimating Pearson, Kendall and Spearman correlations,
    /// Psychometrika 65, 2000.
    pub(super) fn rank_correlation(value: f64, samples: u64, population: u64) -> Self {
        if samples >= population {
            return Self { value, low: value, high: value, samples };
        }
        if samples <= 3 || value.abs() >= 1.0 {
            return Self { value, low: -1.0, high: 1.0, samples };
        }
        let free = (samples - 3) as f64;
        let half = NORMAL_95 * ((1.0 + value * value / 2.0) / free).sqrt();
        let end = |end: f64| libm::tanh(libm::atanh(value.clamp(-1.0, 1.0)) + end);
        Self { value, low: end(-half), high: end(half), samples }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_samples_leave_everything_open() {
        let ends = |of: Estimate| (of.low, of.high);
        assert_eq!(ends(Estimate::mean(&[0.1], 9)), (0.0, 1.0));
        assert_eq!(ends(Estimate::mean(&[0.1], 1)), (0.1, 0.1));
        // If all 30 values are equal, fewer than 3 in 30 others probably differ.
        assert_eq!(ends(Estimate::mean(&[0.5; 30], 31)), (0.4, 0.6));
        assert_eq!(ends(Estimate::mean(&[1.0; 2], 9)), (0.0, 1.0));
        assert_eq!(ends(Estimate::mean(&[0.25; 8], 8)), (0.25, 0.25));
        assert_eq!(ends(Estimate::rank_correlation(0.5, 3, 9)), (-1.0, 1.0));
        assert_eq!(ends(Estimate::rank_correlation(-1.0, 8, 9)), (-1.0, 1.0));
        assert_eq!(ends(Estimate::rank_correlation(-1.0, 9, 9)), (-1.0, -1.0));
    }
}

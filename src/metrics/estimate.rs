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
    /// With standard deviation s of the n values the interval is `mean +- 1.96 s sqrt((1 - n / population) / n)`, and
    /// `mean +- 3 / n` where all of several are alike, cut to 0 ..= 1. The sums are made in the order of the values.
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

    /// A rank correlation of `samples` of `population` pairs.
    ///
    /// The interval is `tanh(atanh(r) +- 1.96 sqrt((1 + r^2 / 2) / (n - 3)))`, and all of -1 ..= 1 where n is 3 or less
    /// or r is 1 or -1, of which the formula says nothing.
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
        // All alike: fewer than 3 of 30 are otherwise.
        assert_eq!(ends(Estimate::mean(&[0.5; 30], 31)), (0.4, 0.6));
        assert_eq!(ends(Estimate::mean(&[1.0; 2], 9)), (0.0, 1.0));
        assert_eq!(ends(Estimate::mean(&[0.25; 8], 8)), (0.25, 0.25));
        assert_eq!(ends(Estimate::rank_correlation(0.5, 3, 9)), (-1.0, 1.0));
        assert_eq!(ends(Estimate::rank_correlation(-1.0, 8, 9)), (-1.0, 1.0));
        assert_eq!(ends(Estimate::rank_correlation(-1.0, 9, 9)), (-1.0, -1.0));
    }
}

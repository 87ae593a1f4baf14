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
    pub(crate) fn mean(values: &[f64], population: u64) -> Self {
        let mean = values.iter().sum::<f64>() / (values.len() as f64).max(1.0);
        let squares = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        Self::around(mean, squares, values, population)
    }

    /// Estimates the mean of a population in which values count by their weights; none where all weights are 0.
    ///
    /// With the weighted mean m and the mean weight w, the interval is that of [`Estimate::mean`], with the differences
    /// `weight / w (value - m)` in the place of those to the mean. Where the sample is the population, whole weights
    /// mean the same as values that are repeated so often.
    pub(crate) fn weighted_mean(values: &[f64], weights: &[f64], population: u64) -> Option<Self> {
        let all: f64 = weights.iter().sum();
        let mean = values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>() / all;
        let times = values.len() as f64 / all;
        let difference = |(value, weight): (&f64, &f64)| (value - mean) * weight * times;
        let squares = values.iter().zip(weights).map(difference).map(|difference| difference * difference).sum();
        (all > 0.0).then(|| Self::around(mean, squares, values, population))
    }

    /// Makes an estimate of a mean and the sum of the squared differences to it.
    fn around(mean: f64, squares: f64, values: &[f64], population: u64) -> Self {
        let samples = values.len() as u64;
        let n = samples as f64;
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
    fn weights_are_repetitions_of_values() {
        let (values, weights) = ([0.25, 0.5, 1.0, 0.0], [3.0, 0.0, 2.0, 5.0]);
        let repeated = [0.25, 0.25, 0.25, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(Estimate::weighted_mean(&values, &weights, 4).unwrap().value, Estimate::mean(&repeated, 10).value);
        assert_eq!(Estimate::weighted_mean(&values, &[2.0; 4], 9), Some(Estimate::mean(&values, 9)));
        assert_eq!(Estimate::weighted_mean(&values, &[0.0; 4], 9), None);
        let wide = Estimate::weighted_mean(&values, &[1.0, 1.0, 1.0, 9.0], 100).unwrap();
        assert!(wide.low < wide.value && wide.value < wide.high);
        assert_eq!(
            Estimate::weighted_mean(&[0.5; 30], &weights.repeat(8)[..30], 31),
            Some(Estimate::mean(&[0.5; 30], 31))
        );
    }

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

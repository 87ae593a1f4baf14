//! A prediction of the collisions of more rows than there are.

use super::record::PredictedCollisions;
use crate::metrics::CodeMetrics;

/// Largest logarithm of a number of IDs in the search.
const MOST: f64 = 700.0;

impl PredictedCollisions {
    /// Predicts the collisions of `rows` rows like those measured.
    ///
    /// Levels whose codes have entropies H_1 ... H_L, in nats, tell as much as `M = e^(H_1 + ... + H_L)` IDs that are
    /// equally frequent. N rows that take M such IDs independently are expected to have
    ///
    /// ```text
    /// U = M (1 - (1 - 1/M)^N)        different IDs, and a collision rate of 1 - U / N
    /// ```
    ///
    /// Where levels depend on each other, more IDs collide. So M is at most the number for which the formula gives the
    /// measured rows as many different IDs as they have. U stays within what is certain: the measured rows keep their
    /// IDs, and each of the others adds one at most.
    ///
    /// This is an approximation to compare models by, not a bound: rare IDs, which M hardly counts, make fewer
    /// collisions. Of 20,000 sentence embeddings with 3 x 64 codes, half of which were measured, it predicts 21 %
    /// collisions where there are 19 % (by entropies alone 6 %); with 3 x 256 codes 3.4 % where there are 2.7 %.
    ///
    /// ```
    /// use semid::sweep::PredictedCollisions;
    /// use semid::{Codes, metrics::code_metrics};
    ///
    /// let codes = Codes::new((0..100).flat_map(|i| [i / 10, i % 10]).collect(), 2)?; // 10 x 10, each once
    /// let predicted = PredictedCollisions::of(&code_metrics(&codes, &[10, 10])?, 1000);
    /// assert_eq!((predicted.distinct_ids, predicted.collision_rate), (100.0, 0.9));
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn of(codes: &CodeMetrics, rows: u64) -> Self {
        if rows == 0 {
            return Self { rows, distinct_ids: 0.0, collision_rate: 0.0 };
        }
        let entropy: f64 = codes.levels.iter().map(|level| level.entropy).sum();
        let (n, measured, different) = (rows as f64, codes.rows as f64, codes.ids.distinct_ids as f64);
        let others = n - measured;
        let (fewest, most) = match others >= 0.0 {
            true => (different, different + others),
            false => ((different + others).max(1.0), different.min(n)),
        };
        let expected = distinct(entropy.min(log_of_ids(measured, different)), n);
        let distinct_ids = expected.max(fewest).min(most);
        Self { rows, distinct_ids, collision_rate: 1.0 - distinct_ids / n }
    }
}

/// Returns the expected number of different IDs among `n` draws from `e^log` equally frequent ones.
pub(super) fn distinct(log: f64, n: f64) -> f64 {
    let m = libm::exp(log);
    match m.is_finite() {
        true => -m * libm::expm1(n * libm::log1p(-1.0 / m)),
        false => n,
    }
}

/// Finds, by bisection, the logarithm of the number of IDs for which [`distinct`] gives `different`.
fn log_of_ids(n: f64, different: f64) -> f64 {
    if different >= n {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (libm::log(different.max(1.0)), MOST);
    // 64 halvings narrow the range to the last bit.
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        match distinct(middle, n) < different {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

//! Collisions to be expected of more rows than there are.

use super::record::PredictedCollisions;
use crate::metrics::CodeMetrics;

impl PredictedCollisions {
    /// Collisions of `rows` rows that use the codes of every level as often as those measured.
    ///
    /// Levels whose codes have entropies H_1 ... H_L, in nats, say as much as `M = e^(H_1 + ... + H_L)` IDs that are equally
    /// frequent. Of M such IDs, N rows that take them independently have
    ///
    /// ```text
    /// U = M (1 - (1 - 1/M)^N)        different ones to be expected, and a collision rate of 1 - U / N
    /// ```
    ///
    /// That is an approximation, to compare models by rather than a bound. Levels that depend on each other make more
    /// collisions; rare IDs, which M hardly counts, make fewer once N is far above M.
    ///
    /// ```
    /// use semid::{Codes, PredictedCollisions, metrics::code_metrics};
    ///
    /// let codes = Codes::new((0..100).flat_map(|i| [i / 10, i % 10]).collect(), 2)?; // 10 x 10, each once
    /// let predicted = PredictedCollisions::of(&code_metrics(&codes, &[10, 10])?, 1000);
    /// assert!((predicted.distinct_ids - 100.0 * (1.0 - 0.99_f64.powi(1000))).abs() < 1e-9);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn of(codes: &CodeMetrics, rows: u64) -> Self {
        let entropy: f64 = codes.levels.iter().map(|level| level.entropy).sum();
        if rows == 0 {
            return Self { rows, distinct_ids: 0.0, collision_rate: 0.0 };
        }
        let distinct_ids = distinct(entropy, rows as f64).clamp(1.0, rows as f64);
        Self { rows, distinct_ids, collision_rate: 1.0 - distinct_ids / rows as f64 }
    }
}

/// Different ones among `n` draws from `e^entropy` equally frequent ones.
fn distinct(entropy: f64, n: f64) -> f64 {
    let m = libm::exp(entropy);
    match m.is_finite() {
        true => -m * libm::expm1(n * libm::log1p(-1.0 / m)),
        false => n,
    }
}

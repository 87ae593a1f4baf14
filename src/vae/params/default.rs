//! Batch and learning rate where none is given: they follow the number of rows to train on.
//!
//! Few rows need small batches, or 100 epochs are too few steps to learn anything; many rows need large ones, or an
//! epoch takes long and gains nothing. benches/RESULTS.md has the measurements behind the numbers.

use super::RqVae;

/// A batch is this part of the rows.
const STEPS: usize = 32;
/// Fewest and most rows of a batch.
const BATCHES: std::ops::RangeInclusive<usize> = 32..=256;
/// The rate of the largest batch; smaller ones have one in proportion to the square root of their rows.
const RATE: f64 = 2e-3;

impl RqVae {
    /// The rows per step of a training on `rows` rows.
    pub(in crate::vae) fn batch_of(&self, rows: usize) -> usize {
        let usual = (rows / STEPS).clamp(*BATCHES.start(), *BATCHES.end());
        self.batch_within(rows, 1 << usual.ilog2())
    }

    /// The batch that is given, or else `most` rows, or all where there are fewer. With batch norm, it is the largest
    /// number up to that which leaves no single row for the last batch.
    fn batch_within(&self, rows: usize, most: usize) -> usize {
        let most = most.min(rows).max(1);
        self.batch.unwrap_or_else(|| match self.batch_norm {
            true => (2..=most).rev().find(|batch| rows % batch != 1).unwrap_or(most),
            false => most,
        })
    }

    /// The learning rate of a training on `rows` rows.
    pub(in crate::vae) fn lr_of(&self, rows: usize) -> f64 {
        let batch = self.batch_of(rows).clamp(*BATCHES.start(), *BATCHES.end());
        self.lr.unwrap_or_else(|| RATE * (batch as f64 / *BATCHES.end() as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 32nd of the rows as a power of two, from 32 (or all) to 256, and a rate by the square root of its part of 256;
    /// by hand.
    #[test]
    fn batch_and_rate_follow_the_rows() {
        let (eighth, half) = (2e-3 * 0.353_553_390_593_273_8, 2e-3 * std::f64::consts::FRAC_1_SQRT_2);
        let cases = [
            (1, 1, eighth),
            (3, 3, eighth),
            (33, 32, eighth),
            (1000, 32, eighth),
            (2047, 32, eighth),
            (2048, 64, 1e-3),
            (3000, 64, 1e-3),
            (4096, 128, half),
            (8191, 128, half),
            (8192, 256, 2e-3),
            (60_000, 256, 2e-3),
        ];
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-15 * expected;
        for (rows, batch, rate) in cases {
            let params = RqVae::new(3, 256);
            assert_eq!(params.batch_of(rows), batch, "{rows} rows");
            assert!(near(params.lr_of(rows), rate), "{rows} rows: {} for {rate}", params.lr_of(rows));
            assert!(params.kmeans_init(false).check(rows, 4).is_ok(), "{rows} rows are not refused");
        }
        // What is given stays as it is; a rate goes by the batch that is given, within the same limits.
        let given = RqVae::new(3, 256).batch(1024);
        assert_eq!((given.batch_of(60_000), given.lr_of(60_000)), (1024, 2e-3));
        assert!(near(RqVae::new(3, 256).batch(7).lr_of(60_000), eighth));
        assert!(near(RqVae::new(3, 256).batch(128).lr_of(60_000), half));
        assert_eq!(RqVae::new(3, 256).lr(0.5).lr_of(60_000), 0.5);
        // With batch norm no batch is left with a single row: 33 = 31 + 2, 1025 = 31 * 33 + 2.
        let norm = RqVae::new(3, 256).batch_norm(true);
        assert_eq!([2, 3, 32, 33, 1025].map(|rows| norm.batch_of(rows)), [2, 3, 32, 31, 31]);
    }
}

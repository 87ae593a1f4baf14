//! Training end to end.

mod checkpoints;
mod divergence;
mod far;
mod file;
mod finite;
mod first_files;
mod golden;
mod gradients;
mod optimizer;
mod refused;
mod stored;
mod training;

use crate::rng::row_hash;

/// Rows around a few centers, reproducible.
pub(super) fn rows(count: usize, dim: usize) -> Vec<f32> {
    let unit = |seed: u64, i: u64| (row_hash(seed, i) >> 40) as f32 / (1 << 24) as f32 - 0.5;
    let value = |i: usize| {
        let (row, column) = ((i / dim) as u64, (i % dim) as u64);
        let center = row_hash(5, row) % 13;
        4.0 * unit(center, column) + unit(1000 + row, column) * (1.0 + column as f32)
    };
    (0..count * dim).map(value).collect()
}

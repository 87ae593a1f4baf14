//! Soft balance: codes by an entropic transport plan of rows to clusters.

use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Result, try_vec, try_zeros};
use rayon::prelude::*;

/// Rows whose column sums are added up one after the other; the blocks' sums follow in order.
const BLOCK: usize = 256;
/// Codewords whose distances are asked for at a time.
const CODEWORDS: usize = 16;

/// The assignment step.
pub(super) struct Sinkhorn {
    epsilon: f64,
    iterations: usize,
    pub(super) codes: Vec<u32>,
}

impl Sinkhorn {
    pub(super) fn new(epsilon: f64, iterations: usize) -> Self {
        Self { epsilon, iterations, codes: Vec::new() }
    }

    /// Gives every row of the table its code; returns how many changed. A squared grid step is `unit` squared units of
    /// the embeddings.
    pub(super) fn assign(&mut self, table: &mut dyn Table, codebook: &Codebook, unit: f64) -> Result<u64> {
        let mut distances = distances(table, codebook, unit)?;
        let codes = codes(&mut distances, codebook.clusters(), self.epsilon, self.iterations);
        table.set_codes(&codes)?;
        let same = self.codes.iter().zip(&codes).filter(|(old, new)| old == new).count();
        self.codes = codes;
        Ok((self.codes.len() - same) as u64)
    }
}

/// Returns the squared distances of all rows to all codewords (N, K), each rounded once.
fn distances(table: &mut dyn Table, codebook: &Codebook, unit: f64) -> Result<Vec<f64>> {
    let (rows, clusters) = (table.rows(), codebook.clusters());
    let mut out = try_zeros(rows.saturating_mul(clusters), "distances of all rows to all codewords")?;
    let unbounded = try_vec(u64::MAX, rows, "distances")?;
    for (batch, points) in codebook.values().chunks(CODEWORDS * codebook.dim()).enumerate() {
        let found = table.min_distances(points, &unbounded)?;
        for (k, column) in found.chunks_exact(rows.max(1)).enumerate() {
            let column = column.iter().map(|distance| *distance as f64 * unit);
            out.iter_mut().skip(batch * CODEWORDS + k).step_by(clusters).zip(column).for_each(|(out, d)| *out = d);
        }
    }
    Ok(out)
}

/// The cluster with the largest share of every row in the plan; `distances` (N, K) become the plan's kernel.
///
/// # Exactness
/// The plan is `u_i m_ik v_k` with `m_ik = exp(-(d_ik - min_k d_ik) / epsilon)` of scaled distances: what a row's
/// minimum takes away, u gives back. Every operation is binary64 in a fixed order, and blocks of rows are of a fixed
/// size.
pub(crate) fn codes(distances: &mut [f64], clusters: usize, epsilon: f64, iterations: usize) -> Vec<u32> {
    kernel(distances, clusters, epsilon);
    let rows = (distances.len() / clusters) as f64;
    let mut v = vec![1.0; clusters];
    for _ in 0..iterations {
        let sums = |block: &[f64]| shares(block, &v, rows);
        let blocks: Vec<Vec<f64>> = distances.par_chunks(BLOCK * clusters).map(sums).collect();
        let mut columns = vec![0.0; clusters];
        for block in blocks {
            columns.iter_mut().zip(block).for_each(|(all, some)| *all += some);
        }
        for (v, column) in v.iter_mut().zip(columns).filter(|(_, column)| column.is_normal()) {
            *v = 1.0 / (column * clusters as f64);
        }
    }
    distances.par_chunks(clusters).map(|row| largest(row, &v)).collect()
}

/// `exp(-d / epsilon)` of distances that are centred and scaled to -1 ..= 1, each row divided by its largest.
fn kernel(distances: &mut [f64], clusters: usize, epsilon: f64) {
    let (low, high) = distances.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), d| (low.min(*d), high.max(*d)));
    let middle = (high + low) / 2.0;
    // Only equal distances, which would divide by 0, get the constant of the papers' programs: added to others it would
    // make the plan depend on the unit of the embeddings.
    let amplitude = if high > middle { high - middle } else { 1e-5 };
    distances.par_chunks_mut(clusters).for_each(|row| {
        row.iter_mut().for_each(|d| *d = (*d - middle) / amplitude);
        let least = row.iter().copied().fold(f64::INFINITY, f64::min);
        row.iter_mut().for_each(|d| *d = libm::exp((least - *d) / epsilon));
    });
}

/// The clusters' sums over some rows, each row scaled to its share of 1 / N at the factors `v`.
fn shares(block: &[f64], v: &[f64], rows: f64) -> Vec<f64> {
    let mut columns = vec![0.0; v.len()];
    for row in block.chunks_exact(v.len()) {
        let sum = dot(row, v);
        let u = if sum.is_normal() { 1.0 / (sum * rows) } else { 0.0 };
        columns.iter_mut().zip(row).for_each(|(column, m)| *column += m * u);
    }
    columns
}

/// A scalar product by eight sums, which are then added up in order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a_parts, a_rest), (b_parts, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (a, b) in a_parts.iter().zip(b_parts) {
        for i in 0..8 {
            lanes[i] += a[i] * b[i];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f64>() + rest
}

/// The index of the largest `m v`, the lowest one on a tie.
fn largest(row: &[f64], v: &[f64]) -> u32 {
    let (mut best, mut code) = (-1.0, 0);
    for (k, (m, v)) in row.iter().zip(v).enumerate() {
        if m * v > best {
            (best, code) = (m * v, k as u32);
        }
    }
    code
}

#[cfg(test)]
mod tests;

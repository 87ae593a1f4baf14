//! Estimates how much worse fresh rows do than rows that codewords were fitted to.

use super::decoded::decode_finite;
use super::errors::{CHUNK_VALUES, inverse_length};
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{Result, try_zeros};
use crate::grid::read_finite;
use crate::quantization::Metric;
use crate::quantizer::Quantizer;
use crate::rows::Rows;

/// What the rows of one level owe to their own part in the codewords.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Optimism {
    /// How much larger the mean squared error after the level is expected to be for fresh rows.
    pub(super) per_row: f64,
    /// The same as a share of the squared error.
    pub(super) share: f64,
}

/// Estimates the optimism of every level: 0 for rows that no codeword was fitted to.
///
/// A codeword that is the mean of n rows, m of which are here, has a squared distance of `s (1 / m - 1 / n)` on average
/// from the mean of those m, where s is the variance of its rows, and one of `s (1 / m + 1 / n)` where none of them is
/// here. So `s - m |mean - codeword|^2` adds up over the codewords to what the rows took off their own squared error;
/// fresh rows lack that, and their distances have it on top: twice as much is the difference. Fresh rows do worse still
/// where the fit chose among many ways to cut rows without clusters, so this is a lower bound.
///
/// # Shapes
/// `rows` (M, D), `codes` (M, L); takes K x D values of memory at a time.
///
/// # Exactness
/// Sums of f64 in the order of the rows, so all devices give the same bits.
///
/// # References
/// B. Efron, How Biased is the Apparent Error Rate of a Prediction Rule?, 1986.
pub(super) fn optimism(
    model: &dyn Quantizer,
    rows: &dyn Rows,
    codes: &Codes,
    device: &Device,
) -> Result<Vec<Optimism>> {
    let of_level = |(level, clusters)| {
        let (clusters, sums) = residuals_of(model, rows, codes, (level, clusters), device)?;
        let excess: f64 = clusters.iter().zip(sums.chunks_exact(rows.dim())).map(|(of, sum)| of.excess(sum)).sum();
        let (count, squares) = clusters.iter().fold((0.0, 0.0), |(n, s), of| (n + of.rows, s + of.squares));
        let twice = 2.0 * excess.max(0.0);
        Ok(Optimism { per_row: twice / count, share: if squares > 0.0 { twice / squares } else { 0.0 } })
    };
    model.clusters().into_iter().enumerate().map(of_level).collect()
}

/// What is left of the rows of a codeword after its level.
#[derive(Clone, Copy, Default)]
struct Cluster {
    rows: f64,
    /// Sum of the squared lengths.
    squares: f64,
}

impl Cluster {
    /// Returns, from the sum of the vectors, their variance less their number times the squared length of their mean.
    fn excess(&self, sum: &[f64]) -> f64 {
        if self.rows < 2.0 {
            return 0.0;
        }
        let of_mean = sum.iter().map(|sum| sum * sum).sum::<f64>() / self.rows;
        (self.squares - of_mean) / (self.rows - 1.0) - of_mean
    }
}

/// Collects what is left of the rows after a level, by their codes at that level, and the sums of it (K, D).
fn residuals_of(
    model: &dyn Quantizer,
    rows: &dyn Rows,
    codes: &Codes,
    (level, clusters): (usize, usize),
    device: &Device,
) -> Result<(Vec<Cluster>, Vec<f64>)> {
    let (dim, levels) = (rows.dim(), codes.levels());
    let mut found = vec![Cluster::default(); clusters];
    let mut sums = try_zeros(clusters.saturating_mul(dim), "sums of what is left of the rows")?;
    let step = (CHUNK_VALUES / dim).max(1);
    let mut buffer = try_zeros(step.min(rows.len()) * dim, "a chunk of rows")?;
    for (first, part) in (0..rows.len()).step_by(step).zip(codes.values().chunks(step * levels)) {
        let part = Codes::new(part.to_vec(), levels)?;
        let values = buffer.get_mut(..part.len() * dim).unwrap_or_default();
        read_finite(rows, first, values)?;
        let decoded = decode_finite(model, &part, level + 1, device)?;
        for ((x, y), codes) in values.chunks_exact(dim).zip(decoded.chunks_exact(dim)).zip(part.rows()) {
            let scale = if model.metric() == Metric::Cosine { inverse_length(x) } else { 1.0 };
            let code = codes.get(level).copied().unwrap_or_default() as usize;
            let own = sums.chunks_exact_mut(dim).nth(code);
            let (Some(cluster), Some(sum)) = (found.get_mut(code), own) else { continue };
            cluster.rows += 1.0;
            for ((x, y), sum) in x.iter().zip(y).zip(sum) {
                let left = f64::from(*x) * scale - f64::from(*y);
                cluster.squares += left * left;
                *sum += left;
            }
        }
    }
    Ok((found, sums))
}

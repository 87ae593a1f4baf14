//! The first codewords of a level.

mod chosen_rows;
mod hierarchy;
mod plus_plus;
mod shrinkage;

use crate::codebook::Codebook;
use crate::error::Result;
use crate::population::{Ask, Residuals};
use crate::rng::Stream;
use crate::rq::params::{Algorithm, Init, RqKMeans};
use chosen_rows::{DIRECT, chosen_rows};

/// Chooses `clusters` first codewords among the rows, and draws them toward the mean of the rows.
///
/// # Exactness
/// Distances are exact integers and draws are integers below their exact sum, so every device and every division of the
/// rows chooses the same ones.
pub(super) fn seed(
    params: &RqKMeans,
    rows: &mut Residuals<'_>,
    clusters: usize,
    (level, run): (usize, usize),
    ask: Ask<'_>,
) -> Result<Codebook> {
    if init(params) == Init::Hierarchical {
        return hierarchy::codewords(params, rows, clusters, (level, run), ask);
    }
    let chosen = chosen_rows(params, rows, clusters, (level, run), ask)?;
    let mut stream = Stream::new("shrinkage", params.seed, level, run);
    shrinkage::toward_mean(rows, chosen, &mut stream, ask)
}

/// How the first codewords of a level are chosen.
fn init(params: &RqKMeans) -> Init {
    match params.algorithm {
        Algorithm::Hierarchical(_) => Init::Hierarchical,
        Algorithm::Lloyd | Algorithm::MiniBatch(_) => params.init,
    }
}

/// Returns how many rows are in a table of their own at most: those that the first codewords are chosen among, and the
/// batches of mini-batch k-means.
pub(super) fn candidates(params: &RqKMeans, clusters: usize) -> usize {
    let per_cluster = if init(params) == Init::Hierarchical { hierarchy::ROWS } else { DIRECT };
    let drawn = match params.algorithm {
        Algorithm::MiniBatch(batch) => batch.batch.max(batch.init_buffer),
        Algorithm::Lloyd | Algorithm::Hierarchical(_) => 0,
    };
    clusters.saturating_mul(per_cluster).max(shrinkage::ROWS).max(drawn)
}

#[cfg(test)]
mod tests;

//! A hierarchy of fits: a few coarse clusters first, and inside each of them its share of the codewords.

mod shares;
#[cfg(test)]
mod tests;

use super::chosen_rows::chosen_rows;
use crate::codebook::Codebook;
use crate::device::Purpose;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::population::{Ask, Residuals};
use crate::rng::{Sample, Stream, row_hash};
use crate::rq::fit::reseed;
use crate::rq::fit::update::update;
use crate::rq::params::{Algorithm, Init, RqKMeans};
use shares::shares;
use std::collections::HashSet;
use std::sync::Arc;

/// Rows per codeword that the hierarchy is fitted on.
pub(super) const ROWS: usize = 32;
/// Most iterations of a fit within the hierarchy.
const ITERATIONS: usize = 5;

/// The rows nearest to a coarse codeword, and the sum of their squared distances from it.
struct Group {
    rows: Vec<u64>,
    error: u128,
}

/// Codewords by a hierarchy: `floor(sqrt(K))` coarse clusters are fitted, K codewords are shared among them in
/// proportion to their squared errors, and each fits its share to its rows. A row is compared with some `2 sqrt(K)`
/// codewords per iteration instead of K.
///
/// # Shapes
/// K codewords, for rows (N, D). All fits are on the `32 K` rows with the smallest hashes, or on all rows.
///
/// # Exactness
/// Every fit is one of the ordinary kind, from its first codewords on, and shares are exact integers. The rows are
/// gathered from wherever they are, so every device and every division of the rows gives the same codewords.
pub(super) fn codewords(
    params: &RqKMeans,
    rows: &mut Residuals<'_>,
    clusters: usize,
    (level, run): (usize, usize),
    ask: Ask<'_>,
) -> Result<Codebook> {
    let seed = Stream::new("hierarchy", params.seed, level, run).next_u64();
    let sample = Sample::new(seed, rows.rows(), clusters.saturating_mul(ROWS));
    let chosen: Vec<u64> = (0..rows.rows() as u64).filter(|row| sample.holds(*row)).collect();
    let mut rows = rows.copy(&chosen, Purpose::Fit, ask)?;
    let coarse = fit(params, &mut rows, clusters.isqrt().max(1), row_hash(seed, 0), ask)?;
    let groups = groups(&mut rows, &coarse, ask)?;
    let errors: Vec<u128> = groups.iter().map(|group| group.error).collect();
    let distinct = |group: usize, limit: usize| match groups.get(group) {
        Some(group) => distinct(&mut rows, &group.rows, limit, ask),
        None => Ok(0),
    };
    let shares = shares(clusters, &errors, distinct)?;
    let mut values = Vec::new();
    for (number, (group, share)) in (1..).zip(groups.iter().zip(shares)) {
        let mut part = rows.copy(&group.rows, Purpose::Fit, ask)?;
        values.extend_from_slice(fit(params, &mut part, share, row_hash(seed, number), ask)?.values());
    }
    // Where there are fewer different rows than codewords, the last one is repeated.
    let last = values.get(values.len().saturating_sub(rows.dim())..).unwrap_or_default().to_vec();
    values.extend(last.into_iter().cycle().take((clusters * rows.dim()).saturating_sub(values.len())));
    Ok(Codebook::new(values, rows.dim()))
}

/// Fits codewords to some rows by Lloyd's algorithm without tolerance.
fn fit(
    params: &RqKMeans,
    rows: &mut Residuals<'_>,
    clusters: usize,
    seed_of_fit: u64,
    ask: Ask<'_>,
) -> Result<Arc<Codebook>> {
    let init = if params.init == Init::Hierarchical { Init::KMeansPlusPlus } else { params.init };
    let params = RqKMeans { seed: seed_of_fit, init, algorithm: Algorithm::Lloyd, ..params.clone() };
    let mut codebook = Arc::new(chosen_rows(&params, rows, clusters, (0, 0), ask)?);
    let mut before = None;
    for _ in 0..ITERATIONS {
        ask()?;
        let mut sums = rows.assign(before.as_ref(), &codebook, ask)?;
        if before.is_some() && sums.changed() == 0 {
            break;
        }
        before = Some(codebook.clone());
        reseed::refill(rows, &codebook, &mut sums, ask)?;
        update(Arc::make_mut(&mut codebook), &sums, i64::MAX);
    }
    Ok(codebook)
}

/// The rows by their nearest coarse codeword, ascending; codewords without rows are left out.
fn groups(rows: &mut Residuals<'_>, coarse: &Codebook, ask: Ask<'_>) -> Result<Vec<Group>> {
    let mut codes = try_zeros::<u32>(rows.rows(), "codes")?;
    let table = rows.table(ask)?.ok_or(ErrorKind::NotWhole)?;
    table.assign_and_codes(coarse, &mut codes)?;
    let distances = table.assigned_distances(coarse)?;
    let mut groups: Vec<Group> = (0..coarse.clusters()).map(|_| Group { rows: Vec::new(), error: 0 }).collect();
    for (row, (code, distance)) in (0..).zip(codes.into_iter().zip(distances)) {
        if let Some(group) = groups.get_mut(code as usize) {
            group.rows.push(row);
            group.error += u128::from(distance);
        }
    }
    groups.retain(|group| !group.rows.is_empty());
    Ok(groups)
}

/// Counts the different rows among `chosen`, up to `limit`.
fn distinct(rows: &mut Residuals<'_>, chosen: &[u64], limit: usize, ask: Ask<'_>) -> Result<usize> {
    let mut seen = HashSet::new();
    for part in chosen.chunks(limit.max(1)) {
        let values = rows.gather(part, ask)?;
        seen.extend(values.chunks_exact(rows.dim()).map(<[i32]>::to_vec));
        if seen.len() >= limit {
            return Ok(limit);
        }
    }
    Ok(seen.len())
}

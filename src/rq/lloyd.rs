//! Lloyd's algorithm on one level, with exact sums.

use super::assignment::Assignment;
use super::level::{LevelFit, LevelWork};
use super::progress::{Callback, Progress, report};
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Result, try_vec};
use crate::partial::Partial;

/// Improves `codebook` until nothing changes, the movement is within the tolerance, or `max_iter` updates are done.
///
/// Afterwards the table's codes are those of the returned codebook. `energy` is the sum of the rows' squared lengths.
pub(super) fn lloyd(
    work: &mut LevelWork<'_>,
    mut codebook: Codebook,
    energy: u128,
    mut progress: Progress,
    callback: Callback<'_>,
) -> Result<LevelFit> {
    let clusters = codebook.clusters();
    let (mut iterations, mut empty_reseeded) = (0, 0);
    let mut still = false;
    let mut assignment = Assignment::new(work);
    loop {
        let changed = assignment.assign(work, &codebook)?;
        let mut partial = work.table.sums(clusters)?;
        let squared_error = partial.squared_error(energy, &codebook);
        let unchanged = iterations > 0 && changed == 0;
        if unchanged || still || iterations == work.params.max_iter {
            let balancing = assignment.finish(work)?;
            return Ok(LevelFit { codebook, iterations, squared_error, empty_reseeded, balancing });
        }
        empty_reseeded += reseed_empty(work.table, &codebook, &mut partial)?;
        let moved = update(&mut codebook, &partial, work.room);
        // Far values make up nearly all of the variance: measured by it, the first step would be the last.
        let scale = match work.far {
            true => squared_error as f64 / work.table.rows().max(1) as f64 / codebook.dim() as f64,
            false => mean_variance(&partial, energy),
        };
        still = moved as f64 <= work.params.tol * scale;
        iterations += 1;
        progress.iteration = iterations;
        progress.squared_error = work.per_row(squared_error);
        progress.changed = changed;
        report(callback, &progress)?;
    }
}

/// Moves every codeword to the centroid of its members, each component cut off at `room`; one without members stays. Returns
/// the sum of the squared movements.
pub(super) fn update(codebook: &mut Codebook, partial: &Partial, room: i64) -> u128 {
    // Codewords are within i32.
    let room = room.min(i64::from(i32::MAX)) as i32;
    let mut moved = 0_u128;
    for (k, codeword) in codebook.codewords_mut().enumerate() {
        for (value, centroid) in codeword.iter_mut().zip(partial.centroid(k).into_iter().flatten()) {
            let centroid = centroid.clamp(-room, room);
            moved += u128::from(i64::from(centroid - *value).unsigned_abs().pow(2));
            *value = centroid;
        }
    }
    moved
}

/// Mean over the dimensions of the rows' variance, in squared grid steps.
///
/// # Exactness
/// Exact integers, turned to f64 and combined in a fixed order by IEEE operations: the same on every host.
pub(super) fn mean_variance(partial: &Partial, energy: u128) -> f64 {
    let dim = partial.dim();
    let rows: u64 = partial.counts().iter().sum();
    let mut total = vec![0_i64; dim];
    for sums in partial.sums().chunks_exact(dim) {
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    let square: f64 = total.iter().map(|sum| (*sum as f64) * (*sum as f64)).sum();
    let rows = rows.max(1) as f64;
    (energy as f64 - square / rows).max(0.0) / rows / dim as f64
}

/// Gives every empty cluster, in ascending order, the row farthest from its own codeword - the lowest row on a tie -
/// taken out of a cluster that keeps at least one more. Stops when no row is away from its codeword. Returns the
/// number of clusters that were given a row.
pub(super) fn reseed_empty(table: &mut dyn Table, codebook: &Codebook, partial: &mut Partial) -> Result<u64> {
    let empty: Vec<usize> = (0..codebook.clusters()).filter(|k| partial.counts().get(*k) == Some(&0)).collect();
    if empty.is_empty() {
        return Ok(0);
    }
    let distances = table.assigned_distances(codebook)?;
    let mut codes = try_vec(0, table.rows(), "codes")?;
    table.codes(&mut codes)?;
    let mut far: Vec<usize> = (0..distances.len()).collect();
    far.sort_unstable_by_key(|row| (std::cmp::Reverse(distances.get(*row)), *row));
    let mut far = far.into_iter().filter(|row| distances.get(*row).is_some_and(|distance| *distance > 0));
    let mut reseeded = 0;
    for k in empty {
        let donor = far.find_map(|row| {
            let from = *codes.get(row)? as usize;
            (*partial.counts().get(from)? > 1).then_some((row, from))
        });
        let Some((row, from)) = donor else { break };
        let values = table.gather(&[row])?;
        partial.remove(from, &values);
        partial.add(k, &values);
        reseeded += 1;
    }
    Ok(reseeded)
}

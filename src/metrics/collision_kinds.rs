//! Tells items that share an ID because they are equal from those that an ID throws together.

use super::ids::Ids;
use super::largest::largest_distances;
use super::points::Points;
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result, try_collect, try_reserve};
use crate::kernel::assign::squared_distance;
use crate::rng::sample;
use crate::rows::Rows;
use crate::rq::Metric;
use rayon::prelude::*;
use serde::Serialize;
use std::cmp::Reverse;

/// Most rows all of whose pairs say which distances are usual: 4.2 million pairs.
const USUAL_ROWS: usize = 2_900;
/// How many of the largest conflicts are listed.
const LISTED: usize = 20;

/// The groups of items that share an ID, by how far apart their embeddings are.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CollisionKinds {
    /// The share of pairs of rows that are no farther apart than `near_distance`.
    pub quantile: f64,
    /// Items of a group are near duplicates if no two are farther apart than this distance.
    pub near_distance: f64,
    /// Number of pairs of rows that `near_distance` was found from.
    pub pairs: u64,
    /// Whether these are all pairs of rows. Otherwise `near_distance` is an estimate, which depends on the seed and on
    /// the order of the rows.
    pub near_is_exact: bool,
    /// Groups whose rows are all equal on the grid.
    pub exact_duplicates: KindCount,
    /// Other groups that lie within `near_distance`.
    pub near_duplicates: KindCount,
    /// All other groups.
    pub conflicts: KindCount,
    /// The conflicts whose items are farthest apart, farthest first; on a tie the smaller ID comes first.
    pub largest_conflicts: Vec<Conflict>,
}

/// Number of groups, and of their items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KindCount {
    /// Number of IDs that several items share.
    pub groups: u64,
    /// Number of items with these IDs.
    pub items: u64,
}

/// An ID that different items share.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Conflict {
    /// The codes of the ID.
    pub codes: Vec<u32>,
    /// Number of items that share it.
    pub items: u64,
    /// The largest distance between two of them. Of more than 8,192 different rows it is only found from a row that is
    /// far from the first one, and may be up to twice as large.
    pub largest_distance: f64,
    /// The two rows that are that far apart, ascending.
    pub rows: [usize; 2],
}

/// Counts the kinds of collisions: items with the same ID that are equal, near duplicates, or in conflict.
///
/// Near is what only a share `quantile` of all pairs of rows is: the distance at the place `floor(quantile * pairs)`,
/// from 0, of their sorted distances. Of more than 2,900 rows it is an estimate from all pairs of 2,900 rows, which the
/// seed draws without putting any back; [`CollisionKinds::near_is_exact`] says so.
///
/// # Shapes
/// `rows` (N, D), `codes` (N, L).
///
/// # Exactness
/// Distances are integers on the grid of the rows, so every device gives the same groups and the same conflicts. Up to
/// 2,900 rows, neither the seed nor the order of the rows changes a count.
///
/// # Errors
/// [`ErrorKind::RowCount`], [`ErrorKind::Empty`]; [`ErrorKind::Parameter`] for a quantile outside 0 ..= 1; any error of
/// the device and of reading rows.
///
/// ```
/// use semid::metrics::collision_kinds;
/// use semid::{Codes, Device, Matrix, Metric};
///
/// let values = [0.0, 0.0, 1.0, 1.01, 5.0, 9.0, 2.0, 4.0];
/// let codes = Codes::new(vec![0, 0, 1, 1, 2, 2, 3, 4], 1)?;
/// let kinds = collision_kinds(&Matrix::new(&values, 1)?, &codes, Metric::L2, 0.1, 42, &Device::cpu())?;
/// assert_eq!((kinds.exact_duplicates.groups, kinds.near_duplicates.groups, kinds.conflicts.groups), (1, 1, 1));
/// assert_eq!(kinds.largest_conflicts[0].rows, [4, 5]);
/// # Ok::<(), semid::Error>(())
/// ```
pub fn collision_kinds(
    rows: &dyn Rows,
    codes: &Codes,
    metric: Metric,
    quantile: f64,
    seed: u64,
    device: &Device,
) -> Result<CollisionKinds> {
    if !(0.0..=1.0).contains(&quantile) {
        return Err(Error::parameter("quantile", quantile, "must be from 0 to 1"));
    }
    if codes.len() != rows.len() {
        return Err(ErrorKind::RowCount { what: "codes", found: codes.len(), rows: rows.len() }.into());
    }
    if codes.is_empty() {
        return Err(ErrorKind::Empty.into());
    }
    let points = Points::new(rows, metric, device, |_| 1)?;
    let Usual { near, pairs } = Usual::new(&points, quantile, seed, device)?;
    let length = |squared: u64| (squared as f64).sqrt() * points.step();
    let ids = Ids::new(codes)?;
    let groups = groups(&points, &ids)?;
    let members: Vec<&[u32]> = groups.iter().map(|group| group.points.as_slice()).collect();
    let distances = largest_distances(&points, &members, device)?;
    let mut kinds = CollisionKinds {
        quantile,
        near_distance: length(near),
        pairs,
        near_is_exact: rows.len() <= USUAL_ROWS,
        exact_duplicates: KindCount::default(),
        near_duplicates: KindCount::default(),
        conflicts: KindCount::default(),
        largest_conflicts: Vec::new(),
    };
    let mut conflicts = Vec::new();
    for (group, largest) in groups.iter().zip(&distances) {
        let count = match largest.squared {
            0 => &mut kinds.exact_duplicates,
            squared if squared <= near => &mut kinds.near_duplicates,
            _ => {
                conflicts.push((Reverse(largest.squared), group, largest));
                &mut kinds.conflicts
            }
        };
        count.groups += 1;
        count.items += group.items;
    }
    conflicts.sort_by_key(|(squared, _, _)| *squared); // stable: the smaller ID comes first
    let row = |point: u32| points.first_row(point);
    kinds.largest_conflicts = conflicts
        .iter()
        .take(LISTED)
        .map(|(_, group, largest)| Conflict {
            codes: ids.id(group.id).to_vec(),
            items: group.items,
            largest_distance: length(largest.squared),
            rows: [row(largest.ends[0]), row(largest.ends[1])],
        })
        .collect();
    Ok(kinds)
}

/// Which distances are usual between rows.
struct Usual {
    /// The squared distance that only a share of the pairs reaches or falls below.
    near: u64,
    /// Number of the pairs.
    pairs: u64,
}

impl Usual {
    fn new(points: &Points<'_>, quantile: f64, seed: u64, device: &Device) -> Result<Self> {
        let rows = points.of_row.len();
        let drawn = sample(seed, rows, rows.min(USUAL_ROWS))?;
        let of_row = drawn.iter().filter_map(|row| points.of_row.get(*row).copied());
        let drawn: Vec<u32> = try_collect(of_row, "rows of pairs")?;
        let values = points.values(drawn.clone(), "rows of pairs", device)?;
        let distances = |i: usize| {
            let from = values.of(drawn.get(i).copied().unwrap_or(0));
            let others = drawn.get(i + 1..).unwrap_or_default();
            others.iter().map(|other| squared_distance(from, values.of(*other))).collect::<Vec<u64>>()
        };
        let per_row: Vec<Vec<u64>> = (0..drawn.len()).into_par_iter().map(distances).collect();
        let mut all = Vec::new();
        try_reserve(&mut all, drawn.len() * drawn.len().saturating_sub(1) / 2, "distances of pairs")?;
        per_row.iter().for_each(|distances| all.extend_from_slice(distances));
        if all.is_empty() {
            return Ok(Self { near: 0, pairs: 0 }); // one row has no pairs
        }
        let place = ((quantile * all.len() as f64) as usize).min(all.len() - 1);
        let (_, near, _) = all.select_nth_unstable(place);
        Ok(Self { near: *near, pairs: all.len() as u64 })
    }
}

/// An ID that several items share.
struct SharedId {
    id: u32,
    items: u64,
    /// The different points among its rows, ascending.
    points: Vec<u32>,
}

/// Returns the groups, in the order of the IDs.
fn groups(points: &Points<'_>, ids: &Ids) -> Result<Vec<SharedId>> {
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    try_reserve(&mut pairs, ids.of_row.len(), "points of IDs")?;
    pairs.extend(ids.of_row.iter().copied().zip(points.of_row.iter().copied()));
    pairs.sort_unstable();
    let shared = pairs.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1);
    Ok(shared
        .filter_map(|same| {
            let mut points: Vec<u32> = same.iter().map(|(_, point)| *point).collect();
            points.dedup();
            Some(SharedId { id: same.first()?.0, items: same.len() as u64, points })
        })
        .collect())
}

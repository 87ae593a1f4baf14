//! Finds the exact nearest points: it compares all points with all queries in blocks, on any device, and never holds a
//! matrix of all distances.

use super::points::Points;
use super::ties::Rank;
use crate::codebook::Codebook;
use crate::device::{Device, Purpose, Table};
use crate::error::{ErrorKind, Result, try_reserve, try_vec};
use crate::kernel::range_search::RangeMatches;
use rayon::prelude::*;

/// How many points are compared with all queries at a time; fewer at first, while nothing limits the distances.
const BLOCK: usize = 256;
const FIRST_BLOCK: usize = 16;
/// How many queries are on the device at a time, and how many values they have at most.
const QUERIES: usize = 1 << 16;
const VALUES: usize = 1 << 27;
/// How many candidates are kept at a time for all queries together, unless there is only one query.
const CANDIDATES: usize = 1 << 24;
/// How many neighbours all queries together may have; they take 2 GiB.
pub(super) const MOST: usize = 1 << 27;
/// What the memory of neighbours is for.
const NEIGHBORS: &str = "neighbours of queries";
/// A limit above every distance, which limits nothing.
const FAR: i128 = 1 << 64;

/// A squared distance, and the point at this distance.
pub(super) type NearPoint = (u64, u32);

/// For every query the points among its k nearest rows, nearest first, with all points that tie with the last.
///
/// A point counts as often as its weight says; the query's own point counts once less.
pub(super) struct Nearest {
    queries: Vec<u32>,
    ends: Vec<usize>,
    neighbors: Vec<NearPoint>,
}

/// A function that is called after every block of points, with the number of comparisons of two points since the last
/// call.
pub(super) type Tick<'a> = &'a mut dyn FnMut(u64) -> Result<()>;

impl Nearest {
    /// Finds the neighbours of the points `queries`, which ascend.
    ///
    /// # Exactness
    /// Squared distances on the grid are integers, and `kernel::range_search` compares them: a point is listed if it is
    /// no farther than the k-th nearest one so far. So the lists do not depend on the device, on the blocks or on their
    /// order.
    ///
    /// # Errors
    /// Any error of the device and of reading rows.
    pub(super) fn search(
        points: &Points<'_>,
        queries: Vec<u32>,
        k: usize,
        device: &Device,
        tick: Tick<'_>,
    ) -> Result<Self> {
        Self::search_within(CANDIDATES, points, queries, k, device, tick)
    }

    /// Searches with at most `room` candidates in memory at a time.
    pub(super) fn search_within(
        room: usize,
        points: &Points<'_>,
        queries: Vec<u32>,
        k: usize,
        device: &Device,
        tick: Tick<'_>,
    ) -> Result<Self> {
        let mut nearest = Self { queries: Vec::new(), ends: Vec::new(), neighbors: Vec::new() };
        let most = (VALUES / points.dim()).min(QUERIES).min(room / k.max(1) / 4).max(1);
        let mut pending: Vec<&[u32]> = queries.chunks(most).rev().collect();
        while let Some(part) = pending.pop() {
            match PointSearch::new(points, part, k)?.run(room, device, tick)? {
                Some(lists) => nearest.append(lists)?,
                // Too many candidates tie, so the search continues with half of the queries at a time.
                None => {
                    let (first, second) = part.split_at(part.len() / 2);
                    pending.extend([second, first]);
                }
            }
        }
        nearest.queries = queries;
        Ok(nearest)
    }

    fn append(&mut self, lists: Vec<Vec<NearPoint>>) -> Result<()> {
        for list in lists {
            if self.neighbors.len() + list.len() > MOST {
                let bytes = ((self.neighbors.len() + list.len()) * size_of::<NearPoint>()) as u64;
                let what = "neighbours that tie with the k-th".into();
                return Err(ErrorKind::OutOfMemory { what, bytes }.into());
            }
            try_reserve(&mut self.neighbors, list.len(), NEIGHBORS)?;
            self.neighbors.extend(list);
            try_reserve(&mut self.ends, 1, NEIGHBORS)?;
            self.ends.push(self.neighbors.len());
        }
        Ok(())
    }

    /// Returns the neighbours of a query, nearest first; none for a point that was no query.
    pub(super) fn of(&self, query: u32) -> &[NearPoint] {
        let Ok(at) = self.queries.binary_search(&query) else { return &[] };
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(at).and_then(|end| self.neighbors.get(start..*end)).unwrap_or_default()
    }
}

/// Iterates over the neighbours of a query with their places, given the weight of every point.
pub(super) fn places<'a>(
    query: u32,
    list: &'a [NearPoint],
    weights: &'a [u64],
) -> impl Iterator<Item = (Rank, &'a [NearPoint])> {
    let mut before = 0;
    list.chunk_by(|a, b| a.0 == b.0).map(move |group| {
        let tied = group.iter().map(|(_, point)| weight(query, *point, weights)).sum();
        let place = Rank { before, tied };
        before += tied;
        (place, group)
    })
}

/// Returns the weight of a point for a query; the query does not count as its own neighbour.
fn weight(query: u32, point: u32, weights: &[u64]) -> u64 {
    let weight = weights.get(point as usize).copied().unwrap_or(0);
    if point == query { weight.saturating_sub(1) } else { weight }
}

/// The search for some of the queries.
struct PointSearch<'a> {
    points: &'a Points<'a>,
    queries: &'a [u32],
    k: u64,
    lists: Vec<Vec<NearPoint>>,
    /// Per query a limit above the distance of its k-th neighbour so far.
    limits: Vec<i128>,
}

impl<'a> PointSearch<'a> {
    fn new(points: &'a Points<'a>, queries: &'a [u32], k: usize) -> Result<Self> {
        let lists = try_vec(Vec::new(), queries.len(), NEIGHBORS)?;
        let limits = try_vec(FAR, queries.len(), NEIGHBORS)?;
        Ok(Self { points, queries, k: k as u64, lists, limits })
    }

    /// Returns the lists; none if they would take too much memory.
    fn run(mut self, room: usize, device: &Device, tick: Tick<'_>) -> Result<Option<Vec<Vec<NearPoint>>>> {
        let dim = self.points.dim();
        let mut table = device.engine().table(self.queries.len(), dim, Purpose::Fit)?;
        self.points.each(Some(self.queries), device, &mut |first, q| table.upload(first, q))?;
        let mut fits = true;
        let read = self.points.each(None, device, &mut |first, q| {
            let mut start = 0;
            while start * dim < q.len() {
                let block = (first + start).clamp(FIRST_BLOCK, BLOCK).min(q.len() / dim - start);
                let values = q.get(start * dim..(start + block) * dim).unwrap_or_default();
                self.compare(&mut *table, first + start, values)?;
                start += block;
                tick((block * self.queries.len()) as u64)?;
                fits = self.queries.len() == 1 || self.lists.iter().map(Vec::len).sum::<usize>() <= room;
                if !fits {
                    // Any error ends the reading, and nobody sees this one.
                    return Err(ErrorKind::Cancelled.into());
                }
            }
            Ok(())
        });
        if fits { read.map(|()| Some(self.lists)) } else { Ok(None) }
    }

    /// Compares all queries with the points from `first` on.
    fn compare(&mut self, table: &mut dyn Table, first: usize, values: &[i32]) -> Result<()> {
        let codebook = Codebook::new(values.to_vec(), self.points.dim());
        let near = table.range_search(&codebook, &vec![0; codebook.clusters()], &self.limits)?;
        let (k, weights) = (self.k, self.points.weights.as_slice());
        let lists = self.lists.par_iter_mut().zip(&mut self.limits).zip(self.queries);
        lists.enumerate().try_for_each(|(i, ((list, limit), query))| {
            if add(list, &near, i, first)? {
                *limit = trim(list, *query, k, weights);
            }
            Ok(())
        })
    }
}

/// Adds the points that are near query `i`; returns `false` if there are none.
fn add(list: &mut Vec<NearPoint>, near: &RangeMatches, i: usize, first: usize) -> Result<bool> {
    let before = list.len();
    for (point, distance) in near.row(i) {
        try_reserve(list, 1, NEIGHBORS)?;
        list.push((distance, (first + point) as u32));
    }
    Ok(list.len() > before)
}

/// Sorts a list and cuts it behind the points that tie with the k-th neighbour; returns a limit just above their
/// distance.
fn trim(list: &mut Vec<NearPoint>, query: u32, k: u64, weights: &[u64]) -> i128 {
    list.retain(|(_, point)| weight(query, *point, weights) > 0);
    list.sort_unstable();
    let mut total = 0;
    let last = list.iter().find(|(_, point)| {
        total += weight(query, *point, weights);
        total >= k
    });
    let Some((farthest, _)) = last.copied() else { return FAR };
    list.truncate(list.partition_point(|(distance, _)| *distance <= farthest));
    i128::from(farthest) + 1
}

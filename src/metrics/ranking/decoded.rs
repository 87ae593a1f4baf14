//! Ranks by the distance between the vectors that IDs decode to.

use super::Ranking;
use crate::device::Device;
use crate::error::{Result, try_collect};
use crate::metrics::nearest::{Nearest, Tick, places};
use crate::metrics::points::Points;
use crate::metrics::ties::Rank;

/// Items whose IDs decode to nearer vectors are nearer; several IDs may decode to the same vector.
pub(crate) struct ByDecoded<'a> {
    /// The point that every ID decodes to, weighted with the number of the ID's rows.
    points: &'a Points<'a>,
    nearest: Nearest,
}

impl<'a> ByDecoded<'a> {
    /// Makes the ranking for queries with the IDs `queries`, up to rank `k`.
    pub(crate) fn new(
        points: &'a Points<'a>,
        queries: impl Iterator<Item = u32>,
        k: usize,
        device: &Device,
        tick: Tick<'_>,
    ) -> Result<Self> {
        let queries = queries.filter_map(|id| points.of_row.get(id as usize).copied());
        let mut queries = try_collect(queries, "queries")?;
        queries.sort_unstable();
        queries.dedup();
        Ok(Self { points, nearest: Nearest::search(points, queries, k, device, tick)? })
    }

    fn point(&self, id: u32) -> Option<u32> {
        self.points.of_row.get(id as usize).copied()
    }
}

impl Ranking for ByDecoded<'_> {
    /// The place is none for items beyond rank k.
    fn of(&self, query: u32) -> Box<dyn Fn(u32) -> Option<Rank> + '_> {
        let query = self.point(query);
        let list = query.map(|query| self.nearest.of(query)).unwrap_or_default();
        let mut of_point: Vec<(u32, Rank)> = Vec::with_capacity(list.len());
        for (place, group) in query.into_iter().flat_map(|query| places(query, list, &self.points.weights)) {
            of_point.extend(group.iter().map(|(_, point)| (*point, place)));
        }
        of_point.sort_unstable_by_key(|(point, _)| *point);
        Box::new(move |item| {
            let item = self.point(item)?;
            let at = of_point.binary_search_by_key(&item, |(point, _)| *point).ok()?;
            of_point.get(at).map(|(_, place)| *place)
        })
    }
}

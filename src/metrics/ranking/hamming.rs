//! Ranks by the Hamming distance: the number of levels at which two IDs differ, fewest first.

use super::Ranking;
use crate::error::{Result, try_collect, try_zeros};
use crate::metrics::ids::Ids;
use crate::metrics::ties::Rank;

/// Items whose codes differ at fewer levels are nearer.
pub(crate) struct ByHamming<'a> {
    ids: &'a Ids,
    /// For every level, the IDs sorted by their code there, and the place where each code's IDs begin.
    levels: Vec<SortedLevel>,
}

struct SortedLevel {
    ids: Vec<u32>,
    starts: Vec<usize>,
}

impl SortedLevel {
    fn new(codes: impl Iterator<Item = u32> + Clone) -> Result<Self> {
        let most = codes.clone().max().map_or(0, |code| code as usize + 1);
        let mut starts = try_zeros(most + 1, "codes of IDs")?;
        codes.clone().for_each(|code| starts.iter_mut().skip(code as usize + 1).take(1).for_each(|count| *count += 1));
        let mut total = 0;
        starts.iter_mut().for_each(|start| {
            total += *start;
            *start = total;
        });
        let mut ids = try_collect(codes.zip(0..), "codes of IDs")?;
        ids.sort_unstable();
        Ok(Self { ids: try_collect(ids.into_iter().map(|(_, id)| id), "IDs of codes")?, starts })
    }

    /// Returns the IDs with this code.
    fn with(&self, code: u32) -> &[u32] {
        let bounds = self.starts.get(code as usize).zip(self.starts.get(code as usize + 1));
        bounds.and_then(|(start, end)| self.ids.get(*start..*end)).unwrap_or_default()
    }
}

impl<'a> ByHamming<'a> {
    pub(crate) fn new(ids: &'a Ids) -> Result<Self> {
        let levels = ids.codes.levels();
        let of_level = |level| ids.codes.values().iter().copied().skip(level).step_by(levels);
        let levels = (0..levels).map(|level| SortedLevel::new(of_level(level))).collect::<Result<_>>()?;
        Ok(Self { ids, levels })
    }

    /// Counts the rows at every Hamming distance from an ID; the rows with the ID itself count too.
    fn counts(&self, query: u32) -> Vec<u64> {
        let codes = self.ids.id(query);
        let levels = codes.len();
        let mut counts = vec![0; levels + 1];
        let mut rest = self.ids.of_row.len() as u64;
        for (l, (level, code)) in self.levels.iter().zip(codes).enumerate() {
            for id in level.with(*code) {
                // Every ID is counted once, at the first level where its code equals the query's.
                let other = self.ids.id(*id);
                if codes.iter().zip(other).take(l).all(|(a, b)| a != b) {
                    let rows = self.ids.rows.get(*id as usize).copied().unwrap_or(0);
                    counts.iter_mut().skip(self.ids.hamming(query, *id)).take(1).for_each(|count| *count += rows);
                    rest -= rows;
                }
            }
        }
        // IDs that were met at no level differ from the query at every level.
        counts.iter_mut().skip(levels).for_each(|count| *count += rest);
        counts
    }
}

impl Ranking for ByHamming<'_> {
    fn of(&self, query: u32) -> Box<dyn Fn(u32) -> Option<Rank> + '_> {
        let mut counts = self.counts(query);
        // The query itself does not count.
        counts.iter_mut().take(1).for_each(|count| *count -= 1);
        Box::new(move |item| {
            let distance = self.ids.hamming(query, item);
            let before = counts.iter().take(distance).sum();
            Some(Rank { before, tied: counts.get(distance).copied().unwrap_or(0) })
        })
    }
}

//! Ranks by the length of the shared prefix, longest first.

use super::Ranking;
use crate::error::{Result, try_zeros};
use crate::metrics::ids::Ids;
use crate::metrics::ties::Rank;

/// Items that share more leading codes with the query are nearer.
pub(crate) struct ByPrefix<'a> {
    ids: &'a Ids,
    /// For every ID, the number of rows that share its first 1, ... L codes, (U, L).
    sharing: Vec<u64>,
}

impl<'a> ByPrefix<'a> {
    pub(crate) fn new(ids: &'a Ids) -> Result<Self> {
        let levels = ids.codes.levels();
        let mut sharing = try_zeros(ids.codes.values().len(), "rows of prefixes")?;
        for level in 0..levels {
            let prefix = |id: &usize| ids.id(*id as u32).get(..=level).unwrap_or_default();
            let mut start = 0;
            while start < ids.len() {
                // IDs are sorted, so those with a common prefix are consecutive.
                let same = (start..ids.len()).take_while(|id| prefix(id) == prefix(&start)).count();
                let rows = ids.rows.iter().skip(start).take(same).sum();
                let of_level = sharing.iter_mut().skip(start * levels + level).step_by(levels);
                of_level.take(same).for_each(|sharing| *sharing = rows);
                start += same;
            }
        }
        Ok(Self { ids, sharing })
    }

    /// Returns the number of rows that share the first `codes` codes of `id`.
    fn sharing(&self, id: u32, codes: usize) -> u64 {
        let levels = self.ids.codes.levels();
        match codes.checked_sub(1) {
            None => self.ids.of_row.len() as u64,
            Some(level) => self.sharing.get(id as usize * levels + level).copied().unwrap_or(0),
        }
    }
}

impl Ranking for ByPrefix<'_> {
    fn of(&self, query: u32) -> Box<dyn Fn(u32) -> Option<Rank> + '_> {
        Box::new(move |item| {
            let shared = self.ids.shared_prefix(query, item);
            let longer = match shared == self.ids.codes.levels() {
                true => 0,
                // The query itself shares all codes, and does not count.
                false => self.sharing(query, shared + 1) - 1,
            };
            Some(Rank { before: longer, tied: self.sharing(query, shared) - 1 - longer })
        })
    }
}

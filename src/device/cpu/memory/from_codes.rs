//! What the codes of the last assignment say about the next one.

use super::{Changed, Kept, LEAST, Memory, Surroundings};
use crate::codebook::Codebook;
use crate::device::cpu::Pool;
use crate::device::cpu::panel::Panel;
use crate::device::cpu::table_rows::TableRows;
use crate::error::Result;
use crate::limits::MAX_CLUSTERS;

/// Rows are compared with the codewords that changed where at most one in `CHANGED` did: with more of them this takes
/// longer than what rows remember.
const CHANGED: usize = 4;
/// Where at least one in `FEW` codewords changed, comparing rows with those takes longer than looking for what
/// surrounds all codewords.
const FEW: usize = 64;
/// Clusters from which on, and rows of each from which on, comparing all codewords with each other takes little.
const SURROUNDED: usize = 512;
const ROWS_EACH: usize = 8;

/// What the codes of the last assignment say about the next one.
#[derive(Default)]
pub(in crate::device::cpu) struct FromCodes {
    pub(in crate::device::cpu) surroundings: Option<Surroundings>,
    /// The codewords that changed, where rows are to be compared with these.
    pub(in crate::device::cpu) changed: Option<Changed>,
}

impl FromCodes {
    pub(in crate::device::cpu) fn is_nothing(&self) -> bool {
        self.surroundings.is_none() && self.changed.is_none()
    }
}

impl Memory {
    /// Returns how the next assignment may use the codes of the rows, if these are the codes of the last one.
    ///
    /// Rows that remember a bound for every codeword do without it.
    pub(in crate::device::cpu) fn read_codes(
        &mut self,
        panel: &Panel,
        rows: &TableRows,
        codes: &[u32],
        pool: &Pool,
    ) -> Result<FromCodes> {
        let is_known = |before: &&[f32]| self.is_known(before.len(), panel.values.len());
        let fits = (LEAST..=MAX_CLUSTERS).contains(&panel.clusters());
        let Some(before) = self.history.last().filter(is_known).filter(|_| fits) else {
            return Ok(FromCodes::default());
        };
        let (known, clusters) = (before.len() / panel.dim(), panel.clusters());
        let changed = Changed::indices(before, panel);
        let pays = known >= SURROUNDED && known * ROWS_EACH <= codes.len() && changed.len() > clusters / FEW;
        let mut surroundings = None;
        if pays && self.surroundings.due() {
            surroundings = Surroundings::of(panel, (rows, codes), (known, &changed), pool)?;
            self.surroundings.tried(surroundings.is_some());
        }
        // New codewords have to be compared with all rows in any case, which gains little where there are few others.
        let most = if known < clusters { clusters / 4 * 3 } else { clusters / CHANGED };
        let compared = changed.len() <= most;
        let changed = if compared { Some(Changed::new(before, panel, changed)?) } else { None };
        Ok(FromCodes { surroundings, changed })
    }

    /// Whether the codes of the last assignment, to codewords of `before` values, say something about one to codewords
    /// of `now` values.
    fn is_known(&self, before: usize, now: usize) -> bool {
        self.assigned && before <= now && !matches!(self.kept, Kept::Bounds(..))
    }

    /// Whether the rows have the codes of an assignment to `known`, and one to these and more codewords, `clusters` in
    /// all, goes by them.
    pub(in crate::device::cpu) fn extends(&self, known: &Codebook, clusters: usize) -> bool {
        let is_last = |last: &[f32]| last.iter().zip(known.values()).all(|(last, known)| *last == *known as f32);
        let values = known.values().len();
        // What a row takes more, beside the new codewords, is little only where these are many.
        let fits = (SURROUNDED..=MAX_CLUSTERS).contains(&clusters) && self.is_known(values, values);
        fits && self.history.last().is_some_and(|last| last.len() == values && is_last(last))
    }
}

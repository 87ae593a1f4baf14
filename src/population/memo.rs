//! Facts that a shard keeps about its rows while its table may serve other shards.

use super::request::{Answer, Reduction, State};
use super::seeding::NearestCandidates;
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Result, try_zeros};
use std::sync::Arc;

/// Facts about the rows in one state; all of them can be computed again from the rows.
#[derive(Default)]
pub(super) struct Memo {
    state: Option<Arc<State>>,
    /// The codes of the state's first levels, if they are kept; a code is below 65,536.
    levels: Vec<Vec<u16>>,
    /// The nearest codewords of a codebook, if they are kept.
    codes: Option<(Arc<Codebook>, Vec<u16>)>,
    /// The sum of the rows' squared lengths.
    pub(super) energy: Option<u128>,
    pub(super) nearest: Option<NearestCandidates>,
}

impl Memo {
    /// Returns the bytes kept per row: the codes of all levels, and the distances and codes of seeding.
    pub(super) fn bytes(levels: usize) -> usize {
        (levels + 1) * size_of::<u16>() + NearestCandidates::BYTES
    }

    /// Forgets every fact that does not hold for the rows in `state`.
    pub(super) fn enter(&mut self, state: &Arc<State>) {
        let Some(before) = self.state.replace(state.clone()).filter(|before| state.extends(before)) else {
            *self = Self { state: Some(state.clone()), ..Self::default() };
            return;
        };
        let entered = before.levels.len();
        if entered == state.levels.len() {
            return;
        }
        let codebook = state.levels.get(entered).map(|level| &level.codebook);
        if let Some((_, codes)) =
            self.codes.take().filter(|(of, _)| Some(of) == codebook && self.levels.len() == entered)
        {
            self.levels.push(codes);
        }
        (self.energy, self.nearest) = (None, None);
    }

    /// Returns whether the facts are about this state.
    pub(super) fn is_of(&self, state: &State) -> bool {
        self.state.as_deref() == Some(state)
    }

    /// Returns the answer to a reduction in the state that was entered last; none where it needs a table.
    pub(super) fn answer(&self, reduction: &Reduction) -> Option<Answer> {
        let known = |candidates| self.nearest.as_ref().filter(|nearest| nearest.is_of(candidates));
        match reduction {
            Reduction::Potential { candidates } => Some(Answer::Potential(known(candidates)?.potential())),
            Reduction::Draw { candidates, values } => Some(Answer::Places(known(candidates)?.draw(values))),
            Reduction::Weights { candidates } => Some(Answer::Weights(known(candidates)?.weights())),
            _ => None,
        }
    }

    /// Gives the table the codes of a level, and returns whether they were kept.
    pub(super) fn restore_level(&self, level: usize, table: &mut dyn Table) -> Result<bool> {
        self.levels.get(level).map_or(Ok(false), |codes| table.set_codes(&widened(codes)?).map(|()| true))
    }

    /// Keeps the codes of the table as those of a level, after the levels that are kept.
    pub(super) fn keep_level(&mut self, level: usize, table: &mut dyn Table) -> Result<()> {
        if self.levels.len() == level {
            self.levels.push(narrowed(table)?);
        }
        Ok(())
    }

    /// Gives the table the nearest codewords of `codebook`, and returns whether they were kept.
    pub(super) fn restore(&mut self, codebook: &Arc<Codebook>, table: &mut dyn Table) -> Result<bool> {
        match self.codes.take_if(|(of, _)| of == codebook) {
            Some((_, codes)) => table.set_codes(&widened(&codes)?).map(|()| true),
            None => Ok(false),
        }
    }

    /// Keeps the codes of the table, which are the nearest codewords of `codebook`.
    pub(super) fn keep(&mut self, codebook: Arc<Codebook>, table: &mut dyn Table) -> Result<()> {
        self.codes = Some((codebook, narrowed(table)?));
        Ok(())
    }

    /// Forgets all facts that need memory for every row.
    pub(super) fn forget_rows(&mut self) {
        (self.levels, self.codes, self.nearest) = (Vec::new(), None, None);
    }
}

fn widened(codes: &[u16]) -> Result<Vec<u32>> {
    let mut wide = try_zeros(codes.len(), "codes")?;
    wide.iter_mut().zip(codes).for_each(|(wide, code)| *wide = u32::from(*code));
    Ok(wide)
}

fn narrowed(table: &mut dyn Table) -> Result<Vec<u16>> {
    let mut wide = try_zeros::<u32>(table.rows(), "codes")?;
    table.codes(&mut wide)?;
    let mut codes = try_zeros(wide.len(), "codes")?;
    codes.iter_mut().zip(wide).for_each(|(code, wide)| *code = wide as u16);
    Ok(codes)
}

//! How rows are divided so that a fit keeps to the memory there is.

use super::memo::Memo;
use super::shard::Shard;
use super::sharded::Sharded;
use crate::device::{Device, Purpose};
use crate::error::{ErrorKind, Result};
use crate::rows::Rows;

/// What a fit needs memory for.
pub(crate) struct Needs {
    /// Rows used.
    pub(crate) rows: usize,
    /// Number of dimensions.
    pub(crate) dim: usize,
    /// Most clusters of a level.
    pub(crate) clusters: usize,
    /// Number of levels.
    pub(crate) levels: usize,
    /// Whether all rows have to be in one table.
    pub(crate) whole: bool,
}

/// Shards of `rows`: a single one where the device's memory holds it. Otherwise the first rows stay in memory as far
/// as there is room, and the others take turns in a small table, into which they are read again for every pass.
pub(crate) fn divide<'a>(rows: &'a dyn Rows, needs: &Needs, device: &Device) -> Result<Sharded<'a>> {
    let memory = device.memory_for(needs.all());
    let all = 0..rows.len();
    if memory.is_none_or(|memory| needs.all() <= memory) {
        let shard = Shard::new(rows, all, 0, device, Purpose::Fit);
        return Ok(Sharded::new(vec![shard], needs.dim));
    }
    if needs.whole {
        return Err(ErrorKind::NotWhole.into());
    }
    let plan = needs.plan(memory.unwrap_or(u64::MAX))?;
    // Rows of the source for so many rows used: a sample takes them evenly.
    let read = |used: u64| (used as u128 * all.end as u128 / needs.rows.max(1) as u128).max(1) as usize;
    let mut shards = Vec::new();
    let mut first = 0;
    if plan.resident > 0 {
        first = read(plan.resident).min(all.end);
        shards.push(Shard::new(rows, 0..first, 0, device, Purpose::Encode));
    }
    let resident = shards.len();
    let step = read(plan.turn);
    for start in (first..all.end).step_by(step) {
        let span = start..all.end.min(start + step);
        shards.push(Shard::new(rows, span, 0, device, Purpose::Encode).keeping(plan.keeps));
    }
    tracing::debug!(resident = plan.resident, turn = plan.turn, keeps = plan.keeps, "rows take turns through memory");
    Ok(Sharded::new(shards, needs.dim).resident(resident))
}

/// Rows of a division.
#[derive(Debug, PartialEq)]
struct Plan {
    /// Rows that stay in memory.
    resident: u64,
    /// Rows in memory at a turn.
    turn: u64,
    /// Whether codes and distances of all rows are kept.
    keeps: bool,
}

/// The program itself, buffers of chunks, and what threads work with.
const PROGRAM: u64 = 64 << 20;
/// Most bytes of the rows of a turn: many more would save nothing.
const TURN: u64 = 64 << 20;
/// Fewest rows of a turn.
const TURN_ROWS: u64 = 1024;

impl Needs {
    fn values(&self) -> u64 {
        (self.clusters as u64).saturating_mul(self.dim as u64)
    }

    /// What does not depend on the number of rows: codebooks and sums, and candidates for first codewords, which are
    /// all rows where these are few.
    fn fixed(&self) -> u64 {
        let candidates = 16_u64.saturating_mul(self.values()).min(self.rows as u64 * self.dim as u64);
        PROGRAM.saturating_add(48_u64.saturating_mul(self.values())).saturating_add(8_u64.saturating_mul(candidates))
    }

    /// A row in a table: values, code, length, and distances while these are looked at.
    fn row(&self) -> u64 {
        4 * self.dim as u64 + 48
    }

    /// Everything, with all rows in one table that remembers distances from one iteration to the next.
    fn all(&self) -> u64 {
        let (rows, dim) = (self.rows as u64, self.dim as u64);
        let remembered = rows.saturating_mul(8 + 2 * self.clusters as u64).min((96 << 20) + rows * dim * 4 / 5);
        self.fixed().saturating_add(rows.saturating_mul(self.row())).saturating_add(remembered)
    }

    fn plan(&self, memory: u64) -> Result<Plan> {
        let least = self.fixed().saturating_add(2 * TURN_ROWS * self.row());
        if memory < least {
            let remedy = "allow more memory, or ask for fewer clusters";
            return Err(ErrorKind::Memory { bytes: memory, needed: least, what: "a fit of this size", remedy }.into());
        }
        let left = memory - self.fixed();
        let kept = (self.rows as u64).saturating_mul(Memo::bytes(self.levels) as u64);
        let keeps = kept <= left / 2;
        let left = if keeps { left - kept } else { left };
        let turn = (left / 2).min(TURN) / self.row();
        let resident = (left - turn * self.row()) / self.row();
        // A shard of few rows is not worth its calls.
        let resident = if resident < turn { 0 } else { resident };
        Ok(Plan { resident, turn: turn.max(1), keeps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_keep_to_the_memory_and_cover_what_there_is() {
        let needs = Needs { rows: 4_000_000, dim: 128, clusters: 64, levels: 3, whole: false };
        for memory in [80_u64 << 20, 100 << 20, 600 << 20, 1 << 30, 2 << 30] {
            let plan = needs.plan(memory).unwrap();
            let kept = if plan.keeps { 4_000_000 * Memo::bytes(3) as u64 } else { 0 };
            let used = needs.fixed() + (plan.resident + plan.turn) * needs.row() + kept;
            assert!(used <= memory && plan.turn >= TURN_ROWS, "{plan:?} takes {used} of {memory}");
            assert!(plan.resident < 4_000_000);
        }
        let error = needs.plan(60 << 20).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Memory { bytes, needed, .. } if bytes < needed), "{error}");
        assert!(needs.plan(600 << 20).unwrap().keeps && !needs.plan(100 << 20).unwrap().keeps);
    }
}

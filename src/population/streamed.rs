//! Divides rows so that a fit stays within the available memory.

use super::memo::Memo;
use super::shard::Shard;
use super::sharded::Sharded;
use crate::device::{Device, Purpose};
use crate::error::{ErrorKind, Result};
use crate::first_reading::worth_keeping;
use crate::rows::Rows;
use crate::weights::Weights;

/// The sizes on which a fit's need for memory depends.
pub(crate) struct MemoryNeeds {
    /// The number of rows used.
    pub(crate) rows: usize,
    /// The number of dimensions.
    pub(crate) dim: usize,
    /// The largest number of clusters of a level.
    pub(crate) clusters: usize,
    /// The number of levels.
    pub(crate) levels: usize,
    /// The rows that are in a table of their own at most: those that the first codewords are chosen from, and batches.
    pub(crate) candidates: u64,
    /// Whether all rows have to be in one table.
    pub(crate) whole: bool,
    /// Whether rows have weights.
    pub(crate) weighted: bool,
    /// How many pairs of codes a refinement may count; none without one.
    pub(crate) pairs: u64,
}

/// Divides `rows` into shards: a single one if the device's memory can hold it. Otherwise as many of the first rows as
/// fit stay in memory, and the others take turns in a small table, which reads them again for every pass. The rows
/// count as often as `weights` say, or once.
pub(crate) fn divide<'a>(
    rows: &'a dyn Rows,
    weights: Option<&Weights>,
    needs: &MemoryNeeds,
    device: &Device,
) -> Result<Sharded<'a>> {
    let memory = device.memory_for(needs.all());
    let all = 0..rows.len();
    let shard = |span, purpose| Shard::new(rows, span, 0, device, purpose).weighted(weights.cloned());
    if memory.is_none_or(|memory| needs.all() <= memory) {
        let shard = shard(all, Purpose::Fit);
        let shard = if worth_keeping(rows, needs.all(), device) { shard.read_once() } else { shard };
        return Ok(Sharded::new(vec![shard], needs.dim));
    }
    if needs.whole {
        return Err(ErrorKind::NotWhole.into());
    }
    let plan = needs.plan(memory.unwrap_or(u64::MAX))?;
    // Returns how many rows of the source contain `used` used rows; a sample takes them evenly.
    let read = |used: u64| (used as u128 * all.end as u128 / needs.rows.max(1) as u128).max(1) as usize;
    let mut shards = Vec::new();
    let mut first = 0;
    if plan.resident > 0 {
        first = read(plan.resident).min(all.end);
        shards.push(shard(0..first, Purpose::Encode));
    }
    let resident = shards.len();
    let step = read(plan.turn);
    for start in (first..all.end).step_by(step) {
        let span = start..all.end.min(start + step);
        shards.push(shard(span, Purpose::Encode).keeping(plan.keeps));
    }
    tracing::debug!(resident = plan.resident, turn = plan.turn, keeps = plan.keeps, "rows take turns through memory");
    Ok(Sharded::new(shards, needs.dim).resident(resident))
}

/// Numbers of rows of a division.
#[derive(Debug, PartialEq)]
struct DivisionPlan {
    /// The rows that stay in memory.
    resident: u64,
    /// The rows of one turn.
    turn: u64,
    /// Whether codes and distances of all rows are kept.
    keeps: bool,
}

/// The bytes of the program itself, of buffers for chunks, and of what threads work with.
const PROGRAM: u64 = 64 << 20;
/// The largest number of bytes of the rows of a turn; a larger turn would save nothing.
const TURN: u64 = 64 << 20;
/// The bytes that a row of a table remembers from one iteration to the next.
const REMEMBERED: u64 = 40;
/// The bytes of a row's weight, which stay in memory for all rows.
const WEIGHT: u64 = 8;
/// The bytes that a row with a weight takes beside a table: weights of the rows that a sample takes, and the codes of
/// the last sums, of the assignment before and of this one.
const WEIGHTED: u64 = 24;
/// The bytes that a refinement takes to count a pair of codes: in the sums so far, in those of a shard, and in both
/// together.
const PAIR: u64 = 36;
/// The smallest number of rows of a turn.
const TURN_ROWS: u64 = 1024;

impl MemoryNeeds {
    fn values(&self) -> u64 {
        (self.clusters as u64).saturating_mul(self.dim as u64)
    }

    /// Returns the bytes that do not depend on the number of rows: codebooks, sums, and candidates for the first
    /// codewords, which are all rows where there are few of them.
    fn fixed(&self) -> u64 {
        let candidates = self.candidates.min(self.rows as u64).saturating_mul(self.dim as u64);
        let weights = if self.weighted { WEIGHT.saturating_mul(self.rows as u64) } else { 0 };
        let sums = 48_u64.saturating_mul(self.values());
        let pairs = PAIR.saturating_mul(self.pairs);
        let candidates = 8_u64.saturating_mul(candidates);
        [weights, sums, pairs, candidates].into_iter().fold(PROGRAM, u64::saturating_add)
    }

    /// Returns the bytes of a row in a table: values, the integers that a filter may multiply, code, length, and
    /// distances while they are compared; and the codes of all levels and of a pair of them in a refinement.
    fn row(&self) -> u64 {
        let refined = if self.pairs > 0 { 4 * self.levels as u64 + PAIR + 16 } else { 0 };
        6 * self.dim as u64 + 64 + refined + if self.weighted { WEIGHTED } else { 0 }
    }

    /// Returns the bytes of a fit with all rows in one table that remembers the nearest codewords from one iteration to
    /// the next.
    fn all(&self) -> u64 {
        let rows = self.rows as u64;
        self.fixed().saturating_add(rows.saturating_mul(self.row() + REMEMBERED))
    }

    fn plan(&self, memory: u64) -> Result<DivisionPlan> {
        let least = self.fixed().saturating_add(2 * TURN_ROWS * self.row());
        if memory < least {
            let remedy = "allow more memory";
            return Err(ErrorKind::Memory { bytes: memory, needed: least, what: "a fit of this size", remedy }.into());
        }
        let left = memory - self.fixed();
        let weight = if self.weighted { WEIGHT } else { 0 };
        let kept = (self.rows as u64).saturating_mul(Memo::bytes(self.levels) as u64 + weight);
        let keeps = kept <= left / 2;
        let left = if keeps { left - kept } else { left };
        let turn = (left / 2).min(TURN) / self.row();
        let resident = (left - turn * self.row()) / self.row();
        // A resident shard with few rows is not worth the calls that it needs.
        let resident = if resident < turn { 0 } else { resident };
        Ok(DivisionPlan { resident, turn: turn.max(1), keeps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_keep_to_the_memory_and_cover_what_there_is() {
        let needs = MemoryNeeds {
            rows: 4_000_000,
            dim: 128,
            clusters: 64,
            levels: 3,
            candidates: 16 * 64,
            whole: false,
            weighted: false,
            pairs: 0,
        };
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

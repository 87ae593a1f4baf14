//! The byte form of sums by the codes of all levels.

use super::bytes::{Reader, Writer};
use super::partial;
use crate::MAX_LEVELS;
use crate::error::Result;
use crate::joint::{CodePairCounts, JointSums};

/// Writes the number of levels (u32) and the sums of each, then for every pair of levels the keys (u32 list) and counts
/// (u64 list) of the pairs of codes that rows have.
pub(super) fn write(sums: &JointSums, to: &mut Writer) {
    to.u32(sums.levels().len() as u32);
    sums.levels().iter().for_each(|level| partial::write(level, to));
    for CodePairCounts { keys, counts } in sums.pairs() {
        to.list(keys, u32::to_le_bytes);
        to.list(counts, u64::to_le_bytes);
    }
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<JointSums> {
    let count = from.u32()? as usize;
    if !(1..=MAX_LEVELS).contains(&count) {
        return Err(from.unusable(format!("it has the sums of {count} levels")));
    }
    let mut levels = Vec::new();
    for _ in 0..count {
        levels.push(partial::read(from)?);
    }
    let mut pairs = Vec::new();
    for _ in 0..count * (count - 1) / 2 {
        pairs.push(CodePairCounts { keys: from.list(u32::from_le_bytes)?, counts: from.list(u64::from_le_bytes)? });
    }
    JointSums::from_parts(levels, pairs)
}

//! Places new items before the store is locked, because a search may take long and other writers should not wait for
//! it.
//!
//! The result of a search depends only on the new items and the used places that it read. Once the store is locked,
//! those places are read again: if they are unchanged, the plan holds; if not, the search runs again.

use super::super::reassign::Placed;
use super::super::resolver::Resolver;
use super::super::store::{Store, answers};
use super::{ItemBatch, New, Order, Rules, geometry, place};
use crate::error::Result;
use sha2::{Digest, Sha256};

/// Codes for the new items of a batch, and what they were computed from.
pub(in crate::id) struct CodePlan {
    /// Row of each new item.
    rows: Vec<usize>,
    /// Prefixes whose used places the search read, each with a digest of these places.
    used: Vec<(Vec<u32>, [u8; 32])>,
    pub(super) placed: Vec<Placed>,
}

/// Computes the plan for a batch; none unless the resolver moves items.
pub(in crate::id) fn plan(
    store: &dyn Store,
    rules: &Rules<'_>,
    batch: &ItemBatch<'_>,
    order: &Order,
) -> Result<Option<CodePlan>> {
    let Resolver::Reassign { capacity } = rules.manifest.resolver() else { return Ok(None) };
    let new = new_items(store, rules, batch, order)?;
    let mut used = Vec::new();
    let mut used_below = |prefixes: &[&[u32]]| {
        let below = answers(store.used_below(prefixes)?, prefixes.len())?;
        used.extend(prefixes.iter().zip(&below).map(|(prefix, below)| (prefix.to_vec(), digest(below))));
        Ok(below)
    };
    let placed = place(&mut used_below, u64::from(capacity.get()), geometry(batch)?, &new)?;
    Ok(Some(CodePlan { rows: new.into_iter().map(|(row, ..)| row).collect(), used, placed }))
}

/// Returns the items that will get an ID unless another writer registers them first.
fn new_items<'a>(
    store: &dyn Store,
    rules: &Rules<'_>,
    batch: &'a ItemBatch<'_>,
    order: &Order,
) -> Result<Vec<New<'a>>> {
    let rows: Vec<usize> = order.groups().filter_map(|rows| rows.first().copied()).collect();
    let keys: Vec<&str> = rows.iter().filter_map(|row| batch.items.get(*row).copied()).collect();
    let mut new = Vec::new();
    for (row, entry) in rows.into_iter().zip(answers(store.entries(&keys)?, keys.len())?) {
        let (Some(item), Some(codes)) = (batch.items.get(row), batch.codes.get(row)) else { continue };
        let keeps = entry.is_some_and(|entry| !rules.update_changed || entry.encoded() == codes);
        if !keeps {
            new.push((row, *item, codes));
        }
    }
    new.sort_unstable_by_key(|(row, ..)| *row);
    Ok(new)
}

impl CodePlan {
    /// Returns whether the plan was made for these items.
    pub(super) fn holds_for(&self, new: &[New<'_>]) -> bool {
        self.rows.iter().eq(new.iter().map(|(row, ..)| row))
    }

    /// Returns whether the store still has the used places that the search read.
    pub(super) fn still_holds(&self, store: &dyn Store) -> Result<bool> {
        let prefixes: Vec<&[u32]> = self.used.iter().map(|(prefix, _)| prefix.as_slice()).collect();
        let now = answers(store.used_below(&prefixes)?, prefixes.len())?;
        Ok(self.used.iter().zip(now).all(|((_, before), now)| digest(&now) == *before))
    }
}

/// Returns the SHA-256 of used places.
fn digest(used: &[(Vec<u32>, u64)]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (codes, used) in used {
        codes.iter().for_each(|code| hash.update(code.to_le_bytes()));
        hash.update(used.to_le_bytes());
    }
    hash.finalize().into()
}

//! Placing new items before the store is locked: a search may take long, and other writers need not wait for it.
//!
//! A plan is a function of the new items and of the used places that the search asked about. Once the store is locked these are
//! looked up again; where they are the same, the search would find the same, and else it is done again.

use super::super::reassign::Placed;
use super::super::resolver::Resolver;
use super::super::store::{Manifest, Store};
use super::{Batch, New, Order, geometry, place};
use crate::error::Result;
use sha2::{Digest, Sha256};

/// Where the new items of a batch would go.
pub(in crate::id) struct Plan {
    /// Rows of the new items.
    rows: Vec<usize>,
    /// Prefixes whose used places were asked about, with a digest of these.
    used: Vec<(Vec<u32>, [u8; 32])>,
    pub(super) placed: Vec<Placed>,
}

/// The plan for a batch, where its items are moved.
pub(in crate::id) fn plan(
    store: &dyn Store,
    manifest: &Manifest,
    update_changed: bool,
    batch: &Batch<'_>,
    order: &Order,
) -> Result<Option<Plan>> {
    let Resolver::Reassign { capacity } = manifest.resolver() else { return Ok(None) };
    let new = new_items(store, update_changed, batch, order)?;
    let mut used = Vec::new();
    let mut used_below = |prefix: &[u32]| {
        let below = store.used_below(prefix)?;
        used.push((prefix.to_vec(), digest(&below)));
        Ok(below)
    };
    let placed = place(&mut used_below, u64::from(capacity.get()), geometry(batch)?, &new)?;
    Ok(Some(Plan { rows: new.into_iter().map(|(row, ..)| row).collect(), used, placed }))
}

/// The items that get an ID if nobody registers them before.
fn new_items<'a>(store: &dyn Store, update_changed: bool, batch: &'a Batch<'_>, order: &Order) -> Result<Vec<New<'a>>> {
    let mut new = Vec::new();
    for row in &order.by_key {
        let (Some(item), Some(codes)) = (batch.items.get(*row), batch.codes.get(*row)) else { continue };
        if order.first_rows.get(*row).is_some_and(|first| first != row) {
            continue; // decided with the first row of the item
        }
        let keeps = store.entry(item)?.is_some_and(|entry| !update_changed || entry.encoded() == codes);
        if !keeps {
            new.push((*row, *item, codes));
        }
    }
    new.sort_unstable_by_key(|(row, ..)| *row);
    Ok(new)
}

impl Plan {
    /// Whether it is about these items.
    pub(super) fn holds_for(&self, new: &[New<'_>]) -> bool {
        self.rows.iter().eq(new.iter().map(|(row, ..)| row))
    }

    /// Whether what it was found from is as it was.
    pub(super) fn still_holds(&self, store: &dyn Store) -> Result<bool> {
        for (prefix, before) in &self.used {
            if digest(&store.used_below(prefix)?) != *before {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// SHA-256 of used places.
fn digest(used: &[(Vec<u32>, u64)]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (codes, used) in used {
        codes.iter().for_each(|code| hash.update(code.to_le_bytes()));
        hash.update(used.to_le_bytes());
    }
    hash.finalize().into()
}

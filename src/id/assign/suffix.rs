//! Chooses the suffixes of new IDs.

use crate::error::Result;
use crate::id::resolver::Resolver;
use crate::id::store::{Store, answers, each_record};
use crate::id::text::RETURNED;

/// Codes and item key of one new item.
type Key<'a> = (&'a [u32], &'a str);

/// Returns the suffix of every new item, in the order of `keys`; items with the same codes must stand together.
///
/// Suffixes count on from the largest that was ever given with the codes. Where the text of an ID contains the item key
/// ([`Resolver::ItemId`]), codes and key already make it unique, unless the item had an ID with these codes before:
/// that text is retired, and the new ID gets a suffix from [`RETURNED`] on, which its text shows as a number.
pub(super) fn give(store: &dyn Store, resolver: Resolver, keys: &[Key<'_>]) -> Result<Vec<u64>> {
    let mut distinct: Vec<&[u32]> = keys.iter().map(|(codes, _)| *codes).collect();
    distinct.dedup();
    let used = answers(store.used(&distinct)?, distinct.len())?;
    let groups = keys.chunk_by(|(a, _), (b, _)| a == b).zip(used);
    if resolver != Resolver::ItemId {
        let count = |(group, used): (&[Key<'_>], u64)| (0..group.len() as u64).map(move |i| used.saturating_add(i));
        return Ok(groups.flat_map(count).collect());
    }
    let groups: Vec<(&[Key<'_>], u64)> = groups.collect();
    let met: Vec<Key<'_>> = groups.iter().filter(|(_, used)| *used > 0).flat_map(|(keys, _)| *keys).copied().collect();
    let retired = if met.is_empty() { Vec::new() } else { answers(store.retired(&met)?, met.len())? };
    let mut retired = retired.into_iter();
    let mut suffixes = Vec::with_capacity(keys.len());
    for (keys, used) in groups {
        let mut next = Next { used, below: (used <= RETURNED).then_some(used) };
        for (codes, _) in keys {
            let returned = used > 0 && retired.next().is_some_and(|retired| !retired.is_empty());
            suffixes.push(if returned { next.of_returned() } else { next.of_other(store, codes)? });
        }
    }
    Ok(suffixes)
}

/// The next suffixes for one list of codes.
struct Next {
    /// One more than the largest suffix given.
    used: u64,
    /// One more than the largest suffix below [`RETURNED`]; none until it has been read.
    below: Option<u64>,
}

impl Next {
    /// Returns the suffix for an item that had an ID with these codes before.
    fn of_returned(&mut self) -> u64 {
        let suffix = self.used.max(RETURNED);
        self.used = suffix.saturating_add(1);
        suffix
    }

    /// Returns the suffix for any other item: suffixes from [`RETURNED`] on do not count for it.
    fn of_other(&mut self, store: &dyn Store, codes: &[u32]) -> Result<u64> {
        let suffix = self.below.map_or_else(|| largest_below(store, codes), Ok)?;
        self.below = Some(suffix.saturating_add(1));
        self.used = self.used.max(suffix.saturating_add(1));
        Ok(suffix)
    }
}

fn largest_below(store: &dyn Store, codes: &[u32]) -> Result<u64> {
    let mut next = 0;
    each_record(store, codes, &mut |record| {
        let suffix = record.entry.id.suffix;
        next = if suffix < RETURNED { suffix.saturating_add(1) } else { next };
        Ok(())
    })?;
    Ok(next)
}

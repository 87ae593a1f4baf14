//! The suffix of an ID whose text has the item key.

use crate::error::Result;
use crate::id::store::{Store, each_record};
use crate::id::text::RETURNED;

/// The suffix of a new ID of `item` with `codes`, of whose suffixes `used` is one more than the largest that was given.
///
/// Codes and key make the text unique, unless the item had an ID with these codes before: that text is retired, and the
/// new one gets a number.
pub(super) fn beside_key(store: &dyn Store, codes: &[u32], item: &str, used: u64) -> Result<u64> {
    if !store.retired(codes, item)?.is_empty() {
        return Ok(used.max(RETURNED));
    }
    if used <= RETURNED {
        return Ok(used);
    }
    // Items that came back have gone ahead; the others count on where they were.
    let mut next = 0;
    each_record(store, codes, &mut |record| {
        let suffix = record.entry.id.suffix;
        next = if suffix < RETURNED { suffix.saturating_add(1) } else { next };
        Ok(())
    })?;
    Ok(next)
}

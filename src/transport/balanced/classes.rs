//! Classes of kinds with equal lists of candidates; the search takes a class as one row with a weight.

use super::groups::Groups;
use crate::kernel::range_search::RangeMatches;
use std::collections::HashMap;

/// Makes the classes of kinds with these lists.
pub(super) fn classes(lists: &RangeMatches, kinds: &Groups) -> Groups {
    let mut classes = Groups::with_capacity(kinds.len());
    // `last` has the last class with a hash, and `before` has for each class the class before it with the same hash.
    let (mut last, mut before) = (HashMap::with_capacity(kinds.len()), Vec::with_capacity(kinds.len()));
    for kind in 0..kinds.len() {
        let latest = last.entry(hash(lists.row(kind))).or_insert(None);
        let mut class = *latest;
        while let Some(other) = class.filter(|class| !lists.row(classes.first(*class)).eq(lists.row(kind))) {
            class = before[other];
        }
        let own = classes.add(class, kinds.rows(kind));
        if class.is_none() {
            before.push(latest.replace(own));
        }
    }
    classes
}

/// Hashes a list quickly; lists with equal hashes must still be compared.
fn hash(list: impl Iterator<Item = (usize, u64)>) -> u64 {
    let mix = |hash: u64, word: u64| {
        let mixed = (hash ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 32)
    };
    list.fold(1, |hash, (cluster, cost)| mix(mix(hash, cluster as u64), cost))
}

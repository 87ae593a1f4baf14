//! Classes of kinds with equal lists of candidates; the search takes a class as one row with a weight.

use super::kinds::Kinds;
use crate::kernel::range_search::RangeMatches;
use std::collections::HashMap;

/// The classes of the kinds; classes are numbered in the order of their first kinds.
#[derive(Default)]
pub(super) struct Classes {
    /// The class of every kind.
    of_kind: Vec<u32>,
    /// The first kind of every class, and its number of rows.
    classes: Vec<(u32, u32)>,
}

impl Classes {
    /// Makes the classes of kinds with these lists.
    pub(super) fn of(lists: &RangeMatches, kinds: &Kinds) -> Self {
        let count = kinds.len();
        let mut new = Self { of_kind: Vec::with_capacity(count), classes: Vec::with_capacity(count) };
        // `last` has the last class with a hash, and `before` has for each class the class before it with the same
        // hash.
        let (mut last, mut before) = (HashMap::with_capacity(count), Vec::with_capacity(count));
        for kind in 0..count {
            let latest = last.entry(hash(lists.row(kind))).or_insert(NONE);
            let mut class = *latest;
            while class != NONE && !lists.row(new.first(class as usize)).eq(lists.row(kind)) {
                class = before[class as usize];
            }
            if class == NONE {
                class = new.classes.len() as u32;
                before.push(std::mem::replace(latest, class));
                new.classes.push((kind as u32, 0));
            }
            new.classes[class as usize].1 += kinds.weight(kind) as u32;
            new.of_kind.push(class);
        }
        new
    }

    pub(super) fn len(&self) -> usize {
        self.classes.len()
    }

    pub(super) fn of_kind(&self, kind: usize) -> usize {
        self.of_kind[kind] as usize
    }

    /// Returns the first kind of a class.
    #[inline(always)]
    pub(super) fn first(&self, class: usize) -> usize {
        self.classes[class].0 as usize
    }

    /// Returns the number of rows of a class.
    #[inline(always)]
    pub(super) fn weight(&self, class: usize) -> usize {
        self.classes[class].1 as usize
    }

    /// Returns the cluster of every row; `at` has for each class the number of its rows in each cluster.
    pub(super) fn codes(&self, kinds: &Kinds, mut at: Vec<Held>) -> Vec<u32> {
        at.iter_mut().for_each(|held| held.0.sort_unstable_by_key(|(cluster, _)| std::cmp::Reverse(*cluster)));
        (0..kinds.rows()).map(|row| at[self.of_kind(kinds.of_row(row))].pop()).collect()
    }
}

/// Stands for no class.
const NONE: u32 = u32::MAX;

/// Hashes a list quickly; lists with equal hashes must still be compared.
fn hash(list: impl Iterator<Item = (usize, u64)>) -> u64 {
    let mix = |hash: u64, word: u64| {
        let mixed = (hash ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 32)
    };
    list.fold(1, |hash, (cluster, cost)| mix(mix(hash, cluster as u64), cost))
}

/// The clusters that rows of a class are in, with the number of these rows.
#[derive(Clone, Default)]
pub(super) struct Held(Vec<(u32, u32)>);

impl Held {
    /// Returns the number of rows in a cluster.
    pub(super) fn count(&self, cluster: usize) -> usize {
        self.0.iter().find(|(k, _)| *k as usize == cluster).map_or(0, |(_, count)| *count as usize)
    }

    /// Returns the lowest cluster that has rows.
    pub(super) fn lowest(&self) -> Option<usize> {
        self.0.iter().map(|(k, _)| *k as usize).min()
    }

    /// Puts `count` more rows into a cluster.
    pub(super) fn add(&mut self, cluster: usize, count: usize) {
        match self.0.iter_mut().find(|(k, _)| *k as usize == cluster) {
            Some((_, rows)) => *rows += count as u32,
            None => self.0.push((cluster as u32, count as u32)),
        }
    }

    /// Takes `count` rows out of a cluster, which must have them.
    pub(super) fn remove(&mut self, cluster: usize, count: usize) {
        if let Some(at) = self.0.iter().position(|(k, _)| *k as usize == cluster) {
            self.0[at].1 = self.0[at].1.saturating_sub(count as u32);
            if self.0[at].1 == 0 {
                self.0.swap_remove(at);
            }
        }
    }

    /// Takes a row out of the last cluster of the list, and returns the cluster.
    fn pop(&mut self) -> u32 {
        let Some((cluster, _)) = self.0.last().copied() else { return 0 };
        let last = self.0.len() - 1;
        self.0[last].1 -= 1;
        if self.0[last].1 == 0 {
            self.0.pop();
        }
        cluster
    }
}

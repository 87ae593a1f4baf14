//! Rows with the same list of candidates, which are one row with a weight to the search.

use crate::kernel::range_search::RangeMatches;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The rows by their lists; classes are numbered by their first rows.
#[derive(Default)]
pub(super) struct Classes {
    /// Class of every row.
    of_row: Vec<u32>,
    /// First row and number of rows of every class.
    classes: Vec<(u32, u32)>,
}

impl Classes {
    /// Of rows with these lists.
    pub(super) fn of(lists: &RangeMatches, rows: usize) -> Self {
        let mut new = Self { of_row: Vec::with_capacity(rows), classes: Vec::with_capacity(rows) };
        // The classes with the same hash, which seldom are several.
        let mut known: HashMap<u64, Vec<u32>> = HashMap::with_capacity(rows);
        for row in 0..rows {
            let mut hash = DefaultHasher::new();
            lists.row(row).for_each(|entry| entry.hash(&mut hash));
            let alike = known.entry(hash.finish()).or_default();
            let same = |class: &&u32| lists.row(new.first(**class as usize)).eq(lists.row(row));
            let class = match alike.iter().find(same) {
                Some(class) => *class,
                None => {
                    let class = new.classes.len() as u32;
                    alike.push(class);
                    new.classes.push((row as u32, 0));
                    class
                }
            };
            new.classes[class as usize].1 += 1;
            new.of_row.push(class);
        }
        new
    }

    pub(super) fn len(&self) -> usize {
        self.classes.len()
    }

    pub(super) fn of_row(&self, row: usize) -> usize {
        self.of_row[row] as usize
    }

    /// The first row of a class.
    #[inline(always)]
    pub(super) fn first(&self, class: usize) -> usize {
        self.classes[class].0 as usize
    }

    /// How many rows a class has.
    #[inline(always)]
    pub(super) fn weight(&self, class: usize) -> usize {
        self.classes[class].1 as usize
    }

    /// Cluster of every row, where `at` lists how many rows of each class are in which clusters.
    pub(super) fn codes(&self, mut at: Vec<Held>) -> Vec<u32> {
        at.iter_mut().for_each(|held| held.0.sort_unstable_by_key(|(cluster, _)| std::cmp::Reverse(*cluster)));
        self.of_row.iter().map(|class| at[*class as usize].pop()).collect()
    }
}

/// Clusters with the number of rows of a class in them.
#[derive(Clone, Default)]
pub(super) struct Held(Vec<(u32, u32)>);

impl Held {
    /// Rows in a cluster.
    pub(super) fn count(&self, cluster: usize) -> usize {
        self.0.iter().find(|(k, _)| *k as usize == cluster).map_or(0, |(_, count)| *count as usize)
    }

    /// The lowest cluster with rows.
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

    /// Takes `count` rows out of a cluster, which has them.
    pub(super) fn remove(&mut self, cluster: usize, count: usize) {
        if let Some(at) = self.0.iter().position(|(k, _)| *k as usize == cluster) {
            self.0[at].1 = self.0[at].1.saturating_sub(count as u32);
            if self.0[at].1 == 0 {
                self.0.swap_remove(at);
            }
        }
    }

    /// Takes a row out of the last cluster of the list.
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

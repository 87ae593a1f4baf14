//! Counts the used places below prefixes.

use std::collections::HashMap;

/// The used places below prefixes of `depth` codes or more.
pub(super) struct Occupancy<'a> {
    clusters: &'a [usize],
    capacity: u64,
    depth: usize,
    /// Number of used places below every prefix that has any.
    used: HashMap<Vec<u32>, u128>,
}

impl<'a> Occupancy<'a> {
    pub(super) fn new(clusters: &'a [usize], capacity: u64, depth: usize) -> Self {
        Self { clusters, capacity, depth, used: HashMap::new() }
    }

    /// Marks `count` more places of `codes` as used; if fewer are free, all are.
    pub(super) fn add(&mut self, codes: &[u32], count: u64) {
        let count = u128::from(count).min(self.free(codes));
        for len in self.depth..=codes.len() {
            let prefix = codes.get(..len).unwrap_or_default();
            *self.used.entry(prefix.to_vec()).or_insert(0) += count;
        }
    }

    /// Returns the number of free places below `prefix`.
    pub(super) fn free(&self, prefix: &[u32]) -> u128 {
        let below = self.clusters.iter().skip(prefix.len());
        let places = below.fold(u128::from(self.capacity), |places, clusters| places.saturating_mul(*clusters as u128));
        places.saturating_sub(self.used.get(prefix).copied().unwrap_or(0))
    }
}

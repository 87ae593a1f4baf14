//! Which places below a prefix are used.

use std::collections::HashMap;

/// Used places below the prefixes of `depth` codes or more.
pub(super) struct Occupancy<'a> {
    clusters: &'a [usize],
    capacity: u64,
    depth: usize,
    /// Used places below every prefix that has some.
    used: HashMap<Vec<u32>, u128>,
}

impl<'a> Occupancy<'a> {
    pub(super) fn new(clusters: &'a [usize], capacity: u64, depth: usize) -> Self {
        Self { clusters, capacity, depth, used: HashMap::new() }
    }

    /// Uses `count` more places of `codes`; more than there are free use all.
    pub(super) fn add(&mut self, codes: &[u32], count: u64) {
        let count = u128::from(count).min(self.free(codes));
        for len in self.depth..=codes.len() {
            let prefix = codes.get(..len).unwrap_or_default();
            *self.used.entry(prefix.to_vec()).or_insert(0) += count;
        }
    }

    /// Free places below `prefix`.
    pub(super) fn free(&self, prefix: &[u32]) -> u128 {
        let below = self.clusters.iter().skip(prefix.len());
        let places = below.fold(u128::from(self.capacity), |places, clusters| places.saturating_mul(*clusters as u128));
        places.saturating_sub(self.used.get(prefix).copied().unwrap_or(0))
    }
}

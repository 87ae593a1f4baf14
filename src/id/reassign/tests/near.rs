//! Items that are nearly equal: all have the same codes, and other distances by a little.

use super::*;

struct NearlyEqual {
    clusters: [usize; 3],
    asked: AtomicUsize,
}

impl Costs for NearlyEqual {
    fn distances(&self, item: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let seed = prefix.iter().fold(3, |seed, code| row_hash(seed, u64::from(*code) + 1));
        let of = |code| (row_hash(seed, code) % (1 << 30)) * 1000 + row_hash(row_hash(seed, code), item as u64) % 1000;
        Ok((0..self.clusters[prefix.len()] as u64).map(of).collect())
    }
}

/// Returns how many lists of distances a batch of items asks for.
fn asked(items: usize) -> usize {
    let costs = NearlyEqual { clusters: [16, 32, 32], asked: AtomicUsize::new(0) };
    let keys: Vec<String> = (0..items).map(|item| item.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let encoded = vec![vec![5, 6, 7]; items];
    let placed = reassign(&encoded, &keys, space(&costs.clusters, 1), &mut below(&Used::new()), &costs, None).unwrap();
    let places: std::collections::BTreeSet<_> = placed.iter().map(|placed| &placed.codes).collect();
    assert_eq!(places.len(), items);
    costs.asked.into_inner()
}

/// Growth is close to linear: twice the items ask for little more than twice the distances.
#[test]
fn many_nearly_equal_items_ask_for_distances_in_proportion() {
    let counts = [1000, 2000, 4000, 8000].map(asked);
    for pair in counts.windows(2) {
        assert!(pair[1] * 2 < pair[0] * 5, "{counts:?}");
    }
}

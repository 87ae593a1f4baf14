//! Solves the problem over the candidates exactly, by successive shortest paths on the graph of the clusters.

use super::candidates::ListedClusters;
use super::cluster_counts::{self, ClusterCounts};
use super::sizes::Sizes;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Marks a pair of clusters without a move: no row of the first lists the second.
const NONE: i64 = i64::MAX;

/// Rows in clusters at prices, and the costs of moving them.
///
/// Rows with equal lists move as one, so the state is the number of rows of each class in each cluster. The graph has a
/// node per cluster, which wants `min` rows, and one more, the pool, which wants the other `N - K min` rows. A row
/// moves from cluster to cluster; a cluster gives one of its rows to the pool (it takes a *seat*, at most `max - min`)
/// or takes one back. To move a row from a to b costs `c(i, b) - c(i, a) + price(b) - price(a)`; to take or give back a
/// seat costs the difference of prices alone.
///
/// # Exactness
/// Invariant: no possible move costs less than 0, so the assignment is optimal for the sizes it has. A shortest path
/// from a node with too many rows to one with too few keeps the invariant: every node on the way has its price raised
/// by the length of the path less its own distance. A node's price is raised only when it has enough rows, and then to
/// the raw length of a path above the price of a node that was never raised.
pub(super) struct Flow<'a> {
    candidates: &'a ListedClusters<'a>,
    clusters: usize,
    sizes: Sizes,
    /// The clusters that the rows of each class are in.
    at: Vec<ClusterCounts>,
    counts: Vec<usize>,
    seats: Vec<usize>,
    /// The number of seats that clusters have taken, and the number of all seats.
    taken: usize,
    extra: usize,
    /// Prices of the clusters; the last one is that of the pool.
    pub(super) prices: Vec<i128>,
    /// For each pair of clusters, the classes in the first one by the difference of their costs; classes that have left
    /// are skipped.
    heaps: Vec<BinaryHeap<Reverse<(i64, u32)>>>,
    /// The smallest difference of each pair.
    best: Vec<i64>,
}

impl<'a> Flow<'a> {
    /// Puts every row into the cluster that is cheapest at `prices`.
    pub(super) fn new(candidates: &'a ListedClusters<'a>, prices: &[i128], sizes: Sizes) -> Self {
        let (rows, clusters) = (candidates.kinds().members(), candidates.clusters());
        let classes = candidates.classes();
        let mut flow = Self {
            candidates,
            clusters,
            sizes,
            at: vec![ClusterCounts::default(); classes.len()],
            counts: vec![0; clusters],
            seats: vec![0; clusters],
            taken: 0,
            extra: rows - clusters * sizes.min,
            prices: prices.iter().copied().chain([0]).collect(),
            heaps: std::iter::repeat_with(BinaryHeap::new).take(clusters * clusters).collect(),
            best: vec![NONE; clusters * clusters],
        };
        flow.place_rows();
        flow.place_seats();
        flow
    }

    fn place_rows(&mut self) {
        let (candidates, classes, clusters) = (self.candidates, self.candidates.classes(), self.clusters);
        let mut lengths = vec![0_u32; clusters * clusters];
        let mut owns = Vec::with_capacity(classes.len());
        for class in 0..classes.len() {
            let (kind, weight) = (classes.first(class), classes.rows(class));
            let own = candidates.cheapest(kind, &self.prices);
            owns.push(own);
            self.at[class].add(own, weight);
            self.counts[own] += weight;
            candidates.list(kind).filter(|(k, _)| *k != own).for_each(|(k, _)| lengths[own * clusters + k] += 1);
        }
        let mut lists: Vec<Vec<Reverse<(i64, u32)>>> =
            lengths.into_iter().map(|length| Vec::with_capacity(length as usize)).collect();
        for (class, own) in owns.into_iter().enumerate() {
            let kind = classes.first(class);
            let own_cost = candidates.cost(kind, own);
            for (k, cost) in candidates.list(kind).filter(|(k, _)| *k != own) {
                lists[own * clusters + k].push(Reverse((difference(cost, own_cost), class as u32)));
            }
        }
        for ((list, heap), best) in lists.into_iter().zip(&mut self.heaps).zip(&mut self.best) {
            *heap = BinaryHeap::from(list);
            *best = heap.peek().map_or(NONE, |Reverse((key, _))| *key);
        }
    }

    fn place_seats(&mut self) {
        let Sizes { min, max } = self.sizes;
        for ((seats, price), count) in self.seats.iter_mut().zip(&self.prices).zip(&self.counts) {
            // A cluster gives a row to the pool at the cost `0 - price` and takes one back at `price - 0`: one above 0
            // must not be able to give another, one below 0 must have none to take back. At 0 both are free.
            *seats = match price.signum() {
                1 => max - min,
                -1 => 0,
                _ => count.saturating_sub(min).min(max - min),
            };
            self.taken += *seats;
        }
    }

    /// Returns the node of the pool.
    pub(super) fn pool(&self) -> usize {
        self.clusters
    }

    /// Returns how many rows a node has beyond those it wants; negative if it lacks rows.
    pub(super) fn excess(&self, node: usize) -> i64 {
        match node == self.pool() {
            true => self.taken as i64 - self.extra as i64,
            false => self.counts[node] as i64 - (self.sizes.min + self.seats[node]) as i64,
        }
    }

    /// Calls `visit` with every node that a row can move to from `node`, and the cost of the move.
    #[inline(always)]
    pub(super) fn each_move(&self, node: usize, mut visit: impl FnMut(usize, i128)) {
        let from = self.prices[node];
        if node == self.pool() {
            let takers = self.seats.iter().zip(&self.prices).enumerate().filter(|(_, (seats, _))| **seats > 0);
            return takers.for_each(|(k, (_, price))| visit(k, price - from));
        }
        let best = &self.best[node * self.clusters..(node + 1) * self.clusters];
        for (k, (best, price)) in best.iter().zip(&self.prices).enumerate() {
            if *best != NONE {
                visit(k, i128::from(*best) + price - from);
            }
        }
        if self.seats[node] < self.sizes.max - self.sizes.min {
            visit(self.pool(), self.prices[self.pool()] - from);
        }
    }

    /// Returns the cost of a move from `a` to `b`; none if no row can make it.
    pub(super) fn cost(&self, a: usize, b: usize) -> Option<i128> {
        let mut found = None;
        if a != self.pool() && b != self.pool() {
            let best = self.best[a * self.clusters + b];
            return (best != NONE).then(|| i128::from(best) + self.prices[b] - self.prices[a]);
        }
        self.each_move(a, |node, cost| {
            if node == b {
                found = Some(cost);
            }
        });
        found
    }

    /// Returns how many rows can make the cheapest move from `a` to `b` at once.
    pub(super) fn capacity(&self, a: usize, b: usize) -> usize {
        match (a == self.pool(), b == self.pool()) {
            (true, _) => self.seats.get(b).copied().unwrap_or(0),
            (_, true) => (self.sizes.max - self.sizes.min).saturating_sub(self.seats[a]),
            _ => self.cheapest(a, b).map_or(0, |class| self.at[class].count(a)),
        }
    }

    /// Returns the class whose move from `a` to `b` is cheapest.
    fn cheapest(&self, a: usize, b: usize) -> Option<usize> {
        self.heaps[a * self.clusters + b].peek().map(|Reverse((_, class))| *class as usize)
    }

    /// Makes the cheapest move from `a` to `b` with `count` rows, at most [`Flow::capacity`].
    pub(super) fn go(&mut self, a: usize, b: usize, count: usize) {
        if a == self.pool() {
            self.seats[b] -= count;
            self.taken -= count;
        } else if b == self.pool() {
            self.seats[a] += count;
            self.taken += count;
        } else if let Some(class) = self.cheapest(a, b) {
            self.move_rows(class, a, b, count);
        }
    }

    fn move_rows(&mut self, class: usize, a: usize, b: usize, count: usize) {
        let held = &mut self.at[class];
        let new = held.count(b) == 0;
        held.remove(a, count);
        held.add(b, count);
        let left = held.count(a) == 0;
        self.counts[a] -= count;
        self.counts[b] += count;
        let kind = self.candidates.classes().first(class);
        let own_cost = self.candidates.cost(kind, b);
        for (k, cost) in self.candidates.list(kind) {
            // The class stays in the heaps of `a` until it comes to the top, where it would be believed.
            if k != a && left {
                self.refresh(a, k);
            }
            if k != b && new {
                let (key, pair) = (difference(cost, own_cost), b * self.clusters + k);
                self.heaps[pair].push(Reverse((key, class as u32)));
                self.best[pair] = self.best[pair].min(key);
            }
        }
    }

    /// Returns the prices of the clusters and the pool, and the cluster of every row.
    pub(super) fn into_parts(self) -> (Vec<i128>, Vec<u32>) {
        (self.prices, cluster_counts::codes(self.candidates, self.at))
    }

    /// Removes classes that have left from the top of a heap.
    fn refresh(&mut self, a: usize, b: usize) {
        let pair = a * self.clusters + b;
        let heap = &mut self.heaps[pair];
        while heap.peek().is_some_and(|Reverse((_, class))| self.at[*class as usize].count(a) == 0) {
            heap.pop();
        }
        self.best[pair] = heap.peek().map_or(NONE, |Reverse((key, _))| *key);
    }
}

/// Returns `a - b`; both are below 2^63.
fn difference(a: u64, b: u64) -> i64 {
    a.wrapping_sub(b) as i64
}

//! Finds, among all optimal assignments, the one whose codes are lexicographically smallest.

use super::candidates::ListedClusters;
use super::cluster_counts::ClusterCounts;
use super::proof::ZipPrices;
use super::sizes::Sizes;
use std::collections::HashMap;

/// Turns optimal `codes` into the lexicographically smallest optimal ones.
///
/// # Exactness
/// At optimal prices, an assignment is optimal if it gives every row one of its cheapest clusters and keeps the sizes,
/// with every cluster of positive price full and every cluster of negative price at its minimum. Row by row, each row
/// takes the lowest of its cheapest clusters that some such assignment allows while all rows before it stay as they
/// are. That assignment exists if later rows with ties can make room along a path of clusters.
///
/// Rows with equal lists are exchangeable until they are settled, so the search counts only how many of them each
/// cluster has.
pub(super) fn smallest(candidates: &ListedClusters<'_>, sizes: Sizes, prices: &[i128], codes: &mut [u32]) {
    let mut ties = Ties::new(candidates, sizes, prices, codes);
    for (row, code) in codes.iter_mut().enumerate() {
        let class = candidates.classes().of(candidates.kinds().of(row));
        if ties.choices.contains_key(&class) {
            *code = ties.settle(class) as u32;
        }
    }
}

/// Classes of rows with several cheapest clusters.
struct Ties {
    clusters: usize,
    /// The cheapest clusters of each class, ascending.
    choices: HashMap<usize, Vec<u32>>,
    /// The clusters that the unsettled rows of each class are in.
    held: HashMap<usize, ClusterCounts>,
    /// For each pair of clusters, how many rows in the first could be in the second at the same cost.
    count: Vec<u32>,
    /// For each pair, the classes of these rows; some of them may have left.
    passing: HashMap<usize, Vec<usize>>,
    /// Which clusters may change their size, because their price is 0; `room` and `spare` count rows up to the upper
    /// and down to the lower bound.
    free: Vec<bool>,
    room: Vec<usize>,
    spare: Vec<usize>,
    /// How often rows were shifted; and for a class, that number when no lower cluster than a certain one was found.
    /// Until the next shift the number of ways can only fall.
    shifts: usize,
    lowest: HashMap<usize, (usize, usize)>,
}

impl Ties {
    fn new(candidates: &ListedClusters<'_>, sizes: Sizes, prices: &[i128], codes: &[u32]) -> Self {
        let (clusters, classes) = (candidates.clusters(), candidates.classes());
        let mut counts = vec![0; clusters];
        codes.iter().for_each(|code| counts[*code as usize] += 1);
        let mut ties = Self {
            clusters,
            choices: HashMap::new(),
            held: HashMap::new(),
            count: vec![0; clusters * clusters],
            passing: HashMap::new(),
            free: prices.iter().map(|price| *price == 0 && sizes.min < sizes.max).collect(),
            room: counts.iter().map(|count| sizes.max.saturating_sub(*count)).collect(),
            spare: counts.iter().map(|count: &usize| count.saturating_sub(sizes.min)).collect(),
            shifts: 0,
            lowest: HashMap::new(),
        };
        for class in 0..classes.len() {
            let kind = classes.first(class);
            let Some(least) = candidates.list(kind).zip_prices(prices).min() else { continue };
            let cheapest = candidates.list(kind).filter(|(k, cost)| i128::from(*cost) + prices[*k] == least);
            let cheapest: Vec<u32> = cheapest.map(|(k, _)| k as u32).collect();
            if cheapest.len() > 1 {
                ties.choices.insert(class, cheapest);
            }
        }
        for (row, code) in codes.iter().enumerate() {
            ties.enter(classes.of(candidates.kinds().of(row)), *code as usize);
        }
        ties
    }

    /// Puts one more row of a class into cluster `a`.
    fn enter(&mut self, class: usize, a: usize) {
        let Some(choices) = self.choices.get(&class) else { return };
        let held = self.held.entry(class).or_default();
        let new = held.count(a) == 0;
        held.add(a, 1);
        for k in choices.iter().filter(|k| **k as usize != a) {
            let pair = a * self.clusters + *k as usize;
            self.count[pair] += 1;
            if new {
                self.passing.entry(pair).or_default().push(class);
            }
        }
    }

    /// Takes one row of a class out of cluster `a`.
    fn leave(&mut self, class: usize, a: usize) {
        self.held.entry(class).or_default().remove(a, 1);
        for k in self.choices.get(&class).into_iter().flatten().filter(|k| **k as usize != a) {
            self.count[a * self.clusters + *k as usize] -= 1;
        }
    }

    /// Settles a row of a class in the lowest cluster that it can have, and returns that cluster.
    fn settle(&mut self, class: usize) -> usize {
        let own = self.held.get(&class).and_then(ClusterCounts::lowest).unwrap_or(0);
        self.leave(class, own);
        if self.lowest.get(&class) == Some(&(self.shifts, own)) {
            return own;
        }
        let lower: Vec<usize> = self.choices.get(&class).into_iter().flatten().map(|k| *k as usize).collect();
        let mut before = vec![None; self.clusters + 1];
        for k in lower.into_iter().take_while(|k| *k < own) {
            if self.search(k, own, &mut before) {
                self.shift(own, &before);
                self.shifts += 1;
                return k;
            }
        }
        self.lowest.insert(class, (self.shifts, own));
        own
    }

    /// Returns whether a place in `start` becomes free if one in `end` is filled. `before` holds the way back of all
    /// nodes seen by this search and by earlier ones, which found nothing, so their nodes need no second search.
    fn search(&self, start: usize, end: usize, before: &mut [Option<usize>]) -> bool {
        if before[start].is_some() {
            return false;
        }
        before[start] = Some(start);
        let mut queue = vec![start];
        while let Some(node) = queue.pop() {
            if node == end {
                return true;
            }
            for to in 0..=self.clusters {
                if before[to].is_none() && self.linked(node, to) {
                    before[to] = Some(node);
                    queue.push(to);
                }
            }
        }
        false
    }

    /// Returns whether `a` can pass a row to `b`; the node after the last cluster is the pool of places beyond the
    /// minimum.
    fn linked(&self, a: usize, b: usize) -> bool {
        match (a == self.clusters, b == self.clusters) {
            (false, false) => self.count[a * self.clusters + b] > 0,
            (false, true) => self.free[a] && self.room[a] > 0,
            (true, false) => self.free[b] && self.spare[b] > 0,
            (true, true) => false,
        }
    }

    /// Passes a row along every step of the path to `end`.
    fn shift(&mut self, end: usize, before: &[Option<usize>]) {
        let mut node = end;
        while let Some(from) = before[node].filter(|from| *from != node) {
            if node == self.clusters {
                // `from` keeps one more row than before.
                self.room[from] -= 1;
                self.spare[from] += 1;
            } else if from == self.clusters {
                self.room[node] += 1;
                self.spare[node] -= 1;
            } else {
                self.pass(from, node);
            }
            node = from;
        }
    }

    fn pass(&mut self, a: usize, b: usize) {
        let classes = self.passing.entry(a * self.clusters + b).or_default();
        while let Some(class) = classes.last().copied() {
            if self.held.get(&class).is_some_and(|held| held.count(a) > 0) {
                self.leave(class, a);
                self.enter(class, b);
                return;
            }
            classes.pop();
        }
    }
}

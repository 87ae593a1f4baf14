//! Among all optimal assignments, the one whose codes are lexicographically smallest.

use super::candidates::Candidates;
use super::proof::ZipPrices;
use super::sizes::Sizes;
use std::collections::HashMap;

/// Turns optimal `codes` into the lexicographically smallest optimal ones.
///
/// # Exactness
/// At optimal prices the optimal assignments are those that give every row one of its cheapest clusters and keep the
/// sizes, a cluster with a positive price full and one with a negative price at its minimum. Row by row, a row takes the
/// lowest of its cheapest clusters that some such assignment allows with all rows before it as they are: one exists
/// where tied rows that come later can make room, along a path of clusters.
pub(super) fn smallest(candidates: &Candidates, sizes: Sizes, prices: &[i128], codes: &mut [u32]) {
    let mut ties = Ties::new(candidates, sizes, prices, codes);
    let tied: Vec<u32> = ties.choices.keys().copied().collect();
    let mut tied = tied;
    tied.sort_unstable();
    for row in tied {
        ties.settle(row, codes);
    }
}

/// Rows with several cheapest clusters that are not settled yet.
struct Ties {
    clusters: usize,
    /// Cheapest clusters of each row, ascending.
    choices: HashMap<u32, Vec<u32>>,
    /// How many rows in one cluster might as well be in the other.
    count: Vec<u32>,
    /// Such rows; some have left.
    rows: HashMap<usize, Vec<u32>>,
    settled: Vec<bool>,
    /// Clusters whose price leaves their size open, and how far they are above and below their bounds.
    free: Vec<bool>,
    room: Vec<usize>,
    spare: Vec<usize>,
}

impl Ties {
    fn new(candidates: &Candidates, sizes: Sizes, prices: &[i128], codes: &[u32]) -> Self {
        let clusters = candidates.clusters();
        let mut counts = vec![0; clusters];
        codes.iter().for_each(|code| counts[*code as usize] += 1);
        let mut ties = Self {
            clusters,
            choices: HashMap::new(),
            count: vec![0; clusters * clusters],
            rows: HashMap::new(),
            settled: vec![false; codes.len()],
            free: prices.iter().map(|price| *price == 0 && sizes.min < sizes.max).collect(),
            room: counts.iter().map(|count| sizes.max.saturating_sub(*count)).collect(),
            spare: counts.iter().map(|count: &usize| count.saturating_sub(sizes.min)).collect(),
        };
        for (row, code) in codes.iter().enumerate() {
            let Some(least) = candidates.row(row).zip_prices(prices).min() else { continue };
            let cheapest = candidates.row(row).filter(|(k, cost)| i128::from(*cost) + prices[*k] == least);
            let cheapest: Vec<u32> = cheapest.map(|(k, _)| k as u32).collect();
            if cheapest.len() > 1 {
                ties.choices.insert(row as u32, cheapest);
                ties.enter(row as u32, *code as usize);
            }
        }
        ties
    }

    /// A row is in cluster `a` now.
    fn enter(&mut self, row: u32, a: usize) {
        for k in self.choices.get(&row).into_iter().flatten().filter(|k| **k as usize != a) {
            let pair = a * self.clusters + *k as usize;
            self.count[pair] += 1;
            self.rows.entry(pair).or_default().push(row);
        }
    }

    fn leave(&mut self, row: u32, a: usize) {
        for k in self.choices.get(&row).into_iter().flatten().filter(|k| **k as usize != a) {
            self.count[a * self.clusters + *k as usize] -= 1;
        }
    }

    /// Gives `row` the lowest cluster it can have and keeps it there.
    fn settle(&mut self, row: u32, codes: &mut [u32]) {
        let own = codes[row as usize] as usize;
        self.leave(row, own);
        self.settled[row as usize] = true;
        let lower: Vec<usize> = self.choices.get(&row).into_iter().flatten().map(|k| *k as usize).collect();
        let mut before = vec![None; self.clusters + 1];
        for k in lower.into_iter().take_while(|k| *k < own) {
            if self.search(k, own, &mut before) {
                codes[row as usize] = k as u32;
                self.shift(own, &before, codes);
                break;
            }
        }
    }

    /// Whether a place in `start` can be made free by filling one in `end`. `before` holds the way back of all nodes
    /// seen, in this and in earlier searches, which found nothing: their nodes need not be searched again.
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

    /// Whether `a` can pass a row to `b`; the node after the last cluster is the pool of places beyond the minimum.
    fn linked(&self, a: usize, b: usize) -> bool {
        match (a == self.clusters, b == self.clusters) {
            (false, false) => self.count[a * self.clusters + b] > 0,
            (false, true) => self.free[a] && self.room[a] > 0,
            (true, false) => self.free[b] && self.spare[b] > 0,
            (true, true) => false,
        }
    }

    /// Passes a row along every step of the path to `end`.
    fn shift(&mut self, end: usize, before: &[Option<usize>], codes: &mut [u32]) {
        let mut node = end;
        while let Some(from) = before[node].filter(|from| *from != node) {
            if node == self.clusters {
                // One more row stays in `from` than before.
                self.room[from] -= 1;
                self.spare[from] += 1;
            } else if from == self.clusters {
                self.room[node] += 1;
                self.spare[node] -= 1;
            } else {
                self.pass(from, node, codes);
            }
            node = from;
        }
    }

    fn pass(&mut self, a: usize, b: usize, codes: &mut [u32]) {
        let rows = self.rows.entry(a * self.clusters + b).or_default();
        while let Some(row) = rows.pop() {
            if codes[row as usize] == a as u32 && !self.settled[row as usize] {
                self.leave(row, a);
                codes[row as usize] = b as u32;
                self.enter(row, b);
                return;
            }
        }
    }
}

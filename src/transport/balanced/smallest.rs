//! Among all optimal assignments, the one whose codes are lexicographically smallest.

use super::candidates::Candidates;
use super::classes::Held;
use super::proof::ZipPrices;
use super::sizes::Sizes;
use std::collections::HashMap;

/// Turns optimal `codes` into the lexicographically smallest optimal ones.
///
/// # Exactness
/// At optimal prices the optimal assignments are those that give every row one of its cheapest clusters and keep the
/// sizes, a cluster with a positive price full and one with a negative price at its minimum. Row by row, a row takes
/// the lowest of its cheapest clusters that some such assignment allows with all rows before it as they are: one exists
/// where tied rows that come later can make room, along a path of clusters.
///
/// Rows with equal lists are exchangeable as long as they are not settled, so what counts is how many of them are
/// where.
pub(super) fn smallest(candidates: &Candidates, sizes: Sizes, prices: &[i128], codes: &mut [u32]) {
    let mut ties = Ties::new(candidates, sizes, prices, codes);
    for (row, code) in codes.iter_mut().enumerate() {
        let class = candidates.classes().of_row(row);
        if ties.choices.contains_key(&class) {
            *code = ties.settle(class) as u32;
        }
    }
}

/// Classes of rows with several cheapest clusters.
struct Ties {
    clusters: usize,
    /// Cheapest clusters of each class, ascending.
    choices: HashMap<usize, Vec<u32>>,
    /// Where the rows of each class are that are not settled yet.
    held: HashMap<usize, Held>,
    /// How many rows in one cluster might as well be in the other.
    count: Vec<u32>,
    /// Classes of such rows; some have left.
    passing: HashMap<usize, Vec<usize>>,
    /// Clusters whose price leaves their size open, and how far they are above and below their bounds.
    free: Vec<bool>,
    room: Vec<usize>,
    spare: Vec<usize>,
    /// How often rows were shifted, and for classes how often they had been when no lower cluster than one was found:
    /// until the next shift there are only fewer ways.
    shifts: usize,
    lowest: HashMap<usize, (usize, usize)>,
}

impl Ties {
    fn new(candidates: &Candidates, sizes: Sizes, prices: &[i128], codes: &[u32]) -> Self {
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
            let row = classes.first(class);
            let Some(least) = candidates.row(row).zip_prices(prices).min() else { continue };
            let cheapest = candidates.row(row).filter(|(k, cost)| i128::from(*cost) + prices[*k] == least);
            let cheapest: Vec<u32> = cheapest.map(|(k, _)| k as u32).collect();
            if cheapest.len() > 1 {
                ties.choices.insert(class, cheapest);
            }
        }
        for (row, code) in codes.iter().enumerate() {
            ties.enter(classes.of_row(row), *code as usize);
        }
        ties
    }

    /// One more row of a class is in cluster `a`.
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

    /// One row less.
    fn leave(&mut self, class: usize, a: usize) {
        self.held.entry(class).or_default().remove(a, 1);
        for k in self.choices.get(&class).into_iter().flatten().filter(|k| **k as usize != a) {
            self.count[a * self.clusters + *k as usize] -= 1;
        }
    }

    /// Settles a row of a class in the lowest cluster it can have, which is returned.
    fn settle(&mut self, class: usize) -> usize {
        let own = self.held.get(&class).and_then(Held::lowest).unwrap_or(0);
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
    fn shift(&mut self, end: usize, before: &[Option<usize>]) {
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

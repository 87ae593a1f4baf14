//! A textbook minimum-cost flow: Bellman-Ford on an explicit graph, one unit at a time.

use super::{Matrix, Sizes};
use std::collections::VecDeque;

/// Arcs in pairs; the reverse of an arc follows it.
#[derive(Default)]
struct Graph {
    to: Vec<usize>,
    capacity: Vec<i64>,
    cost: Vec<i128>,
    out: Vec<Vec<usize>>,
}

impl Graph {
    fn arc(&mut self, from: usize, to: usize, capacity: i64, cost: i128) {
        self.out.resize_with(self.out.len().max(from.max(to) + 1), Vec::new);
        for (from, to, capacity, cost) in [(from, to, capacity, cost), (to, from, 0, -cost)] {
            self.out[from].push(self.to.len());
            self.to.push(to);
            self.capacity.push(capacity);
            self.cost.push(cost);
        }
    }

    /// Sends one unit from `source` to `sink` along a cheapest path, and returns its cost.
    fn augment(&mut self, source: usize, sink: usize) -> Option<i128> {
        let mut distance = vec![i128::MAX; self.out.len()];
        let mut by = vec![usize::MAX; self.out.len()];
        let mut queue = VecDeque::from([source]);
        distance[source] = 0;
        while let Some(node) = queue.pop_front() {
            for arc in self.out[node].iter().copied().filter(|arc| self.capacity[*arc] > 0) {
                let (to, length) = (self.to[arc], distance[node] + self.cost[arc]);
                if length < distance[to] {
                    (distance[to], by[to]) = (length, arc);
                    queue.push_back(to);
                }
            }
        }
        let mut node = sink;
        while node != source {
            let arc = *by.get(node).filter(|arc| **arc != usize::MAX)?;
            self.capacity[arc] -= 1;
            self.capacity[arc ^ 1] += 1;
            node = self.to[arc ^ 1];
        }
        Some(distance[sink])
    }
}

/// Returns the smallest total cost. Rows flow to clusters and clusters to the sink; the first `min` places of each
/// cluster are worth so much that every flow of all rows fills them.
pub(crate) fn optimum(problem: &Matrix, sizes: Sizes) -> u128 {
    const WORTH: i128 = 1 << 90;
    let (rows, clusters) = (problem.rows(), problem.clusters);
    let (source, sink) = (rows + clusters, rows + clusters + 1);
    let mut graph = Graph::default();
    for row in 0..rows {
        graph.arc(source, row, 1, 0);
        for k in 0..clusters {
            graph.arc(row, rows + k, 1, problem.costs[row * clusters + k].into());
        }
    }
    for k in 0..clusters {
        graph.arc(rows + k, sink, sizes.min as i64, -WORTH);
        graph.arc(rows + k, sink, (sizes.max - sizes.min) as i64, 0);
    }
    let total: i128 = (0..rows).map(|_| graph.augment(source, sink).unwrap()).sum();
    (total + WORTH * (sizes.min * clusters) as i128) as u128
}

//! Finds shortest paths on the graph of the clusters, to repair sizes and to find the largest optimal prices.

use super::flow::Flow;

/// The candidates leave some cluster out of reach; the rows at the marked nodes need longer lists.
#[derive(Debug)]
pub(super) struct OutOfReach(pub(super) Vec<bool>);

impl Flow<'_> {
    /// Moves rows along shortest paths until every cluster has the rows that it wants.
    pub(super) fn run(&mut self) -> Result<(), OutOfReach> {
        while (0..=self.pool()).any(|node| self.excess(node) > 0) {
            let path = self.shortest()?;
            // The path stays a shortest one as long as every move on it costs 0.
            loop {
                let count = self.count_along(&path);
                path.iter().zip(path.iter().skip(1)).for_each(|(a, b)| self.go(*a, *b, count));
                let ends = path.first().zip(path.last());
                let wanted = ends.is_some_and(|(a, b)| self.excess(*a) > 0 && self.excess(*b) < 0);
                let free = |(a, b): (&usize, &usize)| self.cost(*a, *b) == Some(0);
                if !(wanted && path.iter().zip(path.iter().skip(1)).all(free)) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Returns how many rows can move along a path at once: at most what both ends want, and what every cheapest move
    /// can take.
    fn count_along(&self, path: &[usize]) -> usize {
        let excess = |node: Option<&usize>| node.map_or(0, |node| self.excess(*node).unsigned_abs() as usize);
        let moves = path.iter().zip(path.iter().skip(1)).map(|(a, b)| self.capacity(*a, *b));
        moves.min().unwrap_or(1).min(excess(path.first())).min(excess(path.last())).max(1)
    }

    /// Finds a shortest path from a node with too many rows to one with too few, and raises prices so that the path
    /// costs 0.
    fn shortest(&mut self) -> Result<Vec<usize>, OutOfReach> {
        let nodes = self.pool() + 1;
        let mut tree = PathTree::new(nodes);
        (0..nodes).filter(|node| self.excess(*node) > 0).for_each(|node| tree.distance[node] = 0);
        let end = loop {
            let Some(node) = tree.settle() else {
                self.raise(&tree);
                return Err(OutOfReach(tree.settled));
            };
            if self.excess(node) < 0 {
                break node;
            }
            let so_far = tree.distance[node];
            self.each_move(node, |to, cost| tree.reach(to, so_far + cost, node));
        };
        self.raise(&tree);
        let mut path = vec![end];
        path.extend(std::iter::successors(tree.before[end], |node| tree.before[*node]));
        path.reverse();
        Ok(path)
    }

    /// Raises the price of each settled node by the difference between the largest distance and its own.
    fn raise(&mut self, tree: &PathTree) {
        let settled = || tree.distance.iter().zip(&tree.settled).enumerate().filter(|(_, (_, settled))| **settled);
        let length = settled().map(|(_, (distance, _))| *distance).max().unwrap_or(0);
        for (node, (distance, _)) in settled() {
            self.prices[node] += length - distance;
        }
    }

    /// Returns what has to be added to each price to get the largest optimal prices that leave the price of `root`
    /// unchanged.
    ///
    /// # Exactness
    /// Prices are optimal if no move costs less than 0. So a price exceeds the root's price by at most the raw length
    /// of any path between them, and the lengths of the shortest paths satisfy all these bounds at once.
    pub(super) fn rises(&self, root: usize) -> Result<Vec<i128>, OutOfReach> {
        let nodes = self.pool() + 1;
        let mut costs = vec![None; nodes * nodes];
        for node in 0..nodes {
            self.each_move(node, |to, cost| costs[to * nodes + node] = Some(cost));
        }
        let mut tree = PathTree::new(nodes);
        tree.distance[root] = 0;
        while let Some(node) = tree.settle() {
            let so_far = tree.distance[node];
            for (from, cost) in costs[node * nodes..(node + 1) * nodes].iter().enumerate() {
                if let Some(cost) = cost {
                    tree.reach(from, so_far + cost, node);
                }
            }
        }
        tree.distance.truncate(self.pool());
        match tree.distance.contains(&FAR) {
            true => Err(OutOfReach(tree.settled.into_iter().map(|settled| !settled).collect())),
            false => Ok(tree.distance),
        }
    }
}

const FAR: i128 = i128::MAX;

/// Dijkstra's algorithm for few nodes; it finds the nearest node by looking at all of them.
struct PathTree {
    distance: Vec<i128>,
    before: Vec<Option<usize>>,
    settled: Vec<bool>,
}

impl PathTree {
    fn new(nodes: usize) -> Self {
        Self { distance: vec![FAR; nodes], before: vec![None; nodes], settled: vec![false; nodes] }
    }

    /// Settles and returns the nearest node in reach that is not settled, the lowest one on a tie.
    fn settle(&mut self) -> Option<usize> {
        let open = self.distance.iter().zip(&self.settled).enumerate().filter(|(_, (d, done))| **d < FAR && !**done);
        let node = open.min_by_key(|(_, (distance, _))| **distance)?.0;
        self.settled[node] = true;
        Some(node)
    }

    #[inline(always)]
    fn reach(&mut self, node: usize, distance: i128, before: usize) {
        if distance < self.distance[node] {
            self.distance[node] = distance;
            self.before[node] = Some(before);
        }
    }
}

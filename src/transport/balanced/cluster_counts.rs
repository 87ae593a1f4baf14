//! How many rows of a class are in each cluster.

use super::candidates::ListedClusters;

/// Returns the cluster of every row; `counts` has for each class the number of its rows in each cluster.
pub(super) fn codes(candidates: &ListedClusters<'_>, mut counts: Vec<ClusterCounts>) -> Vec<u32> {
    let (kinds, classes) = (candidates.kinds(), candidates.classes());
    for counts in &mut counts {
        counts.0.sort_unstable_by_key(|(cluster, _)| std::cmp::Reverse(*cluster));
    }
    (0..kinds.members()).map(|row| counts[classes.of(kinds.of(row))].pop()).collect()
}

/// The clusters that rows of a class are in, with the number of these rows.
#[derive(Clone, Default)]
pub(super) struct ClusterCounts(Vec<(u32, u32)>);

impl ClusterCounts {
    /// Returns the number of rows in a cluster.
    pub(super) fn count(&self, cluster: usize) -> usize {
        self.0.iter().find(|(k, _)| *k as usize == cluster).map_or(0, |(_, count)| *count as usize)
    }

    /// Returns the lowest cluster that has rows.
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

    /// Takes `count` rows out of a cluster, which must have them.
    pub(super) fn remove(&mut self, cluster: usize, count: usize) {
        if let Some(at) = self.0.iter().position(|(k, _)| *k as usize == cluster) {
            self.0[at].1 = self.0[at].1.saturating_sub(count as u32);
            if self.0[at].1 == 0 {
                self.0.swap_remove(at);
            }
        }
    }

    /// Takes a row out of the last cluster of the list, and returns the cluster.
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

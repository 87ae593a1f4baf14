//! Parameters that make no sense are refused before any work.

use super::PqKMeans;
use crate::clusters::Clusters;
use crate::error::{Error, Result};
use crate::rq::RqKMeans;

impl PqKMeans {
    /// Returns the parameters of residual k-means with these clusters, whose fits the levels are.
    pub(in crate::pq) fn k_means(&self, clusters: &[usize]) -> RqKMeans {
        let params = RqKMeans::new(clusters.len(), clusters).seed(self.seed).max_iter(self.max_iter).tol(self.tol);
        let params = params.n_init(self.n_init).init(self.init).metric(self.metric).algorithm(self.algorithm);
        params.sample(self.sample).center(self.center)
    }

    /// Returns a copy with other clusters and another seed.
    pub(in crate::pq) fn variant(&self, clusters: &[usize], seed: u64) -> Self {
        Self { levels: clusters.len(), clusters: Clusters::PerLevel(clusters.to_vec()), seed, ..self.clone() }
    }

    /// Returns the clusters of every level, and refuses parameters that make no sense for `rows` rows of `dim`
    /// dimensions.
    pub(in crate::pq) fn check_rows(&self, rows: usize, dim: usize) -> Result<Vec<usize>> {
        let slices = self.slices()?;
        let (clusters, _) = self.all_levels().check(rows, dim)?;
        match slices > dim {
            true => {
                let expected = format!("a slice has at least one of the {dim} dimensions, so at most {dim} slices");
                Err(Error::parameter("levels", self.levels, expected))
            }
            false => Ok(clusters),
        }
    }

    /// Refuses parameters that make no sense, whatever the rows.
    pub(super) fn check_alone(&self) -> Result<()> {
        self.slices()?;
        self.all_levels().check_alone()
    }

    /// Returns the parameters of residual k-means with as many levels, whose checks hold for slices too.
    fn all_levels(&self) -> RqKMeans {
        RqKMeans { levels: self.levels, clusters: self.clusters.clone(), ..self.k_means(&[1]) }
    }

    /// Returns the number of slices, at least 1.
    fn slices(&self) -> Result<usize> {
        match self.levels.checked_sub(self.residual_levels).filter(|slices| *slices > 0 || self.levels == 0) {
            Some(slices) => Ok(slices),
            None => {
                let least = self.residual_levels.saturating_add(1);
                let expected = format!("with {} residual levels, at least {least}", self.residual_levels);
                Err(Error::parameter("levels", self.levels, expected))
            }
        }
    }
}

//! Parameters of the fits of levels and of other sizes, and those that make no sense.

use super::PqKMeans;
use crate::clusters::Clusters;
use crate::error::{Error, Result};
use crate::origin::Origin;
use crate::rq::{Algorithm, MiniBatch, RqKMeans};

impl PqKMeans {
    /// Returns the parameters of residual k-means with these clusters, whose fits the levels are.
    pub(in crate::pq) fn k_means_of(&self, clusters: &[usize]) -> RqKMeans {
        let clusters = Clusters::PerLevel(clusters.to_vec());
        RqKMeans { levels: clusters.default_levels(), clusters, ..self.k_means.clone() }
    }

    /// Returns a copy with other clusters and another seed.
    pub(in crate::pq) fn variant(&self, clusters: &[usize], seed: u64) -> Self {
        Self { k_means: self.k_means_of(clusters).seed(seed), ..self.clone() }
    }

    /// Returns what the file of a model tells about its fit: one number of clusters where all levels have the same,
    /// however the parameters said so, so that equal fits give equal files.
    pub(in crate::pq) fn origin(&self) -> Result<Origin> {
        let clusters = Clusters::of_list(&self.k_means.clusters.list(self.k_means.levels));
        let k_means = RqKMeans { clusters, ..self.k_means.clone() };
        Origin::of(&Self { k_means, ..self.clone() }, &[])
    }

    /// Returns the clusters of every level, and refuses parameters that make no sense for `rows` rows of `dim`
    /// dimensions.
    pub(in crate::pq) fn check_rows(&self, rows: usize, dim: usize) -> Result<Vec<usize>> {
        let slices = self.slices()?;
        let (clusters, _) = self.k_means.check(rows, dim)?;
        // One level alone cannot wait for others.
        if let Algorithm::MiniBatch(MiniBatch { layer_wise: false, .. }) = self.k_means.algorithm
            && self.residual_levels < 2
        {
            let expected = "must be true where fewer than 2 levels build on each other: slices never do";
            return Err(Error::parameter("layer_wise", false, expected));
        }
        match slices > dim {
            true => {
                let expected =
                    format!("must leave at most {dim} slices, as a slice has at least one of the {dim} dimensions");
                Err(Error::parameter("levels", self.k_means.levels, expected))
            }
            false => Ok(clusters),
        }
    }

    /// Returns the number of slices, at least 1.
    pub(super) fn slices(&self) -> Result<usize> {
        let levels = self.k_means.levels;
        match levels.checked_sub(self.residual_levels).filter(|slices| *slices > 0 || levels == 0) {
            Some(slices) => Ok(slices),
            None => {
                let least = self.residual_levels.saturating_add(1);
                let expected = format!("must be at least {least} with {} residual levels", self.residual_levels);
                Err(Error::parameter("levels", levels, expected))
            }
        }
    }
}

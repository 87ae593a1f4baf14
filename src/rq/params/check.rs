//! Parameters that make no sense are refused before any work.

use super::{Algorithm, MiniBatch, RqKMeans};
use crate::beam::MOST_WIDTH;
use crate::error::{Error, ErrorKind, Result};
use crate::joint::JointSums;
use crate::transport::balanced::Sizes;
use crate::weights::Weights;
use crate::{MAX_CLUSTERS, MAX_DIM, MAX_LEVELS};

impl RqKMeans {
    /// Clusters of every level, checked.
    pub(crate) fn clusters_per_level(&self) -> Result<Vec<usize>> {
        if self.levels == 0 || self.levels > MAX_LEVELS {
            return Err(Error::parameter("levels", self.levels, format!("must be 1 to {MAX_LEVELS}")));
        }
        let clusters = self.clusters.list(self.levels);
        if clusters.len() != self.levels {
            return Err(ErrorKind::ClustersPerLevel { levels: self.levels, given: clusters.len() }.into());
        }
        match clusters.iter().enumerate().find(|(_, clusters)| **clusters == 0 || **clusters > MAX_CLUSTERS) {
            Some((level, clusters)) => Err(ErrorKind::Clusters { level, clusters: *clusters }.into()),
            None => Ok(clusters),
        }
    }

    /// Refuses sizes that cannot be kept.
    fn check_sizes(&self, rows: usize, clusters: &[usize]) -> Result<()> {
        for (level, clusters) in clusters.iter().enumerate() {
            let Some(sizes) = self.sizes_of(rows, *clusters) else { return Ok(()) };
            if rows >= *clusters || *clusters > BALANCED_CLUSTERS {
                check_balanced(sizes, level, rows, *clusters)?;
            }
        }
        Ok(())
    }

    /// Refuses parameters that make no sense for `rows` rows of `dim` dimensions; returns the clusters per level and
    /// the number of rows to fit on.
    pub(crate) fn check(&self, rows: usize, dim: usize) -> Result<(Vec<usize>, usize)> {
        let clusters = self.clusters_per_level()?;
        if dim == 0 || dim > MAX_DIM {
            return Err(ErrorKind::Dim { dim }.into());
        }
        if rows == 0 {
            return Err(ErrorKind::Empty.into());
        }
        self.check_numbers()?;
        let rows = self.sample.map_or(rows, |sample| sample.min(rows));
        self.check_sizes(rows, &clusters)?;
        self.check_pairs(rows, &clusters)?;
        match clusters.iter().enumerate().find(|(_, clusters)| **clusters > rows) {
            Some((level, clusters)) => Err(ErrorKind::TooFewRows { rows, clusters: *clusters, level }.into()),
            None => Ok((clusters, rows)),
        }
    }

    /// Refuses weights of other rows than `rows`, and weights where the sizes of clusters are bounded.
    pub(in crate::rq) fn check_weights(&self, weights: Option<&Weights>, rows: usize) -> Result<()> {
        let Some(weights) = weights else { return Ok(()) };
        if self.sizes.is_some() || self.sinkhorn.is_some() {
            let expected = "must be left out, or balance and Sinkhorn, which count rows";
            return Err(Error::parameter("weights", weights.total(), expected));
        }
        weights.check(rows)?;
        if rows > 0 && weights.total() == 0 { Err(ErrorKind::NoWeight.into()) } else { Ok(()) }
    }

    /// Refuses parameters that make no sense, whatever the rows.
    pub(crate) fn check_alone(&self) -> Result<()> {
        self.clusters_per_level()?;
        self.check_numbers()
    }

    /// Refuses numbers out of range, and parameters that exclude each other.
    fn check_numbers(&self) -> Result<()> {
        let positive = [("n_init", self.n_init), ("max_iter", self.max_iter), ("sample", self.sample.unwrap_or(1))];
        if let Some((name, value)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(Error::parameter(name, value, "must be at least 1"));
        }
        if !(self.tol >= 0.0 && self.tol.is_finite()) {
            return Err(Error::parameter("tol", self.tol, "must be a finite number, 0 or more"));
        }
        if let Algorithm::MiniBatch(MiniBatch { batch, init_buffer, .. }) = self.algorithm {
            let sizes = [("batch", batch), ("init_buffer", init_buffer)];
            if let Some((name, value)) = sizes.into_iter().find(|(_, value)| *value == 0) {
                return Err(Error::parameter(name, value, "must be at least 1"));
            }
        }
        self.check_sinkhorn()?;
        self.check_refine()?;
        match self.sizes.is_some() && self.algorithm != Algorithm::Lloyd {
            true => {
                let expected = "must be Lloyd for balanced clusters, which need all rows in every step";
                Err(Error::parameter("algorithm", self.algorithm.name(), expected))
            }
            false => Ok(()),
        }
    }

    /// Refuses parameters of a refinement that make no sense, and what it does not go with.
    fn check_refine(&self) -> Result<()> {
        if !(1..=MOST_WIDTH).contains(&self.refine_beam) {
            return Err(Error::parameter("refine_beam", self.refine_beam, format!("must be 1 to {MOST_WIDTH}")));
        }
        if self.refine == 0 {
            let expected = "must be 1 without a refinement, whose beam it is; ask for rounds by `refine`";
            return match self.refine_beam {
                1 => Ok(()),
                beam => Err(Error::parameter("refine_beam", beam, expected)),
            };
        }
        let other = [
            (self.sizes.is_some(), "must be 0 with balance, as rows would leave their balanced clusters"),
            (self.sinkhorn.is_some(), "must be 0 with Sinkhorn, as rows would leave their balanced clusters"),
            (self.normalize_residuals, "must be 0 with normalised residuals, whose codewords do not add up"),
        ];
        match other.into_iter().find(|(refused, _)| *refused) {
            Some((_, expected)) => Err(Error::parameter("refine", self.refine, expected)),
            None => Ok(()),
        }
    }

    /// Refuses a refinement that would count too many pairs of codes.
    fn check_pairs(&self, rows: usize, clusters: &[usize]) -> Result<()> {
        let (pairs, most) = (self.pairs(rows, clusters), JointSums::MAX_PAIRS);
        if pairs <= most {
            return Ok(());
        }
        let expected = format!(
            "must be 0 for {pairs} pairs of codes of two levels, of which it counts {most} at most; fit fewer levels \
             or clusters"
        );
        Err(Error::parameter("refine", self.refine, expected))
    }

    /// Returns how many pairs of codes the refinement may have to count; none without one.
    pub(crate) fn pairs(&self, rows: usize, clusters: &[usize]) -> u64 {
        if self.refine == 0 { 0 } else { JointSums::most_pairs(rows, clusters) }
    }

    /// Refuses parameters of Sinkhorn that make no sense, and what it does not go with.
    fn check_sinkhorn(&self) -> Result<()> {
        let Some((epsilon, iterations)) = self.sinkhorn else { return Ok(()) };
        if !(epsilon >= SINKHORN_EPSILON && epsilon.is_finite()) {
            let expected = format!("must be a finite number, {SINKHORN_EPSILON} or more");
            return Err(Error::parameter("sinkhorn_epsilon", epsilon, expected));
        }
        if iterations == 0 {
            return Err(Error::parameter("sinkhorn_iterations", 0, "must be at least 1"));
        }
        if self.algorithm != Algorithm::Lloyd {
            let expected = "must be Lloyd for Sinkhorn, which needs all rows in every step";
            return Err(Error::parameter("algorithm", self.algorithm.name(), expected));
        }
        if self.sizes.is_some() {
            let expected = "must be left out, or balance: clusters are balanced exactly or by Sinkhorn";
            return Err(Error::parameter("sinkhorn_epsilon", epsilon, expected));
        }
        Ok(())
    }
}

/// Refuses sizes of the clusters of a level that no assignment keeps, and more clusters than balancing handles.
pub(in crate::rq) fn check_balanced(sizes: Sizes, level: usize, rows: usize, clusters: usize) -> Result<()> {
    if clusters > BALANCED_CLUSTERS {
        let expected = format!("must be at most {BALANCED_CLUSTERS} balanced ones per level");
        return Err(Error::parameter("clusters", clusters, expected));
    }
    sizes.check(level, rows, clusters).map(drop)
}

/// Most clusters of a level that balancing handles: it keeps a list per pair of them.
const BALANCED_CLUSTERS: usize = 4096;
/// Smallest epsilon of Sinkhorn: e^(-2 / 0.003) still is an ordinary binary64 number.
pub(crate) const SINKHORN_EPSILON: f64 = 0.003;

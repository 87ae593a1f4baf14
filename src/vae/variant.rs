//! One training of many that differ in size and seed.

use super::file::PLUS_NAME;
use super::params::RqVae;
use crate::clusters::Clusters;
use crate::error::{ErrorKind, Result};
use crate::fields::Fields;
use crate::origin::Origin;

impl RqVae {
    /// Copies the parameters with these clusters and this seed.
    pub(crate) fn variant(&self, clusters: &[usize], seed: u64) -> Self {
        let (levels, clusters) = (clusters.len(), Clusters::PerLevel(clusters.to_vec()));
        Self { levels, clusters, seed, ..self.clone() }
    }

    /// Refuses parameters that make no sense for `rows` rows of `dim` dimensions.
    pub(crate) fn check_rows(&self, rows: usize, dim: usize) -> Result<()> {
        self.check_numbers()?;
        if rows == 0 {
            return Err(ErrorKind::Empty.into());
        }
        let (train, _) = self.split(rows);
        self.check(train, dim).map(drop)
    }

    /// The same parameters, with one number of clusters where all levels have the same.
    pub(super) fn canonical(&self) -> Self {
        Self { clusters: Clusters::of_list(&self.clusters.list(self.levels)), ..self.clone() }
    }

    /// Returns what the file of a model tells about its training; `warm_start` is the fingerprint of the model that it
    /// started from, or empty.
    pub(super) fn origin(&self, warm_start: &str) -> Result<Origin> {
        let params = self.canonical();
        if warm_start.is_empty() {
            return Origin::of(&params, &[]);
        }
        let mut origin = Origin::of(&params, &[("kind", PLUS_NAME), ("warm_start", warm_start)])?;
        origin.parameters.iter_mut().for_each(leave_to_warm_start);
        Ok(origin)
    }
}

/// Removes the fields that a warm start decides.
pub(super) fn leave_to_warm_start(fields: &mut Fields) {
    fields.retain(|name, _| !["latent", "kmeans_init", "standardize"].contains(&name.as_str()));
}

//! One training of many that differ in size and seed.

use super::params::RqVae;
use crate::error::{ErrorKind, Result};
use crate::rq::Clusters;

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

    /// Names and values of all parameters that variants have in common.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        macro_rules! settings {
            ($($name:ident),*) => {{
                // Without `..`, so that no parameter is forgotten.
                let Self { levels: _, clusters: _, seed: _, $($name),* } = self;
                vec![$((stringify!($name), format!("{:?}", $name))),*]
            }};
        }
        settings!(
            hidden,
            latent,
            epochs,
            batch,
            rule,
            schedule,
            warmup,
            clip,
            beta,
            quantization_weight,
            loss,
            reduction,
            dropout,
            batch_norm,
            slope,
            kmeans_init,
            kmeans_iters,
            revive,
            sinkhorn,
            update,
            estimator,
            standardize,
            held_out,
            keep,
            width,
            sample
        )
    }
}

//! Parameters that make no sense are refused before any work.

use super::{CodebookUpdate, RqVae};
use crate::error::{Error, ErrorKind, Result};
use crate::rq::{RqKMeans, SINKHORN_EPSILON};
use crate::{MAX_DIM, kernel::matmul::MAX_TERMS};

/// Most hidden layers.
pub(in crate::vae) const MAX_LAYERS: usize = 64;

impl RqVae {
    /// Refuses parameters that make no sense for `rows` training rows of `dim` dimensions; returns the clusters per
    /// level.
    pub(in crate::vae) fn check(&self, rows: usize, dim: usize) -> Result<Vec<usize>> {
        let clusters = RqKMeans::new(self.levels, self.clusters.clone()).clusters_per_level()?;
        if dim == 0 || dim > MAX_DIM {
            return Err(ErrorKind::Dim { dim }.into());
        }
        if rows == 0 {
            return Err(ErrorKind::Empty.into());
        }
        self.check_shape()?;
        let (most, batch) = (rows.min(MAX_TERMS), self.batch_of(rows));
        if batch == 0 || batch > most {
            let expected =
                format!("must be 1 to {most}: there are {rows} rows to train on, and at most {MAX_TERMS} fit");
            return Err(Error::parameter("batch", batch, expected));
        }
        if self.batch_norm && (batch == 1 || rows % batch == 1) {
            let expected = "must leave at least two rows in every batch, the last one too, for batch norm";
            return Err(Error::parameter("batch", batch, expected));
        }
        match clusters.iter().enumerate().find(|(_, clusters)| self.kmeans_init && **clusters > rows) {
            Some((level, clusters)) => Err(ErrorKind::TooFewRows { rows, clusters: *clusters, level }.into()),
            None => Ok(clusters),
        }
    }

    /// Refuses parameters that make no sense, whatever the rows.
    pub(in crate::vae) fn check_alone(&self) -> Result<()> {
        RqKMeans::new(self.levels, self.clusters.clone()).clusters_per_level()?;
        self.check_shape()?;
        if self.batch == Some(0) {
            return Err(Error::parameter("batch", 0, "must be at least 1"));
        }
        self.check_numbers()
    }

    /// Refuses layers that cannot be built.
    fn check_shape(&self) -> Result<()> {
        if let Some(width) = self.hidden.iter().find(|width| **width == 0 || **width > MAX_DIM) {
            return Err(Error::parameter("hidden", width, format!("must be 1 to {MAX_DIM}")));
        }
        if self.hidden.len() > MAX_LAYERS {
            let expected = format!("must be at most {MAX_LAYERS} layers");
            return Err(Error::parameter("hidden", format!("{} layers", self.hidden.len()), expected));
        }
        match self.latent {
            1..=MAX_DIM => Ok(()),
            latent => Err(Error::parameter("latent", latent, format!("must be 1 to {MAX_DIM}"))),
        }
    }

    /// Refuses numbers out of range, whatever the rows.
    pub(in crate::vae) fn check_numbers(&self) -> Result<()> {
        let average = match self.update {
            CodebookUpdate::MovingAverage(decay) => decay,
            CodebookUpdate::Gradient => 0.0,
        };
        let below_one = [
            ("dropout", self.dropout),
            ("held_out", self.held_out),
            ("beta1", self.rule.beta1),
            ("beta2", self.rule.beta2),
            ("ema", average),
        ];
        if let Some((name, value)) = below_one.into_iter().find(|(_, value)| !(0.0..1.0).contains(value)) {
            return Err(Error::parameter(name, value, "must be at least 0 and below 1"));
        }
        for (name, value) in [("sample", self.sample), ("kmeans_iters", Some(self.kmeans_iters))] {
            if value == Some(0) {
                return Err(Error::parameter(name, 0, "must be at least 1"));
            }
        }
        let not_negative = [
            ("lr", self.lr.unwrap_or(0.0)),
            ("weight_decay", self.rule.weight_decay),
            ("beta", self.beta),
            ("quantization_weight", self.quantization_weight),
            ("slope", f64::from(self.slope)),
        ];
        if let Some((name, value)) = not_negative.into_iter().find(|(_, value)| !(*value >= 0.0 && value.is_finite())) {
            return Err(Error::parameter(name, value, "must be a finite number, 0 or more"));
        }
        let positive = [("epsilon", self.rule.epsilon), ("clip", self.clip.unwrap_or(1.0))];
        match positive.into_iter().find(|(_, value)| !(*value > 0.0 && value.is_finite())) {
            Some((name, value)) => Err(Error::parameter(name, value, "must be a finite number above 0")),
            None => self.check_sinkhorn().and_then(|()| self.schedule.check()),
        }
    }

    fn check_sinkhorn(&self) -> Result<()> {
        let (epsilons, iterations) = &self.sinkhorn;
        if epsilons.len() > 1 && epsilons.len() != self.levels {
            let expected = format!("give one epsilon for all levels or {}, one for each", self.levels);
            return Err(Error::parameter("sinkhorn", format!("{epsilons:?}"), expected));
        }
        let usable = |epsilon: &f64| *epsilon == 0.0 || (*epsilon >= SINKHORN_EPSILON && epsilon.is_finite());
        if let Some(epsilon) = epsilons.iter().find(|epsilon| !usable(epsilon)) {
            let expected = format!("must be 0, or a finite number of {SINKHORN_EPSILON} or more");
            return Err(Error::parameter("sinkhorn", epsilon, expected));
        }
        match iterations {
            0 => Err(Error::parameter("sinkhorn", 0, "must be at least 1")),
            _ => Ok(()),
        }
    }
}

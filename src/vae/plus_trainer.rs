//! RQ-KMeans+ as a kind that is trained: the parameters of a network, and a model to start from.

use super::file::{NAME, PLUS_NAME};
use super::params::RqVae;
use super::plus::check_labels;
use super::trainer::{NetworkTraining, check_weights, no_frozen_levels};
use super::variant::leave_to_warm_start;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::fields::{Fields, fields, read_fields};
use crate::quantizer::{Kind, Quantizer, Tell, TrainOption, TrainOptions, Trainer, Training};
use crate::rows::Rows;
use crate::rq::k_means;
use serde_json::Value;
use std::sync::Arc;

/// This kind of model.
pub(crate) const PLUS: Kind = Kind {
    name: PLUS_NAME,
    about: "A network that starts as a fitted rq-kmeans model: fewer collisions on most rows that it is trained on, \
            and more neighbours on some, but a long training and larger errors of new rows",
    read: None,
    parameters: |mut fields| {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("kind".to_owned(), Value::from(NAME));
            // Errors of the rows that it is trained on, which get the codes, fall to the end.
            fields.entry("keep").or_insert_with(|| Value::from("last"));
        }
        Ok(Arc::new(RqKMeansPlus(read_fields(fields)?)))
    },
};

/// Parameters of a network that starts from a residual k-means model.
#[derive(Clone, Debug)]
struct RqKMeansPlus(RqVae);

impl Trainer for RqKMeansPlus {
    fn kind(&self) -> &'static str {
        PLUS_NAME
    }

    fn parameters(&self) -> Result<Fields> {
        let mut fields = fields(&self.0)?;
        fields.insert("kind".to_owned(), Value::from(PLUS_NAME));
        leave_to_warm_start(&mut fields);
        Ok(fields)
    }

    fn variant(&self, clusters: &[usize], seed: u64, _: bool) -> Arc<dyn Trainer> {
        Arc::new(Self(self.0.variant(clusters, seed)))
    }

    fn check(&self, rows: usize, dim: usize) -> Result<()> {
        self.0.clone().kmeans_init(false).latent(dim).check_rows(rows, dim)
    }

    fn begin<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &Device,
        options: &TrainOptions<'_>,
        _: Tell<'_>,
    ) -> Result<Box<dyn Training + 'a>> {
        check_weights(self.kind(), options)?;
        let Some(model) = options.warm_start else {
            return Err(Error::parameter("warm_start", "none", "give a fitted rq-kmeans model to start from"));
        };
        no_frozen_levels(options)?;
        let model = k_means(model)?;
        let fit = match options.checkpoint.filter(|path| path.exists()) {
            Some(path) => self.0.resume_from(path, model, rows, device),
            None => self.0.begin_from(model, rows, device),
        };
        Ok(Box::new(NetworkTraining::new(fit?, options)))
    }

    fn needs_warm_start(&self) -> bool {
        true
    }

    fn takes(&self, option: TrainOption) -> bool {
        matches!(option, TrainOption::Checkpoint | TrainOption::WarmStart)
    }

    fn check_warm_start(&self, model: &dyn Quantizer) -> Result<()> {
        check_labels(k_means(model)?)
    }
}

//! What the fits of a sweep take besides rows and parameters.

use super::record::SweepParameters;
use super::settings::Settings;
use crate::blocks::Blocks;
use crate::error::Result;
use crate::io::ReadOptions;
use crate::io::model_file::hex;
use crate::labels::{LabelledFit, Labels, UnknownLabel};
use crate::model::Model;
use crate::quantizer::{Quantizer, TrainOptions};
use crate::weights::Weights;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Weights and labels of the rows, a model to start from, and what the models of all runs record about their rows.
#[derive(Clone, Debug, Default)]
pub(super) struct FitInputs {
    pub(super) weights: Option<Weights>,
    pub(super) labels: Option<Labels>,
    pub(super) unknown: UnknownLabel,
    pub(super) warm_start: Option<Model>,
    pub(super) blocks: Option<Blocks>,
    pub(super) pair_weight: Option<f64>,
    pub(super) columns: Option<ReadOptions>,
}

impl FitInputs {
    /// Returns the options of the training of a run.
    pub(super) fn options(&self, run: &SweepParameters) -> TrainOptions<'_> {
        TrainOptions {
            weights: self.weights.as_ref(),
            labels: self.labels.as_ref().map(|labels| LabelledFit::new(labels).unknown(self.unknown)),
            warm_start: self.warm_start.as_deref(),
            freeze_levels: run.frozen,
            ..TrainOptions::default()
        }
    }

    /// Counts the levels that labels give before those of the parameters.
    pub(super) fn given_levels(&self) -> usize {
        self.labels.as_ref().map_or(0, Labels::columns)
    }

    /// Returns the model of a run with the record of its rows.
    pub(super) fn finished(&self, model: Arc<dyn Quantizer>) -> Result<Model> {
        let model = match &self.blocks {
            Some(blocks) => Model::from(model).with_blocks(blocks.clone())?,
            None => model.into(),
        };
        let model = match &self.columns {
            Some(options) => model.with_columns_of(options)?,
            None => model,
        };
        match self.pair_weight {
            Some(weight) => model.with_pair_weight(weight),
            None => Ok(model),
        }
    }

    /// Returns what of this influences the lines of a sweep; nothing where the fits take rows and parameters alone, so
    /// that lines without it stay what they were.
    pub(super) fn settings(&self) -> Settings {
        let digest = |weights: &Weights| {
            let mut hash = Sha256::new();
            (0..weights.len()).for_each(|row| hash.update(weights.of(row).to_le_bytes()));
            json!(hex(&hash.finalize()))
        };
        let all = [
            ("weights", self.weights.as_ref().map(digest)),
            ("labels", self.labels.as_ref().map(|labels| json!(labels.digest()))),
            ("unknown", self.labels.as_ref().map(|_| json!(self.unknown.name()))),
            ("warm_start", self.warm_start.as_ref().map(|model| json!(model.fingerprint()))),
            ("blocks", self.blocks.as_ref().map(|blocks| json!(blocks.fingerprint("")))),
            ("pair_weight", self.pair_weight.map(|weight| json!(weight))),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

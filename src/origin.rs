//! Records where a model comes from, which its file has in addition to what encoding needs.

use crate::blocks::Blocks;
use crate::error::{Error, Result};
use crate::fields::fields;
use crate::io::model_file::FORMAT_VERSION;
use crate::io::{BadRows, Provenance, ReadOptions};
use crate::labels::{LabelTable, UnknownLabel};
use crate::weights::Weights;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The part of a model file's configuration that is the same for all kinds. The blocks influence an encode and the
/// fingerprint; the rest influences neither.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[doc(hidden)]
pub struct Origin {
    /// The parameters of the fit, kept as they were read, so that parameters of a newer version are not lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<BTreeMap<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provenance: Option<Provenance>,
    /// The blocks that rows consist of, if they have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blocks: Option<Blocks>,
}

impl Origin {
    /// Makes the origin of a fit with these parameters, with the fields `more`.
    pub(crate) fn of(parameters: &impl Serialize, more: &[(&str, &str)]) -> Result<Self> {
        let mut parameters = fields(parameters)?;
        parameters.extend(more.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        Ok(Self { parameters: Some(parameters), provenance: None, blocks: None })
    }

    /// Returns the fingerprint of a model of this origin, whose fingerprint without blocks is `inner`.
    pub(crate) fn fingerprint(&self, inner: String) -> String {
        self.blocks.as_ref().map_or_else(|| inner.clone(), |blocks| blocks.fingerprint(&inner))
    }

    /// Refuses a file of a model of `dim` dimensions whose blocks have other widths, or whose version had no blocks
    /// or no labels and beams, of which `more` says that the file has some.
    pub(crate) fn check(&self, version: u32, more: bool, dim: usize) -> Result<()> {
        let fits = self.blocks.as_ref().is_none_or(|blocks| blocks.dim() == dim);
        let is_known = version >= FORMAT_VERSION || !(more || self.blocks.is_some());
        match fits && is_known {
            true => Ok(()),
            false => Err(Error::damaged(
                "its version or its dimensions are not those of its labels, its beam and its blocks",
            )),
        }
    }

    /// Records that the fit started from the model with this fingerprint, of which it kept the first levels.
    pub(crate) fn started_from(mut self, fingerprint: &str, frozen_levels: usize) -> Self {
        if let Some(parameters) = &mut self.parameters {
            parameters.insert("warm_start".to_owned(), Value::from(fingerprint));
            parameters.insert("freeze_levels".to_owned(), Value::from(frozen_levels));
        }
        self
    }

    /// Records the blocks of the rows, and their names and weights as parameters of the fit.
    pub(crate) fn with_blocks(mut self, blocks: Blocks) -> Self {
        if let Some(parameters) = &mut self.parameters {
            let (names, weights): (Vec<&str>, Vec<f64>) =
                blocks.iter().map(|block| (block.name(), block.weight())).unzip();
            parameters.insert("column".to_owned(), Value::from(names));
            parameters.insert("column_weight".to_owned(), Value::from(weights));
        }
        self.blocks = Some(blocks);
        self
    }

    /// Records which columns or arrays of files the rows were, where options name some, and whether bad rows were left
    /// out.
    pub(crate) fn with_columns_of(mut self, options: &ReadOptions) -> Self {
        let Some(parameters) = &mut self.parameters else { return self };
        let named = |one: &Option<String>| match (options.blocks.as_slice(), one) {
            (_, None) => None,
            ([], Some(one)) => Some(Value::from(vec![one.clone()])),
            (several, _) => Some(Value::from(several)),
        };
        if options.tensor.is_some() {
            // The names of blocks, which were tensors.
            parameters.remove("column");
        }
        let all = [
            ("column", named(&options.column)),
            ("columns", options.columns.clone().map(Value::from)),
            ("tensor", named(&options.tensor)),
            ("as", options.bytes.map(|bytes| Value::from(bytes.to_string()))),
            ("integers", options.integers.then_some(Value::from(true))),
            ("bad_rows", (options.bad_rows == BadRows::Skip).then(|| Value::from("skip"))),
        ];
        let given = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        parameters.extend(given);
        self
    }

    /// Records that rows were mixed with the means of their partners, by this weight.
    pub(crate) fn with_pair_weight(mut self, weight: f64) -> Self {
        if let Some(parameters) = &mut self.parameters {
            parameters.insert("pair_weight".to_owned(), Value::from(weight));
        }
        self
    }

    /// Records that rows counted by weights, with their step, where they did.
    pub(crate) fn weighted(mut self, weights: Option<&Weights>) -> Self {
        if let (Some(parameters), Some(weights)) = (&mut self.parameters, weights) {
            parameters.insert("weight_step".to_owned(), Value::from(weights.step()));
        }
        self
    }

    /// Records the columns of the labels that gave the codes of first levels, and what rows without one got, where
    /// labels gave some.
    pub(crate) fn labelled(mut self, tables: &[LabelTable]) -> Self {
        if let (Some(parameters), Some(first)) = (&mut self.parameters, tables.first()) {
            let columns: Vec<&str> = tables.iter().map(LabelTable::column).collect();
            let unknown = if first.reserved().is_some() { UnknownLabel::Reserve } else { UnknownLabel::Nearest };
            parameters.insert("prefix_column".to_owned(), Value::from(columns));
            parameters.insert("unknown".to_owned(), Value::from(unknown.name()));
        }
        self
    }

    /// Records that the codes were numbered like those of the model with this fingerprint.
    pub(crate) fn aligned_to(mut self, fingerprint: &str) -> Self {
        if let Some(parameters) = &mut self.parameters {
            parameters.insert("align_to".to_owned(), Value::from(fingerprint));
        }
        self
    }
}

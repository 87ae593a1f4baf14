//! Measures whether items that are used together share prefixes, for `--interactions` beside a model.

use crate::args::{KeyArgs, SmoothArgs};
use crate::input::Input;
use crate::items;
use crate::output::Failure;
use semid::mapping::{CoOccurrence, Mapping, read_pairs};
use semid::metrics::Evaluation;
use semid::{Codes, Device, Labels, Model};
use serde::Serialize;
use std::path::Path;

/// How much the prefixes of items say about the prefixes of their partners.
#[derive(Serialize)]
pub(crate) struct Together {
    pub(crate) co_occurrence: CoOccurrence,
    /// The same of the codes of rows that are not mixed, if rows were mixed before the encode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) co_occurrence_unmixed: Option<CoOccurrence>,
}

/// What the measure is about.
pub(crate) struct AskedPairs<'a> {
    pub(crate) model: &'a Model,
    pub(crate) evaluation: &'a Evaluation,
    pub(crate) labels: Option<&'a Labels>,
    /// The keys of the items, by row.
    pub(crate) keys: Vec<String>,
    pub(crate) seed: u64,
}

impl AskedPairs<'_> {
    /// Measures `codes` and, where the rows of the input are mixed, the codes of the rows as the files have them.
    pub(crate) fn measure(
        &self,
        path: &Path,
        input: &Input,
        codes: &Codes,
        device: &Device,
    ) -> Result<Together, Failure> {
        let pairs = read_pairs(path, None)?;
        let of = |codes: &Codes| {
            let clusters = self.model.clusters();
            let mapping = Mapping::new(self.keys.clone(), codes.clone()).map_err(|error| input.failure(error))?;
            let mapping = mapping.with_clusters(&clusters).map_err(|error| input.failure(error))?;
            mapping.co_occurrence(&pairs, self.seed).map_err(|error| Failure::of_file(error, path))
        };
        let unmixed = input.rows.unmixed().map(|rows| {
            let codes = self.evaluation.encode_labelled(&**self.model, self.labels, rows, device);
            of(&codes.map_err(|error| input.failure(error))?)
        });
        Ok(Together { co_occurrence: of(codes)?, co_occurrence_unmixed: unmixed.transpose()? })
    }
}

/// Refuses flags of keys that nothing needs.
pub(crate) fn check_keys(keys: &KeyArgs, interactions: Option<&Path>, smooth: &SmoothArgs) -> Result<(), Failure> {
    let given =
        [("id-column", keys.id_column.is_some()), ("items", keys.items.is_some()), ("row-numbers", keys.row_numbers)];
    match given.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) if interactions.is_none() && smooth.smooth_pairs.is_none() => {
            let what = "with a model, keys of items are for --interactions and --smooth-pairs";
            Err(Failure::Error(format!("--{flag}: {what}; add one of these, or leave --{flag} out")))
        }
        _ => Ok(()),
    }
}

/// Reads the keys of the rows, if something needs them.
pub(crate) fn keys(
    keys: &KeyArgs,
    input: &Input,
    interactions: Option<&Path>,
    smooth: &SmoothArgs,
) -> Result<Option<Vec<String>>, Failure> {
    match interactions.is_some() || smooth.smooth_pairs.is_some() {
        true => items::of_rows(keys, input).map(Some),
        false => Ok(None),
    }
}

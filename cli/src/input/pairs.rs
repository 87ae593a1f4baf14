//! Inputs whose rows are mixed with those of the items that they occur with.

use super::Input;
use super::embeddings::Embeddings;
use crate::args::PairArgs;
use crate::interrupt::Watched;
use crate::lines::KEYS;
use crate::output::{Failure, things};
use semid::Model;
use semid::mapping::read_pairs;
use semid::smoothing::{PairCounts, Partners, Smoothed};
use serde::Serialize;
use std::path::Path;

/// The share that the mean of its partners has in a row, unless a flag or a model says another.
const WEIGHT: f64 = 0.5;

/// What became of the pairs.
#[derive(Serialize)]
pub(crate) struct PairFacts {
    weight: f64,
    /// Pairs of different items of the input.
    pairs: u64,
    /// Rows that have a partner.
    rows: u64,
    self_pairs: u64,
    unknown_pairs: u64,
    unknown_keys: u64,
    /// Whether the rows were kept in a temporary file.
    on_disk: bool,
    #[serde(skip)]
    warnings: Vec<String>,
}

/// Returns the share that the model was fitted with, if it records one.
pub(crate) fn weight_of(model: &Model) -> Option<f64> {
    model.parameters()?.get("pair_weight")?.as_f64()
}

impl Input {
    /// Mixes the rows with those of the items that they occur with, if flags name pairs. `keys` reads the keys of
    /// the items; `weight` is the share of the partners where no flag says one; and `memory` is the number of bytes
    /// that may be used.
    pub(crate) fn smoothed(
        self,
        args: &PairArgs,
        keys: impl FnOnce(&Self) -> Result<Option<Vec<String>>, Failure>,
        weight: Option<f64>,
        memory: Option<u64>,
    ) -> Result<(Self, Option<PairFacts>), Failure> {
        let Some(path) = &args.pairs else { return Ok((self, None)) };
        let Some(keys) = keys(&self)? else {
            return Err(self.refuse("pairs of items need the items' keys; give --id-column NAME or --items FILE"));
        };
        let weight = args.pair_weight.or(weight).unwrap_or(WEIGHT);
        let partners = Partners::new(&keys, read_pairs(path, None)?).map_err(|error| self.failure(error))?;
        let counts = partners.counts().clone();
        if counts.pairs == 0 {
            let path = path.display();
            return Err(Failure::Error(format!(
                "{path}: no pair has the keys of two items of the input; see --id-column"
            )));
        }
        let mixed = Smoothed::new(&Watched::new(&self.rows), partners, weight, memory);
        let mixed = mixed.map_err(|error| self.failure(error))?;
        let warnings = warnings(path, &counts);
        let PairCounts { pairs, rows, self_pairs, unknown_pairs, unknown_keys, .. } = counts;
        let on_disk = mixed.is_on_disk();
        let facts = PairFacts { weight, pairs, rows, self_pairs, unknown_pairs, unknown_keys, on_disk, warnings };
        let Self { rows, name } = self;
        let rows = Embeddings::Smoothed { mixed: Box::new(mixed), of: Box::new(rows) };
        Ok((Self { rows, name }, Some(facts)))
    }
}

impl Input {
    /// Returns the keys of the rows from a column or from a file, if one of them is given.
    pub(crate) fn keys(&self, (column, file): (Option<&str>, Option<&Path>)) -> Result<Option<Vec<String>>, Failure> {
        self.texts(("--id-column", column), (KEYS, "--items", file))
    }
}

fn counting(number: u64) -> &'static str {
    if number == 1 { "counts" } else { "count" }
}

fn warnings(path: &Path, counts: &PairCounts) -> Vec<String> {
    let path = path.display();
    let mut found = Vec::new();
    if counts.unknown_pairs > 0 {
        let of = counts.first_unknown.iter().map(|key| format!("{key:?}")).collect::<Vec<_>>().join(", ");
        let more = if counts.unknown_keys > counts.first_unknown.len() as u64 { ", ..." } else { "" };
        found.push(format!(
            "{path}: {} with keys that no row has ({}: {of}{more}) {} for nothing",
            things(counts.unknown_pairs as usize, "pair"),
            things(counts.unknown_keys as usize, "key"),
            counting(counts.unknown_pairs),
        ));
    }
    if counts.self_pairs > 0 {
        let (pairs, count) = (things(counts.self_pairs as usize, "pair"), counting(counts.self_pairs));
        found.push(format!("{path}: {pairs} of an item with itself {count} for nothing"));
    }
    found
}

impl PairFacts {
    /// Returns the weight.
    pub(crate) fn weight(&self) -> f64 {
        self.weight
    }
}

/// Warns of pairs that count for nothing.
pub(crate) fn warn(facts: Option<&PairFacts>) -> Vec<String> {
    facts.map(|facts| facts.warnings.clone()).unwrap_or_default()
}

/// The pairs in words.
pub(crate) fn text(facts: Option<&PairFacts>) -> String {
    let Some(PairFacts { weight, pairs, rows, on_disk, .. }) = facts else { return String::new() };
    let place = if *on_disk { ", which were kept in a temporary file" } else { "" };
    let (pairs, rows) = (things(*pairs as usize, "pair"), things(*rows as usize, "row"));
    format!("mixed {rows} with {weight} of the mean of their partners, by {pairs}{place}\n")
}

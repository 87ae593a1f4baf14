//! The measurements behind a report.

use super::Report;
use super::model::ModelFacts;
use super::names::{Captions, Names, known};
use super::tree::Tree;
use super::words::Words;
use crate::codes::Codes;
use crate::error::Result;
use crate::mapping::{Mapping, WeightedCollisions};
use crate::metrics::{ErrorMetrics, PrefixPurity, Quality, Quantizer, prefix_purity};
use crate::rows::Rows;

/// About how many bytes of a page the tree may take.
const TREE_BYTES: usize = 3_000_000;
/// How many bytes the name of an item takes in the tree besides its letters.
const NAME_BYTES: usize = 10;

/// Measures in which items count by their weights, besides those of neighbours.
pub(super) struct ByWeight {
    /// Errors of decoding, if the model decodes to rows.
    pub(super) errors: Option<ErrorMetrics>,
    pub(super) collisions: WeightedCollisions,
}

/// The measurements from which a page is made.
pub(super) struct Facts<'a> {
    pub(super) names: Names<'a>,
    pub(super) captions: Captions,
    pub(super) words: Words,
    pub(super) tree: Tree<'a>,
    /// Whether the tree knows which items are nearest to the centres of its cells.
    pub(super) has_centres: bool,
    /// For every level, the number of items of each code.
    pub(super) usage: Vec<Vec<u64>>,
    pub(super) quality: Quality,
    /// Measures by the weights of the items, where they have some.
    pub(super) by_weight: Option<ByWeight>,
    pub(super) purity: Option<Vec<PrefixPurity>>,
    /// How many of the first levels build on each other, so that items with a longer common prefix are more alike.
    pub(super) hierarchical: usize,
    pub(super) model: ModelFacts,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        report: &'a Report,
        (model, rows): (&dyn Quantizer, &dyn Rows),
        codes: &'a Codes,
        (quality, by_weight): (Quality, Option<ByWeight>),
    ) -> Result<Self> {
        let names = Names(report.names.as_deref());
        let purity = report.labels.as_deref().map(|labels| purity(codes, labels, report.seed)).transpose()?;
        let mut tree = Tree::new(codes, TREE_BYTES, |row| names.of(row).len() + NAME_BYTES);
        tree.find_central(model, rows)?;
        Ok(Self {
            names,
            captions: Captions::new(report.labels.as_deref().unwrap_or_default()),
            words: Words::new(&names),
            tree,
            has_centres: true,
            usage: usage(codes, &model.clusters()),
            quality,
            by_weight,
            purity,
            hierarchical: model.hierarchical_levels(),
            model: ModelFacts::of(model)?,
        })
    }

    /// Returns all that a mapping says without embeddings.
    pub(super) fn of_mapping(report: &'a Report, mapping: &'a Mapping) -> Result<Self> {
        let names = Names(report.names.as_deref().or(Some(mapping.keys())));
        let codes = mapping.codes();
        let labels = report.labels.as_deref();
        Ok(Self {
            names,
            captions: Captions::new(labels.unwrap_or_default()),
            words: Words::new(&names),
            tree: Tree::new(codes, TREE_BYTES, |row| names.of(row).len() + NAME_BYTES),
            has_centres: false,
            usage: usage(codes, mapping.clusters()),
            quality: Quality { codes: mapping.metrics()?, errors: None, neighbors: None },
            by_weight: None,
            purity: labels.map(|labels| purity(codes, labels, report.seed)).transpose()?,
            hierarchical: codes.levels(),
            model: ModelFacts::unknown(),
        })
    }
}

fn purity(codes: &Codes, labels: &[String], seed: u64) -> Result<Vec<PrefixPurity>> {
    prefix_purity(codes, &known(labels).collect::<Vec<_>>(), seed)
}

/// Counts the items of every code, for every level.
fn usage(codes: &Codes, clusters: &[usize]) -> Vec<Vec<u64>> {
    let mut usage: Vec<Vec<u64>> = clusters.iter().map(|clusters| vec![0; *clusters]).collect();
    for row in codes.rows() {
        for (counts, code) in usage.iter_mut().zip(row) {
            counts.iter_mut().skip(*code as usize).take(1).for_each(|count| *count += 1);
        }
    }
    usage
}

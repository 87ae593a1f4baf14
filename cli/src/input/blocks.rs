//! Inputs whose rows have several embeddings, side by side.

use super::embeddings::Embeddings;
use super::{Input, Texts};
use crate::args::{Common, InputArgs};
use crate::interrupt::Watched;
use crate::names::places;
use crate::output::{Failure, numbers, things};
use semid::blocks::{Block, BlockRows, Blocks};
use semid::io::Inputs;
use semid::{Model, Weights};
use serde::Serialize;

/// A block of rows, and how many of them lack it.
#[derive(Serialize)]
pub(crate) struct BlockFacts {
    name: String,
    dim: usize,
    weight: f64,
    scale: f64,
    /// Rows that lack the block, whose mean takes its place.
    imputed: u64,
}

/// Opens rows of one embedding each by `open`, in the column of the model's fit where there is a model and files have
/// that column.
fn open_as_fitted(
    args: &InputArgs,
    model: Option<&Model>,
    open: impl Fn(&InputArgs) -> Result<Input, Failure>,
) -> Result<Input, Failure> {
    let Some(as_fitted) = model.and_then(|model| args.as_fitted(model)) else { return open(args) };
    let failure = match open(&as_fitted) {
        Ok(input) => return Ok(input),
        Err(failure) => failure,
    };
    // Files may have other columns than those of the fit; then the defaults hold.
    let Ok(input) = open(args) else { return Err(failure) };
    match as_fitted.first_column() {
        Some(name) if input.rows.has_column(name)? => Err(failure),
        _ => Ok(input),
    }
}

impl Input {
    /// Opens the input of a command that has a model, in the blocks of the model's rows, if it has some, and otherwise
    /// in the column of its fit where files have that.
    pub(crate) fn open_for(
        common: &Common,
        args: &InputArgs,
        keys: Texts<'_>,
        columns: &[Option<&str>],
        model: Option<&Model>,
    ) -> Result<Self, Failure> {
        let refused = |reason: &str| Err(Failure::Error(reason.to_owned()));
        if !args.column_weight.is_empty() {
            return refused("--column-weight is for fits: a model has the scales of its blocks; leave it out");
        }
        let given = args.blocks();
        let Some(blocks) = model.and_then(|model| model.blocks()) else {
            return match given {
                [] => open_as_fitted(args, model, |args| Self::open_raw(common, args, keys, columns, &[])),
                _ => refused("the model takes one embedding per row; give one --column or --tensor"),
            };
        };
        let own: Vec<String> = blocks.iter().map(|block| block.name().to_owned()).collect();
        let names = match (given, args.has_one_column()) {
            ([], false) => &own,
            // Names of the model say which block is which, in any order; others stand in the model's order.
            (given, _) if places(given, &own).is_some() => &own,
            (given, _) if given.len() == own.len() => given,
            _ => {
                return refused(&format!(
                    "the model takes {} embeddings per row, from {}; leave --column and --tensor out, or give one for \
                     each of them",
                    own.len(),
                    own.join(", ")
                ));
            }
        };
        Self::open_raw(common, args, keys, columns, names)?.scaled(blocks.clone())
    }

    /// Scales the blocks of the rows, where flags name several: each has its weight as its mean square.
    pub(crate) fn with_own_blocks(self, args: &InputArgs, weights: Option<&Weights>) -> Result<Self, Failure> {
        let names = args.blocks();
        let given = &args.column_weight;
        if names.is_empty() {
            return match given.as_slice() {
                [] => Ok(self),
                _ => {
                    Err(Failure::Error("--column-weight is for several embeddings per row: give --column twice".into()))
                }
            };
        }
        if !given.is_empty() && given.len() != names.len() {
            let (found, blocks) = (things(given.len(), "number"), things(names.len(), "embedding"));
            return Err(Failure::Error(format!("--column-weight has {found} for {blocks} per row: give one for each")));
        }
        let weight = |i: usize| given.get(i).copied().unwrap_or(1.0);
        let blocks: Vec<(String, usize, f64)> = names
            .iter()
            .zip(self.rows.widths())
            .enumerate()
            .map(|(i, (name, w))| (name.clone(), *w, weight(i)))
            .collect();
        let fitted = Blocks::fit(&Watched::new(&self.rows), blocks, weights).map_err(|error| self.failure(error))?;
        self.scaled(fitted)
    }

    /// Scales the rows by these blocks.
    pub(crate) fn scaled(self, blocks: Blocks) -> Result<Self, Failure> {
        let widths = self.rows.widths().to_vec();
        let wrong = blocks.iter().zip(&widths).find(|(block, width)| block.width() != **width);
        if let Some((block, found)) = wrong.filter(|_| widths.len() == blocks.iter().len()) {
            let (name, expected) = (block.name(), things(block.width(), "dimension"));
            return Err(
                self.refuse(&format!("the model's block {name:?} has {expected}, but its column here has {found}"))
            );
        }
        let Self { rows, name } = self;
        let rows = match rows {
            Embeddings::Plain(inputs) => inputs,
            _ => return Err(Failure::Error("the rows are scaled already".to_owned())),
        };
        let rows = blocks.rows(*rows).map_err(|error| Failure::of_rows(error, &name))?;
        Ok(Self { rows: Embeddings::Blocks(Box::new(rows)), name })
    }

    /// Returns the blocks that the rows are scaled by, if they have several.
    pub(crate) fn blocks(&self) -> Option<&Blocks> {
        self.rows.blocks().map(BlockRows::blocks)
    }

    /// Returns the rows with their blocks scaled as `model` takes them; none where the input scales them in that way
    /// already.
    pub(crate) fn rows_for(&self, model: &Model) -> Result<Option<BlockRows<&Inputs>>, Failure> {
        match (self.blocks(), model.blocks()) {
            (own, theirs) if own == theirs => Ok(None),
            _ if self.rows.unmixed().is_some() => Err(self.refuse(
                "the older model scales the embeddings of a row in another way, and mixed rows have one scale only; \
                 compare without --smooth-pairs",
            )),
            (Some(_), Some(theirs)) if theirs.widths() == self.rows.widths() => Ok(Some(theirs.rows(&*self.rows)?)),
            _ => {
                Err(self
                    .refuse("the older model takes other embeddings of every row; compare models of the same columns"))
            }
        }
    }

    /// Tells of the blocks, as far as the rows were read.
    pub(crate) fn block_facts(&self) -> Vec<BlockFacts> {
        let Some(rows) = self.rows.blocks() else { return Vec::new() };
        let facts = |(block, imputed): (&Block, u64)| BlockFacts {
            name: block.name().to_owned(),
            dim: block.width(),
            weight: block.weight(),
            scale: block.scale(),
            imputed,
        };
        rows.blocks().iter().zip(rows.imputed()).map(facts).collect()
    }

    /// Counts the rows that lack each block, as far as the rows were read.
    pub(crate) fn imputed_counts(&self) -> Vec<u64> {
        self.block_facts().iter().map(|block| block.imputed).collect()
    }

    /// Says how many rows lack a block.
    pub(crate) fn imputed(&self) -> Vec<String> {
        let lacking = self.block_facts().into_iter().filter(|block| block.imputed > 0);
        let text = |BlockFacts { name, imputed, .. }: BlockFacts| {
            let lack = if imputed == 1 { "row lacks" } else { "rows lack" };
            format!("{}: {imputed} {lack} the block {name:?}; its mean takes their place", self.name.display())
        };
        lacking.map(text).collect()
    }
}

/// The blocks in words.
pub(crate) fn text(blocks: &[BlockFacts]) -> String {
    let line = |BlockFacts { name, dim, weight, scale, .. }: &BlockFacts| {
        let scale = numbers(&[*scale]).concat();
        format!("block {name}: {}, weight {weight}, scaled by {scale}\n", things(*dim, "dimension"))
    };
    blocks.iter().map(line).collect()
}

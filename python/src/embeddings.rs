//! Rows that may consist of several embeddings, as fits and models take them: scaled side by side.

use crate::errors::{OrRaise, parameter};
use crate::input::{Input, PyRows};
use crate::smoothed::SmoothedEmbeddings;
use crate::work::{Watch, WatchedRows};
use pyo3::prelude::*;
use semid::blocks::{Block, BlockRows, Blocks};
use semid::{Result, Rows, Weights};

/// The rows of an input, and where the scales of their embeddings come from.
pub(crate) struct Given<'a> {
    rows: PyRows<'a>,
    scales: Scales<'a>,
}

enum Scales<'a> {
    /// The rows of a fit, which finds the scales of these embeddings, by name and width; none where there is one.
    Own(Vec<(String, usize)>),
    /// Those of a model.
    Kept(&'a Blocks),
    /// The rows are scaled already.
    Done(&'a SmoothedEmbeddings),
}

impl<'a> Given<'a> {
    /// Takes the rows of an input, with the scales of `model`, if there is one, or else with their own.
    pub(crate) fn new(py: Python<'_>, input: &'a Input<'_>, model: Option<&'a semid::Model>) -> PyResult<Self> {
        if let Input::Smoothed(smoothed) = input {
            let smoothed = smoothed.get();
            let rows = match model {
                Some(model) => smoothed.rows_for(model).or_raise(py)?,
                None => smoothed.rows().or_raise(py)?,
            };
            return Ok(Self { rows: Box::new(rows), scales: Scales::Done(smoothed) });
        }
        let (scales, rows) = match (model, input.names()) {
            (Some(model), _) => {
                let scales = model.blocks().map_or_else(|| Scales::Own(Vec::new()), Scales::Kept);
                (scales, input.unscaled_for(py, model)?)
            }
            (None, Some(names)) => {
                let (named, rows) = input.joined(py, &names)?;
                (Scales::Own(named), rows)
            }
            (None, None) => (Scales::Own(Vec::new()), input.rows(py)?),
        };
        Ok(Self { rows, scales })
    }

    /// Counts the values of the rows.
    pub(crate) fn values(&self) -> usize {
        crate::input::values(&*self.rows)
    }

    /// Scales the rows; their own scales follow from the weights of the embeddings, 1 for each unless given, and of the
    /// rows.
    pub(crate) fn scaled(
        &'a self,
        watch: &'a Watch<'_>,
        given: Option<&[f64]>,
        weights: Option<&Weights>,
    ) -> Result<Scaled<'a>> {
        let rows = watch.rows(&*self.rows);
        let blocks = match &self.scales {
            Scales::Own(named) => own(&rows, named, given, weights)?,
            Scales::Kept(blocks) => {
                same(blocks, given, "must be None: a fit that starts from a model keeps the scales of its embeddings")?;
                Some((*blocks).clone())
            }
            Scales::Done(smoothed) => {
                same(&smoothed.blocks, given, "must be None: smooth has scaled these embeddings; give it the weights")?;
                return Ok(Scaled::Before(rows, smoothed));
            }
        };
        Ok(match blocks {
            Some(blocks) => Scaled::Here(blocks.rows(rows)?),
            None => Scaled::One(rows),
        })
    }
}

/// Rows as a fit or a model takes them.
pub(crate) enum Scaled<'a> {
    /// One embedding each.
    One(WatchedRows<'a>),
    /// Several, which are scaled when they are read.
    Here(BlockRows<WatchedRows<'a>>),
    /// Several, which were scaled before.
    Before(WatchedRows<'a>, &'a SmoothedEmbeddings),
}

impl Scaled<'_> {
    pub(crate) fn rows(&self) -> &dyn Rows {
        match self {
            Self::One(rows) | Self::Before(rows, _) => rows,
            Self::Here(rows) => rows,
        }
    }

    /// The scales of the embeddings, if every row has several.
    pub(crate) fn blocks(&self) -> Option<&Blocks> {
        match self {
            Self::One(_) => None,
            Self::Here(rows) => Some(rows.blocks()),
            Self::Before(_, smoothed) => Some(&smoothed.blocks),
        }
    }

    /// How many rows lack each embedding, of those that were read so far.
    pub(crate) fn imputed(&self) -> Vec<u64> {
        match self {
            Self::One(_) => Vec::new(),
            Self::Here(rows) => rows.imputed(),
            Self::Before(_, smoothed) => smoothed.imputed.clone(),
        }
    }

    /// The same of all rows, which are read for it.
    pub(crate) fn imputed_of_all(&self) -> Result<Vec<u64>> {
        if let Self::Here(rows) = self {
            const VALUES: usize = 1 << 20;
            let dim = rows.dim().max(1);
            let step = (VALUES / dim).max(1);
            let mut out = vec![0.0; step.min(rows.len()) * dim];
            for first in (0..rows.len()).step_by(step) {
                let count = step.min(rows.len() - first);
                rows.read(first, out.get_mut(..count * dim).unwrap_or_default())?;
            }
        }
        Ok(self.imputed())
    }
}

/// Refuses other weights of embeddings than those by which they are scaled.
fn same(blocks: &Blocks, given: Option<&[f64]>, expected: &str) -> Result<()> {
    match given {
        Some(given) if blocks.iter().map(Block::weight).ne(given.iter().copied()) => {
            Err(parameter("column_weight", "given", expected))
        }
        _ => Ok(()),
    }
}

/// Finds the scales of the embeddings of every row, if there are several; each has the weight 1 unless given another.
fn own(
    rows: &dyn Rows,
    named: &[(String, usize)],
    given: Option<&[f64]>,
    weights: Option<&Weights>,
) -> Result<Option<Blocks>> {
    match (named, given) {
        ([], Some(_)) => Err(parameter("column_weight", "given", "must be None but for a dict of several embeddings")),
        ([], None) => Ok(None),
        (named, Some(given)) if given.len() != named.len() => {
            let expected = format!("must be {} numbers, one for each embedding", named.len());
            Err(parameter("column_weight", format!("{} numbers", given.len()), expected))
        }
        (named, given) => {
            let weight = |i: usize| given.and_then(|given| given.get(i)).copied().unwrap_or(1.0);
            let blocks = named.iter().enumerate().map(|(i, (name, width))| (name.clone(), *width, weight(i)));
            Blocks::fit(rows, blocks, weights).map(Some)
        }
    }
}

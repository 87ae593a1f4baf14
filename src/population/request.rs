//! Requests of a driver to the holders of rows, and their answers.

use super::load::Loaded;
use crate::codebook::Codebook;
use crate::error::{Error, ErrorKind, Result};
use crate::grid::GridSketch;
use crate::joint::JointSums;
use crate::partial::Partial;
use crate::quantization::Quantization;
use crate::rng::Sample;
use std::sync::Arc;

/// The state that rows have to be in before a reduction: the rows of a sample on a grid, less their codewords of the
/// levels so far, and scaled to unit length if the next level wants that.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) sample: Sample,
    pub(crate) quantization: Quantization,
    pub(crate) levels: Vec<FittedLevel>,
}

/// A fitted level.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FittedLevel {
    pub(crate) codebook: Arc<Codebook>,
    /// The codes of all rows, where balancing chose them; none where they are the nearest codewords.
    pub(crate) codes: Option<Arc<Vec<u32>>>,
}

impl State {
    /// Returns whether these levels continue those of `before`, for the same rows on the same grid.
    pub(crate) fn extends(&self, before: &Self) -> bool {
        self.sample == before.sample
            && self.quantization == before.quantization
            && self.levels.starts_with(&before.levels)
    }
}

/// A reduction over rows in a state. The same request has the same answer, whatever was asked before.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub(crate) state: Arc<State>,
    pub(crate) reduction: Reduction,
}

impl Request {
    /// Returns the answer of a shard without rows.
    pub(crate) fn of_no_rows(&self, dim: usize) -> Answer {
        match &self.reduction {
            Reduction::Sketch => Answer::Sketch(GridSketch::new(dim)),
            Reduction::Loaded => Answer::Loaded(Loaded::default()),
            Reduction::Assign { now, .. } => Answer::Sums(Partial::new(now.clusters(), dim)),
            Reduction::Potential { .. } => Answer::Potential(0),
            Reduction::Draw { .. } => Answer::Places(Vec::new()),
            Reduction::Weights { candidates } => Answer::Weights(vec![0; candidates.clusters()]),
            Reduction::Farthest { .. } => Answer::Farthest(Vec::new()),
            Reduction::Gather { .. } => Answer::Rows(Vec::new()),
            Reduction::Joint { levels, .. } => Answer::Joint(JointSums::new(levels)),
        }
    }
}

/// What a shard computes. Places are counted from 0 among the rows of the shard that the sample chooses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reduction {
    /// The sketch from which the grid is chosen; the state's grid and levels have no influence.
    Sketch,
    /// What the grid leaves out of the rows; the state's levels have no influence.
    Loaded,
    /// Sums of the rows by the nearest codeword of `now`, and how many rows were nearest to another codeword of
    /// `before`. Without `before`, every row counts as changed.
    Assign {
        /// The codebook of the request before.
        before: Option<Arc<Codebook>>,
        /// The codebook of this request.
        now: Arc<Codebook>,
    },
    /// The sum over the rows of the squared distance to the nearest candidate.
    Potential {
        /// Candidates for first codewords.
        candidates: Arc<Codebook>,
    },
    /// The places on which the given values fall, all of them below the shard's potential.
    Draw {
        /// Candidates for first codewords.
        candidates: Arc<Codebook>,
        /// The values.
        values: Vec<u128>,
    },
    /// How many rows are nearest to each candidate, the first one on a tie.
    Weights {
        /// Candidates for first codewords.
        candidates: Arc<Codebook>,
    },
    /// The rows farthest from their nearest codewords.
    Farthest {
        /// The codebook.
        codebook: Arc<Codebook>,
        /// The largest number of rows in the answer.
        count: usize,
    },
    /// The rows themselves.
    Gather {
        /// The places of the rows.
        places: Vec<u64>,
    },
    /// Sums of what all levels leave of the rows by their codes, which a beam finds; the state has no levels.
    Joint {
        /// The codebooks of all levels.
        levels: Vec<Arc<Codebook>>,
        /// The width of the beam.
        beam: usize,
    },
}

impl Reduction {
    /// Returns whether answers of several shards can be merged before the driver sees them. The others tell shards
    /// apart.
    pub(crate) fn merges(&self) -> bool {
        matches!(self, Self::Sketch | Self::Loaded | Self::Assign { .. } | Self::Weights { .. } | Self::Joint { .. })
    }
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq)]
pub struct Reply(pub(crate) Answer);

impl Reply {
    /// Adds another shard's reply to the same request, where [`Call::merges`](super::Call::merges) says so. Engines can
    /// merge replies in a tree, in any order, before the driver gets them.
    ///
    /// # Errors
    /// [`ErrorKind::Message`] for replies that cannot be merged, and what [`Partial::merge`] and [`GridSketch::merge`]
    /// refuse.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        match (&mut self.0, &other.0) {
            (Answer::Sketch(all), Answer::Sketch(sketch)) => all.merge(sketch),
            (Answer::Sums(all), Answer::Sums(sums)) => all.merge(sums),
            (Answer::Joint(all), Answer::Joint(sums)) => all.merge(sums),
            (Answer::Loaded(all), Answer::Loaded(loaded)) => {
                all.merge(loaded);
                Ok(())
            }
            (Answer::Weights(all), Answer::Weights(weights)) if all.len() == weights.len() => {
                let sums: Option<Vec<u64>> =
                    all.iter().zip(weights).map(|(all, more)| all.checked_add(*more)).collect();
                *all = sums.ok_or(ErrorKind::Overflow { what: "rows per candidate" })?;
                Ok(())
            }
            _ => Err(Error::message("pair of replies", "they answer different requests; merge those to one request")),
        }
    }
}

/// The result of a [`Reduction`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Answers [`Reduction::Sketch`].
    Sketch(GridSketch),
    /// Answers [`Reduction::Loaded`].
    Loaded(Loaded),
    /// Answers [`Reduction::Assign`].
    Sums(Partial),
    /// Answers [`Reduction::Potential`].
    Potential(u128),
    /// Answers [`Reduction::Draw`].
    Places(Vec<u64>),
    /// Answers [`Reduction::Weights`].
    Weights(Vec<u64>),
    /// Answers [`Reduction::Farthest`], farthest first.
    Farthest(Vec<FarRow>),
    /// Answers [`Reduction::Gather`] with grid integers, row by row.
    Rows(Vec<i32>),
    /// Answers [`Reduction::Joint`].
    Joint(JointSums),
}

/// A row that differs from its codeword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FarRow {
    /// The squared distance, which is not 0.
    pub(crate) distance: u64,
    /// The place of the row.
    pub(crate) place: u64,
    /// The code of the row.
    pub(crate) code: u32,
}

impl FarRow {
    /// Returns a key that puts the farthest row first, and the lowest row first on a tie.
    pub(crate) fn order(&self) -> (std::cmp::Reverse<u64>, u64) {
        (std::cmp::Reverse(self.distance), self.place)
    }
}

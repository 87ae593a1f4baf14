//! What a driver asks of the holders of rows, and what they answer.

use crate::codebook::Codebook;
use crate::grid::Range;
use crate::partial::Partial;
use crate::quantization::Quantization;
use crate::rng::Sample;
use std::sync::Arc;

/// What the rows are to be before something is computed from them: the rows of a sample, on a grid, less their
/// codewords of the levels so far, and scaled to unit length where the next level wants that.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) sample: Sample,
    pub(crate) quantization: Quantization,
    pub(crate) levels: Vec<FittedLevel>,
}

/// A level that is fitted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FittedLevel {
    pub(crate) codebook: Arc<Codebook>,
    /// The codes of all rows, where balancing decided instead of the nearest codewords.
    pub(crate) codes: Option<Arc<Vec<u32>>>,
}

impl State {
    /// Whether these levels come after those of `before`, of the same rows on the same grid.
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
    /// The answer of a shard without rows.
    pub(crate) fn of_no_rows(&self, dim: usize) -> Answer {
        match &self.reduction {
            Reduction::Range => Answer::Range(Range::new(dim)),
            Reduction::Saturated => Answer::Saturated(0),
            Reduction::Assign { now, .. } => Answer::Sums(Partial::new(now.clusters(), dim)),
            Reduction::Potential { .. } => Answer::Potential(0),
            Reduction::Draw { .. } => Answer::Places(Vec::new()),
            Reduction::Weights { candidates } => Answer::Weights(vec![0; candidates.clusters()]),
            Reduction::Farthest { .. } => Answer::Farthest(Vec::new()),
            Reduction::Gather { .. } => Answer::Rows(Vec::new()),
        }
    }
}

/// What is to be computed. Places are counted from 0 among the rows of the shard that the sample chooses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reduction {
    /// What the values are like, for the grid; the state's grid and levels do not matter.
    Range,
    /// How many values the grid does not hold.
    Saturated,
    /// Sums of the rows by the nearest codeword of `now`; how many rows were nearest to another codeword of `before`.
    /// Without `before`, every row counts as changed.
    Assign {
        /// The codebook of the last time.
        before: Option<Arc<Codebook>>,
        /// The codebook.
        now: Arc<Codebook>,
    },
    /// The sum over the rows of the squared distance to the nearest of the candidates.
    Potential {
        /// Candidates for first codewords.
        candidates: Arc<Codebook>,
    },
    /// The places on which values below the shard's potential fall.
    Draw {
        /// Candidates for first codewords.
        candidates: Arc<Codebook>,
        /// The values.
        values: Vec<u128>,
    },
    /// How many rows are nearest to each of the candidates, the first on a tie.
    Weights {
        /// Candidates for first codewords.
        candidates: Arc<Codebook>,
    },
    /// The rows farthest from their nearest codewords.
    Farthest {
        /// The codebook.
        codebook: Arc<Codebook>,
        /// Most rows to name.
        count: usize,
    },
    /// The rows themselves.
    Gather {
        /// Their places.
        places: Vec<u64>,
    },
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq)]
pub struct Reply(pub(crate) Answer);

/// What was computed, by the [`Reduction`] that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// To [`Reduction::Range`].
    Range(Range),
    /// To [`Reduction::Saturated`].
    Saturated(u64),
    /// To [`Reduction::Assign`].
    Sums(Partial),
    /// To [`Reduction::Potential`].
    Potential(u128),
    /// To [`Reduction::Draw`].
    Places(Vec<u64>),
    /// To [`Reduction::Weights`].
    Weights(Vec<u64>),
    /// To [`Reduction::Farthest`], farthest first.
    Farthest(Vec<FarRow>),
    /// To [`Reduction::Gather`]: grid integers, row by row.
    Rows(Vec<i32>),
}

/// A row that is away from its codeword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FarRow {
    /// Squared distance, not 0.
    pub(crate) distance: u64,
    /// The row's place.
    pub(crate) place: u64,
    /// Its code.
    pub(crate) code: u32,
}

impl FarRow {
    /// Farthest first, the lowest row on a tie.
    pub(crate) fn order(&self) -> (std::cmp::Reverse<u64>, u64) {
        (std::cmp::Reverse(self.distance), self.place)
    }
}

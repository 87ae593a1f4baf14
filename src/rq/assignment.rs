//! How an iteration gives rows their codes: the nearest codeword, the exact optimum under sizes of clusters, or Sinkhorn.

use super::balance::Balance;
use super::level::LevelWork;
use super::optimal::Optimal;
use super::sinkhorn::Sinkhorn;
use crate::codebook::Codebook;
use crate::error::Result;

/// The assignment step of a run, with what it remembers from one iteration to the next.
pub(super) enum Assignment {
    /// Every row its nearest codeword.
    Nearest,
    /// Every row one codeword, every codeword a bounded number of rows, at the smallest sum of squared distances.
    Optimal(Optimal),
    /// Every row its largest share of a plan that spreads the rows evenly.
    Sinkhorn(Sinkhorn),
}

/// What a balanced run ends with.
#[derive(Clone, Debug)]
pub(super) struct Balancing {
    pub(super) codes: Vec<u32>,
    /// Where there are any: none for Sinkhorn.
    pub(super) prices: Option<Vec<i64>>,
    pub(super) report: Balance,
}

impl Assignment {
    pub(super) fn new(work: &LevelWork<'_>) -> Self {
        match (work.sizes, work.params.sinkhorn) {
            (Some(sizes), _) => Self::Optimal(Optimal::new(sizes, Vec::new())),
            (None, Some((epsilon, iterations))) => Self::Sinkhorn(Sinkhorn::new(epsilon, iterations)),
            (None, None) => Self::Nearest,
        }
    }

    /// Gives every row of the table its code; returns how many changed.
    pub(super) fn assign(&mut self, work: &mut LevelWork<'_>, codebook: &Codebook) -> Result<u64> {
        match self {
            Self::Nearest => Ok(work.table.assign(codebook)?.changed),
            Self::Optimal(optimal) => optimal.assign(work.engine, work.table, codebook),
            Self::Sinkhorn(sinkhorn) => sinkhorn.assign(work.table, codebook, work.unit),
        }
    }

    /// What is to be kept of a balanced run.
    pub(super) fn finish(self, work: &LevelWork<'_>) -> Result<Option<Balancing>> {
        let (clusters, unit) = (work.clusters(), work.unit);
        match self {
            Self::Nearest => Ok(None),
            Self::Optimal(optimal) => {
                let (report, prices) = (optimal.balance(unit), optimal.prices(work.level)?);
                Ok(Some(Balancing { report, prices: Some(prices), codes: optimal.codes }))
            }
            Self::Sinkhorn(Sinkhorn { codes, .. }) => {
                let report = Balance::new(&codes, clusters, None, unit);
                Ok(Some(Balancing { report, prices: None, codes }))
            }
        }
    }
}

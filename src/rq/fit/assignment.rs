//! How an iteration gives rows their codes: the nearest codeword, the exact optimum under sizes of clusters, or
//! Sinkhorn.

use super::work::{Balancing, LevelWork};
use crate::balance::Balance;
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{ErrorKind, Result};
use crate::partial::Partial;
use crate::population::{self, Ask, FarRow};
use crate::rq::optimal::Optimal;
use crate::rq::sinkhorn::Sinkhorn;
use std::sync::Arc;

/// The assignment step of a run, with what it remembers from one iteration to the next.
pub(super) enum AssignmentStep {
    /// Every row its nearest codeword. The codebook of the last time says which rows change.
    Nearest(Option<Arc<Codebook>>),
    /// Every row one codeword, every codeword a bounded number of rows, at the smallest sum of squared distances.
    Optimal(Box<Optimal>, Energy),
    /// Every row its largest share of a plan that spreads the rows evenly.
    Sinkhorn(Sinkhorn, Energy),
}

/// Sum of the rows' squared lengths, once it is known.
type Energy = Option<u128>;

impl AssignmentStep {
    pub(super) fn new(work: &LevelWork<'_, '_>) -> Self {
        match (work.sizes, work.params.sinkhorn) {
            (Some(sizes), _) => Self::Optimal(Box::new(Optimal::new(sizes, Vec::new())), None),
            (None, Some((epsilon, iterations))) => Self::Sinkhorn(Sinkhorn::new(epsilon, iterations), None),
            (None, None) => Self::Nearest(None),
        }
    }

    /// Returns whether every row gets its nearest codeword.
    pub(super) fn is_nearest(&self) -> bool {
        matches!(self, Self::Nearest(_))
    }

    /// Gives every row its code; returns the sums of the rows by their codes.
    pub(super) fn assign(
        &mut self,
        work: &mut LevelWork<'_, '_>,
        codebook: &Arc<Codebook>,
        ask: Ask<'_>,
    ) -> Result<Partial> {
        let (unit, device) = (work.unit, work.residuals.device().clone());
        match self {
            Self::Nearest(before) => {
                let sums = work.residuals.assign(before.as_ref(), codebook, ask)?;
                *before = Some(codebook.clone());
                Ok(sums)
            }
            Self::Optimal(optimal, energy) => {
                let table = whole(work, ask)?;
                let changed = optimal.assign(device.engine(), table, codebook)?;
                sums(table, codebook, energy, changed)
            }
            Self::Sinkhorn(sinkhorn, energy) => {
                let table = whole(work, ask)?;
                let changed = sinkhorn.assign(table, codebook, unit)?;
                sums(table, codebook, energy, changed)
            }
        }
    }

    /// The `count` rows farthest from the codewords of their codes, see [`crate::population::Residuals::farthest`].
    pub(super) fn farthest(
        &self,
        work: &mut LevelWork<'_, '_>,
        codebook: &Arc<Codebook>,
        count: usize,
        ask: Ask<'_>,
    ) -> Result<Vec<FarRow>> {
        match self {
            Self::Nearest(_) => work.residuals.farthest(codebook, count, ask),
            Self::Optimal(..) | Self::Sinkhorn(..) => population::farthest(whole(work, ask)?, codebook, count),
        }
    }

    /// Returns what a balanced run keeps.
    pub(super) fn finish(self, work: &LevelWork<'_, '_>) -> Result<Option<Balancing>> {
        let (clusters, unit) = (work.clusters(), work.unit);
        match self {
            Self::Nearest(_) => Ok(None),
            Self::Optimal(optimal, _) => {
                let (report, prices) = (optimal.balance(unit), optimal.prices(work.level)?);
                Ok(Some(Balancing { report, prices: Some(prices), codes: optimal.codes }))
            }
            Self::Sinkhorn(Sinkhorn { codes, .. }, _) => {
                let report = Balance::new(&codes, clusters, None, unit);
                Ok(Some(Balancing { report, prices: None, codes }))
            }
        }
    }
}

/// The table of all rows, which balancing needs.
fn whole<'w>(work: &'w mut LevelWork<'_, '_>, ask: Ask<'_>) -> Result<&'w mut dyn Table> {
    work.residuals.table(ask)?.ok_or_else(|| ErrorKind::NotWhole.into())
}

/// Returns the sums of the table's rows by their codes, `changed` of which are new.
fn sums(table: &mut dyn Table, codebook: &Codebook, known: &mut Energy, changed: u64) -> Result<Partial> {
    let energy = match known {
        Some(energy) => *energy,
        None => *known.insert(population::energy(table, None)?),
    };
    Ok(table.sums(codebook.clusters())?.with(energy, changed))
}

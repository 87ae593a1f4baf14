//! Holds the rows of a shard on a device, and computes reductions of them there.

use super::memo::Memo;
use super::on_device::CandidatesOnDevice;
use super::reductions;
use super::request::{Answer, FarRow, FittedLevel, Reduction, State};
use super::seeding::NearestCandidates;
use super::weighted::Weighted;
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Error, Result, try_zeros};
use crate::partial::Partial;
use crate::weights::Weights;
use std::sync::Arc;

/// A table, with the state that its rows are in.
pub(super) struct Held {
    pub(super) table: Box<dyn Table>,
    pub(super) state: State,
    /// The codebook of which the table's codes are the nearest codewords.
    pub(super) codes_of: Option<Arc<Codebook>>,
    /// How often the rows count; none where each counts once.
    pub(super) weighted: Option<Weighted>,
    /// Whether facts about the rows must outlast the table.
    pub(super) keeps: bool,
    /// The candidates for first codewords that the table holds.
    pub(super) on_device: Option<CandidatesOnDevice>,
}

impl Held {
    /// Subtracts the levels that `state` has and the rows do not; if facts are kept, `memo` keeps their codes.
    pub(super) fn advance(&mut self, state: &State, memo: &mut Memo) -> Result<()> {
        for level in state.levels.iter().skip(self.state.levels.len()) {
            self.subtract(level, memo)?;
        }
        Ok(())
    }

    fn subtract(&mut self, level: &FittedLevel, memo: &mut Memo) -> Result<()> {
        let number = self.state.levels.len();
        let FittedLevel { codebook, codes } = level;
        match codes {
            Some(codes) if codes.len() == self.table.rows() => self.table.set_codes(codes)?,
            Some(_) => return Err(Error::parameter("codes", number, "must be those of the rows of the level")),
            None if self.codes_of.as_ref() == Some(codebook) => {}
            None => {
                if !memo.restore_level(number, &mut *self.table)? {
                    self.table.assign(codebook)?;
                }
            }
        }
        if self.keeps && codes.is_none() {
            memo.keep_level(number, &mut *self.table)?;
        }
        (self.codes_of, self.on_device) = (None, None);
        self.weighted.iter_mut().for_each(Weighted::forget);
        self.table.subtract(codebook)?;
        self.state.levels.push(level.clone());
        match self.state.quantization.scales_level(number + 1) {
            true => self.table.unit_length(),
            false => Ok(()),
        }
    }

    /// Computes a reduction.
    pub(super) fn reduce(&mut self, memo: &mut Memo, reduction: &Reduction) -> Result<Answer> {
        Ok(match reduction {
            // The shard answers these itself.
            Reduction::Sketch | Reduction::Loaded | Reduction::Joint { .. } => {
                return Err(Error::parameter(
                    "request",
                    "one to a shard",
                    "must go to a shard: a table alone cannot answer it",
                ));
            }
            Reduction::Assign { before, now } => Answer::Sums(self.assign(memo, before.as_ref(), now)?),
            Reduction::Potential { candidates } => Answer::Potential(self.seeding(
                (memo, candidates),
                |on_device, _| Ok(on_device.potential()),
                NearestCandidates::potential,
            )?),
            Reduction::Draw { candidates, values } => Answer::Places(self.seeding(
                (memo, candidates),
                |on_device, table| on_device.draw(table, values),
                |nearest| nearest.draw(values),
            )?),
            Reduction::Weights { candidates } => Answer::Weights(self.seeding(
                (memo, candidates),
                CandidatesOnDevice::weights,
                NearestCandidates::weights,
            )?),
            Reduction::Farthest { codebook, count } => Answer::Farthest(self.farthest(memo, codebook, *count)?),
            Reduction::Gather { places } => Answer::Rows(self.gather(places)?),
        })
    }

    /// Makes the nearest codewords of `codebook` the table's codes, unless they are already.
    fn bring_codes(&mut self, memo: &mut Memo, codebook: &Arc<Codebook>) -> Result<()> {
        if self.codes_of.as_ref() == Some(codebook) {
            return Ok(());
        }
        if !memo.restore(codebook, &mut *self.table)? {
            self.table.assign(codebook)?;
        }
        self.codes_of = Some(codebook.clone());
        Ok(())
    }

    fn assign(&mut self, memo: &mut Memo, before: Option<&Arc<Codebook>>, now: &Arc<Codebook>) -> Result<Partial> {
        memo.nearest = None;
        if self.on_device.take().is_some() {
            self.table.forget_candidates();
        }
        let energy = self.energy(memo)?;
        if self.weighted.is_some() {
            return Ok(self.assign_weighted(memo, before, now)?.with_energy(energy));
        }
        let (changed, sums) = match before {
            Some(before) => {
                self.bring_codes(memo, before)?;
                let (assigned, sums) = self.table.assign_and_sums(now)?;
                self.codes_of = Some(now.clone());
                (assigned.changed, sums)
            }
            None => {
                self.bring_codes(memo, now)?;
                (self.table.rows() as u64, self.table.sums(now.clusters())?)
            }
        };
        Ok(sums.with(energy, changed))
    }

    /// Does what `assign` does for rows that count more or less often, but for the energy.
    fn assign_weighted(
        &mut self,
        memo: &mut Memo,
        before: Option<&Arc<Codebook>>,
        now: &Arc<Codebook>,
    ) -> Result<Partial> {
        let mut old = Vec::new();
        if let Some(before) = before {
            self.bring_codes(memo, before)?;
            old = try_zeros(self.table.rows(), "codes")?;
            self.table.codes(&mut old)?;
            self.table.assign(now)?;
            self.codes_of = Some(now.clone());
        }
        self.bring_codes(memo, now)?;
        let mut codes = try_zeros(self.table.rows(), "codes")?;
        self.table.codes(&mut codes)?;
        let Some(weighted) = &mut self.weighted else { return Ok(Partial::new(now.clusters(), self.table.dim())) };
        let changed = match before {
            Some(_) => weighted.changed(&old, &codes),
            None => weighted.weights().total(),
        };
        Ok(weighted.sums(&mut *self.table, &codes, now.clusters())?.with(0, changed))
    }

    /// Returns the weights of the rows, if they have some.
    fn weights(&self) -> Option<&Weights> {
        self.weighted.as_ref().map(Weighted::weights)
    }

    /// Returns the sum of the rows' squared lengths, which are their squared distances from the origin.
    fn energy(&mut self, memo: &mut Memo) -> Result<u128> {
        if let Some(energy) = memo.energy {
            return Ok(energy);
        }
        let weights = self.weighted.as_ref().map(Weighted::weights);
        let energy = reductions::energy(&mut *self.table, weights)?;
        memo.energy = Some(energy);
        Ok(energy)
    }

    /// Answers by the candidates that the table holds, or else by those that `memo` keeps.
    fn seeding<T>(
        &mut self,
        (memo, candidates): (&mut Memo, &Arc<Codebook>),
        on_device: impl FnOnce(&CandidatesOnDevice, &mut dyn Table) -> Result<T>,
        on_host: impl FnOnce(&NearestCandidates) -> T,
    ) -> Result<T> {
        // Rows that count more or less often than once are drawn on the host alone.
        if self.keeps || self.weighted.is_some() || !self.table.holds_candidates() {
            return self.nearest(memo, candidates).map(on_host);
        }
        let mut known = self.on_device.take();
        if !known.as_ref().is_some_and(|known| known.is_of(candidates)) {
            known = CandidatesOnDevice::bring(known, &mut *self.table, candidates)?;
            // The codes are those of the new candidates alone.
            self.codes_of = self.codes_of.take().filter(|_| known.is_none());
        }
        match known {
            Some(known) => on_device(self.on_device.insert(known), &mut *self.table),
            None => self.nearest(memo, candidates).map(on_host),
        }
    }

    /// Finds the candidate nearest to each row.
    fn nearest<'m>(&mut self, memo: &'m mut Memo, candidates: &Arc<Codebook>) -> Result<&'m NearestCandidates> {
        let known = memo.nearest.take().filter(|nearest| nearest.begins(candidates));
        let mut nearest = match known {
            Some(nearest) => nearest,
            None => NearestCandidates::new(self.table.rows(), self.table.dim(), self.weights().cloned())?,
        };
        if nearest.extend(&mut *self.table, candidates)? {
            self.codes_of = None;
        }
        Ok(memo.nearest.insert(nearest))
    }

    fn farthest(&mut self, memo: &mut Memo, codebook: &Arc<Codebook>, count: usize) -> Result<Vec<FarRow>> {
        self.bring_codes(memo, codebook)?;
        let far = reductions::farthest(&mut *self.table, codebook, count)?;
        Ok(match self.weights() {
            Some(weights) => reductions::numbered(far, weights, count),
            None => far,
        })
    }

    fn gather(&mut self, places: &[u64]) -> Result<Vec<i32>> {
        let rows = self.table.rows();
        let row = |place: u64| match self.weights() {
            Some(weights) => weights.row_of(place),
            None => usize::try_from(place).unwrap_or(usize::MAX),
        };
        let place = |place: &u64| Some(row(*place)).filter(|place| *place < rows);
        match places.iter().map(place).collect::<Option<Vec<usize>>>() {
            Some(places) => self.table.gather(&places),
            None => Err(Error::parameter("places", rows, "must be rows of the shard, which has fewer")),
        }
    }
}

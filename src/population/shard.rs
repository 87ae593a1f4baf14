//! A shard: rows with consecutive numbers, and a table that it brings to the state that a request names.

use super::Ask;
use super::held::Held;
use super::load::{Loaded, SourceRows};
use super::memo::Memo;
use super::request::{Answer, Reduction, Reply, Request, State};
use super::weighted::Weighted;
use crate::codebook::Codebook;
use crate::device::{Device, Purpose, Table};
use crate::error::{Error, Result};
use crate::joint::JointSums;
use crate::rng::Sample;
use crate::rows::{Matrix, Rows};
use crate::weights::Weights;
use std::ops::Range;
use std::sync::Arc;

/// Holds one shard on a device.
pub(crate) struct Shard<'a> {
    source: SourceRows<'a>,
    device: Device,
    purpose: Purpose,
    /// Whether the shard keeps codes and distances while the table serves other shards.
    keeps: bool,
    /// The number of rows that a sample chooses.
    used: Option<(Sample, usize)>,
    held: Option<Held>,
    memo: Memo,
}

impl<'a> Shard<'a> {
    /// Takes the rows at the places `span`; the first row of `rows` has the number `base` among all rows.
    pub(crate) fn new(
        rows: impl Rows + Send + 'a,
        span: Range<usize>,
        base: u64,
        device: &Device,
        purpose: Purpose,
    ) -> Self {
        let source = SourceRows::new(rows, span, base);
        Self { source, device: device.clone(), purpose, keeps: false, used: None, held: None, memo: Memo::default() }
    }

    /// Sets whether the shard keeps codes and distances of its rows when it gives away its table.
    pub(super) fn keeping(self, keeps: bool) -> Self {
        Self { keeps, ..self }
    }

    /// Lets the rows count as often as `weights` say, which has one for each of the rows that the shard was made with.
    pub(crate) fn weighted(mut self, weights: Option<Weights>) -> Self {
        self.source = self.source.weighted(weights);
        self.used = None;
        self
    }

    /// Reads the rows once, and keeps them from the choice of the grid until they are on it.
    pub(super) fn read_once(mut self) -> Self {
        self.source = self.source.read_once();
        self
    }

    /// Returns whether rows may count more or less often than once, so that a table of them is not all of the shard.
    pub(super) fn is_weighted(&self) -> bool {
        self.source.is_weighted()
    }

    /// Returns the number of rows of the shard, each as often as it counts, whether a sample chooses them or not.
    pub(super) fn rows(&self) -> u64 {
        self.source.numbers()
    }

    /// Answers a request. The shard may take the table `spare` for its rows.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        spare: &mut Option<Box<dyn Table>>,
        ask: Ask<'_>,
    ) -> Result<Reply> {
        if let Reduction::Sketch = request.reduction {
            let source = self.source.sampled(request.state.sample);
            return Ok(Reply(Answer::Sketch(source.sketch(self.device.engine(), ask)?)));
        }
        if self.used(request.state.sample) == 0 {
            return Ok(Reply(request.of_no_rows(self.source.dim())));
        }
        if let Reduction::Loaded = request.reduction {
            let mut loaded = Loaded::default();
            self.held = Some(self.load(&request.state, spare, Some(&mut loaded), ask)?);
            return Ok(Reply(Answer::Loaded(loaded)));
        }
        self.memo.enter(&request.state);
        if let Some(answer) = self.memo.answer(&request.reduction) {
            return Ok(Reply(answer));
        }
        if let Reduction::Joint { levels, beam } = &request.reduction {
            return self.joint(&request.state, levels, *beam, spare, ask).map(|sums| Reply(Answer::Joint(sums)));
        }
        if let Reduction::Gather { places } = &request.reduction
            && self.should_pick(&request.state, places)
        {
            return self.pick(&request.state, places).map(|rows| Reply(Answer::Rows(rows)));
        }
        let (held, memo) = self.enter(&request.state, spare, ask)?;
        held.reduce(memo, &request.reduction).map(Reply)
    }

    /// Returns the table in a state; the caller may change its codes.
    pub(super) fn table(&mut self, state: &Arc<State>, ask: Ask<'_>) -> Result<&mut dyn Table> {
        let (held, _) = self.enter(state, &mut None, ask)?;
        held.codes_of = None;
        Ok(&mut *held.table)
    }

    /// Notes that the codes of the table are the nearest codewords of `codebook`.
    pub(super) fn codes_are(&mut self, codebook: &Arc<Codebook>) {
        if let Some(held) = &mut self.held {
            held.codes_of = Some(codebook.clone());
        }
    }

    /// Gives the table away, after keeping the facts that later requests need.
    pub(super) fn release(&mut self) -> Result<Option<Box<dyn Table>>> {
        let Some(Held { mut table, state, codes_of, .. }) = self.held.take() else { return Ok(None) };
        match codes_of {
            _ if !self.keeps => self.memo.forget_rows(),
            // A request about another state that needed no table may have come since the table was last used.
            Some(codebook) if self.memo.is_of(&state) => self.memo.keep(codebook, &mut *table)?,
            _ => {}
        }
        Ok(Some(table))
    }

    /// Returns how many rows the sample chooses.
    pub(super) fn used(&mut self, sample: Sample) -> usize {
        match self.used {
            Some((of, used)) if of == sample => used,
            _ => self.used.insert((sample, self.source.sampled(sample).len())).1,
        }
    }

    /// Returns whether to read only the rows asked for, because they are few and the table is not near the state.
    fn should_pick(&self, state: &State, places: &[u64]) -> bool {
        let ready = self.held.as_ref().is_some_and(|held| state.extends(&held.state));
        let few = places.len() < self.source.span() / 8;
        !ready && few && state.levels.iter().all(|level| level.codes.is_none())
    }

    /// Returns the rows at these places in a state, from a table made for them.
    fn pick(&mut self, state: &State, places: &[u64]) -> Result<Vec<i32>> {
        let (rows, weights) = (self.used(state.sample) as u64, self.source.sampled(state.sample).weights_used()?);
        let row = |place: &u64| weights.as_ref().map_or(*place, |weights| weights.row_of(*place) as u64);
        let places: Vec<u64> = places.iter().map(row).collect();
        let mut sorted = places.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.last().is_some_and(|last| *last >= rows) {
            return Err(Error::parameter("places", rows, "must be rows of the shard, which has fewer"));
        }
        let values = self.source.sampled(state.sample).pick(&sorted)?;
        let picked = Matrix::new(&values, self.source.dim())?;
        let all = State { sample: Sample::ALL, ..state.clone() };
        let mut few = Shard::new(picked, 0..sorted.len(), 0, &self.device, Purpose::Encode);
        let (held, _) = few.enter(&Arc::new(all), &mut None, &mut || Ok(()))?;
        let index = |place: &u64| sorted.binary_search(place).unwrap_or(0);
        held.table.gather(&places.iter().map(index).collect::<Vec<_>>())
    }

    fn joint(
        &mut self,
        state: &Arc<State>,
        levels: &[Arc<Codebook>],
        beam: usize,
        spare: &mut Option<Box<dyn Table>>,
        ask: Ask<'_>,
    ) -> Result<JointSums> {
        let device = self.device.clone();
        let (held, _) = self.enter(state, spare, ask)?;
        let sums = held.joint(levels, beam, &device, ask);
        if sums.is_err() {
            // Some levels may still be subtracted.
            self.held = None;
        }
        sums
    }

    /// Brings the table to the state, from its present state or from the rows.
    fn enter(
        &mut self,
        state: &Arc<State>,
        spare: &mut Option<Box<dyn Table>>,
        ask: Ask<'_>,
    ) -> Result<(&mut Held, &mut Memo)> {
        self.memo.enter(state);
        let mut held = match self.held.take().filter(|held| state.extends(&held.state)) {
            Some(held) => held,
            None => self.load(state, spare, None, ask)?,
        };
        held.advance(state, &mut self.memo)?;
        Ok((self.held.insert(held), &mut self.memo))
    }

    /// Loads the rows as they are before the first level.
    fn load(
        &mut self,
        state: &State,
        spare: &mut Option<Box<dyn Table>>,
        loaded: Option<&mut Loaded>,
        ask: Ask<'_>,
    ) -> Result<Held> {
        let rows = self.used(state.sample);
        let (engine, source) = (self.device.engine(), self.source.sampled(state.sample));
        let mut table = match spare.take().filter(|table| table.rows() == rows) {
            Some(table) => table,
            None => engine.table(rows, source.dim(), self.purpose)?,
        };
        source.load(&state.quantization, engine, &mut *table, loaded, ask)?;
        if state.quantization.scales_level(0) {
            table.unit_length()?;
        }
        let state = State { levels: Vec::new(), ..state.clone() };
        let weighted = source.weights_used()?.map(Weighted::new);
        Ok(Held { table, state, codes_of: None, weighted, keeps: self.keeps, on_device: None })
    }
}

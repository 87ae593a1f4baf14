//! One shard: rows of consecutive numbers, and a table that is brought to the state that a request names.

use super::Ask;
use super::held::Held;
use super::load::Source;
use super::memo::Memo;
use super::request::{Answer, Reduction, Reply, Request, State};
use crate::device::{Device, Purpose, Table};
use crate::error::Result;
use crate::rng::Sample;
use crate::rows::Rows;
use std::ops::Range;
use std::sync::Arc;

/// Holds one shard on a device.
pub(crate) struct Shard<'a> {
    source: Source<'a>,
    device: Device,
    purpose: Purpose,
    /// Whether codes and distances are kept while the table serves other shards.
    keeps: bool,
    /// How many rows a sample chooses.
    used: Option<(Sample, usize)>,
    held: Option<Held>,
    memo: Memo,
}

impl<'a> Shard<'a> {
    /// The rows at the places `span`; the first row of `rows` has the number `base` among all rows.
    pub(crate) fn new(rows: &'a dyn Rows, span: Range<usize>, base: u64, device: &Device, purpose: Purpose) -> Self {
        let source = Source::new(rows, span, base);
        Self { source, device: device.clone(), purpose, keeps: false, used: None, held: None, memo: Memo::default() }
    }

    /// The same shard, which keeps codes and distances of its rows when it gives away its table.
    pub(super) fn keeping(self, keeps: bool) -> Self {
        Self { keeps, ..self }
    }

    /// Rows of the shard, whether a sample chooses them or not.
    pub(super) fn rows(&self) -> u64 {
        self.source.span() as u64
    }

    /// Answers a request. `spare` is a table that the shard may take for its rows.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        spare: &mut Option<Box<dyn Table>>,
        ask: Ask<'_>,
    ) -> Result<Reply> {
        if let Reduction::Range = request.reduction {
            return Ok(Reply(Answer::Range(self.source.sampled(request.state.sample).range(ask)?)));
        }
        if self.used(request.state.sample) == 0 {
            return Ok(Reply(request.of_no_rows(self.source.dim())));
        }
        let (held, memo) = self.enter(&request.state, spare, ask)?;
        held.reduce(memo, &request.reduction).map(Reply)
    }

    /// The table in a state; its codes may be changed.
    pub(super) fn table(&mut self, state: &Arc<State>, ask: Ask<'_>) -> Result<&mut dyn Table> {
        let (held, _) = self.enter(state, &mut None, ask)?;
        held.codes_of = None;
        Ok(&mut *held.table)
    }

    /// Gives the table away; what is to be known later of the rows is kept.
    pub(super) fn release(&mut self) -> Result<Option<Box<dyn Table>>> {
        let Some(Held { mut table, codes_of, .. }) = self.held.take() else { return Ok(None) };
        match (self.keeps, codes_of) {
            (true, Some(codebook)) => self.memo.keep(codebook, &mut *table)?,
            (true, None) => {}
            (false, _) => self.memo.forget_rows(),
        }
        Ok(Some(table))
    }

    /// How many rows the sample chooses.
    pub(super) fn used(&mut self, sample: Sample) -> usize {
        match self.used {
            Some((of, used)) if of == sample => used,
            _ => self.used.insert((sample, self.source.sampled(sample).len())).1,
        }
    }

    /// Brings the table to the state, from where it is or from the rows.
    fn enter(
        &mut self,
        state: &Arc<State>,
        spare: &mut Option<Box<dyn Table>>,
        ask: Ask<'_>,
    ) -> Result<(&mut Held, &mut Memo)> {
        self.memo.enter(state);
        let mut held = match self.held.take().filter(|held| state.extends(&held.state)) {
            Some(held) => held,
            None => self.load(state, spare, ask)?,
        };
        held.advance(state, &mut self.memo, self.keeps)?;
        Ok((self.held.insert(held), &mut self.memo))
    }

    /// The rows before the first level.
    fn load(&mut self, state: &State, spare: &mut Option<Box<dyn Table>>, ask: Ask<'_>) -> Result<Held> {
        let rows = self.used(state.sample);
        let (engine, source) = (self.device.engine(), self.source.sampled(state.sample));
        let mut table = match spare.take().filter(|table| table.rows() == rows) {
            Some(table) => table,
            None => engine.table(rows, source.dim(), self.purpose)?,
        };
        let saturated = source.load(&state.quantization, engine, &mut *table, ask)?;
        if state.quantization.scales_level(0) {
            table.unit_length()?;
        }
        let state = State { levels: Vec::new(), ..state.clone() };
        Ok(Held { table, state, codes_of: None, saturated })
    }
}

//! A population that consists of one table.

use super::held::Held;
use super::memo::Memo;
use super::request::{Reply, Request, State};
use super::{Ask, Population};
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Error, Result};
use std::sync::Arc;

/// Rows copied to their own table. They cannot be read again, so their states can only advance.
pub(super) struct One {
    held: Held,
    memo: Memo,
}

impl One {
    /// Takes the rows of `table`, which are already in `state`.
    pub(super) fn new(table: Box<dyn Table>, state: &State) -> Self {
        let state = state.clone();
        let held = Held { table, state, codes_of: None, weighted: None, keeps: false, on_device: None };
        Self { held, memo: Memo::default() }
    }

    fn enter(&mut self, state: &Arc<State>) -> Result<()> {
        if !state.extends(&self.held.state) {
            return Err(Error::parameter(
                "state",
                "an earlier one",
                "must be a later one, as the rows of a table only go forwards",
            ));
        }
        self.memo.enter(state);
        self.held.advance(state, &mut self.memo)
    }
}

impl Population for One {
    fn shards(&self) -> Vec<u64> {
        vec![self.held.table.rows() as u64]
    }

    fn dim(&self) -> usize {
        self.held.table.dim()
    }

    fn call(&mut self, requests: &[(usize, Request)], _ask: Ask<'_>) -> Result<Vec<Reply>> {
        let mut answer = |(_, request): &(usize, Request)| {
            self.enter(&request.state)?;
            self.held.reduce(&mut self.memo, &request.reduction).map(Reply)
        };
        requests.iter().map(&mut answer).collect()
    }

    fn table(&mut self, state: &Arc<State>, _ask: Ask<'_>) -> Result<Option<&mut dyn Table>> {
        self.enter(state)?;
        self.held.codes_of = None;
        Ok(Some(&mut *self.held.table))
    }

    fn codes_are(&mut self, codebook: &Arc<Codebook>) {
        self.held.codes_of = Some(codebook.clone());
    }
}

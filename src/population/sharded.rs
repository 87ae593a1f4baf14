//! Many shards on one machine, which have their own tables or take turns with one.

use super::request::{Reply, Request, State};
use super::shard::Shard;
use super::{Ask, Population};
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Error, Result};
use std::sync::Arc;

/// Shards that are asked one after the other.
pub(crate) struct Sharded<'a> {
    shards: Vec<Shard<'a>>,
    dim: usize,
    /// How many shards, from the first one on, stay on their device. The others take turns: each loads its rows again
    /// when it is asked.
    resident: usize,
    spare: Option<Box<dyn Table>>,
}

impl<'a> Sharded<'a> {
    /// Makes a population of shards that all stay on their devices.
    pub(crate) fn new(shards: Vec<Shard<'a>>, dim: usize) -> Self {
        Self { resident: shards.len(), shards, dim, spare: None }
    }

    /// Keeps only the first `resident` shards on their devices.
    pub(super) fn resident(self, resident: usize) -> Self {
        Self { resident, ..self }
    }

    /// Asks a shard, which then makes room for the next one if it takes turns.
    fn answer(&mut self, number: usize, request: &Request, ask: Ask<'_>) -> Result<Reply> {
        let Self { shards, resident, spare, .. } = self;
        let shard =
            shards.get_mut(number).ok_or_else(|| Error::parameter("shard", number, "must be one of the shards"))?;
        let reply = shard.answer(request, spare, ask)?;
        if number >= *resident {
            *spare = shard.release()?.or(spare.take());
            ask()?;
        }
        Ok(reply)
    }
}

impl Population for Sharded<'_> {
    fn shards(&self) -> Vec<u64> {
        self.shards.iter().map(Shard::rows).collect()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn call(&mut self, requests: &[(usize, Request)], ask: Ask<'_>) -> Result<Vec<Reply>> {
        requests.iter().map(|(shard, request)| self.answer(*shard, request, ask)).collect()
    }

    /// Merges every answer as it comes, so that there is no more than one beside the merged one: with many turns, all
    /// answers together may take more memory than the rows of a turn.
    fn merged(&mut self, request: &Request, ask: Ask<'_>) -> Result<Reply> {
        let mut all = self.answer(0, request, ask)?;
        for shard in 1..self.shards.len() {
            all.merge(&self.answer(shard, request, ask)?)?;
        }
        Ok(all)
    }

    fn table(&mut self, state: &Arc<State>, ask: Ask<'_>) -> Result<Option<&mut dyn Table>> {
        match (self.shards.as_mut_slice(), self.resident) {
            ([shard], 1) => shard.table(state, ask).map(Some),
            _ => Ok(None),
        }
    }

    fn is_weighted(&self) -> bool {
        self.shards.iter().any(Shard::is_weighted)
    }

    fn codes_are(&mut self, codebook: &Arc<Codebook>) {
        if let ([shard], 1) = (self.shards.as_mut_slice(), self.resident) {
            shard.codes_are(codebook);
        }
    }
}

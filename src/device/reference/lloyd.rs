//! Iterations of Lloyd's algorithm by the scalar twins.

use super::ReferenceTable;
use crate::codebook::Codebook;
use crate::device::{Iteration, Lloyd, Table};
use crate::error::Result;
use crate::kernel::update;

pub(super) struct ReferenceLloyd<'a> {
    pub(super) table: &'a mut ReferenceTable,
    pub(super) codebook: Codebook,
    pub(super) before: Codebook,
    pub(super) room: i32,
}

impl Lloyd for ReferenceLloyd<'_> {
    fn iterate(&mut self) -> Result<Iteration> {
        let (assigned, partial) = self.table.assign_and_sums(&self.codebook)?;
        let dim = self.codebook.dim();
        let mut codewords = self.codebook.values().to_vec();
        let update = update::update(partial.sums(), partial.counts(), dim, &mut codewords, self.room);
        self.before = std::mem::replace(&mut self.codebook, Codebook::new(codewords, dim));
        Ok(Iteration { assigned, update })
    }

    fn codewords(&mut self) -> Result<Codebook> {
        Ok(self.before.clone())
    }

    fn restart(&mut self, codebook: &Codebook) -> Result<()> {
        self.codebook = codebook.clone();
        Ok(())
    }

    fn table(&mut self) -> &mut dyn Table {
        self.table
    }
}

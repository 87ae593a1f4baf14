//! Iterations of Lloyd's algorithm on a GPU. The codewords stay there; the host waits once for a few bytes.

use super::assignment::{self, Queued};
use super::codewords::Codewords;
use super::kernels::centroid::{self, Ordered};
use super::kernels::update::{self, Updating};
use super::rows::GpuRows;
use crate::codebook::Codebook;
use crate::device::{Iteration, Lloyd, Table};
use crate::error::Result;
use crate::kernel::update::MAX_ROWS;

pub(super) struct GpuLloyd<'a> {
    pub(super) table: &'a mut GpuRows,
    room: i32,
    /// The codewords of the next assignment.
    next: Codewords,
    /// Those of the last assignment, which the next one replaces.
    last: Codewords,
    ordered: Vec<Ordered>,
    pub(super) updating: Updating,
}

impl<'a> GpuLloyd<'a> {
    /// Returns none where the codebook does not fit a binding, or where there are too many rows.
    pub(super) fn new(table: &'a mut GpuRows, codebook: &Codebook, room: i32) -> Result<Option<Self>> {
        if table.slice(codebook).is_some() || table.rows > MAX_ROWS {
            return Ok(None);
        }
        let clusters = codebook.clusters();
        let (next, _) = table.codewords(codebook)?;
        let last = Codewords::room(&table.context, clusters, table.width)?;
        let ordered = Ordered::of(table, clusters)?;
        let cluster_bytes = centroid::cluster_bytes(table);
        let at_once = table.piece_rows(cluster_bytes).min(clusters);
        let updating = Updating::new(&table.context, clusters, (at_once, cluster_bytes))?;
        Ok(Some(Self { table, room, next, last, ordered, updating }))
    }
}

impl GpuLloyd<'_> {
    /// Adds the commands of an iteration to the batch.
    pub(super) fn queue(&mut self) -> Result<Queued> {
        let Self { table, room, next, last, ordered, updating } = self;
        // The table may know the codewords that are about to change.
        table.know_codewords(None);
        for ordered in ordered.iter() {
            ordered.clear(&table.context, &mut table.batch)?;
        }
        update::queue_clear(table, updating)?;
        let queued = assignment::queue_codewords(table, next)?;
        centroid::queue_order(table, ordered)?;
        update::queue(table, ordered, updating, [next, last], *room)?;
        Ok(queued)
    }

    /// Ends an iteration, whose summary the host has read.
    pub(super) fn finish(&mut self, queued: &Queued, summary: &[u8]) -> Iteration {
        let iteration = update::read_summary(summary);
        assignment::finish(self.table, queued, iteration.assigned);
        std::mem::swap(&mut self.next, &mut self.last);
        self.next = self.next.clone().bounded(self.table.dim, iteration.update.longest);
        iteration
    }
}

impl Lloyd for GpuLloyd<'_> {
    fn iterate(&mut self) -> Result<Iteration> {
        let queued = self.queue()?;
        let summary = self.table.batch.read(&self.table.context, &[self.updating.summary()])?;
        Ok(self.finish(&queued, &summary))
    }

    fn codewords(&mut self) -> Result<Codebook> {
        let codebook = self.last.read(&self.table.context, self.table.dim)?;
        self.table.know_codewords(Some((codebook.clone(), self.last.clone())));
        Ok(codebook)
    }

    fn restart(&mut self, codebook: &Codebook) -> Result<()> {
        self.table.know_codewords(None);
        self.next = Codewords::new(&self.table.context, codebook, self.table.width)?;
        Ok(())
    }

    fn table(&mut self) -> &mut dyn Table {
        self.table
    }
}

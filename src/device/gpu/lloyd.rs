//! Iterations of Lloyd's algorithm on a GPU. The codewords stay there; the host waits once for a few bytes.

use super::assignment::{self, Queued};
use super::codewords::Codewords;
use super::kernels::centroid::{self, Ordered};
use super::kernels::update::{self, Updating};
use super::pruning::{self, Pruning};
use super::rows::GpuRows;
use crate::codebook::Codebook;
use crate::device::{Iteration, Lloyd, Table};
use crate::error::{ErrorKind, Result};
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
    /// How many codewords the last iteration moved, if none have been put in their place since.
    movers: Option<u64>,
    /// What is remembered for the next assignment, once that has paid.
    pub(super) pruning: Option<Pruning>,
    /// Whether there is no memory for it.
    forgets: bool,
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
        let (movers, pruning, forgets) = (None, None, false);
        Ok(Some(Self { table, room, next, last, ordered, updating, movers, pruning, forgets }))
    }
}

impl GpuLloyd<'_> {
    /// Adds the commands of an iteration to the batch.
    pub(super) fn queue(&mut self) -> Result<Queued> {
        let Self { table, ordered, updating, .. } = self;
        // The table may know the codewords that are about to change.
        table.know_codewords(None);
        for ordered in ordered.iter() {
            ordered.clear(&table.context, &mut table.batch)?;
        }
        update::queue_clear(table, updating)?;
        let queued = self.queue_assignment()?;
        let Self { table, room, next, last, ordered, updating, .. } = self;
        centroid::queue_order(table, ordered)?;
        update::queue(table, ordered, updating, [next, last], *room)?;
        Ok(queued)
    }

    /// Adds the commands of an assignment: for all rows, or only for those that movements have left open.
    fn queue_assignment(&mut self) -> Result<Queued> {
        let clusters = self.next.clusters as usize;
        let movers = self.movers.take().filter(|movers| pruning::pays(self.table, clusters, *movers));
        if movers.is_some() && self.pruning.is_none() && !self.forgets {
            match Pruning::new(self.table, clusters) {
                Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory { .. }) => self.forgets = true,
                made => self.pruning = Some(made?),
            }
        }
        let Self { table, next, last, updating, .. } = self;
        match (movers, &mut self.pruning) {
            (Some(movers), Some(pruning)) => {
                assignment::queue_pruned(table, [last, next], (movers as u32, &updating.facts), pruning)
            }
            (_, pruning) => {
                pruning.iter_mut().for_each(|pruning| pruning.is_known = false);
                assignment::queue_codewords(table, next)
            }
        }
    }

    /// Ends an iteration, whose summary the host has read.
    pub(super) fn finish(&mut self, queued: &Queued, summary: &[u8]) -> Iteration {
        let iteration = update::read_summary(summary);
        assignment::finish(self.table, queued, iteration.assigned);
        std::mem::swap(&mut self.next, &mut self.last);
        self.next = self.next.clone().bounded(self.table.dim, iteration.update.longest);
        self.movers = Some(iteration.update.movers);
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
        self.movers = None;
        self.next = Codewords::new(&self.table.context, codebook, self.table.width)?;
        Ok(())
    }

    fn table(&mut self) -> &mut dyn Table {
        self.table
    }
}

//! Dispatches `update`, which moves codewords on the device, and what leads to it and from it: the counts of all
//! chunks, the sums, and a summary for the host.

use super::EXACT_WORK;
use super::centroid::{self, Ordered};
use crate::device::gpu::chunk::slices;
use crate::device::gpu::codewords::Codewords;
use crate::device::gpu::context::Context;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::params::Params;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, words};
use crate::device::{AssignCounts, Iteration};
use crate::error::Result;
use crate::kernel::update::Update;

/// Words of a summary that the host reads, and bytes of what is noted for each cluster.
const SUMMARY_WORDS: usize = 12;
const FACT_BYTES: u64 = 32;
/// Words of the totals before the members of the first cluster: undecided and changed rows.
const HEAD: u64 = 2;

/// The buffers of an update.
pub(in crate::device::gpu) struct Updating {
    pub(in crate::device::gpu) totals: wgpu::Buffer,
    pub(in crate::device::gpu) sums: wgpu::Buffer,
    pub(in crate::device::gpu) facts: wgpu::Buffer,
    pub(in crate::device::gpu) summary: wgpu::Buffer,
}

impl Updating {
    /// Makes buffers for `clusters` clusters, with room for the sums of `at_once` of them, of `cluster_bytes` each.
    pub(in crate::device::gpu) fn new(
        context: &Context,
        clusters: usize,
        (at_once, cluster_bytes): (usize, usize),
    ) -> Result<Self> {
        Ok(Self {
            totals: context.storage("totals", (clusters as u64 + HEAD) * 4)?,
            sums: context.storage("sums", at_once as u64 * cluster_bytes as u64)?,
            facts: context.storage("facts of clusters", clusters as u64 * FACT_BYTES)?,
            summary: context.storage("a summary", SUMMARY_WORDS as u64 * 4)?,
        })
    }

    pub(in crate::device::gpu) fn summary(&self) -> Span<'_> {
        Span { buffer: &self.summary, offset: 0, size: SUMMARY_WORDS as u64 * 4 }
    }
}

/// Twin: `kernel::update::update`, for listed rows: moves codewords from where `before` has them to `after`. The sums
/// of all clusters need not fit their buffer at once.
pub(in crate::device::gpu) fn queue(
    table: &mut GpuRows,
    ordered: &[Ordered],
    updating: &Updating,
    codewords: [&Codewords; 2],
    room: i32,
) -> Result<()> {
    let clusters = codewords.map(|codewords| codewords.clusters as usize).into_iter().min().unwrap_or(0);
    queue_totals(table, ordered, updating, clusters)?;
    let at_once = (updating.sums.size() as usize / centroid::cluster_bytes(table)).max(1);
    for first in (0..clusters).step_by(at_once) {
        let here = at_once.min(clusters - first);
        if first > 0 {
            table.batch.clear(&table.context, &updating.sums)?;
        }
        centroid::queue_sums(table, ordered, &updating.sums, (first, here))?;
        queue_update(table, updating, codewords, (first, here), room)?;
    }
    queue_summary(table, updating, clusters)
}

/// Adds the commands that empty the buffers to which an update adds.
pub(in crate::device::gpu) fn queue_clear(table: &mut GpuRows, updating: &Updating) -> Result<()> {
    let GpuRows { context, batch, .. } = table;
    batch.clear(context, &updating.totals)?;
    batch.clear(context, &updating.sums)
}

/// Adds up the counts of all chunks.
fn queue_totals(table: &mut GpuRows, ordered: &[Ordered], updating: &Updating, clusters: usize) -> Result<()> {
    let params = Params { clusters: clusters as u32, ..table.params() };
    let GpuRows { context, batch, chunks, .. } = table;
    chunks.iter().zip(ordered).try_for_each(|(chunk, ordered)| {
        let buffers = [&ordered.counts, &chunk.counters, &updating.totals];
        batch.dispatch(context, Kernel::Tally, &params.words(), &buffers, ((1, 1), clusters as u64))
    })
}

/// Moves the codewords of `here` clusters from `first` on, whose sums are in the buffer.
pub(in crate::device::gpu) fn queue_update(
    table: &mut GpuRows,
    updating: &Updating,
    [before, after]: [&Codewords; 2],
    (first, here): (usize, usize),
    room: i32,
) -> Result<()> {
    let GpuRows { context, batch, width, dim, .. } = table;
    let Updating { totals, sums, facts, .. } = updating;
    let buffers = [sums, totals, &before.values, &after.values, &after.half_norms, facts];
    let work = *dim * EXACT_WORK;
    for slice in slices(context, Kernel::Update, here, work) {
        let words = [(first + slice.start) as u32, first as u32, *width as u32, before.padded, room as u32];
        let groups = (slice.len() as u32, 1);
        batch.dispatch(context, Kernel::Update, &words, &buffers, (groups, slice.len() as u64 * work as u64))?;
    }
    Ok(())
}

/// Adds up what is noted for all clusters.
pub(in crate::device::gpu) fn queue_summary(table: &mut GpuRows, updating: &Updating, clusters: usize) -> Result<()> {
    let params = Params { clusters: clusters as u32, ..table.params() };
    let buffers = [&updating.facts, &updating.totals, &updating.summary];
    table.batch.dispatch(&table.context, Kernel::Summary, &params.words(), &buffers, ((1, 1), clusters as u64))
}

/// Reads what a summary says.
pub(in crate::device::gpu) fn read_summary(bytes: &[u8]) -> Iteration {
    let mut words = words(bytes).map(u128::from);
    let mut number = |words_of: u32| (0..words_of).map(|i| words.next().unwrap_or(0) << (32 * i)).sum::<u128>();
    // The sign is in the highest of 96 bits.
    let gain = ((number(3) << 32) as i128) >> 32;
    let (moved, longest) = (number(3), number(2) as u64);
    let (empty, movers) = (number(1) as u64, number(1) as u64);
    let (settled, changed) = (number(1) as u64, number(1) as u64);
    Iteration { assigned: AssignCounts { changed, settled }, update: Update { gain, moved, longest, empty, movers } }
}

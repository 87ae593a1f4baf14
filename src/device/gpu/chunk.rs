//! A part of a table that fits the adapter's bindings.

use super::batch::CommandBatch;
use super::bytes;
use super::context::Context;
use super::kernel::Kernel;
use super::params::Params;
use super::span::{Span, copy, words};
use crate::device::AssignCounts;
use crate::error::Result;
use std::ops::Range;

/// Bytes of the counters of a chunk: rows to rerank, rows to settle, and changed rows.
pub(super) const COUNTERS: u64 = 12;
/// How many workgroups a dispatch may have along one dimension.
const GROUPS: usize = 65_535;

/// The buffers for `rows.len()` rows of a table.
pub(super) struct ChunkBuffers {
    /// The rows of the table that this chunk holds.
    pub(super) rows: Range<usize>,
    /// Values, (rows, width) vec4 of f32, which are exact integers.
    pub(super) values: wgpu::Buffer,
    /// An upper bound on the length of each row, valid while the table says that rows are measured for f32.
    pub(super) lengths: wgpu::Buffer,
    /// The bytes and facts of the rows, valid while the table says that rows are measured for bytes; empty until then.
    pub(super) bytes: Option<wgpu::Buffer>,
    /// Code + 1 of each row, and 0 where it has none: in a cleared buffer no row has a code.
    pub(super) codes: wgpu::Buffer,
    /// Space for a list of rows; with `assign`, for two lists, one from either end, with what is known of each row.
    pub(super) list: wgpu::Buffer,
    /// The lengths of the two lists of an `assign`, and the number of changed rows.
    pub(super) counters: wgpu::Buffer,
}

/// Returns the tile by which rows are allocated: that of the widest `assign`, which may then load whole tiles.
fn tile_rows() -> usize {
    Kernel::Assign { wide_rows: true, wide_codes: true }.group_rows()
}

/// Returns for how many rows a chunk has room.
fn room(rows: &Range<usize>) -> usize {
    rows.len().next_multiple_of(tile_rows())
}

impl ChunkBuffers {
    pub(super) fn new(context: &Context, rows: Range<usize>, width: usize) -> Result<Self> {
        let values = context.storage("rows", room(&rows) as u64 * width as u64 * 16)?;
        Self::with_values(context, rows, values)
    }

    /// Makes the buffers for rows whose values there are.
    pub(super) fn with_values(context: &Context, rows: Range<usize>, values: wgpu::Buffer) -> Result<Self> {
        let room = room(&rows) as u64;
        Ok(Self {
            values,
            lengths: context.storage("lengths of rows", room * 4)?,
            bytes: None,
            codes: context.storage("codes", room * 4)?,
            list: context.storage("a list of rows", room * 16)?,
            counters: context.storage("counters", COUNTERS)?,
            rows,
        })
    }

    /// Returns for how many rows there is room.
    pub(super) fn room(&self) -> usize {
        room(&self.rows)
    }

    /// Returns the buffer for the bytes of the rows, which it makes at the first call.
    pub(super) fn bytes(&mut self, context: &Context, dim: usize) -> Result<wgpu::Buffer> {
        let buffer = match self.bytes.take() {
            Some(buffer) => buffer,
            None => context.storage("rows as bytes", bytes::size(self.room() as u64, dim))?,
        };
        Ok(self.bytes.insert(buffer).clone())
    }

    /// Returns how many rows a chunk may have: as many tiles as fit a binding.
    pub(super) fn most_rows(context: &Context, width: usize) -> usize {
        let row_bytes = (width as u64).saturating_mul(16).max(16);
        let tile = tile_rows();
        ((context.binding / row_bytes) as usize / tile * tile).max(tile)
    }

    /// Runs `kernel` over all rows, in dispatches of bounded duration; a row costs `work` operations.
    pub(super) fn run(
        &self,
        context: &Context,
        batch: &mut CommandBatch,
        kernel: Kernel,
        params: Params,
        buffers: &[&wgpu::Buffer],
        work: usize,
    ) -> Result<()> {
        run_over(self.rows.len(), context, batch, kernel, params, (buffers, work))
    }

    /// Copies the codes of a read-back to those of the whole table.
    pub(super) fn take_codes(&self, bytes: &[u8], out: &mut [u32]) {
        let to = out.get_mut(self.rows.clone()).unwrap_or_default();
        copy(bytes, to, |word: [u8; 4]| u32::from_le_bytes(word).wrapping_sub(1));
    }

    pub(super) fn counters_span(&self) -> Span<'_> {
        Span { buffer: &self.counters, offset: 0, size: COUNTERS }
    }

    pub(super) fn codes_span(&self) -> Span<'_> {
        Span { buffer: &self.codes, offset: 0, size: self.rows.len() as u64 * 4 }
    }
}

/// Runs `kernel` over `count` rows or codewords, in dispatches of bounded duration, with these buffers; each row or
/// codeword costs `work` operations.
pub(super) fn run_over(
    count: usize,
    context: &Context,
    batch: &mut CommandBatch,
    kernel: Kernel,
    params: Params,
    of: (&[&wgpu::Buffer], usize),
) -> Result<()> {
    let [_, _, rest @ ..] = params.words();
    run_elements(count, context, batch, kernel, &rest, of)
}

/// Does the same for a kernel whose parameters are the first element of a dispatch, one past its last, and `rest`.
pub(super) fn run_elements(
    count: usize,
    context: &Context,
    batch: &mut CommandBatch,
    kernel: Kernel,
    rest: &[u32],
    (buffers, work): (&[&wgpu::Buffer], usize),
) -> Result<()> {
    slices(context, kernel, count, work).try_for_each(|slice| {
        let params = [&[slice.start as u32, slice.end as u32], rest].concat();
        let groups = (slice.len().div_ceil(kernel.group_rows()) as u32, 1);
        batch.dispatch(context, kernel, &params, buffers, (groups, slice.len() as u64 * work as u64))
    })
}

/// Divides `count` rows into dispatches of whole workgroups, with at most the allowed number and a bounded amount of
/// work.
pub(super) fn slices(
    context: &Context,
    kernel: Kernel,
    count: usize,
    work: usize,
) -> impl Iterator<Item = Range<usize>> + use<> {
    let group = kernel.group_rows();
    let groups = (context.dispatch_work() / work.max(1) as u64 / group as u64).clamp(1, GROUPS as u64) as usize;
    let step = groups * group;
    (0..count).step_by(step).map(move |start| start..count.min(start + step))
}

/// Adds up the counters of all chunks, which `assign` has left in `bytes`.
pub(super) fn counted(bytes: &[u8]) -> AssignCounts {
    bytes.chunks_exact(COUNTERS as usize).fold(AssignCounts::default(), |all, counters| {
        let mut words = words(counters).map(u64::from);
        let [reranked, settled, changed] = [(); 3].map(|()| words.next().unwrap_or(0));
        all.plus(AssignCounts { changed, settled: reranked + settled })
    })
}

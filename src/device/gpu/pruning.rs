//! What a GPU remembers of an assignment, so that the next one races for fewer rows and fewer codewords.

use super::chunk::{COUNTERS, ChunkBuffers};
use super::codewords::{Codewords, PADDING};
use super::context::Context;
use super::rows::GpuRows;
use crate::error::Result;

/// Bytes of what is known of a row, and of an entry of a list.
const ENTRY: u64 = 16;
/// The share of a dispatch that an assignment takes at least for pruning to pay: two milliseconds. Shorter ones do not
/// repay what a driver takes to compile the kernels that it adds, some tenths of a second.
const LEAST_SHARE: u64 = 25;

/// Codewords of the narrowest tile.
const NARROW_TILE: u64 = 64;

/// The buffers for the rows of a chunk, as shaders/keep.wgsl says.
pub(super) struct KeptBuffers {
    pub(super) known: wgpu::Buffer,
    pub(super) open: wgpu::Buffer,
    pub(super) challenged: wgpu::Buffer,
    pub(super) counters: wgpu::Buffer,
}

impl KeptBuffers {
    fn new(context: &Context, chunk: &ChunkBuffers) -> Result<Self> {
        let list = |what| context.storage(what, chunk.room() as u64 * ENTRY);
        Ok(Self {
            known: list("distances of rows")?,
            open: list("open rows")?,
            challenged: list("challenged rows")?,
            counters: context.storage("counters", COUNTERS)?,
        })
    }
}

/// The memory of the last assignment.
pub(super) struct Pruning {
    pub(super) chunks: Vec<KeptBuffers>,
    /// The codewords that have moved since, with their padding.
    pub(super) moved: Codewords,
    /// The same as bytes.
    pub(super) moved_bytes: Option<wgpu::Buffer>,
    /// How many places of `moved` are taken.
    pub(super) taken: wgpu::Buffer,
    /// Whether the distances are those of the last assignment.
    pub(super) is_known: bool,
}

impl Pruning {
    /// Makes room for the half of `clusters` codewords that may have moved.
    pub(super) fn new(rows: &GpuRows, clusters: usize) -> Result<Self> {
        let context = &rows.context;
        Ok(Self {
            chunks: rows.chunks.iter().map(|chunk| KeptBuffers::new(context, chunk)).collect::<Result<_>>()?,
            moved: Codewords::room(context, clusters.div_ceil(2), rows.width)?,
            moved_bytes: None,
            taken: context.storage("places", 4)?,
            is_known: false,
        })
    }

    /// Says how many codewords have moved, and takes the bound of the filter from all of them.
    pub(super) fn set_moved(&mut self, movers: u32, all: &Codewords) {
        self.moved.clusters = movers;
        self.moved.padded = movers.next_multiple_of(PADDING as u32);
        (self.moved.slope, self.moved.base, self.moved.longest) = (all.slope, all.base, all.longest);
    }
}

/// Returns whether pruning pays: the tiles of the codewords that have moved are at most half of all, and the race takes
/// longer than what is added to it. Rows whose own codeword has moved away are a share of the rows that hardly exceeds
/// the share of the codewords that have moved.
pub(super) fn pays(rows: &GpuRows, clusters: usize, movers: u64) -> bool {
    let work = (rows.rows as u64).saturating_mul((clusters * rows.width * 4) as u64);
    let raced = movers.next_multiple_of(NARROW_TILE);
    movers > 0 && raced * 2 <= clusters as u64 && work >= rows.context.dispatch_work() / LEAST_SHARE
}

//! Encodes chunks of rows on a GPU. All levels of a chunk are queued at once, and the host prepares and queues the next
//! chunk before it waits for the codes of this one.

use super::codewords::Codewords;
use super::context::Context;
use super::kernels::assign::{self, Queued};
use super::kernels::{residual, unit_length};
use super::memory::Reading;
use super::rows::GpuRows;
use super::span::{Span, words};
use crate::codebook::Codebook;
use crate::device::ChunkEncoder;
use crate::error::{Result, try_vec};
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) struct GpuEncoder {
    context: Arc<Context>,
    dim: usize,
    levels: Vec<Level>,
    /// Tables of chunks that are done.
    idle: Vec<Place>,
    /// Chunks in progress, the oldest first.
    under_way: VecDeque<UnderWay>,
}

struct Level {
    codewords: Codewords,
    /// Whether the rows are scaled to unit length before it.
    scales: bool,
}

/// A table, and buffers that keep what each level found.
struct Place {
    table: GpuRows,
    found: Vec<Found>,
}

struct Found {
    codes: wgpu::Buffer,
    counters: wgpu::Buffer,
}

struct UnderWay {
    place: Place,
    queued: Vec<Queued>,
    reading: Reading,
}

impl GpuEncoder {
    /// Puts codebooks of one width on the device, for chunks of up to `rows` rows. Returns none where a codebook, a
    /// chunk or its codes do not fit one buffer.
    pub(super) fn new(context: &Arc<Context>, rows: usize, levels: &[(&Codebook, bool)]) -> Result<Option<Self>> {
        let Some((first, _)) = levels.first() else { return Ok(None) };
        let dim = first.dim();
        let table = GpuRows::new(Arc::clone(context), 0, dim)?;
        let codes = rows.saturating_mul(levels.len()).saturating_mul(4);
        let fits = rows <= table.most_rows() && codes <= context.piece();
        if !fits || levels.iter().any(|(codebook, _)| table.slice(codebook).is_some()) {
            return Ok(None);
        }
        let level = |(codebook, scales): &(&Codebook, bool)| -> Result<Level> {
            Ok(Level { codewords: Codewords::new(context, codebook, table.width)?, scales: *scales })
        };
        let levels = levels.iter().map(level).collect::<Result<_>>()?;
        let (idle, under_way) = (Vec::new(), VecDeque::new());
        Ok(Some(Self { context: Arc::clone(context), dim, levels, idle, under_way }))
    }

    /// Returns an idle table of so many rows, or makes one in place of the idle ones.
    fn place(&mut self, rows: usize) -> Result<Place> {
        if let Some(place) = self.idle.pop().filter(|place| place.table.rows == rows) {
            return Ok(place);
        }
        self.idle.clear();
        let context = &self.context;
        let found = || -> Result<Found> {
            let codes = context.storage("codes of a level", rows as u64 * 4)?;
            Ok(Found { codes, counters: context.storage("counters of a level", assign::COUNTERS)? })
        };
        let table = GpuRows::new(Arc::clone(context), rows, self.dim)?;
        Ok(Place { table, found: self.levels.iter().map(|_| found()).collect::<Result<_>>()? })
    }
}

/// Queues one level, and copies what it finds.
fn queue(Place { table, .. }: &mut Place, found: &Found, level: &Level) -> Result<Queued> {
    if level.scales {
        unit_length::unit_length(table)?;
    }
    let queued = assign::queue_codewords(table, &level.codewords)?;
    let GpuRows { context, batch, chunks, .. } = table;
    for chunk in chunks.iter() {
        batch.copy(context, &chunk.codes, &found.codes, chunk.rows.len() as u64 * 4)?;
        batch.copy(context, &chunk.counters, &found.counters, assign::COUNTERS)?;
    }
    Ok(queued)
}

impl ChunkEncoder for GpuEncoder {
    fn begin(&mut self, rows: &[i32]) -> Result<()> {
        let mut place = self.place(rows.len() / self.dim)?;
        place.table.upload(0, rows)?;
        let found = std::mem::take(&mut place.found);
        let mut queued = Vec::new();
        for (at, (level, found)) in self.levels.iter().zip(&found).enumerate() {
            queued.push(queue(&mut place, found, level)?);
            if at + 1 < self.levels.len() {
                residual::queue_subtract(&mut place.table, &level.codewords)?;
                place.table.forget()?;
            }
        }
        let rows = place.table.rows as u64 * 4;
        let codes = found.iter().map(|found| Span { buffer: &found.codes, offset: 0, size: rows });
        let counters = found.iter().map(|found| Span { buffer: &found.counters, offset: 0, size: assign::COUNTERS });
        let spans: Vec<Span<'_>> = counters.chain(codes).collect();
        let reading = place.table.batch.start_reading(&self.context, &spans)?;
        place.found = found;
        self.under_way.push_back(UnderWay { place, queued, reading });
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<(Vec<u32>, u64)>> {
        let Some(UnderWay { mut place, queued, reading }) = self.under_way.pop_front() else { return Ok(None) };
        let bytes = self.context.finish_reading(reading)?;
        let levels = self.levels.len();
        let (counters, codes) = bytes.split_at_checked(levels * assign::COUNTERS as usize).unwrap_or_default();
        let mut settled = 0;
        for (queued, counters) in queued.iter().zip(counters.chunks_exact(assign::COUNTERS as usize)) {
            let assigned = assign::counted(counters);
            settled += assigned.settled;
            assign::finish(&mut place.table, queued, assigned);
        }
        let rows = place.table.rows;
        let mut out = try_vec(0, rows.saturating_mul(levels), "codes")?;
        for (level, codes) in codes.chunks_exact((rows * 4).max(1)).enumerate() {
            let column = out.iter_mut().skip(level).step_by(levels);
            column.zip(words(codes)).for_each(|(to, code)| *to = code.wrapping_sub(1));
        }
        self.idle.push(place);
        Ok(Some((out, settled)))
    }
}

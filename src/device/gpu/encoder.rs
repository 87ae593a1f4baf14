//! Encodes chunks of rows on a GPU. All levels of a chunk are queued at once, and the host prepares and queues the next
//! chunk before it waits for the codes of this one.

use super::assignment::{self, Queued};
use super::chunk::{COUNTERS, counted};
use super::codewords::Codewords;
use super::context::Context;
use super::kernels::{residual, unit_length};
use super::memory::Reading;
use super::rows::GpuRows;
use super::span::{Span, words};
use crate::codebook::Codebook;
use crate::device::{ChunkEncoder, Encoded};
use crate::error::{Result, try_zeros};
use rayon::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) struct GpuEncoder {
    context: Arc<Context>,
    dim: usize,
    levels: Vec<Level>,
    /// The most rows of a chunk.
    chunk: usize,
    /// How many rows are in no chunk yet.
    left: usize,
    /// The chunk that takes rows, and how many it has taken.
    filling: Option<(Place, usize)>,
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
    /// How many of the table's rows are in the chunk.
    rows: usize,
    queued: Vec<Queued>,
    reading: Reading,
}

impl GpuEncoder {
    /// Puts codebooks of one width on the device, for `rows` rows in chunks of up to `chunk`. Returns none where a
    /// codebook, a chunk or its codes do not fit one buffer.
    pub(super) fn new(
        context: &Arc<Context>,
        (rows, chunk): (usize, usize),
        levels: &[(&Codebook, bool)],
    ) -> Result<Option<Self>> {
        let Some((first, _)) = levels.first() else { return Ok(None) };
        let dim = first.dim();
        let table = GpuRows::new(Arc::clone(context), 0, dim)?;
        let codes = chunk.saturating_mul(levels.len()).saturating_mul(4);
        let fits = chunk <= table.most_rows() && codes <= context.piece();
        if !fits || levels.iter().any(|(codebook, _)| table.slice(codebook).is_some()) {
            return Ok(None);
        }
        let level = |(codebook, scales): &(&Codebook, bool)| -> Result<Level> {
            Ok(Level { codewords: Codewords::new(context, codebook, table.width)?, scales: *scales })
        };
        let levels = levels.iter().map(level).collect::<Result<_>>()?;
        let (idle, under_way) = (Vec::new(), VecDeque::new());
        let (context, filling) = (Arc::clone(context), None);
        Ok(Some(Self { context, dim, levels, chunk, left: rows, filling, idle, under_way }))
    }

    /// Returns an idle table of `rows` rows, or makes one in place of the idle ones.
    fn place(&mut self, rows: usize) -> Result<Place> {
        if let Some(place) = self.idle.pop().filter(|place| place.table.rows == rows) {
            return Ok(place);
        }
        self.idle.clear();
        let context = &self.context;
        let found = || -> Result<Found> {
            let codes = context.storage("codes of a level", rows as u64 * 4)?;
            Ok(Found { codes, counters: context.storage("counters of a level", COUNTERS)? })
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
    let queued = assignment::queue_codewords(table, &level.codewords)?;
    let GpuRows { context, batch, chunks, .. } = table;
    for chunk in chunks.iter() {
        batch.copy(context, &chunk.codes, &found.codes, chunk.rows.len() as u64 * 4)?;
        batch.copy(context, &chunk.counters, &found.counters, COUNTERS)?;
    }
    Ok(queued)
}

impl GpuEncoder {
    /// Returns the chunk that takes rows, and how many it has taken; none where all chunks are full.
    fn filling(&mut self) -> Result<Option<(Place, usize)>> {
        if let Some(filling) = self.filling.take() {
            return Ok(Some(filling));
        }
        let rows = self.chunk.min(self.left);
        self.left -= rows;
        if rows == 0 { Ok(None) } else { self.place(rows).map(|place| Some((place, 0))) }
    }

    /// Queues all levels of a chunk of `rows` rows.
    fn begin(&mut self, mut place: Place, rows: usize) -> Result<()> {
        let found = std::mem::take(&mut place.found);
        let mut queued = Vec::new();
        for (at, (level, found)) in self.levels.iter().zip(&found).enumerate() {
            queued.push(queue(&mut place, found, level)?);
            if at + 1 < self.levels.len() {
                residual::queue_subtract(&mut place.table, &level.codewords)?;
                place.table.forget()?;
            }
        }
        let size = rows as u64 * 4;
        let codes = found.iter().map(|found| Span { buffer: &found.codes, offset: 0, size });
        let counters = found.iter().map(|found| Span { buffer: &found.counters, offset: 0, size: COUNTERS });
        let spans: Vec<Span<'_>> = counters.chain(codes).collect();
        let reading = place.table.batch.start_reading(&self.context, &spans)?;
        place.found = found;
        self.under_way.push_back(UnderWay { place, rows, queued, reading });
        Ok(())
    }
}

impl ChunkEncoder for GpuEncoder {
    fn chunk_rows(&self) -> usize {
        self.chunk
    }

    fn add(&mut self, mut rows: &[i32]) -> Result<bool> {
        let mut begun = false;
        while !rows.is_empty()
            && let Some((mut place, taken)) = self.filling()?
        {
            let count = (rows.len() / self.dim).min(place.table.rows - taken);
            let (here, rest) = rows.split_at_checked(count * self.dim).unwrap_or_default();
            place.table.upload(taken, here)?;
            rows = rest;
            if taken + count == place.table.rows {
                self.begin(place, taken + count)?;
                begun = true;
            } else {
                self.filling = Some((place, taken + count));
            }
        }
        Ok(begun)
    }

    fn finish(&mut self) -> Result<Option<Encoded>> {
        if self.under_way.is_empty()
            && let Some((place, taken)) = self.filling.take()
        {
            self.begin(place, taken)?;
        }
        let Some(UnderWay { mut place, rows, queued, reading }) = self.under_way.pop_front() else { return Ok(None) };
        let bytes = self.context.finish_reading(reading)?;
        let levels = self.levels.len();
        let (counters, codes) = bytes.split_at_checked(levels * COUNTERS as usize).unwrap_or_default();
        let mut settled = 0;
        for (queued, counters) in queued.iter().zip(counters.chunks_exact(COUNTERS as usize)) {
            let assigned = counted(counters);
            settled += assigned.settled;
            assignment::finish(&mut place.table, queued, assigned);
        }
        let codes = interleaved(codes, rows, levels)?;
        self.idle.push(place);
        Ok(Some(Encoded { codes, rows, settled }))
    }
}

/// Returns codes (n, L) from the codes + 1 of each level.
fn interleaved(bytes: &[u8], rows: usize, levels: usize) -> Result<Vec<u32>> {
    const TASK: usize = 1 << 14;
    let mut codes = try_zeros(rows.saturating_mul(levels), "codes")?;
    codes.par_chunks_mut(TASK * levels.max(1)).enumerate().for_each(|(task, codes)| {
        for (level, of_level) in bytes.chunks_exact((rows * 4).max(1)).enumerate() {
            let from = words(of_level.get(task * TASK * 4..).unwrap_or_default());
            let column = codes.iter_mut().skip(level).step_by(levels);
            column.zip(from).for_each(|(to, code)| *to = code.wrapping_sub(1));
        }
    });
    Ok(codes)
}

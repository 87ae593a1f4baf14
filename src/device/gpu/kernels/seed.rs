//! Dispatches steps of k-means++: `values`, `draw`, `min_distances`, `potential`, `seed` and `take`.

use super::min_distances;
use crate::device::MAX_VALUES;
use crate::device::gpu::chunk::slices;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, sum_of, words as words_of};
use crate::device::gpu::uploads::UploadGroups;
use crate::error::Result;
use crate::kernel::nearer::BLOCK_ROWS;
use crate::kernel::seed::Seed;

/// Words that the host reads: the sum, and the row. The shader writes one more.
const CHOSEN_WORDS: u64 = 4;
/// The most steps for which the host waits at once.
pub(in crate::device::gpu) const STEPS: usize = 64;
/// Words of the state before those of the steps, and of each step.
const STATE_WORDS: usize = 4;

/// Returns how many random words go along with `steps` steps of `values` values. A value takes one or two words, of
/// which up to half are rejected: 4 on average at the most. More than 5, and 64 for all, are not needed once in 10^12.
pub(in crate::device::gpu) fn words(steps: usize, values: usize) -> usize {
    5 * steps * values + 64
}

/// The buffers of k-means++ on the rows of a table with one chunk.
pub(in crate::device::gpu) struct Buffers {
    weights: wgpu::Buffer,
    closest: wgpu::Buffer,
    closest_sums: wgpu::Buffer,
    values: wgpu::Buffer,
    drawn: wgpu::Buffer,
    points: wgpu::Buffer,
    distances: wgpu::Buffer,
    sums: wgpu::Buffer,
    chosen: wgpu::Buffer,
    words: wgpu::Buffer,
    state: wgpu::Buffer,
    blocks: usize,
}

impl Buffers {
    /// Makes the buffers; `weights` are below 2^32.
    pub(in crate::device::gpu) fn new(table: &GpuRows, weights: &[u64]) -> Result<Self> {
        let (context, rows) = (&table.context, table.rows as u64);
        let weights: Vec<u32> = weights.iter().map(|weight| *weight as u32).collect();
        let blocks = table.rows.div_ceil(BLOCK_ROWS);
        let most = MAX_VALUES as u64;
        Ok(Self {
            weights: context.filled("weights", &weights)?,
            closest: context.storage("closest distances", rows * 8)?,
            closest_sums: context.storage("sums of distances", blocks as u64 * 16)?,
            values: context.storage("values", most * 16)?,
            drawn: context.storage("drawn rows", most * 4)?,
            points: context.storage("points", most * table.width as u64 * 16)?,
            distances: context.storage("seeding distances", most * rows * 8)?,
            sums: context.storage("sums of distances", most * blocks as u64 * 16)?,
            chosen: context.storage("a chosen row", (CHOSEN_WORDS + 1) * 4)?,
            words: context.storage("random words", words(STEPS, MAX_VALUES) as u64 * 8)?,
            state: context.storage("steps of seeding", (STATE_WORDS * (1 + STEPS)) as u64 * 4)?,
            blocks,
        })
    }

    /// Makes every row infinitely far from the codewords.
    pub(in crate::device::gpu) fn forget(&self, table: &mut GpuRows) -> Result<()> {
        table.batch.flush(&table.context)?;
        let unbounded = UploadGroups { size: 1, count: table.rows, write: &|_, to: &mut [u64]| to.fill(u64::MAX) };
        table.context.write_groups(&self.closest, 0, &unbounded)
    }
}

/// Twin: `kernel::seed::seed`. A value is 96 bits and 0, or a row and 1; there are as many as the buffers have room
/// for.
pub(in crate::device::gpu) fn seed(table: &mut GpuRows, buffers: &Buffers, values: &[[u32; 4]]) -> Result<Seed> {
    // Nothing that waits reads the values: the last step was read back.
    table.context.write(&buffers.values, 0, bytemuck::cast_slice(values))?;
    table.batch.clear(&table.context, &buffers.state)?;
    queue_step(table, buffers, values.len())?;
    let span = Span { buffer: &buffers.chosen, offset: 0, size: CHOSEN_WORDS * 4 };
    let bytes = table.batch.read(&table.context, &[span])?;
    let found: Vec<u32> = words_of(&bytes).collect();
    seed_of(&found).ok_or_else(|| table.context.failed("a read-back has another length"))
}

/// Takes `steps` steps one after the other, for each of which the device draws `values` values from `words`. Returns
/// how many words were spent, and the steps that were done before the words or the potential ended.
pub(in crate::device::gpu) fn steps(
    table: &mut GpuRows,
    buffers: &Buffers,
    (steps, values): (usize, usize),
    words: &[u64],
) -> Result<(u64, Vec<Seed>)> {
    // Nothing that waits reads the words: the last step was read back.
    table.context.write(&buffers.words, 0, bytemuck::cast_slice(words))?;
    table.batch.clear(&table.context, &buffers.state)?;
    for _ in 0..steps {
        let Buffers { words: on_device, chosen, values: drawn_by, state, .. } = buffers;
        let params = [values, words.len()].map(|number| number as u32);
        let bound = [on_device, chosen, drawn_by, state];
        table.batch.dispatch(&table.context, Kernel::Values, &params, &bound, ((1, 1), values as u64))?;
        queue_step(table, buffers, values)?;
    }
    let size = (STATE_WORDS * (1 + steps)) as u64 * 4;
    let bytes = table.batch.read(&table.context, &[Span { buffer: &buffers.state, offset: 0, size }])?;
    let found: Vec<u32> = words_of(&bytes).collect();
    let (state, found) = found.split_at_checked(STATE_WORDS).unwrap_or_default();
    let [spent, done, ..] = *state else { return Err(table.context.failed("a read-back has another length")) };
    let seeds = found.chunks_exact(STATE_WORDS).take(done as usize).filter_map(seed_of);
    Ok((spent.into(), seeds.collect()))
}

/// Returns a step from its sum of 96 bits and its row.
fn seed_of(words: &[u32]) -> Option<Seed> {
    let (row, sum) = words.split_last()?;
    Some(Seed { row: *row as usize, potential: sum_of(sum) })
}

/// Adds the dispatches of a step, whose `count` values are on the device.
fn queue_step(table: &mut GpuRows, buffers: &Buffers, count: usize) -> Result<()> {
    let Buffers { weights, closest, closest_sums, values: drawn_by, drawn, points, .. } = buffers;
    let Buffers { distances, sums, chosen, state, blocks, .. } = buffers;
    let rows = table.rows;
    let GpuRows { context, batch, chunks, width, dim, .. } = table;
    for chunk in chunks.iter() {
        let [n, blocks_of, width_of, points_of] = [rows, *blocks, *width, count].map(|number| number as u32);
        let bound = [&chunk.values, closest, weights, closest_sums, drawn_by, points, drawn];
        let groups = (points_of, 1);
        batch.dispatch(
            context,
            Kernel::Draw,
            &[n, blocks_of, width_of],
            &bound,
            (groups, (count * (*dim + blocks)) as u64),
        )?;
        let bound = [&chunk.values, points, closest, distances];
        for slice in slices(context, Kernel::MinDistances, rows, count * *dim) {
            let words = min_distances::params(*width, count, slice.clone(), 0..rows);
            let groups = (slice.len().div_ceil(Kernel::MinDistances.group_rows()) as u32, 1);
            batch.dispatch(
                context,
                Kernel::MinDistances,
                &words,
                &bound,
                (groups, slice.len() as u64 * (count * *dim) as u64),
            )?;
        }
        let groups = (blocks_of, points_of);
        let bound = [distances, weights, sums];
        batch.dispatch(context, Kernel::Potential, &[n, blocks_of], &bound, (groups, rows as u64 * count as u64))?;
        let bound = [sums, drawn, chosen, state];
        batch.dispatch(context, Kernel::Seed, &[points_of, blocks_of], &bound, ((1, 1), (blocks * count) as u64))?;
        let bound = [distances, sums, chosen, closest, closest_sums];
        for slice in slices(context, Kernel::Take, rows, 1) {
            let words = [slice.start as u32, slice.end as u32, n, blocks_of];
            let groups = (slice.len().div_ceil(Kernel::Take.group_rows()) as u32, 1);
            batch.dispatch(context, Kernel::Take, &words, &bound, (groups, slice.len() as u64))?;
        }
    }
    Ok(())
}

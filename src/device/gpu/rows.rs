//! Residual rows on a GPU.

use super::chunk::{Chunk, slices};
use super::codewords::{Codewords, wide_codes};
use super::context::Context;
use super::kernel::Kernel;
use super::memory::Span;
use super::params::Params;
use super::sliced;
use crate::codebook::Codebook;
use crate::device::{Assigned, Table};
use crate::error::{Result, try_vec};
use crate::partial::Partial;
use rayon::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// Components that a step of `assign` consumes; rows are padded to a multiple of it with zeros.
const STEP: usize = 16;
/// Pieces of an upload that may be under way at once.
const UPLOADS: usize = 4;
/// How many operations of `assign` an exact difference, squared and added, is worth.
const EXACT_WORK: usize = 8;

pub(super) struct GpuTable {
    pub(super) context: Arc<Context>,
    rows: usize,
    pub(super) dim: usize,
    /// vec4 per row.
    pub(super) width: usize,
    pub(super) chunks: Vec<Chunk>,
    /// Undecided and changed rows of an `assign`.
    counters: wgpu::Buffer,
    /// Whether the chunks hold the lengths of their rows.
    measured: bool,
}

impl GpuTable {
    pub(super) fn new(context: Arc<Context>, rows: usize, dim: usize) -> Result<Self> {
        let width = dim.next_multiple_of(STEP) / 4;
        let step = Chunk::most_rows(&context, width);
        let chunks = (0..rows)
            .step_by(step)
            .map(|first| Chunk::new(&context, first..rows.min(first.saturating_add(step)), width))
            .collect::<Result<_>>()?;
        let counters = context.storage("counters", 8)?;
        Ok(Self { context, rows, dim, width, chunks, counters, measured: false })
    }

    pub(super) fn params(&self) -> Params {
        Params { width: self.width as u32, ..Params::default() }
    }

    fn codewords(&self, codebook: &Codebook) -> Result<(Codewords, Params)> {
        let codewords = Codewords::new(&self.context, codebook, self.width)?;
        let Codewords { clusters, padded, slope, base, .. } = codewords;
        Ok((codewords, Params { clusters, padded, slope, base, ..self.params() }))
    }

    /// The rows changed: their codes and lengths are worth nothing now.
    fn forget(&mut self) -> Result<()> {
        self.measured = false;
        self.chunks.iter().try_for_each(|chunk| self.context.clear(&chunk.codes))
    }

    fn measure(&mut self) -> Result<()> {
        if !self.measured {
            for chunk in &self.chunks {
                chunk.run(&self.context, Kernel::Length, self.params(), &[&chunk.values, &chunk.lengths], self.dim)?;
            }
            self.measured = true;
        }
        Ok(())
    }

    /// Rows as they lie on the device: f32, padded with zeros.
    fn pad(&self, rows: &[i32]) -> Result<Vec<f32>> {
        let stride = self.width * 4;
        let mut padded = try_vec(0.0_f32, rows.len() / self.dim * stride, "rows to upload")?;
        let rows = rows.par_chunks_exact(self.dim).with_min_len(64);
        rows.zip(padded.par_chunks_exact_mut(stride)).for_each(|(row, to)| {
            row.iter().zip(to).for_each(|(value, to)| *to = *value as f32);
        });
        Ok(padded)
    }

    /// Rows whose results of `bytes` each make up one piece.
    pub(super) fn piece_rows(&self, bytes: usize) -> usize {
        (self.context.piece() / bytes.max(1)).max(1)
    }

    fn counters(&self) -> Result<[u32; 2]> {
        let bytes = self.context.read(&[Span { buffer: &self.counters, offset: 0, size: 8 }])?;
        let mut words = words(&bytes);
        Ok([words.next().unwrap_or(0), words.next().unwrap_or(0)])
    }
}

impl Table for GpuTable {
    fn rows(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn upload(&mut self, first: usize, rows: &[i32]) -> Result<()> {
        self.forget()?;
        let row_bytes = self.width * 16;
        let piece = self.piece_rows(row_bytes);
        let end = self.rows.min(first + rows.len() / self.dim);
        let mut under_way = VecDeque::new();
        for chunk in &self.chunks {
            let mut at = first.max(chunk.rows.start);
            let until = end.min(chunk.rows.end);
            while at < until {
                let next = until.min(at + piece);
                let values = rows.get((at - first) * self.dim..(next - first) * self.dim).unwrap_or_default();
                let offset = ((at - chunk.rows.start) * row_bytes) as u64;
                self.context.write(&chunk.values, offset, bytemuck::cast_slice(&self.pad(values)?))?;
                under_way.push_back(self.context.flush());
                if under_way.len() > UPLOADS
                    && let Some(oldest) = under_way.pop_front()
                {
                    self.context.wait(oldest)?;
                }
                at = next;
            }
        }
        Ok(())
    }

    fn gather(&mut self, rows: &[usize]) -> Result<Vec<i32>> {
        let mut out = try_vec(0, rows.len().saturating_mul(self.dim), "gathered rows")?;
        let row_bytes = self.width * 16;
        for chunk in &self.chunks {
            let here: Vec<(usize, u32)> = (rows.iter().enumerate())
                .filter(|(_, row)| chunk.rows.contains(row))
                .map(|(place, row)| (place, (row - chunk.rows.start) as u32))
                .collect();
            for piece in here.chunks(self.piece_rows(row_bytes)) {
                let listed: Vec<u32> = piece.iter().map(|(_, row)| *row).collect();
                let listed = self.context.filled("listed rows", &listed)?;
                let size = (piece.len() * row_bytes) as u64;
                let copies = self.context.storage("gathered rows", size)?;
                for slice in slices(&self.context, Kernel::Gather, piece.len(), self.dim) {
                    let params = Params { first: slice.start as u32, ..self.params() };
                    let buffers = [&chunk.values, &listed, &copies];
                    self.context.dispatch(Kernel::Gather, params, &buffers, (slice.len() as u32, 1))?;
                }
                let bytes = self.context.read(&[Span { buffer: &copies, offset: 0, size }])?;
                for ((place, _), row) in piece.iter().zip(bytes.chunks_exact(row_bytes)) {
                    let to = out.chunks_exact_mut(self.dim).nth(*place).unwrap_or_default();
                    to.iter_mut().zip(words(row)).for_each(|(to, word)| *to = word as i32);
                }
            }
        }
        Ok(out)
    }

    fn unit_length(&mut self) -> Result<()> {
        self.forget()?;
        self.chunks.iter().try_for_each(|chunk| {
            chunk.run(&self.context, Kernel::UnitLength, self.params(), &[&chunk.values], self.dim * EXACT_WORK)
        })
    }

    fn assign(&mut self, codebook: &Codebook) -> Result<Assigned> {
        if let Some(size) = self.slice(codebook) {
            return sliced::assign(self, codebook, size);
        }
        self.measure()?;
        let (codewords, params) = self.codewords(codebook)?;
        let kernel = Kernel::Assign { wide_rows: self.context.wide, wide_codes: wide_codes(codebook.clusters()) };
        let mut assigned = Assigned::default();
        for chunk in &self.chunks {
            let start = Instant::now();
            self.context.clear(&self.counters)?;
            let Chunk { values, lengths, codes, list, .. } = chunk;
            let buffers = [values, &codewords.values, &codewords.half_norms, lengths, codes, list, &self.counters];
            let work = codewords.padded as usize * self.width * 4;
            chunk.run(&self.context, kernel, params, &buffers, work)?;
            let [undecided, mut changed] = self.counters()?;
            self.context.learn(work as f64 * chunk.rows.len() as f64, start);
            if undecided > 0 {
                let buffers = [values, &codewords.values, &codewords.half_norms, lengths, codes, list, &self.counters];
                let work = codebook.clusters() * self.dim * EXACT_WORK;
                for slice in slices(&self.context, Kernel::Settle, undecided as usize, work) {
                    let params = Params { first: slice.start as u32, end: slice.end as u32, ..params };
                    self.context.dispatch(Kernel::Settle, params, &buffers, (slice.len() as u32, 1))?;
                }
                [_, changed] = self.counters()?;
            }
            assigned.changed += u64::from(changed);
            assigned.settled += u64::from(undecided);
        }
        Ok(assigned)
    }

    fn codes(&mut self, out: &mut [u32]) -> Result<()> {
        for chunk in &self.chunks {
            let bytes = self.context.read(&[chunk.codes_span()])?;
            let to = out.get_mut(chunk.rows.clone()).unwrap_or_default();
            to.iter_mut().zip(words(&bytes)).for_each(|(to, code)| *to = code.wrapping_sub(1));
        }
        Ok(())
    }

    fn set_codes(&mut self, codes: &[u32]) -> Result<()> {
        for chunk in &self.chunks {
            let part = codes.get(chunk.rows.clone()).unwrap_or_default();
            let shifted: Vec<u32> = part.iter().map(|code| code.wrapping_add(1)).collect();
            self.context.write(&chunk.codes, 0, bytemuck::cast_slice(&shifted))?;
        }
        Ok(())
    }

    fn sums(&mut self, clusters: usize) -> Result<Partial> {
        super::centroid::sums(self, clusters)
    }

    fn assigned_distances(&mut self, codebook: &Codebook) -> Result<Vec<u64>> {
        if let Some(size) = self.slice(codebook) {
            return sliced::assigned_distances(self, codebook, size);
        }
        let (codewords, params) = self.codewords(codebook)?;
        let mut out = try_vec(0, self.rows, "distances")?;
        let kernel = Kernel::AssignedDistances;
        for chunk in &self.chunks {
            let distances = self.context.storage("distances", chunk.rows.len() as u64 * 8)?;
            let buffers = [&chunk.values, &codewords.values, &chunk.codes, &distances];
            chunk.run(&self.context, kernel, params, &buffers, self.dim * EXACT_WORK)?;
            let size = chunk.rows.len() as u64 * 8;
            let bytes = self.context.read(&[Span { buffer: &distances, offset: 0, size }])?;
            let to = out.get_mut(chunk.rows.clone()).unwrap_or_default();
            to.iter_mut().zip(doubles(&bytes)).for_each(|(to, distance)| *to = distance);
        }
        Ok(out)
    }

    fn subtract(&mut self, codebook: &Codebook) -> Result<()> {
        if let Some(size) = self.slice(codebook) {
            sliced::subtract(self, codebook, size)?;
            return self.forget();
        }
        let (codewords, params) = self.codewords(codebook)?;
        for chunk in &self.chunks {
            let buffers = [&chunk.values, &codewords.values, &chunk.codes];
            chunk.run(&self.context, Kernel::Residual, params, &buffers, self.dim)?;
        }
        self.forget()
    }

    fn min_distances(&mut self, points: &[i32], closest: &[u64]) -> Result<Vec<u64>> {
        super::min_distances::min_distances(self, points, closest)
    }
}

impl GpuTable {
    /// Points laid out like rows.
    pub(super) fn points(&self, points: &[i32]) -> Result<wgpu::Buffer> {
        self.context.filled("points", &self.pad(points)?)
    }
}

/// The u32 of a read-back.
pub(super) fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|word| word.iter().rev().fold(0, |value, byte| (value << 8) | u32::from(*byte)))
}

/// The u64, low word first, of a read-back.
pub(super) fn doubles(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).map(|word| word.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

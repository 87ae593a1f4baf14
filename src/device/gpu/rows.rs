//! Residual rows on a GPU.

use super::batch::CommandBatch;
use super::candidate_buffers::CandidateBuffers;
use super::chunk::ChunkBuffers;
use super::codewords::Codewords;
use super::context::Context;
use super::filter::Filter;
use super::params::Params;
use super::tile::Class;
use super::uploads::UploadGroups;
use crate::codebook::Codebook;
use crate::error::{ErrorKind, Result};
use std::sync::Arc;

/// Components that a step of `assign` takes; rows are padded with zeros to a multiple of it.
const STEP: usize = 16;

pub(super) struct GpuRows {
    pub(super) context: Arc<Context>,
    pub(super) rows: usize,
    pub(super) dim: usize,
    /// vec4 per row.
    pub(super) width: usize,
    /// The filter of these rows, where measurements do not choose it.
    pub(super) filter: Option<Filter>,
    pub(super) chunks: Vec<ChunkBuffers>,
    /// The dispatches that are not submitted yet.
    pub(super) batch: CommandBatch,
    /// The last codebook that was put on the device.
    codewords: Option<(Codebook, Codewords)>,
    /// The filter for which the chunks hold what is known of their present rows: lengths, or bytes.
    pub(super) measured: Option<Filter>,
    /// Whether the host gave the rows codes.
    coded: bool,
    /// The codewords of the last assignment as bytes.
    pub(super) codeword_bytes: Option<wgpu::Buffer>,
    /// The candidates of k-means||, for each chunk.
    pub(super) candidates: Option<Vec<CandidateBuffers>>,
}

impl GpuRows {
    pub(super) fn new(context: Arc<Context>, rows: usize, dim: usize) -> Result<Self> {
        let unknown = |value: &String| ErrorKind::UnknownGpuFilter { value: value.clone() };
        let filter = *context.filter.as_ref().map_err(unknown)?;
        let unknown = |value: &String| ErrorKind::UnknownGpuTile { value: value.clone() };
        context.tiles.wanted.as_ref().map_err(unknown)?;
        let width = dim.next_multiple_of(STEP) / 4;
        let step = ChunkBuffers::most_rows(&context, width);
        let chunks = (0..rows)
            .step_by(step)
            .map(|first| ChunkBuffers::new(&context, first..rows.min(first.saturating_add(step)), width))
            .collect::<Result<_>>()?;
        Self::with_chunks(context, (rows, dim), filter, chunks)
    }

    fn with_chunks(
        context: Arc<Context>,
        (rows, dim): (usize, usize),
        filter: Option<Filter>,
        chunks: Vec<ChunkBuffers>,
    ) -> Result<Self> {
        let (width, batch) = (dim.next_multiple_of(STEP) / 4, CommandBatch::new(&context)?);
        let (codewords, measured, codeword_bytes) = (None, None, None);
        Ok(Self {
            context,
            rows,
            dim,
            width,
            filter,
            chunks,
            batch,
            codewords,
            measured,
            coded: false,
            codeword_bytes,
            candidates: None,
        })
    }

    /// Returns a table of some of the first rows, whose values it shares, and nothing else; none where there are no
    /// rows.
    pub(super) fn sample(&self, rows: usize) -> Result<Option<Self>> {
        let Some(chunk) = self.chunks.first() else { return Ok(None) };
        let rows = rows.min(chunk.rows.len());
        let chunk = ChunkBuffers::with_values(&self.context, 0..rows, chunk.values.clone())?;
        Self::with_chunks(Arc::clone(&self.context), (rows, self.dim), self.filter, vec![chunk]).map(Some)
    }

    /// Makes the buffers for the rows as bytes; returns whether there is memory for them.
    pub(super) fn has_room_for_bytes(&mut self) -> Result<bool> {
        let Self { context, chunks, dim, .. } = self;
        let made = chunks.iter_mut().try_for_each(|chunk| chunk.bytes(context, *dim).map(drop));
        match made {
            Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory { .. }) => {
                chunks.iter_mut().for_each(|chunk| chunk.bytes = None);
                Ok(false)
            }
            made => made.map(|()| true),
        }
    }

    /// Returns how many rows one chunk may have.
    pub(super) fn most_rows(&self) -> usize {
        ChunkBuffers::most_rows(&self.context, self.width)
    }

    /// Returns the class of an assignment to `clusters` codewords.
    pub(super) fn class(&self, clusters: usize) -> Class {
        Class::of(self.rows, self.dim, clusters)
    }

    pub(super) fn params(&self) -> Params {
        Params { width: self.width as u32, ..Params::default() }
    }

    /// Puts a codebook on the device, unless it is there; returns it with the parameters of a dispatch that takes it.
    pub(super) fn codewords(&mut self, codebook: &Codebook) -> Result<(Codewords, Params)> {
        let (of, codewords) = match self.codewords.take().filter(|(of, _)| of == codebook) {
            Some(known) => known,
            None => (codebook.clone(), Codewords::new(&self.context, codebook, self.width)?),
        };
        self.codewords = Some((of, codewords.clone()));
        let params = codewords.params(self.params());
        Ok((codewords, params))
    }

    /// Says which codebook the codewords on the device are; none where those of the last one are about to change.
    pub(super) fn know_codewords(&mut self, known: Option<(Codebook, Codewords)>) {
        self.codewords = known;
    }

    /// Forgets the codes and lengths of the rows, and candidates, because the rows changed.
    pub(super) fn forget(&mut self) -> Result<()> {
        self.candidates = None;
        // Rows without codes are in no need of clearing, and every assignment measures them.
        let coded = std::mem::take(&mut self.coded) | self.measured.take().is_some();
        match coded {
            true => self.chunks.iter().try_for_each(|chunk| self.batch.clear(&self.context, &chunk.codes)),
            false => Ok(()),
        }
    }

    /// Returns for how many rows the results, of `bytes` each, make up one piece.
    pub(super) fn piece_rows(&self, bytes: usize) -> usize {
        (self.context.piece() / bytes.max(1)).max(1)
    }

    /// Puts points on the device, laid out like rows.
    pub(super) fn points(&self, points: &[i32]) -> Result<wgpu::Buffer> {
        let buffer = self.context.storage("points", (points.len() / self.dim * self.width) as u64 * 16)?;
        self.write_rows(&buffer, 0, points)?;
        Ok(buffer)
    }

    /// Writes rows from row `first` of a buffer on as they are on the device: as f32, padded with zeros.
    fn write_rows(&self, buffer: &wgpu::Buffer, first: usize, rows: &[i32]) -> Result<()> {
        let (dim, stride) = (self.dim, self.width * 4);
        let write = |first: usize, to: &mut [f32]| {
            let rows = rows.get(first * dim..).unwrap_or_default().chunks_exact(dim);
            for (row, to) in rows.zip(to.chunks_exact_mut(stride)) {
                let (values, padding) = to.split_at_mut(dim);
                values.iter_mut().zip(row).for_each(|(to, value)| *to = *value as f32);
                padding.fill(0.0);
            }
        };
        let groups = UploadGroups { size: stride, count: rows.len() / dim, write: &write };
        self.context.write_groups(buffer, (first * stride * 4) as u64, &groups)
    }

    /// Replaces rows from `first` on.
    pub(super) fn upload(&mut self, first: usize, rows: &[i32]) -> Result<()> {
        self.forget()?;
        self.batch.flush(&self.context)?;
        let end = self.rows.min(first + rows.len() / self.dim);
        for chunk in &self.chunks {
            let (from, until) = (first.max(chunk.rows.start), end.min(chunk.rows.end));
            if from < until {
                let values = rows.get((from - first) * self.dim..(until - first) * self.dim).unwrap_or_default();
                self.write_rows(&chunk.values, from - chunk.rows.start, values)?;
            }
        }
        Ok(())
    }

    /// Copies the codes to `out`.
    pub(super) fn codes(&mut self, out: &mut [u32]) -> Result<()> {
        for chunk in &self.chunks {
            let bytes = self.batch.read(&self.context, &[chunk.codes_span()])?;
            chunk.take_codes(&bytes, out);
        }
        Ok(())
    }

    /// Replaces the codes.
    pub(super) fn set_codes(&mut self, codes: &[u32]) -> Result<()> {
        self.batch.flush(&self.context)?;
        self.coded = true;
        for chunk in &self.chunks {
            let codes = codes.get(chunk.rows.clone()).unwrap_or_default();
            let write = |first: usize, to: &mut [u32]| {
                to.iter_mut().zip(codes.iter().skip(first)).for_each(|(to, code)| *to = code.wrapping_add(1));
            };
            self.context.write_groups(&chunk.codes, 0, &UploadGroups { size: 1, count: codes.len(), write: &write })?;
        }
        Ok(())
    }
}

//! What a device has to implement: an [`Engine`] makes [`Table`]s, which hold rows and run kernels on them.

use super::info::{DeviceInfo, FilterCounts, KernelTime, TileChoice, TransferCounts};
use super::table::Table;
use super::tensors::Tensors;
use crate::codebook::Codebook;
use crate::error::Result;
use crate::grid::{self, Grid};

/// The use that a table is made for; engines may prepare for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The same rows are assigned repeatedly, to codewords that move little by little.
    Fit,
    /// Rows are assigned once per level.
    Encode,
}

/// An implementation of all kernels on some hardware.
pub(crate) trait Engine: Send + Sync {
    fn info(&self) -> &DeviceInfo;

    /// Makes a table of `rows` rows of `dim` grid values (1 ..= [`MAX_DIM`](crate::rq::MAX_DIM)), which are zero until
    /// they are uploaded.
    fn table(&self, rows: usize, dim: usize, purpose: Purpose) -> Result<Box<dyn Table>>;

    /// Makes a store for the matrices of a network.
    fn tensors(&self) -> Result<Box<dyn Tensors>>;

    /// Prepares codebooks, each with whether its level scales residuals to unit length, to encode a few rows at a time;
    /// returns none where the engine has nothing better than a table.
    fn few_rows(&self, levels: &[(&Codebook, bool)]) -> Result<Option<Box<dyn FewRows>>> {
        let _ = levels;
        Ok(None)
    }

    /// Returns how many rows `encode` should hand over at a time.
    fn chunk_rows(&self, dim: usize) -> usize;

    /// Puts rows on the grid as [`Grid::quantize`] does, on as many threads as the engine uses.
    fn quantize(&self, grid: &Grid, rows: &[f32], out: &mut [i32]) -> u64 {
        grid.quantize(rows, out)
    }

    /// Puts rows on grids of their own as [`grid::quantize_rows_alone`] does, on as many threads as the engine uses.
    fn quantize_rows_alone(&self, rows: &[f32], dim: usize, out: &mut [i32]) {
        grid::quantize_rows_alone(rows, dim, out);
    }

    /// Runs work of many small steps from one of the engine's own threads, if it has any: a step from another thread
    /// would have to wake them first.
    fn run(&self, work: &mut (dyn FnMut() + Send)) {
        work();
    }

    /// Returns whether the tables of the engine may have iterations of their own, see [`Table::lloyd`].
    fn iterates(&self) -> bool {
        false
    }

    /// Switches the timing of kernels on or off; returns `false` where the engine has none.
    fn time_kernels(&self, _on: bool) -> bool {
        false
    }

    /// Returns the times since the last call.
    fn kernel_times(&self) -> Vec<KernelTime> {
        Vec::new()
    }

    /// Returns what the filter did since the last call.
    fn filter_counts(&self) -> FilterCounts {
        FilterCounts::default()
    }

    /// Prepares to encode `rows` rows, in chunks, by the nearest codewords of consecutive levels of one width, before
    /// which rows may be scaled to unit length; none where a table or [`FewRows`] does it.
    fn chunk_encoder(&self, _levels: &[(&Codebook, bool)], _rows: usize) -> Result<Option<Box<dyn ChunkEncoder>>> {
        Ok(None)
    }

    /// Returns what passed between the host and the device since the last call.
    fn transfer_counts(&self) -> TransferCounts {
        TransferCounts::default()
    }

    /// Returns which variants were measured to be the fastest.
    fn tile_choices(&self) -> Vec<TileChoice> {
        Vec::new()
    }
}

/// Encodes chunks of rows, of which several may be in progress: the device computes the codes of one while the host
/// prepares the next.
pub(crate) trait ChunkEncoder: Send {
    /// Returns how many rows a chunk has, but for the last one.
    fn chunk_rows(&self) -> usize;

    /// Takes the next rows (n, D), which are on the grid and no more than a chunk; returns whether another chunk is in
    /// progress now.
    fn add(&mut self, rows: &[i32]) -> Result<bool>;

    /// Waits for the oldest chunk in progress. Where there is none, it first begins one of the rows that are left of
    /// those added; returns none where no row is left.
    fn finish(&mut self) -> Result<Option<Encoded>>;
}

/// A chunk with codes.
pub(crate) struct Encoded {
    /// Codes (n, L).
    pub(crate) codes: Vec<u32>,
    pub(crate) rows: usize,
    /// How many assignments exact distances settled.
    pub(crate) settled: u64,
}

/// Codebooks that are prepared to encode a few rows at a time, on the thread of the caller, or many on all threads.
pub(crate) trait FewRows: Send + Sync {
    /// Writes the codes of all levels: `rows` (n, D) are on the grid, `codes` is (n, L).
    fn encode(&mut self, rows: &[i32], codes: &mut [u32]);

    /// Encodes many rows on all threads of the engine; returns the number of assignments, each of one row at
    /// one level, that the filter left undecided.
    fn encode_many(&self, rows: &[i32], codes: &mut [u32]) -> u64;

    /// Returns another one with the same codebooks, for another thread.
    fn copy(&self) -> Box<dyn FewRows>;
}

//! What a device has to implement: an [`Engine`] makes [`Table`]s, which hold rows and run kernels on them.

use super::info::{DeviceInfo, FilterCounts, KernelTime, TileChoice, TransferCounts};
use super::lloyd::Lloyd;
use super::range_search;
use super::seeding::Seeding;
use super::tensors::Tensors;
use crate::codebook::Codebook;
use crate::error::Result;
use crate::grid::{self, Grid};
use crate::kernel::range_search::RangeMatches;
use crate::partial::Partial;

/// Counts of an `assign`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assigned {
    /// Rows whose code differs from their code before.
    pub(crate) changed: u64,
    /// Rows that the filter left undecided, so that exact distances decided.
    pub(crate) settled: u64,
}

impl Assigned {
    /// Adds the counts of two different sets of rows.
    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { changed: self.changed + other.changed, settled: self.settled + other.settled }
    }
}

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

    /// Does the same as [`Grid::quantize`], on as many threads as the engine uses.
    fn quantize(&self, grid: &Grid, rows: &[f32], out: &mut [i32]) -> u64 {
        grid.quantize(rows, out)
    }

    /// Does the same as [`grid::quantize_rows_alone`], on as many threads as the engine uses.
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

    /// Does the same on all threads of the engine, for many rows; returns the number of assignments, each of one row at
    /// one level, that the filter left undecided.
    fn encode_many(&self, rows: &[i32], codes: &mut [u32]) -> u64;

    /// Returns another one with the same codebooks, for another thread.
    fn copy(&self) -> Box<dyn FewRows>;
}

/// N residual rows on a device, each with a code.
///
/// A new table has no codes, and neither has a table after `upload`, `unit_length` or `subtract`: the next `assign`
/// counts every row as changed. Each method does what the kernel of the same name does, bit for bit.
pub(crate) trait Table: Send {
    fn rows(&self) -> usize;

    fn dim(&self) -> usize;

    /// Replaces rows from `first` on; `rows` holds whole rows of grid values within 2^24.
    fn upload(&mut self, first: usize, rows: &[i32]) -> Result<()>;

    /// Returns copies of the given rows, in the given order.
    fn gather(&mut self, rows: &[usize]) -> Result<Vec<i32>>;

    /// Runs `kernel::unit_length`: scales every row to the same length.
    fn unit_length(&mut self) -> Result<()>;

    /// Runs `kernel::assign`: gives every row the code of its nearest codeword.
    fn assign(&mut self, codebook: &Codebook) -> Result<Assigned>;

    /// Whether the rows have the codes of an assignment to `known`, and an assignment to these and more codewords,
    /// `clusters` in all, takes no longer than one to the new codewords alone.
    fn extends(&self, known: &Codebook, clusters: usize) -> bool {
        let _ = (known, clusters);
        false
    }

    /// Does the same as `assign`, then `codes`; a device may wait once instead of twice.
    fn assign_and_codes(&mut self, codebook: &Codebook, out: &mut [u32]) -> Result<Assigned> {
        let assigned = self.assign(codebook)?;
        self.codes(out)?;
        Ok(assigned)
    }

    /// Does the same as `assign`, then `sums`; a device may wait once instead of several times.
    fn assign_and_sums(&mut self, codebook: &Codebook) -> Result<(Assigned, Partial)> {
        let assigned = self.assign(codebook)?;
        Ok((assigned, self.sums(codebook.clusters())?))
    }

    /// Copies the codes to `out`, which holds one per row.
    fn codes(&mut self, out: &mut [u32]) -> Result<()>;

    /// Replaces the codes; `codes` holds one per row.
    fn set_codes(&mut self, codes: &[u32]) -> Result<()>;

    /// Runs `kernel::centroid`: returns the sums of the rows by their codes, which are all below `clusters`.
    fn sums(&mut self, clusters: usize) -> Result<Partial>;

    /// Runs `kernel::assigned_distances`: returns the squared distance of every row to the codeword of its code.
    fn assigned_distances(&mut self, codebook: &Codebook) -> Result<Vec<u64>>;

    /// Runs `kernel::residual`: subtracts from every row the codeword of its code, and forgets the codes.
    fn subtract(&mut self, codebook: &Codebook) -> Result<()>;

    /// Prepares iterations of Lloyd's algorithm from `codebook`, whose codewords move on the device and stay within
    /// `room`; returns none where `assign_and_sums` and a host that moves the codewords are as good. The rows keep
    /// their codes.
    fn lloyd(&mut self, codebook: &Codebook, room: i32) -> Result<Option<Box<dyn Lloyd + '_>>> {
        let _ = (codebook, room);
        Ok(None)
    }

    /// Returns up to how many rows k-means++ is faster with the distances of all pairs, which one call of
    /// `min_distances` gives, than with a step of [`Seeding`] per codeword.
    fn all_pairs(&self) -> usize {
        2048
    }

    /// Prepares k-means++ over the rows, row i counting `weights[i]` times, with distances that stay on the device;
    /// returns none where `min_distances` is as good.
    fn seeding(&mut self, weights: &[u64]) -> Result<Option<Box<dyn Seeding + '_>>> {
        let _ = weights;
        Ok(None)
    }

    /// Runs `kernel::min_distances` for points (P, D): returns P x N distances, none above `closest` of its row.
    fn min_distances(&mut self, points: &[i32], closest: &[u64]) -> Result<Vec<u64>>;

    /// Runs `kernel::range_search`: returns for every row the codewords whose squared distance plus price is below its
    /// limit.
    fn range_search(&mut self, codebook: &Codebook, prices: &[i128], limits: &[i128]) -> Result<RangeMatches> {
        range_search::range_search(self, codebook, prices, limits)
    }
}

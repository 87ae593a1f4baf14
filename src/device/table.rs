//! Rows on a device, and iterations of Lloyd's algorithm whose codewords stay there.

use super::iteration::{AssignCounts, Iteration};
use super::seeding::Seeding;
use crate::codebook::Codebook;
use crate::error::Result;
use crate::kernel::nearer::BlockDraw;
use crate::kernel::range_search::RangeMatches;
use crate::partial::Partial;

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
    fn assign(&mut self, codebook: &Codebook) -> Result<AssignCounts>;

    /// Whether the rows have the codes of an assignment to `known`, and an assignment to these and more codewords,
    /// `clusters` in all, takes no longer than one to the new codewords alone.
    fn extends(&self, known: &Codebook, clusters: usize) -> bool {
        let _ = (known, clusters);
        false
    }

    /// Assigns as `assign` does, and returns the codes as `codes` does; a device may wait once instead of twice.
    fn assign_and_codes(&mut self, codebook: &Codebook, out: &mut [u32]) -> Result<AssignCounts> {
        let assigned = self.assign(codebook)?;
        self.codes(out)?;
        Ok(assigned)
    }

    /// Assigns as `assign_and_codes` does, and returns what `assigned_distances` does; a device may wait once instead
    /// of several times.
    fn assign_and_distances(&mut self, codebook: &Codebook, codes: &mut [u32]) -> Result<Vec<u64>> {
        self.assign_and_codes(codebook, codes)?;
        self.assigned_distances(codebook)
    }

    /// Assigns as `assign` does, and returns the sums as `sums` does; a device may wait once instead of several times.
    fn assign_and_sums(&mut self, codebook: &Codebook) -> Result<(AssignCounts, Partial)> {
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

    /// Whether the candidates of k-means|| should stay on the device. Otherwise `assign_and_distances` and the host are
    /// as good.
    fn holds_candidates(&self) -> bool {
        false
    }

    /// Adds candidates of k-means|| to the `known` ones before them, none of which it keeps where that is 0: runs
    /// `kernel::nearer` after an assignment to the new ones, whose codes the rows then have. Returns the sums of the
    /// rows' distances from their nearest candidates, for blocks of rows one after the other; none where the device
    /// cannot hold them. Distances and nearest candidates stay on the device until the rows change.
    fn add_candidates(&mut self, new: &Codebook, known: usize) -> Result<Option<Vec<u128>>> {
        let _ = (new, known);
        Ok(None)
    }

    /// Runs `kernel::nearer::draw_in_block`: returns the row of each draw by the distances from the candidates. Blocks
    /// are those of the sums.
    fn draw_candidates(&mut self, draws: &[BlockDraw]) -> Result<Vec<usize>> {
        Ok(vec![0; draws.len()])
    }

    /// Returns how many rows are nearest to each of the candidates, of which there are `candidates`.
    fn candidate_counts(&mut self, candidates: usize) -> Result<Vec<u64>> {
        Ok(vec![0; candidates])
    }

    /// Gives back the memory of the candidates.
    fn forget_candidates(&mut self) {}

    /// Runs `kernel::min_distances` for points (P, D): returns P x N distances, none above `closest` of its row. A GPU
    /// waits for all of them together, as far as they fit a transfer.
    fn min_distances(&mut self, points: &[i32], closest: &[u64]) -> Result<Vec<u64>>;

    /// Runs `kernel::range_search`: returns for every row the codewords whose squared distance plus price is below its
    /// limit.
    fn range_search(&mut self, codebook: &Codebook, prices: &[i128], limits: &[i128]) -> Result<RangeMatches>;
}

/// A table whose codewords move on the device, see [`Table::lloyd`].
pub(crate) trait Lloyd {
    /// Runs `kernel::assign` with the codewords as they are, and then `kernel::update` with the sums of
    /// `kernel::centroid`.
    fn iterate(&mut self) -> Result<Iteration>;

    /// Returns the codewords to which the last iteration assigned the rows, before it moved them.
    fn codewords(&mut self) -> Result<Codebook>;

    /// Replaces the codewords by others of the same shape; the rows keep their codes.
    fn restart(&mut self, codebook: &Codebook) -> Result<()>;

    /// Returns the table. Its rows must stay as they are.
    fn table(&mut self) -> &mut dyn Table;
}

//! Handles codebooks larger than a binding of the adapter, slice by slice.

use super::assignment;
use super::codewords::PADDING;
use super::kernels;
use super::rows::GpuRows;
use crate::codebook::Codebook;
use crate::device::{AssignCounts, NO_CODE};
use crate::error::{Result, try_vec, try_zeros};

impl GpuRows {
    /// Returns how many codewords a binding holds; none if it holds all of `codebook`.
    pub(super) fn slice(&self, codebook: &Codebook) -> Option<usize> {
        let room = (self.context.binding / (self.width as u64 * 16)) as usize / PADDING * PADDING;
        (room >= PADDING && codebook.clusters() > room).then_some(room)
    }
}

/// Finds the nearest codeword of every slice, then the nearest of these; on a tie that of the lowest slice.
pub(super) fn assign(table: &mut GpuRows, codebook: &Codebook, size: usize) -> Result<AssignCounts> {
    let rows = table.rows;
    let mut before = try_vec(NO_CODE, rows, "codes")?;
    table.codes(&mut before)?;
    let mut nearest = try_vec((u64::MAX, NO_CODE), rows, "nearest codewords")?;
    let mut codes = try_vec(NO_CODE, rows, "codes")?;
    let mut settled = 0;
    for (part, values) in codebook.values().chunks(size * codebook.dim()).enumerate() {
        let slice = Codebook::new(values.to_vec(), codebook.dim());
        settled += assignment::assign(table, &slice)?.settled;
        table.codes(&mut codes)?;
        let distances = kernels::assigned_distances::assigned_distances(table, &slice)?;
        for ((nearest, distance), code) in nearest.iter_mut().zip(distances).zip(&codes) {
            *nearest = (*nearest).min((distance, (part * size) as u32 + code));
        }
    }
    codes.iter_mut().zip(nearest).for_each(|(code, (_, nearest))| *code = nearest);
    table.set_codes(&codes)?;
    let changed = codes.iter().zip(&before).filter(|(now, before)| now != before).count() as u64;
    Ok(AssignCounts { changed, settled: settled.min(rows as u64) })
}

/// Returns the squared distance of every row to the codeword of its code.
pub(super) fn assigned_distances(table: &mut GpuRows, codebook: &Codebook, size: usize) -> Result<Vec<u64>> {
    let mut out = try_zeros(table.rows, "distances")?;
    each_slice(table, codebook, size, &mut |table, slice, codes| {
        let distances = kernels::assigned_distances::assigned_distances(table, slice)?;
        let here = out.iter_mut().zip(distances).zip(codes).filter(|(_, code)| **code != NO_CODE);
        here.for_each(|((out, distance), _)| *out = distance);
        Ok(())
    })?;
    Ok(out)
}

/// Subtracts from every row the codeword of its code.
pub(super) fn subtract(table: &mut GpuRows, codebook: &Codebook, size: usize) -> Result<()> {
    each_slice(table, codebook, size, &mut |table, slice, _| kernels::residual::subtract(table, slice))
}

/// A function that takes a slice, and for each row its code within the slice.
type SliceWork<'a> = &'a mut dyn FnMut(&mut GpuRows, &Codebook, &[u32]) -> Result<()>;

/// Calls `work` for every slice of codewords; the rows of other slices have no codes during the call. Afterwards all
/// rows have their codes again.
fn each_slice(table: &mut GpuRows, codebook: &Codebook, size: usize, work: SliceWork<'_>) -> Result<()> {
    let dim = codebook.dim();
    let mut codes = try_vec(NO_CODE, table.rows, "codes")?;
    table.codes(&mut codes)?;
    let mut within = codes.clone();
    for (part, values) in codebook.values().chunks(size * dim).enumerate() {
        let slice = Codebook::new(values.to_vec(), dim);
        for (within, code) in within.iter_mut().zip(&codes) {
            let code = code.checked_sub((part * size) as u32);
            *within = code.filter(|code| (*code as usize) < slice.clusters()).unwrap_or(NO_CODE);
        }
        table.set_codes(&within)?;
        work(table, &slice, &within)?;
    }
    table.set_codes(&codes)
}

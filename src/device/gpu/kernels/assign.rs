//! Dispatches `assign`, the filter, and `settle` for the rows that it leaves undecided.

use crate::codebook::Codebook;
use crate::device::Assigned;
use crate::device::gpu::chunk::{Chunk, slices};
use crate::device::gpu::codewords::wide_codes;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::kernels::EXACT_WORK;
use crate::device::gpu::params::Params;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, words};
use crate::error::Result;
use std::time::Instant;

/// Twin: `kernel::assign::assign`. The codebook must fit a binding.
pub(in crate::device::gpu) fn assign(rows: &mut GpuRows, codebook: &Codebook) -> Result<Assigned> {
    measure(rows)?;
    let (codewords, params) = rows.codewords(codebook)?;
    let kernel = Kernel::Assign { wide_rows: rows.context.wide, wide_codes: wide_codes(codebook.clusters()) };
    let mut assigned = Assigned::default();
    for chunk in &rows.chunks {
        let start = Instant::now();
        rows.context.clear(&rows.counters)?;
        let Chunk { values, lengths, codes, list, .. } = chunk;
        let buffers = [values, &codewords.values, &codewords.half_norms, lengths, codes, list, &rows.counters];
        let work = codewords.padded as usize * rows.width * 4;
        chunk.run(&rows.context, kernel, params, &buffers, work)?;
        let [undecided, mut changed] = counters(rows)?;
        rows.context.learn(work as f64 * chunk.rows.len() as f64, start);
        if undecided > 0 {
            let buffers = [values, &codewords.values, &codewords.half_norms, lengths, codes, list, &rows.counters];
            let work = codebook.clusters() * rows.dim * EXACT_WORK;
            for slice in slices(&rows.context, Kernel::Settle, undecided as usize, work) {
                let params = Params { first: slice.start as u32, end: slice.end as u32, ..params };
                rows.context.dispatch(Kernel::Settle, params, &buffers, (slice.len() as u32, 1))?;
            }
            [_, changed] = counters(rows)?;
        }
        assigned.changed += u64::from(changed);
        assigned.settled += u64::from(undecided);
    }
    Ok(assigned)
}

/// Computes upper bounds on the lengths of the rows, which the bound of the filter needs.
fn measure(rows: &mut GpuRows) -> Result<()> {
    if !rows.measured {
        for chunk in &rows.chunks {
            chunk.run(&rows.context, Kernel::Length, rows.params(), &[&chunk.values, &chunk.lengths], rows.dim)?;
        }
        rows.measured = true;
    }
    Ok(())
}

/// Returns the numbers of undecided and of changed rows.
fn counters(rows: &GpuRows) -> Result<[u32; 2]> {
    let bytes = rows.context.read(&[Span { buffer: &rows.counters, offset: 0, size: 8 }])?;
    let mut words = words(&bytes);
    Ok([words.next().unwrap_or(0), words.next().unwrap_or(0)])
}

//! Rows, read a chunk at a time.

use crate::error::{Result, try_zeros};
use crate::grid::read_finite;
use crate::rows::Rows;

/// Values read at a time: 4 MiB of f32.
const CHUNK_VALUES: usize = 1 << 20;

/// Reads the rows chunk by chunk, and hands each to `use_rows` with the number of its first row.
pub(super) fn each_chunk(rows: &dyn Rows, use_rows: &mut dyn FnMut(usize, &[f32]) -> Result<()>) -> Result<()> {
    let (len, dim) = (rows.len(), rows.dim());
    let step = (CHUNK_VALUES / dim).max(1);
    let mut buffer = try_zeros(step.min(len) * dim, "a chunk of rows")?;
    for first in (0..len).step_by(step) {
        buffer.truncate((len - first).min(step) * dim);
        read_finite(rows, first, &mut buffer)?;
        use_rows(first, &buffer)?;
    }
    Ok(())
}

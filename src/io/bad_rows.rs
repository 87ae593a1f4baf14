//! What is done about rows that cannot be used.

use crate::error::{BadRowKind, Fault};

/// What is done about rows that cannot be used: that hold NaN, infinities or nulls, are missing, or are of another
/// length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadRows {
    /// Reading fails, and the error counts all of them and names the first.
    #[default]
    Refuse,
    /// They are left out: the rows that are read are the others. Finding them takes a pass over the input.
    Skip,
}

/// The rows of `values` that are not finite, as faults of rows from `first` on.
pub(crate) fn not_finite(values: &[f32], dim: usize, first: usize) -> impl Iterator<Item = Fault> {
    let bad = |value: &f32| value.to_bits() & 0x7f80_0000 == 0x7f80_0000;
    // The sum of such flags is a vector loop; rows are searched only where there is something.
    let any = values.iter().map(|value| u32::from(bad(value))).fold(0, |a, b| a | b) != 0;
    let rows = if any { values.chunks_exact(dim.max(1)) } else { [].chunks_exact(1) };
    rows.enumerate().filter_map(move |(i, row)| {
        let column = row.iter().position(bad)?;
        let value = row.get(column).copied()?;
        let kind = if value.is_nan() { BadRowKind::Nan } else { BadRowKind::Infinite(value) };
        Some(Fault { row: first + i, column: Some(column), kind })
    })
}

//! What a reader does about rows that cannot be used.

use crate::error::{BadRowKind, Fault};

/// What a reader does about rows that cannot be used: rows that hold NaN, infinities, nulls or texts, that are missing,
/// or that have another length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadRows {
    /// Reading fails, and the error counts all of them and names the first.
    #[default]
    Refuse,
    /// Bad rows are left out, and only the others are read. Opening takes a pass over the input, which finds them.
    Skip,
}

/// Returns the first column of a row that is not finite and not in a block of nothing but NaN; the number of columns
/// where all blocks are nothing but NaN.
fn bad_column(row: &[f32], widths: &[usize]) -> Option<usize> {
    let (mut start, mut is_there) = (0, false);
    for width in widths {
        let block = row.get(start..start + width).unwrap_or_default();
        if !block.iter().all(|x| x.is_nan()) {
            is_there = true;
            if let Some(at) = block.iter().position(|x| !x.is_finite()) {
                return Some(start + at);
            }
        }
        start += width;
    }
    (!is_there).then_some(row.len())
}

/// Finds the rows of `values` that are not finite; `first` is the number of the first row. Of rows with several blocks,
/// which are `widths` wide, a block of nothing but NaN is one that the row lacks: only a row that lacks all is bad.
pub(crate) fn not_finite(values: &[f32], widths: &[usize], first: usize) -> impl Iterator<Item = Fault> {
    let dim: usize = widths.iter().sum();
    let bad = |value: &f32| value.to_bits() & 0x7f80_0000 == 0x7f80_0000;
    // A loop that combines such flags compiles to vector instructions; rows are searched only where a flag is set.
    let any = values.iter().map(|value| u32::from(bad(value))).fold(0, |a, b| a | b) != 0;
    let rows = if any { values.chunks_exact(dim.max(1)) } else { [].chunks_exact(1) };
    rows.enumerate().filter_map(move |(i, row)| {
        let column = match widths {
            [_] => row.iter().position(bad)?,
            _ => bad_column(row, widths)?,
        };
        if column == row.len() {
            return Some(Fault { row: first + i, column: None, kind: BadRowKind::Null });
        }
        let value = row.get(column).copied()?;
        let kind = if value.is_nan() { BadRowKind::Nan } else { BadRowKind::Infinite(value) };
        Some(Fault { row: first + i, column: Some(column), kind })
    })
}

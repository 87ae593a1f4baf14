//! Lists of floats, in all shapes that writers of the format have used.
//!
//! Which groups are lists is decided by the rules for backward compatibility of the Parquet format, which the decoder
//! follows. By them, the repeated group `array` with one field, which DuckDB 0.10 to 1.2 wrote, is a list of structures
//! of one float; these are read as the float.

use super::super::table::ParquetTable;
use super::{Bad, Layout, floats};
use crate::error::{BadRowKind, Result};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

/// Returns the type of a list's elements, or that of their only field where they are structures of one field.
pub(in crate::io::parquet) fn element(kind: &DataType) -> Option<&DataType> {
    let DataType::List(item) = kind else { return None };
    match item.data_type() {
        DataType::Struct(fields) if fields.len() == 1 => fields.first().map(|field| field.data_type()),
        other => Some(other),
    }
}

/// Whether a column has lists of 2 bytes, which are 16-bit floats if the Arrow schema says so.
pub(super) fn is_marked_half(kind: &DataType) -> bool {
    element(kind) == Some(&DataType::FixedSizeBinary(2))
}

#[derive(Debug)]
pub(super) struct Lists([usize; 1]);

impl Lists {
    pub(super) fn open(table: &ParquetTable, column: usize) -> Result<Self> {
        Ok(Self([table.leaf(column, &[])?]))
    }
}

impl Layout for Lists {
    fn leaves(&self) -> &[usize] {
        &self.0
    }

    fn len(&self, columns: &[ArrayRef], row: usize) -> Option<usize> {
        len(columns.first()?, row)
    }

    fn decode(&self, columns: &[ArrayRef], dim: usize, out: &mut Vec<f32>, bad: Bad<'_>) -> Result<(), String> {
        let lists = columns.first().ok_or("its column is not there")?;
        decode(lists, dim, out, bad)
    }
}

pub(super) fn len(lists: &ArrayRef, row: usize) -> Option<usize> {
    let lists = lists.as_list_opt::<i32>()?;
    lists.is_valid(row).then(|| lists.value(row).len())
}

/// Appends the values of lists.
pub(super) fn decode(lists: &ArrayRef, dim: usize, out: &mut Vec<f32>, bad: Bad<'_>) -> Result<(), String> {
    let changed = || "its column changes its type".to_owned();
    let lists = lists.as_list_opt::<i32>().ok_or_else(changed)?;
    let offsets = lists.value_offsets();
    let start = offsets.first().map_or(0, |offset| *offset as usize);
    let end = offsets.last().map_or(0, |offset| *offset as usize);
    let elements = lists.values().slice(start, end - start);
    let values = match elements.as_struct_opt() {
        Some(elements) => elements.columns().first().cloned().ok_or_else(changed)?,
        None => elements.clone(),
    };
    let nulls = elements.null_count() > 0 || values.null_count() > 0;
    if lists.null_count() == 0 && !nulls && lists.offsets().lengths().all(|len| len == dim) {
        return floats::append(&values, out).ok_or_else(changed);
    }
    let mut all = Vec::new();
    floats::append(&values, &mut all).ok_or_else(changed)?;
    for (row, len) in lists.offsets().lengths().enumerate() {
        let begin = offsets.get(row).map_or(0, |offset| *offset as usize - start);
        let at = out.len();
        if lists.is_null(row) {
            bad(row, None, BadRowKind::Null);
        } else if len == 0 {
            bad(row, None, BadRowKind::Empty);
        } else if len != dim {
            bad(row, None, BadRowKind::Length { expected: dim, found: len });
        } else {
            out.extend_from_slice(all.get(begin..begin + len).unwrap_or_default());
            let missing = |i: &usize| elements.is_null(begin + i) || values.is_null(begin + i);
            if let Some(column) = (0..len).filter(|_| nulls).find(missing) {
                bad(row, Some(column), BadRowKind::Null);
            }
        }
        out.resize(at + dim, 0.0);
    }
    Ok(())
}

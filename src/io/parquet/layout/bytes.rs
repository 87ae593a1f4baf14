//! Columns of bytes that hold floats one after the other; the caller says of which type.

use super::super::table::ParquetTable;
use super::{Bad, Layout};
use crate::error::{BadRowKind, Result};
use crate::io::FloatBytes;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use half::{bf16, f16};

pub(super) fn is_bytes(kind: &DataType) -> bool {
    matches!(kind, DataType::Binary | DataType::FixedSizeBinary(_))
}

#[derive(Debug)]
pub(super) struct Bytes {
    leaves: [usize; 1],
    float: FloatBytes,
}

impl Bytes {
    pub(super) fn open(table: &ParquetTable, column: usize, float: Option<FloatBytes>) -> Result<Self> {
        let Some((name, kind)) = table.columns().nth(column) else { return Err(table.error("it has no such column")) };
        let Some(float) = float else {
            let width = match kind {
                DataType::FixedSizeBinary(width) => format!("{width} bytes a row"),
                _ => "bytes".to_owned(),
            };
            let remedy = "say which floats these are: f16le, bf16le, f32le or f64le";
            return Err(
                table.error(format!("column {name:?} holds {width}, which nothing says to be floats; {remedy}"))
            );
        };
        Ok(Self { leaves: [table.leaf(column, &[])?], float })
    }
}

/// Returns the bytes of a row from any of the arrays that can hold them.
fn row(array: &ArrayRef, row: usize) -> Option<&[u8]> {
    if let Some(array) = array.as_fixed_size_binary_opt() {
        Some(array.value(row))
    } else if let Some(array) = array.as_binary_view_opt() {
        Some(array.value(row))
    } else {
        array.as_binary_opt::<i32>().map(|array| array.value(row))
    }
}

impl Layout for Bytes {
    fn leaves(&self) -> &[usize] {
        &self.leaves
    }

    fn len(&self, columns: &[ArrayRef], at: usize) -> Option<usize> {
        let array = columns.first()?;
        let bytes = row(array, at).filter(|_| array.is_valid(at))?.len();
        // A row that breaks off within a value does not tell how long rows are.
        bytes.is_multiple_of(self.float.size()).then_some(bytes / self.float.size())
    }

    fn decode(&self, columns: &[ArrayRef], dim: usize, out: &mut Vec<f32>, bad: Bad<'_>) -> Result<(), String> {
        let array = columns.first().ok_or("its column is not there")?;
        let size = self.float.size();
        for i in 0..array.len() {
            let start = out.len();
            match row(array, i) {
                None => return Err("its column changes its type".to_owned()),
                Some(_) if array.is_null(i) => bad(i, None, BadRowKind::Null),
                Some([]) => bad(i, None, BadRowKind::Empty),
                Some(bytes) if bytes.len() != dim * size => {
                    bad(i, None, BadRowKind::Bytes { expected: dim * size, found: bytes.len() });
                }
                Some(bytes) => append(bytes, self.float, out),
            }
            out.resize(start + dim, 0.0);
        }
        Ok(())
    }
}

fn append(bytes: &[u8], float: FloatBytes, out: &mut Vec<f32>) {
    match float {
        FloatBytes::F16 => out.extend(bytes.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32())),
        FloatBytes::Bf16 => out.extend(bytes.as_chunks().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32())),
        FloatBytes::F32 => out.extend(bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes))),
        FloatBytes::F64 => out.extend(bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32)),
    }
}

use super::table::Table;
use crate::error::{Result, try_reserve};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_schema::DataType;
use std::path::Path;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8192;

/// Names of the columns of a parquet file.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format).
pub fn columns(path: impl AsRef<Path>) -> Result<Vec<String>> {
    let path = path.as_ref();
    Ok(Table::open(path)?.columns().map(|(name, _)| name.to_owned()).collect())
}

/// Reads a column of texts, such as item keys, from a parquet file: strings, or integers in decimal.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format) for a damaged file, no such
/// column, a column of another type, or a null, with its row.
pub fn read_strings(path: impl AsRef<Path>, column: &str) -> Result<Vec<String>> {
    strings_of(&Table::open(path.as_ref())?, column)
}

pub(super) fn strings_of(table: &Table, column: &str) -> Result<Vec<String>> {
    let (index, kind) = table.column(column)?;
    if !(kind.is_integer() || matches!(kind, DataType::Utf8)) {
        return Err(table.error(format!("column {column:?} is of type {kind}, not of strings or integers")));
    }
    let mut strings = Vec::new();
    let mut arrays = table.arrays(index, 0, BATCH_ROWS, 1)?;
    let mut text = 0;
    while strings.len() < table.rows() {
        let array = table.next(&mut arrays)?;
        let null = (0..array.len()).filter(|_| array.null_count() > 0).find(|i| array.is_null(*i));
        if let Some(row) = null.map(|i| strings.len() + i) {
            return Err(table.error(format!("column {column:?} is null in row {row}; every row needs a value")));
        }
        text += text_len(&array);
        if text > table.most_text() {
            return Err(table.error(format!("column {column:?} has more text than a file of its size can mean")));
        }
        try_reserve(&mut strings, array.len(), "the texts of a column")?;
        append(&mut strings, &array);
    }
    Ok(strings)
}

/// Bytes of the strings of `array`.
fn text_len(array: &ArrayRef) -> u64 {
    let strings = array.as_string_view_opt();
    strings.map_or(0, |strings| strings.lengths().map(u64::from).sum())
}

/// Appends the values of `array`, strings or integers.
fn append(strings: &mut Vec<String>, array: &ArrayRef) {
    if let Some(array) = array.as_string_view_opt() {
        strings.extend(array.iter().flatten().map(str::to_owned));
        return;
    }
    let _ = integers::<Int64Type>(strings, array)
        || integers::<Int32Type>(strings, array)
        || integers::<Int16Type>(strings, array)
        || integers::<Int8Type>(strings, array)
        || integers::<UInt64Type>(strings, array)
        || integers::<UInt32Type>(strings, array)
        || integers::<UInt16Type>(strings, array)
        || integers::<UInt8Type>(strings, array);
}

fn integers<T: ArrowPrimitiveType<Native: ToString>>(strings: &mut Vec<String>, array: &ArrayRef) -> bool {
    let array = array.as_primitive_opt::<T>();
    strings.extend(array.into_iter().flat_map(|array| array.values().iter().map(ToString::to_string)));
    array.is_some()
}

use super::keys::{Keys, Problem};
use super::long_rows::Long;
use super::table::ParquetTable;
use crate::error::{Result, try_reserve};
use crate::io::dialect::{Missing, TextColumn};
use arrow_array::{Array, ArrayRef};
use std::path::Path;

/// Number of rows that are decoded at a time.
const BATCH_ROWS: usize = 8192;

/// Returns the names of the columns of a parquet file.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format).
pub fn columns(path: impl AsRef<Path>) -> Result<Vec<String>> {
    let path = path.as_ref();
    Ok(ParquetTable::open(path)?.columns().map(|(name, _)| name.to_owned()).collect())
}

/// Reads a column of texts, such as item keys, from a parquet file.
///
/// Strings are taken as they are, also those in dictionaries. Every other type has one text for each of its values, and
/// no two values of a column have the same text:
///
/// | type | text |
/// | --- | --- |
/// | whole numbers, with and without sign | in decimal: `-8`, `18446744073709551615` |
/// | UUID | 32 small hexadecimal digits in groups of 8, 4, 4, 4 and 12 |
/// | bytes | the text that they are in UTF-8 |
/// | dates | `2026-11-26`; years beyond 9999 with a sign |
/// | decimal numbers | with as many digits after the point as their column has: `12.50` |
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format) for a damaged file, no such
/// column, a column of another type, or a null or bytes that are no text, with the row.
pub fn read_strings(path: impl AsRef<Path>, column: &str) -> Result<Vec<String>> {
    let column = TextColumn { name: column, missing: Missing::In(&[]), floats: false };
    strings_of(&ParquetTable::open(path.as_ref())?, column)
}

pub(super) fn strings_of(table: &ParquetTable, wanted: TextColumn<'_>) -> Result<Vec<String>> {
    let TextColumn { name: column, missing, floats } = wanted;
    let (index, kind) = table.column(column)?;
    let unknown = || {
        let known = match floats {
            true => "numbers or strings",
            false => "strings, whole numbers, UUIDs, UTF-8 bytes, dates or decimal numbers",
        };
        table.error(format!("column {column:?} is of type {kind}, not of {known}"))
    };
    let leaf = table.leaf(index, &[]).map_err(|_| unknown())?;
    let keys = Keys::of(kind, table.is_uuid(leaf)).or_else(|| Keys::of_floats(kind).filter(|_| floats));
    let keys = keys.ok_or_else(unknown)?;
    let mut strings = Vec::new();
    let mut arrays = table.arrays(&[leaf], 0, BATCH_ROWS, 1, Long::default())?;
    let mut text = 0;
    while strings.len() < table.rows() {
        let columns = table.next(&mut arrays)?;
        let Some(array) = columns.first() else { return Err(unknown()) };
        let nulls = (0..array.len()).filter(|_| array.null_count() > 0).filter(|i| array.is_null(*i));
        if let Some(row) = nulls.map(|i| strings.len() + i).find(|row| !missing.is_allowed(*row)) {
            return Err(table.error(format!("column {column:?} is null in row {row}; every row needs a value")));
        }
        text += text_len(array);
        if text > table.most_text() {
            return Err(table.error(format!("column {column:?} has more text than a file of its size can mean")));
        }
        try_reserve(&mut strings, array.len(), "the texts of a column")?;
        // Texts come from values that are not null, some of them at a time.
        let mut done = 0;
        while done < array.len() {
            let end = (done..array.len()).find(|i| array.is_null(*i)).unwrap_or(array.len());
            let first = strings.len();
            keys.append(&array.slice(done, end - done), &mut strings).map_err(|problem| match problem {
                Problem::Type => table.error(format!("column {column:?} changes its type")),
                Problem::Row(i, reason) => table.error(format!("column {column:?} of row {} is {reason}", first + i)),
            })?;
            if end < array.len() {
                strings.push(String::new());
            }
            done = end + 1;
        }
    }
    Ok(strings)
}

/// Counts the bytes of the texts of `array`.
fn text_len(array: &ArrayRef) -> u64 {
    use arrow_array::cast::AsArray;
    let strings = array.as_string_view_opt().map(|strings| strings.lengths().map(u64::from).sum());
    let bytes = || array.as_binary_view_opt().map(|bytes| bytes.lengths().map(u64::from).sum());
    strings.or_else(bytes).unwrap_or(0)
}

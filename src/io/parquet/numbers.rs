//! Columns of numbers, and of lists of whole numbers such as the codes of IDs.

use super::layout::element;
use super::long_rows::Long;
use super::table::ParquetTable;
use crate::MAX_LEVELS;
use crate::error::{Result, try_reserve};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::path::Path;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8192;

/// Lists of whole numbers, one for each row.
#[derive(Debug, Default)]
pub(crate) struct CodeLists {
    values: Vec<u64>,
    /// Where the list of each row ends.
    ends: Vec<usize>,
}

impl CodeLists {
    /// The list of a row; empty for a row that does not exist.
    pub(crate) fn get(&self, row: usize) -> &[u64] {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.values.get(start..end).unwrap_or_default()
    }
}

/// Reads a column of lists of whole numbers from 0 on; none where the column is of another type.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format) for a damaged file, no such
/// column, a null and a number below 0, with the row; [`ErrorKind::Ragged`](crate::ErrorKind::Ragged) for a list of
/// more numbers than IDs have levels.
pub(crate) fn read_code_lists(path: &Path, column: &str) -> Result<Option<CodeLists>> {
    let table = ParquetTable::open(path)?;
    let (index, kind) = table.column(column)?;
    if !element(kind).is_some_and(DataType::is_integer) {
        return Ok(None);
    }
    let mut lists = CodeLists::default();
    each_array(&table, index, MAX_LEVELS, |array, first| {
        let wrong = |row: usize, what: &str| table.error(format!("column {column:?} of row {row} {what}"));
        let changed = || table.error(format!("column {column:?} changes its type"));
        let of_rows = array.as_list_opt::<i32>().ok_or_else(changed)?;
        if let Some(row) = first_null(of_rows) {
            return Err(wrong(first + row, "is null; every row needs a list"));
        }
        for row in 0..of_rows.len() {
            let elements = of_rows.value(row);
            let values = match elements.as_struct_opt() {
                Some(elements) => elements.columns().first().cloned().ok_or_else(changed)?,
                None => elements.clone(),
            };
            if first_null(&elements).or(first_null(&values)).is_some() {
                return Err(wrong(first + row, "has a null in its list"));
            }
            try_reserve(&mut lists.values, values.len(), "codes of items")?;
            try_reserve(&mut lists.ends, 1, "codes of items")?;
            for value in whole_numbers(&values).ok_or_else(changed)? {
                let code = u64::try_from(value);
                lists.values.push(code.map_err(|_| wrong(first + row, &format!("has {value}, which is no code")))?);
            }
            lists.ends.push(lists.values.len());
        }
        Ok(())
    })?;
    Ok(Some(lists))
}

/// Reads a column of numbers of any width; none where the column is of another type.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format) for a damaged file, no such
/// column and a null, with the row.
pub(crate) fn read_reals(path: &Path, column: &str) -> Result<Option<Vec<f64>>> {
    let table = ParquetTable::open(path)?;
    let (index, kind) = table.column(column)?;
    if !kind.is_integer() && !kind.is_floating() {
        return Ok(None);
    }
    let mut all = Vec::new();
    each_array(&table, index, 1, |array, first| {
        if let Some(row) = first_null(array) {
            return Err(table.error(format!("column {column:?} is null in row {}", first + row)));
        }
        let values = reals(array).ok_or_else(|| table.error(format!("column {column:?} changes its type")))?;
        try_reserve(&mut all, values.len(), "the numbers of a column")?;
        all.extend(values);
        Ok(())
    })?;
    Ok(Some(all))
}

/// Calls `visit` with the arrays of a column and the row at which each begins.
fn each_array(
    table: &ParquetTable,
    column: usize,
    limit: usize,
    mut visit: impl FnMut(&ArrayRef, usize) -> Result<()>,
) -> Result<()> {
    let mut arrays = table.arrays(&[table.leaf(column, &[])?], 0, BATCH_ROWS, limit, Long::default())?;
    let mut row = 0;
    while row < table.rows() {
        let columns = table.next(&mut arrays)?;
        let array = columns.first().ok_or_else(|| table.error("its column is not there"))?;
        visit(array, row)?;
        row += array.len();
    }
    Ok(())
}

fn first_null(array: &dyn Array) -> Option<usize> {
    (0..array.len()).filter(|_| array.null_count() > 0).find(|row| array.is_null(*row))
}

/// The values of an array of whole numbers, whatever is null.
fn whole_numbers(array: &ArrayRef) -> Option<Vec<i128>> {
    macro_rules! of_kinds {
        ($($kind:ty),*) => {
            $(if let Some(values) = array.as_primitive_opt::<$kind>() {
                return Some(values.values().iter().map(|value| i128::from(*value)).collect());
            })*
        };
    }
    of_kinds!(Int64Type, Int32Type, UInt32Type, UInt64Type, UInt16Type, UInt8Type, Int16Type, Int8Type);
    None
}

/// The values of an array of numbers, whatever is null.
fn reals(array: &ArrayRef) -> Option<Vec<f64>> {
    if let Some(values) = array.as_primitive_opt::<Float64Type>() {
        return Some(values.values().to_vec());
    }
    if let Some(values) = array.as_primitive_opt::<Float32Type>() {
        return Some(values.values().iter().map(|value| f64::from(*value)).collect());
    }
    if let Some(values) = array.as_primitive_opt::<Float16Type>() {
        return Some(values.values().iter().map(|value| value.to_f64()).collect());
    }
    Some(whole_numbers(array)?.into_iter().map(|value| value as f64).collect())
}

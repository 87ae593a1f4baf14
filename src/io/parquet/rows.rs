use super::strings::strings_of;
use super::table::{Arrays, Table};
use crate::MAX_DIM;
use crate::error::{Error, ErrorKind, Result};
use crate::io::dense::check_span;
use crate::io::dialect::Dialect;
use crate::io::list;
use crate::rows::Rows;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use half::slice::HalfFloatSliceExt;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Most bytes of values decoded at a time, and most rows.
const BATCH_BYTES: usize = 8 << 20;
const BATCH_ROWS: usize = 8192;

/// Embeddings in a column of a parquet file, read in pieces.
///
/// Takes lists, also large and fixed-size ones, of 16, 32 or 64-bit floats. A value beyond the range of f32 becomes an
/// infinity. Reading is fastest in the order of the rows: a step back decodes again from the beginning of a row group.
/// Pages are unpacked one at a time, and nothing is decoded before the lengths that the file states are checked: memory
/// and time are bounded by the size of the file (a page may unpack to 64 MiB and 1,024 times its bytes).
///
/// # Shapes
/// (N, D), with D from the first row and checked in every row that is read, and in those that are decoded along with
/// it.
#[derive(Debug)]
pub struct ParquetRows {
    table: Table,
    column: usize,
    dim: usize,
    cursor: Mutex<Option<Cursor>>,
}

/// The rows decoded last, and what follows them.
struct Cursor {
    arrays: Arrays,
    first: usize,
    values: Vec<f32>,
    /// Row after the decoded ones.
    next: usize,
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").field("first", &self.first).field("next", &self.next).finish_non_exhaustive()
    }
}

impl ParquetRows {
    /// Opens the column `name` of the file at `path`, or else `embedding`, or else its only column of lists of floats.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; [`ErrorKind::Format`] for a damaged file, no such column or a null in the first row;
    /// [`ErrorKind::Empty`]; [`ErrorKind::Dim`].
    pub fn open(path: impl AsRef<Path>, name: Option<&str>) -> Result<Self> {
        let path = path.as_ref();
        let table = Table::open(path)?;
        let column = choose(&table, name)?;
        if table.rows() == 0 {
            return Err(Error::from(ErrorKind::Empty).at(path));
        }
        let first = table.arrays(column, 0, 1, MAX_DIM).and_then(|mut arrays| table.next(&mut arrays));
        // The first row says how long all are, so that one too long is not ragged.
        let first = first.map_err(|error| match error.kind() {
            ErrorKind::Ragged { row: 0, found, .. } => Error::from(ErrorKind::Dim { dim: *found }).at(path),
            ErrorKind::Ragged { row, found, .. } => {
                table.error(format!("row {row} has {found} values or more, where {MAX_DIM} are the most"))
            }
            _ => error,
        })?;
        let dim = match first.as_list_opt::<i32>() {
            Some(list) if list.is_valid(0) => list.value(0).len(),
            _ => return Err(null_row(&table, 0)),
        };
        if dim == 0 || dim > MAX_DIM {
            return Err(Error::from(ErrorKind::Dim { dim }).at(path));
        }
        table.check_values(dim)?;
        Ok(Self { table, column, dim, cursor: Mutex::new(None) })
    }

    /// Rows decoded at a time, for values of up to 8 bytes.
    fn batch(&self) -> usize {
        (BATCH_BYTES / (8 * self.dim)).clamp(1, BATCH_ROWS)
    }

    /// A cursor whose next rows begin at `row`.
    fn seek(&self, row: usize) -> Result<Cursor> {
        let arrays = self.table.arrays(self.column, row, self.batch(), self.dim)?;
        Ok(Cursor { arrays, first: row, values: Vec::new(), next: row })
    }

    fn advance(&self, cursor: &mut Cursor) -> Result<()> {
        let array = self.table.next(&mut cursor.arrays)?;
        cursor.first = cursor.next;
        cursor.next += array.len();
        cursor.values = self.decode(&array, cursor.first)?;
        Ok(())
    }

    /// The values of `array`, whose first row is `first`, after a check that nothing is missing.
    fn decode(&self, array: &ArrayRef, first: usize) -> Result<Vec<f32>> {
        let list = array.as_list_opt::<i32>().ok_or_else(|| self.table.error("its column changes its type"))?;
        let expected = self.dim;
        for (i, found) in list.offsets().lengths().enumerate() {
            let row = first + i;
            if list.is_null(i) {
                return Err(null_row(&self.table, row));
            }
            if found != expected {
                return Err(Error::from(ErrorKind::Ragged { row, expected, found }).at(self.table.path()));
            }
        }
        let start = list.value_offsets().first().map_or(0, |start| *start as usize);
        let values = list.values().slice(start, list.len() * expected);
        if let Some(i) = (0..values.len()).filter(|_| values.null_count() > 0).find(|i| values.is_null(*i)) {
            let (row, column) = (first + i / expected, i % expected);
            return Err(self.table.error(format!("row {row}, column {column} is null; remove or repair that row")));
        }
        floats(&values).ok_or_else(|| self.table.error("its values change their type"))
    }
}

impl Cursor {
    /// Copies what is decoded from `row` on and returns the number of values.
    fn copy(&self, row: usize, dim: usize, out: &mut [f32]) -> usize {
        let skip = row.checked_sub(self.first).map_or(usize::MAX, |rows| rows.saturating_mul(dim));
        let values = self.values.get(skip..).unwrap_or_default();
        out.iter_mut().zip(values).map(|(out, value)| *out = *value).count()
    }
}

impl Rows for ParquetRows {
    fn len(&self) -> usize {
        self.table.rows()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        check_span(self, first, out.len())?;
        let mut slot = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut row, mut out) = (first, out);
        while !out.is_empty() {
            // Taken, so that a failure drops it.
            let near = slot.take().filter(|cursor| row >= cursor.first && row < cursor.next + self.batch());
            let mut cursor = near.map_or_else(|| self.seek(row), Ok)?;
            if row >= cursor.next {
                self.advance(&mut cursor)?;
            }
            let count = cursor.copy(row, self.dim, out);
            row += count / self.dim;
            out = out.get_mut(count..).unwrap_or_default();
            *slot = Some(cursor);
        }
        Ok(())
    }
}

impl Dialect for ParquetRows {
    fn columns(&self) -> Result<Vec<String>> {
        Ok(self.table.columns().map(|(name, _)| name.to_owned()).collect())
    }

    fn strings(&self, column: &str) -> Result<Vec<String>> {
        strings_of(&self.table, column)
    }
}

fn null_row(table: &Table, row: usize) -> Error {
    table.error(format!("row {row} has no embedding (null); remove or repair that row"))
}

fn floats(values: &ArrayRef) -> Option<Vec<f32>> {
    if let Some(values) = values.as_primitive_opt::<Float32Type>() {
        Some(values.values().to_vec())
    } else if let Some(values) = values.as_primitive_opt::<Float64Type>() {
        Some(values.values().iter().map(|value| *value as f32).collect())
    } else {
        Some(values.as_primitive_opt::<Float16Type>()?.values().to_f32_vec())
    }
}

fn is_embedding(kind: &DataType) -> bool {
    matches!(kind, DataType::List(item)
        if matches!(item.data_type(), DataType::Float16 | DataType::Float32 | DataType::Float64))
}

/// Index of the column to read.
fn choose(table: &Table, name: Option<&str>) -> Result<usize> {
    let candidates = || table.columns().enumerate().filter(|(_, (_, kind))| is_embedding(kind));
    let names = || list(candidates().map(|(_, (name, _))| name));
    if let Some(name) = name {
        return match table.column(name)? {
            (column, kind) if is_embedding(kind) => Ok(column),
            (_, kind) => {
                let reason = format!("column {name:?} is of type {kind}, not of lists of floats");
                Err(table.error(format!("{reason}; columns that are: {}", names())))
            }
        };
    }
    if candidates().any(|(_, (name, _))| name == "embedding") {
        return table.column("embedding").map(|(column, _)| column);
    }
    match (candidates().next(), candidates().nth(1)) {
        (Some((column, _)), None) => Ok(column),
        (None, _) => {
            let all = list(table.columns().map(|(name, _)| name));
            Err(table.error(format!("no column holds lists of floats; its columns: {all}")))
        }
        _ => Err(table.error(format!("several columns hold lists of floats: {}; name the column to read", names()))),
    }
}

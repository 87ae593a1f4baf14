use super::layout::{self, Layout};
use super::long_rows::{self, Long, LongRows};
use super::strings::strings_of;
use super::table::{Arrays, ParquetTable};
use crate::MAX_DIM;
use crate::error::{BadRowKind, Error, ErrorKind, Fault, Result};
use crate::io::ReadOptions;
use crate::io::dense::check_span;
use crate::io::dialect::{Dialect, TextColumn};
use crate::io::file::Source;
use crate::io::width::FirstRows;
use crate::rows::Rows;
use arrow_array::Array;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Most bytes of values that are decoded at a time, and most rows.
const BATCH_BYTES: usize = 8 << 20;
const BATCH_ROWS: usize = 8192;

/// Most bytes of the values of a row group that is decoded as a whole.
const BLOCK_BYTES: usize = 64 << 20;

/// Embeddings in a parquet file, read in pieces.
///
/// It takes lists, also large and fixed-size ones, of 16-, 32- or 64-bit floats, in all shapes that writers have used;
/// the dense vectors of Spark; and, where [`ReadOptions`] say so, columns of bytes and tables with a column for every
/// dimension. A value beyond the range of f32 becomes an infinity. Reading is fastest in the order of the rows, because
/// a step back decodes again from the beginning of a row group. Pages are unpacked one at a time, and the lengths that
/// the file states are checked before anything is decoded, so the size of the file bounds memory and time (a page may
/// unpack to 64 MiB and 1,024 times its bytes).
///
/// # Shapes
/// (N, D), with D from the first rows that have values and checked in every row that is read.
#[derive(Debug)]
pub struct ParquetRows {
    table: ParquetTable,
    layout: Box<dyn Layout>,
    dim: usize,
    cursor: Mutex<Option<Cursor>>,
    /// Whether a row longer than the first one was found, so that rows are now decoded with room for it.
    patient: AtomicBool,
    /// The rows that are longer than any embedding.
    long: LongRows,
}

/// The rows that were decoded last, and the reader of those after them.
struct Cursor {
    arrays: Arrays,
    first: usize,
    values: Vec<f32>,
    faults: Vec<Fault>,
    /// Number of the row after the decoded ones.
    next: usize,
    /// Number of the row that ends `arrays`: a long one, or the one after the last.
    end: usize,
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
    /// [`ErrorKind::Io`]; [`ErrorKind::Format`] for a damaged file, no such column or nothing but nulls;
    /// [`ErrorKind::Empty`]; [`ErrorKind::Dim`].
    pub fn open(path: impl AsRef<Path>, name: Option<&str>) -> Result<Self> {
        let options = ReadOptions { column: name.map(str::to_owned), ..ReadOptions::default() };
        Self::of(Source::open(path.as_ref(), "parquet")?, &options)
    }

    pub(crate) fn of(source: Source, options: &ReadOptions) -> Result<Self> {
        let table = ParquetTable::of(source)?;
        // This check comes first, because parts without rows may have other columns than those with rows.
        if table.rows() == 0 {
            return Err(Error::from(ErrorKind::Empty).at(table.path()));
        }
        let layout = layout::choose(&table, options)?;
        let dim = width(&table, &*layout, options.dim)?;
        if dim == 0 || dim > MAX_DIM {
            return Err(Error::from(ErrorKind::Dim { dim }).at(table.path()));
        }
        table.check_values(dim)?;
        Ok(Self {
            table,
            layout,
            dim,
            cursor: Mutex::new(None),
            patient: AtomicBool::new(false),
            long: LongRows::default(),
        })
    }

    /// Returns the number of rows that are decoded at a time, for values of up to 8 bytes, and the most values of a
    /// row.
    fn batch(&self) -> (usize, usize) {
        let limit = if self.patient.load(Relaxed) { MAX_DIM } else { self.dim };
        ((BATCH_BYTES / (8 * limit)).clamp(1, BATCH_ROWS), limit)
    }

    /// Makes a cursor whose next rows begin at `row`.
    fn seek(&self, row: usize, long: &Long) -> Result<Cursor> {
        let (rows, limit) = self.batch();
        let arrays = self.table.arrays(self.layout.leaves(), row, rows, limit, long.clone())?;
        let end = long_rows::next(long, row).unwrap_or(self.table.rows());
        Ok(Cursor { arrays, first: row, values: Vec::new(), faults: Vec::new(), next: row, end })
    }

    fn advance(&self, cursor: &mut Cursor) -> Result<()> {
        let columns = self.table.next(&mut cursor.arrays)?;
        cursor.first = cursor.next;
        cursor.next += columns.first().map_or(0, |array| array.len());
        cursor.values.clear();
        cursor.faults.clear();
        let (first, faults) = (cursor.first, &mut cursor.faults);
        let mut bad = |row, column, kind| faults.push(Fault { row: first + row, column, kind });
        let decoded = self.layout.decode(&columns, self.dim, &mut cursor.values, &mut bad);
        decoded.map_err(|reason| self.table.error(reason))?;
        cursor.faults.sort_by_key(|fault| (fault.row, fault.column));
        cursor.faults.dedup_by_key(|fault| fault.row);
        Ok(())
    }

    /// Reads rows with the cursor in `slot`; after an error, the slot is empty.
    fn fill(&self, slot: &mut Option<Cursor>, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        let (mut row, mut out, long) = (first, out, self.long.all());
        while !out.is_empty() {
            if let Some(found) = long_rows::values_of(&long, row) {
                let kind = BadRowKind::Length { expected: self.dim, found };
                faults.push(Fault { row, column: None, kind });
                row += 1;
                out = out.get_mut(self.dim..).unwrap_or_default();
                continue;
            }
            let ahead = self.batch().0;
            let near = slot.take().filter(|cursor| {
                let may_go_on = row < cursor.next || cursor.next < cursor.end;
                row >= cursor.first && row < cursor.next + ahead && may_go_on
            });
            let mut cursor = near.map_or_else(|| self.seek(row, &long), Ok)?;
            if row >= cursor.next {
                self.advance(&mut cursor)?;
            }
            let count = cursor.copy(row, self.dim, out, faults);
            row += count / self.dim;
            out = out.get_mut(count..).unwrap_or_default();
            *slot = Some(cursor);
        }
        Ok(())
    }

    /// Reads as [`ParquetRows::fill`] does, and again with room for long rows, or without them, if it meets some.
    fn fill_all(
        &self,
        slot: &mut Option<Cursor>,
        first: usize,
        out: &mut [f32],
        faults: &mut Vec<Fault>,
    ) -> Result<()> {
        let before = faults.len();
        loop {
            match self.fill(slot, first, out, faults) {
                Err(error) if self.goes_on_after(&error) => {
                    faults.truncate(before);
                    *slot = None;
                }
                other => return other,
            }
        }
    }

    /// Returns whether rows can be read although there was this error, which must not come again: with more room, or
    /// without the row that it is about.
    fn goes_on_after(&self, error: &Error) -> bool {
        match error.kind() {
            ErrorKind::Ragged { expected, .. } if *expected < MAX_DIM => {
                self.patient.store(true, Relaxed);
                true
            }
            _ => self.long.note(error),
        }
    }

    /// Makes the error of reading a bad row.
    fn refuse(&self, fault: &Fault) -> Error {
        match fault.kind {
            BadRowKind::Length { expected, found } => {
                Error::from(ErrorKind::Ragged { row: fault.row, expected, found }).at(self.table.path())
            }
            _ => self.table.error(format!("{fault}; remove or repair that row")),
        }
    }
}

/// Returns the number of values that most of the first rows have that have some; where there are none, it is `known`.
fn width(table: &ParquetTable, layout: &dyn Layout, known: Option<usize>) -> Result<usize> {
    let (mut empty, mut first, found) = (false, FirstRows::default(), LongRows::default());
    let (mut arrays, mut row) = (None, 0);
    while row < table.rows() {
        let long = found.all();
        let len = match long_rows::values_of(&long, row) {
            Some(values) => {
                arrays = None;
                Some(values)
            }
            None => match first_row(table, layout, &mut arrays, row, long) {
                Ok(len) => len,
                Err(error) if found.note(&error) => {
                    arrays = None;
                    continue;
                }
                // Reading meets this row again, and finds it bad beside the others.
                Err(error) if matches!(error.kind(), ErrorKind::Ragged { .. }) && first.width().is_some() => break,
                Err(error) => return Err(too_long(error, table)),
            },
        };
        row += 1;
        match len {
            Some(len) if len > 0 && first.add(len) => break,
            Some(0) => empty = true,
            _ => {}
        }
    }
    let why = if empty { "all are empty or null" } else { "all are null" };
    let none = ErrorKind::NoEmbedding { rows: table.rows(), why: why.to_owned() };
    first.width().or(known).ok_or_else(|| Error::from(none).at(table.path()))
}

/// Returns the number of values of a row, or none for a null; `arrays` go on where the last call ended.
fn first_row(
    table: &ParquetTable,
    layout: &dyn Layout,
    arrays: &mut Option<Arrays>,
    row: usize,
    long: Long,
) -> Result<Option<usize>> {
    let mut reader = match arrays.take() {
        Some(arrays) => arrays,
        None => table.arrays(layout.leaves(), row, 1, MAX_DIM, long)?,
    };
    let len = layout.len(&table.next(&mut reader)?, 0);
    *arrays = Some(reader);
    Ok(len)
}

/// Says of a row that is too long to be passed over how long rows may be.
fn too_long(error: Error, table: &ParquetTable) -> Error {
    match error.kind() {
        ErrorKind::Ragged { row: 0, found, .. } => Error::from(ErrorKind::Dim { dim: *found }).at(table.path()),
        ErrorKind::Ragged { row, found, .. } => {
            table.error(format!("row {row} has {found} values or more, where {MAX_DIM} are the most"))
        }
        _ => error,
    }
}

impl Cursor {
    /// Copies the decoded rows from `row` on and returns the number of values.
    fn copy(&self, row: usize, dim: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> usize {
        let skip = row.checked_sub(self.first).map_or(usize::MAX, |rows| rows.saturating_mul(dim));
        let values = self.values.get(skip..).unwrap_or_default();
        let count = out.len().min(values.len());
        let (out, _) = out.split_at_mut(count);
        out.copy_from_slice(values.get(..count).unwrap_or_default());
        let rows = row..row + count / dim;
        faults.extend(self.faults.iter().filter(|fault| rows.contains(&fault.row)));
        count
    }
}

impl Rows for ParquetRows {
    fn len(&self) -> usize {
        self.table.rows()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn is_decoded(&self) -> bool {
        true
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let mut faults = Vec::new();
        check_span(self, first, out.len())?;
        let mut slot = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill(&mut slot, first, out, &mut faults)?;
        faults.first().map_or(Ok(()), |fault| Err(self.refuse(fault)))
    }
}

impl Dialect for ParquetRows {
    fn read_lenient(&self, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        check_span(self, first, out.len())?;
        let mut slot = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill_all(&mut slot, first, out, faults)
    }

    fn block(&self, row: usize) -> Option<Range<usize>> {
        let rows = self.table.group(row)?;
        (rows.len().saturating_mul(self.dim * size_of::<f32>()) <= BLOCK_BYTES).then_some(rows)
    }

    fn read_block(&self, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        check_span(self, first, out.len())?;
        self.fill_all(&mut None, first, out, faults)
    }

    fn columns(&self) -> Result<Vec<String>> {
        Ok(self.table.columns().map(|(name, _)| name.to_owned()).collect())
    }

    fn texts(&self, column: TextColumn<'_>) -> Result<Vec<String>> {
        strings_of(&self.table, column)
    }
}

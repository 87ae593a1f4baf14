//! An open parquet file, with its metadata checked against its length.

use crate::error::{Error, Result};
use crate::io::file::Source;
use crate::io::list;
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[derive(Debug)]
pub(super) struct Table {
    source: Source,
    metadata: ArrowReaderMetadata,
    rows: usize,
}

impl Table {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let source = Source::open(path, "parquet")?;
        // Without the schema that Arrow writers add, every list is a List and every string is Utf8.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = guard(&source, || ArrowReaderMetadata::load(&source.file()?, options))?;
        let rows = check(metadata.metadata(), source.len()).map_err(|reason| source.error(reason))?;
        Ok(Self { source, metadata, rows })
    }

    pub(super) fn path(&self) -> &Path {
        self.source.path()
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn error(&self, reason: impl Into<String>) -> Error {
        self.source.error(reason)
    }

    /// Names and types of the columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&str, &DataType)> {
        self.metadata.schema().fields().iter().map(|field| (field.name().as_str(), field.data_type()))
    }

    /// Index and type of the column `name`.
    pub(super) fn column(&self, name: &str) -> Result<(usize, &DataType)> {
        let mut columns = self.columns().enumerate();
        let found = columns.find(|(_, (column, _))| *column == name).map(|(i, (_, kind))| (i, kind));
        let others = || list(self.columns().map(|(name, _)| name));
        found.ok_or_else(|| self.error(format!("no column {name:?}; it has {}", others())))
    }

    /// Arrays of up to `rows` values of the column of index `column`, from row `first` on.
    pub(super) fn arrays(&self, column: usize, first: usize, rows: usize) -> Result<Arrays> {
        let groups = self.metadata.metadata().row_groups();
        let mut skip = first;
        let mut group = 0;
        while let Some(rows) = groups.get(group).map(|group| group.num_rows() as usize) {
            if skip < rows {
                break;
            }
            skip -= rows;
            group += 1;
        }
        let reader = guard(&self.source, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.source.file()?, self.metadata.clone())
                .with_projection(ProjectionMask::roots(self.metadata.parquet_schema(), [column]))
                .with_row_groups((group..groups.len()).collect())
                .with_offset(skip)
                .with_batch_size(rows)
                .build()
        })?;
        Ok(Arrays(reader))
    }

    /// The next array, which is not empty; there has to be one.
    pub(super) fn next(&self, arrays: &mut Arrays) -> Result<ArrayRef> {
        let batch = guard(&self.source, || match arrays.0.next() {
            Some(batch) => batch.map(Some).map_err(ParquetError::from),
            None => Ok(None),
        })?;
        let array = batch.and_then(|batch| batch.columns().first().cloned()).filter(|array| !array.is_empty());
        array.ok_or_else(|| self.error(format!("its rows end before the {} that it claims", self.rows)))
    }
}

/// A column being read from front to back.
pub(super) struct Arrays(ParquetRecordBatchReader);

/// Runs the decoder, which may panic on damaged pages, and gives its failures their place.
fn guard<T>(source: &Source, run: impl FnOnce() -> Result<T, ParquetError>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(convert(error, "reading", |reason| source.error(reason)).at(source.path())),
        Err(_) => Err(source.error("it is damaged: its decoder gave up")),
    }
}

/// An I/O error where the cause is one, and otherwise what `other` makes of the text.
pub(super) fn convert(error: ParquetError, action: &'static str, other: impl FnOnce(String) -> Error) -> Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) if cause.kind() != io::ErrorKind::UnexpectedEof => Error::io(action, *cause),
            Ok(cause) => other(cause.to_string()),
            Err(cause) => other(cause.to_string()),
        },
        error => other(error.to_string()),
    }
}

/// The number of rows, if all row groups lie within a file of `len` bytes.
fn check(metadata: &ParquetMetaData, len: u64) -> Result<usize, String> {
    let mut rows = 0_u64;
    for (i, group) in metadata.row_groups().iter().enumerate() {
        let inside = |column: &ColumnChunkMetaData| {
            let start = u64::try_from(column.dictionary_page_offset().unwrap_or(column.data_page_offset())).ok()?;
            let bytes = u64::try_from(column.compressed_size()).ok()?;
            start.checked_add(bytes).filter(|end| *end <= len)
        };
        if !group.columns().iter().all(|column| inside(column).is_some()) {
            return Err(format!("row group {i} lies outside its {len} bytes: it is truncated or damaged"));
        }
        let count = u64::try_from(group.num_rows()).ok();
        rows = count.and_then(|count| rows.checked_add(count)).ok_or("it has too many rows")?;
    }
    let total = u64::try_from(metadata.file_metadata().num_rows()).ok();
    match usize::try_from(rows) {
        Ok(count) if total == Some(rows) => Ok(count),
        _ => Err(format!("its row groups have {rows} rows, not the number that it claims")),
    }
}

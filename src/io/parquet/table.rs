//! An open parquet file, with its metadata checked against its length.

use super::levels::Lengths;
use super::long_rows::{self, Long};
use super::pages::{Finding, Input, Pages, check_chunk};
use super::thrift::is_footer;
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::io::file::Source;
use crate::io::list;
use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, Fields};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowGroups, RowSelection, RowSelector,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::{Compression, LogicalType};
use parquet::column::page::{PageIterator, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::SerializedPageReader;
use parquet::schema::types::SchemaDescriptor;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// A file may have this many values, plus [`VALUES_PER_BYTE`] for each of its bytes.
const FREE_VALUES: u64 = 1 << 28;
const VALUES_PER_BYTE: u64 = 4096;

#[derive(Debug)]
pub(super) struct ParquetTable {
    source: Arc<Source>,
    metadata: ArrowReaderMetadata,
    /// The row at which each row group ends.
    ends: Vec<usize>,
}

impl ParquetTable {
    pub(super) fn open(path: &Path) -> Result<Self> {
        Self::of(Source::open(path, "parquet")?)
    }

    pub(super) fn of(source: Source) -> Result<Self> {
        let source = Arc::new(source);
        check_footer(&source)?;
        // Without the schema that Arrow writers add, every list is a List and every string is Utf8.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let input = Input(source.clone());
        let metadata = guard(&source, &Finding::default(), || ArrowReaderMetadata::load(&input, options))?;
        let ends = check(metadata.metadata(), source.len()).map_err(|reason| source.error(reason))?;
        let table = Self { source, metadata, ends };
        table.check_values(1)?;
        Ok(table)
    }

    pub(super) fn path(&self) -> &Path {
        self.source.path()
    }

    pub(super) fn rows(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    pub(super) fn error(&self, reason: impl Into<String>) -> Error {
        self.source.error(reason)
    }

    /// Refuses more rows of `dim` values than a file of this size may have.
    pub(super) fn check_values(&self, dim: usize) -> Result<()> {
        let len = self.source.len();
        let most = FREE_VALUES.saturating_add(len.saturating_mul(VALUES_PER_BYTE));
        if (self.rows() as u64).saturating_mul(dim as u64) <= most {
            return Ok(());
        }
        Err(self
            .error(format!("it claims {} rows of {dim} values in {len} bytes: it is damaged or hostile", self.rows())))
    }

    /// Returns the most bytes that the texts of a column may have together.
    pub(super) fn most_text(&self) -> u64 {
        FREE_VALUES.saturating_add(self.source.len().saturating_mul(VALUES_PER_BYTE))
    }

    /// Returns the names and types of the columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&str, &DataType)> {
        self.metadata.schema().fields().iter().map(|field| (field.name().as_str(), field.data_type()))
    }

    /// Returns the index and the type of the column `name`.
    pub(super) fn column(&self, name: &str) -> Result<(usize, &DataType)> {
        let mut named = self.columns().enumerate().filter(|(_, (column, _))| *column == name);
        match (named.next(), named.count()) {
            (Some((i, (_, kind))), 0) => Ok((i, kind)),
            (Some(_), more) => {
                Err(self.error(format!("{} of its columns are named {name:?}; give each a name of its own", more + 1)))
            }
            (None, _) => {
                let others = list(self.columns().map(|(name, _)| name));
                Err(self.error(format!("no column {name:?}; it has {others}")))
            }
        }
    }

    /// Returns the leaf of column `column` at `path`, by its place among all leaves, the columns that hold values.
    /// There must be exactly one.
    pub(super) fn leaf(&self, column: usize, path: &[&str]) -> Result<usize> {
        let schema = self.schema();
        let fits = |leaf: &usize| {
            let parts = schema.column(*leaf).path().parts().get(1..).map(<[String]>::to_vec).unwrap_or_default();
            schema.get_column_root_idx(*leaf) == column && path.iter().zip(&parts).all(|(name, part)| name == part)
        };
        let mut leaves = (0..schema.num_columns()).filter(fits);
        match (leaves.next(), leaves.next()) {
            (Some(leaf), None) => Ok(leaf),
            _ => Err(self.error("its column has columns of its own")),
        }
    }

    fn schema(&self) -> &SchemaDescriptor {
        self.metadata.metadata().file_metadata().schema_descr()
    }

    /// Whether the column at a place among those that hold values is marked as UUIDs.
    pub(super) fn is_uuid(&self, leaf: usize) -> bool {
        self.schema().column(leaf).logical_type_ref() == Some(&LogicalType::Uuid)
    }

    /// Returns a value of the metadata that the writer added.
    pub(super) fn key_value(&self, key: &str) -> Option<&str> {
        let all = self.metadata.metadata().file_metadata().key_value_metadata()?;
        all.iter().find(|entry| entry.key == key)?.value.as_deref()
    }

    /// Returns the rows of the row group that has `row`.
    pub(super) fn group(&self, row: usize) -> Option<Range<usize>> {
        let group = self.group_of(row);
        Some(self.start(group)..*self.ends.get(group)?)
    }

    /// Returns the number of the row group that has `row`, and the number of groups if none has it.
    fn group_of(&self, row: usize) -> usize {
        self.ends.partition_point(|end| *end <= row)
    }

    /// Returns the row at which a row group begins.
    fn start(&self, group: usize) -> usize {
        group.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    /// Begins to read arrays of up to `rows` rows of the columns at the places `leaves`, from row `first` up to the
    /// first of the `long` rows after it; no other row may have more than `limit` values.
    pub(super) fn arrays(
        &self,
        leaves: &[usize],
        first: usize,
        rows: usize,
        limit: usize,
        long: Long,
    ) -> Result<Arrays> {
        let metadata = self.metadata.metadata();
        let schema = self.schema();
        let group = self.group_of(first);
        let start = self.start(group);
        let finding = Finding::default();
        let groups = ReadGroups {
            source: self.source.clone(),
            metadata: metadata.clone(),
            groups: group..self.ends.len(),
            first: start,
            leaf: 0,
            limit,
            long: long.clone(),
            finding: finding.clone(),
        };
        // Texts are read as views, so that a dictionary's long text is not copied for each row that has it.
        let view = |field: &Arc<Field>| match field.data_type() {
            DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
            DataType::Binary => Arc::new(field.as_ref().clone().with_data_type(DataType::BinaryView)),
            _ => field.clone(),
        };
        let fields: Fields = self.metadata.schema().fields().iter().map(view).collect();
        let reader = guard(&self.source, &finding, || {
            let mask = ProjectionMask::leaves(schema, leaves.iter().copied());
            let levels = parquet_to_arrow_field_levels(schema, mask, Some(&fields))?;
            let end = long_rows::next(&long, first).unwrap_or(self.rows());
            let rest = end.saturating_sub(first);
            let selection =
                RowSelection::from(vec![RowSelector::skip(first.saturating_sub(start)), RowSelector::select(rest)]);
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, rows, Some(selection))
        })?;
        Ok(Arrays { reader, finding })
    }

    /// Returns the next arrays, one for each column, which are not empty; it is an error if there are no more.
    pub(super) fn next(&self, arrays: &mut Arrays) -> Result<Vec<ArrayRef>> {
        let batch = guard(&self.source, &arrays.finding, || match arrays.reader.next() {
            Some(batch) => batch.map(Some).map_err(ParquetError::from),
            None => Ok(None),
        })?;
        let columns = batch.filter(|batch| batch.num_rows() > 0).map(|batch| batch.columns().to_vec());
        columns.ok_or_else(|| self.error(format!("its rows end before the {} that it claims", self.rows())))
    }
}

/// A column being read from front to back.
pub(super) struct Arrays {
    reader: ParquetRecordBatchReader,
    finding: Finding,
}

/// The row groups that a column is read from.
#[derive(Clone)]
struct ReadGroups {
    source: Arc<Source>,
    metadata: Arc<ParquetMetaData>,
    groups: Range<usize>,
    /// Number of the row at which the first of them begins.
    first: usize,
    /// The column whose pages are read, by its place among those that hold values.
    leaf: usize,
    /// Most values of a row that is not one of the long ones.
    limit: usize,
    long: Long,
    finding: Finding,
}

impl ReadGroups {
    fn pages(&self, group: &RowGroupMetaData, first: usize) -> Result<Pages> {
        let chunk = group.column(self.leaf);
        use Compression::{BROTLI, GZIP, LZ4, LZ4_RAW, SNAPPY, UNCOMPRESSED, ZSTD};
        let codec = chunk.compression();
        if !matches!(codec, UNCOMPRESSED | SNAPPY | GZIP(_) | ZSTD(_) | LZ4 | LZ4_RAW | BROTLI(_)) {
            let known = "write it with zstd, snappy, lz4, gzip, brotli or no compression";
            return Err(self.source.error(format!("its compression is {codec}, which is not read; {known}")));
        }
        if matches!(codec, BROTLI(_)) && !cfg!(feature = "parquet-brotli") {
            let what = "pages packed by brotli; zstd, snappy, lz4 and gzip are read";
            return Err(Error::from(ErrorKind::Feature { feature: "parquet-brotli", what }).at(self.source.path()));
        }
        check_chunk(&self.source, chunk)?;
        let rows = group.num_rows() as usize;
        let inner = SerializedPageReader::new(Arc::new(Input(self.source.clone())), chunk, rows, None);
        Ok(Pages {
            inner: inner.map_err(|error| self.source.error(error.to_string()))?,
            source: self.source.clone(),
            finding: self.finding.clone(),
            lengths: Lengths::new(self.limit, self.long.clone(), first),
            column: chunk.column_descr_ptr(),
        })
    }
}

impl RowGroups for ReadGroups {
    fn num_rows(&self) -> usize {
        self.row_groups().map(|group| group.num_rows() as usize).sum()
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>, ParquetError> {
        Ok(Box::new(Self { leaf, ..self.clone() }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().get(self.groups.clone()).unwrap_or_default().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

impl Iterator for ReadGroups {
    type Item = Result<Box<dyn PageReader>, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let metadata = self.metadata.clone();
        let group = metadata.row_group(self.groups.next()?);
        let first = self.first;
        self.first += group.num_rows() as usize;
        Some(match self.pages(group, first) {
            Ok(pages) => Ok(Box::new(pages)),
            Err(error) => Err(self.finding.put(error)),
        })
    }
}

impl PageIterator for ReadGroups {}

/// Runs the decoder, which may panic on damaged pages, and gives its errors the path.
fn guard<T>(source: &Source, finding: &Finding, run: impl FnOnce() -> Result<T, ParquetError>) -> Result<T> {
    let done = catch_unwind(AssertUnwindSafe(run));
    if let Some(error) = finding.take() {
        return Err(error);
    }
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(convert(error, "reading", |reason| source.error(reason)).at(source.path())),
        Err(_) => Err(source.error("it is damaged: its decoder gave up")),
    }
}

/// Refuses a footer that the decoder would spend more time or memory on than its size is worth.
fn check_footer(source: &Source) -> Result<()> {
    let mut end = [0; 8];
    // The decoder refuses shorter files with a message of its own.
    let Some(end_at) = source.len().checked_sub(8) else { return Ok(()) };
    source.read(end_at, &mut end)?;
    let [a, b, c, d, magic @ ..] = end;
    let len = u64::from(u32::from_le_bytes([a, b, c, d]));
    let Some(start) = end_at.checked_sub(len).filter(|_| magic == *b"PAR1") else { return Ok(()) };
    let mut footer = try_zeros(len as usize, "the footer of a parquet file")?;
    source.read(start, &mut footer)?;
    if is_footer(&footer) { Ok(()) } else { Err(source.error("its footer is damaged")) }
}

/// Returns an I/O error where the cause is one, and otherwise the error that `other` makes of the text.
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

/// Returns the row at which each row group ends, if all row groups lie within a file of `len` bytes.
fn check(metadata: &ParquetMetaData, len: u64) -> Result<Vec<usize>, String> {
    let mut rows = 0_u64;
    let mut ends = Vec::with_capacity(metadata.num_row_groups());
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
        ends.push(usize::try_from(rows).map_err(|_| "it has too many rows")?);
    }
    match u64::try_from(metadata.file_metadata().num_rows()) {
        Ok(total) if total == rows => Ok(ends),
        _ => Err(format!("its row groups have {rows} rows, not the number that it claims")),
    }
}

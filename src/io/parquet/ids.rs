use super::table::convert;
use crate::error::{Error, Result};
use crate::io::atomic::AtomicFile;
use arrow_array::builder::{Float64Builder, ListBuilder, StringBuilder, UInt32Builder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows and bytes that are gathered before they are encoded.
const BATCH_ROWS: usize = 8192;
const BATCH_BYTES: usize = 8 << 20;

/// Most bytes of one row, well below the 2 GiB that an array can hold.
const MAX_ROW: usize = 1 << 30;

/// A parquet file of semantic IDs that is being written. Its columns are the item keys or `row`, for
/// candidates `rank` and `squared_distance`, `id` and `codes`.
#[derive(Debug)]
pub(crate) struct IdTable {
    path: PathBuf,
    writer: ArrowWriter<AtomicFile>,
    schema: SchemaRef,
    keys: KeyColumn,
    /// Ranks and distances of candidates.
    ranked: Option<(UInt32Builder, Float64Builder)>,
    ids: StringBuilder,
    codes: ListBuilder<UInt32Builder>,
    rows: usize,
    bytes: usize,
}

#[derive(Debug)]
enum KeyColumn {
    Items(StringBuilder),
    Rows(UInt64Builder),
}

impl IdTable {
    /// Begins a file with item keys in the column of that name, or else with row numbers.
    pub(crate) fn create(path: &Path, keys: Option<&str>, ranked: bool) -> Result<Self> {
        let code = Arc::new(Field::new("element", DataType::UInt32, false));
        let (name, kind, keys) = match keys {
            Some(name) => (name, DataType::Utf8, KeyColumn::Items(StringBuilder::new())),
            None => ("row", DataType::UInt64, KeyColumn::Rows(UInt64Builder::new())),
        };
        let mut columns = vec![(name, kind)];
        if ranked {
            columns.extend([("rank", DataType::UInt32), ("squared_distance", DataType::Float64)]);
        }
        columns.extend([("id", DataType::Utf8), ("codes", DataType::List(code.clone()))]);
        let fields: Vec<Field> = columns.into_iter().map(|(name, kind)| Field::new(name, kind, false)).collect();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = ArrowWriter::try_new(AtomicFile::create(path)?, schema.clone(), Some(properties));
        Ok(Self {
            path: path.to_owned(),
            writer: writer.map_err(|error| failed(error, path))?,
            schema,
            keys,
            ranked: ranked.then(Default::default),
            ids: StringBuilder::new(),
            codes: ListBuilder::new(UInt32Builder::new()).with_field(code),
            rows: 0,
            bytes: 0,
        })
    }

    pub(crate) fn push(
        &mut self,
        row: u64,
        item: Option<&str>,
        ranked: Option<(u32, f64)>,
        id: &str,
        codes: &[u32],
    ) -> Result<()> {
        let bytes = item.map_or(0, str::len).saturating_add(id.len()).saturating_add(size_of_val(codes));
        if bytes > MAX_ROW {
            return Err(
                Error::parameter("item", format!("{bytes} bytes"), "must be shorter for a Parquet file").at(&self.path)
            );
        }
        match &mut self.keys {
            KeyColumn::Items(items) => items.append_value(item.unwrap_or_default()),
            KeyColumn::Rows(rows) => rows.append_value(row),
        }
        if let (Some((ranks, distances)), Some((rank, distance))) = (&mut self.ranked, ranked) {
            ranks.append_value(rank);
            distances.append_value(distance);
        }
        self.ids.append_value(id);
        self.codes.values().append_slice(codes);
        self.codes.append(true);
        self.rows += 1;
        self.bytes += bytes;
        if self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let keys: ArrayRef = match &mut self.keys {
            KeyColumn::Items(items) => Arc::new(items.finish()),
            KeyColumn::Rows(rows) => Arc::new(rows.finish()),
        };
        let mut columns: Vec<ArrayRef> = vec![keys];
        if let Some((ranks, distances)) = &mut self.ranked {
            columns.push(Arc::new(ranks.finish()));
            columns.push(Arc::new(distances.finish()));
        }
        columns.push(Arc::new(self.ids.finish()));
        columns.push(Arc::new(self.codes.finish()));
        (self.rows, self.bytes) = (0, 0);
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(ParquetError::from);
        batch.and_then(|batch| self.writer.write(&batch)).map_err(|error| failed(error, &self.path))
    }

    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush()?;
        self.writer.into_inner().map_err(|error| failed(error, &self.path))?.commit()
    }
}

fn failed(error: ParquetError, path: &Path) -> Error {
    convert(error, "writing", |reason| Error::io("writing", io::Error::other(reason))).at(path)
}

//! Writes embeddings as programs of the past wrote them to Parquet, and as few libraries can: for tests of readers.
//!
//! ```text
//! cargo run --example old_parquet --features parquet -- rows.npy folder
//! ```

use half::{bf16, f16};
use parquet::arrow::add_encoded_arrow_schema_to_metadata;
use parquet::basic::Compression;
use parquet::data_type::{
    ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType, Int32Type,
};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use semid::Rows;
use semid::io::{ReadOptions, open};
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Rows one after the other.
struct Embeddings {
    values: Vec<f32>,
    dim: usize,
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(input), Some(folder)) = (args.next(), args.next()) else {
        return Err("usage: old_parquet ROWS.npy FOLDER".into());
    };
    let rows = open(input, &ReadOptions::default())?;
    let mut values = vec![0.0; rows.len() * rows.dim()];
    rows.read(0, &mut values)?;
    Ok(write_all(&Embeddings { values, dim: rows.dim() }, Path::new(&folder))?)
}

/// Writes a file for each dialect.
fn write_all(rows: &Embeddings, folder: &Path) -> Result<()> {
    let group = |name: &str, field: &str| {
        format!("message m {{ optional group e (LIST) {{ repeated group {name} {{ optional float {field}; }} }} }}")
    };
    // DuckDB 0.10 to 1.2, for columns of arrays.
    lists(&folder.join("duckdb-array.parquet"), &group("array", "element"), rows, 3)?;
    lists(&folder.join("hive.parquet"), &group("bag", "array_element"), rows, 3)?;
    lists(&folder.join("item.parquet"), &group("list", "item"), rows, 3)?;
    let tuple = "message m { optional group e (LIST) { repeated group e_tuple { required float x; } } }";
    lists(&folder.join("tuple.parquet"), tuple, rows, 2)?;
    // Two levels, as Avro has them.
    lists(&folder.join("avro.parquet"), "message m { required group e (LIST) { repeated float array; } }", rows, 1)?;
    lists(&folder.join("repeated.parquet"), "message m { repeated float e; }", rows, 1)?;
    spark(&folder.join("spark-vector.parquet"), rows)?;
    polars_half(&folder.join("polars-half.parquet"), rows)?;
    for (name, bytes) in BYTES {
        fixed_bytes(&folder.join(format!("{name}-fixed.parquet")), rows, bytes)?;
        binary(&folder.join(format!("{name}-binary.parquet")), rows, bytes)?;
    }
    Ok(())
}

type ToBytes = fn(f32) -> Vec<u8>;

/// Floats as bytes, by the names that semid has for them.
const BYTES: [(&str, ToBytes); 4] = [
    ("f16le", |value| f16::from_f32(value).to_le_bytes().to_vec()),
    ("bf16le", |value| bf16::from_f32(value).to_le_bytes().to_vec()),
    ("f32le", |value| value.to_le_bytes().to_vec()),
    ("f64le", |value| f64::from(value).to_le_bytes().to_vec()),
];

impl Embeddings {
    fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dim)
    }

    fn bytes(&self, to_bytes: ToBytes) -> Vec<Vec<u8>> {
        self.rows().map(|row| row.iter().flat_map(|value| to_bytes(*value)).collect()).collect()
    }

    /// Repetition levels: 0 where a row begins.
    fn repetitions(&self) -> Vec<i16> {
        (0..self.values.len()).map(|i| i16::from(!i.is_multiple_of(self.dim))).collect()
    }
}

/// Writes the values of a column.
type WriteColumn<'a> = &'a mut dyn FnMut(&mut SerializedColumnWriter<'_>) -> Result<()>;

/// Writes a file; `columns` get the columns one after the other.
fn write(path: &Path, message: &str, properties: WriterProperties, columns: &mut [WriteColumn<'_>]) -> Result<()> {
    let schema = Arc::new(parse_message_type(message)?);
    let mut writer = SerializedFileWriter::new(File::create(path)?, schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for column in columns {
        if let Some(mut writer) = group.next_column()? {
            column(&mut writer)?;
            writer.close()?;
        }
    }
    group.close()?;
    writer.close()?;
    Ok(())
}

/// Lists of floats, whose values have the definition level `defined`.
fn lists(path: &Path, message: &str, rows: &Embeddings, defined: i16) -> Result<()> {
    let levels = vec![defined; rows.values.len()];
    // The codec of Hadoop, as its name says nothing of the framing that it has.
    let properties = WriterProperties::builder().set_compression(Compression::LZ4).build();
    write(
        path,
        message,
        properties,
        &mut [&mut |column| {
            column.typed::<FloatType>().write_batch(&rows.values, Some(&levels), Some(&rows.repetitions())).map(drop)
        }],
    )
}

/// The dense vectors of Spark ML: a type, no size, no indices, and values.
fn spark(path: &Path, rows: &Embeddings) -> Result<()> {
    let message = "message m { optional group e {
        required int32 type (INT_8);
        optional int32 size;
        optional group indices (LIST) { repeated group list { required int32 element; } }
        optional group values (LIST) { repeated group list { required double element; } }
    } }";
    let count = rows.rows().len();
    let values: Vec<f64> = rows.values.iter().map(|value| f64::from(*value)).collect();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let present = vec![1; count];
    write(
        path,
        message,
        properties,
        &mut [
            &mut |column| column.typed::<Int32Type>().write_batch(&vec![1; count], Some(&present), None).map(drop),
            &mut |column| column.typed::<Int32Type>().write_batch(&[], Some(&present), None).map(drop),
            &mut |column| column.typed::<Int32Type>().write_batch(&[], Some(&present), Some(&vec![0; count])).map(drop),
            &mut |column| {
                let levels = vec![3; values.len()];
                column.typed::<DoubleType>().write_batch(&values, Some(&levels), Some(&rows.repetitions())).map(drop)
            },
        ],
    )
}

/// 16-bit floats without the mark of Parquet, which only the schema of Arrow beside it tells.
fn polars_half(path: &Path, rows: &Embeddings) -> Result<()> {
    use arrow_schema::{DataType, Field, Schema};
    let item = Arc::new(Field::new("element", DataType::Float16, true));
    let schema = Schema::new(vec![Field::new("e", DataType::LargeList(item), true)]);
    let mut properties = WriterProperties::builder().build();
    add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
    let halves = rows.values.iter().map(|value| FixedLenByteArray::from(f16::from_f32(*value).to_le_bytes().to_vec()));
    let halves: Vec<FixedLenByteArray> = halves.collect();
    let message = "message m { optional group e (LIST) {
        repeated group list { optional fixed_len_byte_array(2) element; }
    } }";
    write(
        path,
        message,
        properties,
        &mut [&mut |column| {
            let levels = vec![3; halves.len()];
            let column = column.typed::<FixedLenByteArrayType>();
            column.write_batch(&halves, Some(&levels), Some(&rows.repetitions())).map(drop)
        }],
    )
}

fn fixed_bytes(path: &Path, rows: &Embeddings, bytes: ToBytes) -> Result<()> {
    let all: Vec<FixedLenByteArray> = rows.bytes(bytes).into_iter().map(FixedLenByteArray::from).collect();
    let width = rows.dim * bytes(0.0).len();
    let message = format!("message m {{ required fixed_len_byte_array({width}) e; }}");
    write(
        path,
        &message,
        WriterProperties::default(),
        &mut [&mut |column| column.typed::<FixedLenByteArrayType>().write_batch(&all, None, None).map(drop)],
    )
}

fn binary(path: &Path, rows: &Embeddings, bytes: ToBytes) -> Result<()> {
    let all: Vec<ByteArray> = rows.bytes(bytes).into_iter().map(ByteArray::from).collect();
    let levels = vec![1; all.len()];
    let properties = WriterProperties::builder().set_compression(Compression::BROTLI(Default::default())).build();
    write(
        path,
        "message m { optional binary e; }",
        properties,
        &mut [&mut |column| column.typed::<ByteArrayType>().write_batch(&all, Some(&levels), None).map(drop)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_read_as_the_rows_that_were_written() {
        let rows = Embeddings { values: (0..640_u16).map(|i| f32::from(i * 7 % 128)).collect(), dim: 16 };
        let folder = tempfile::tempdir().unwrap();
        write_all(&rows, folder.path()).unwrap();
        let mut files = 0;
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let mut options = ReadOptions::default();
            options.bytes = name.split_once("le-").map(|(float, _)| format!("{float}le").parse().unwrap());
            let found = open(&path, &options).unwrap_or_else(|error| panic!("{error}"));
            let mut values = vec![0.0; rows.values.len()];
            assert_eq!((found.len(), found.dim()), (40, 16), "{name}");
            found.read(0, &mut values).unwrap_or_else(|error| panic!("{error}"));
            assert!(values == rows.values, "{name}");
            if options.bytes.is_some() {
                let error = open(&path, &ReadOptions::default()).unwrap_err().to_string();
                assert!(error.contains("no column holds lists of floats"), "{error}");
            }
            files += 1;
        }
        assert_eq!(files, 16);
    }
}

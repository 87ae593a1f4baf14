mod bad_rows;
mod bombs;
mod damaged;
mod ids;

use super::table::ParquetTable;
use super::*;
use crate::error::{ErrorKind, Result};
use crate::io::file::Source;
use crate::io::testing::{Folder, each_damage};
use crate::io::{ReadOptions, open};
use crate::rows::Rows;
use arrow_array::builder::Float16Builder;
use arrow_array::builder::{FixedSizeListBuilder, Float32Builder, Float64Builder, LargeListBuilder, ListBuilder};
use arrow_array::types::Float32Type;
use arrow_array::{ArrayRef, ListArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};
use std::path::Path;
use std::sync::Arc;

/// A parquet file of these columns, with row groups of `group` rows.
fn table(columns: Vec<(&str, ArrayRef)>, group: usize) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
    let batch = batch.unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .set_data_page_row_count_limit(7)
        .set_write_batch_size(7)
        .set_compression(Compression::SNAPPY);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

type Row = Option<Vec<Option<f32>>>;

fn lists(rows: &[Row]) -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(rows.iter().cloned()))
}

fn row(values: &[f32]) -> Row {
    Some(values.iter().copied().map(Some).collect())
}

/// `count` rows of 3 that are all different.
fn rows(count: usize) -> Vec<Row> {
    (0..count).map(|i| row(&[i as f32, -(i as f32), i as f32 / 3.0])).collect()
}

fn read(bytes: &[u8], name: Option<&str>) -> Result<(usize, Vec<f32>)> {
    read_path(&Folder::new().put("x.parquet", bytes), name)
}

fn read_path(path: &Path, name: Option<&str>) -> Result<(usize, Vec<f32>)> {
    let rows = ParquetRows::open(path, name)?;
    let mut out = vec![0.0; rows.len() * rows.dim()];
    rows.read(0, &mut out)?;
    Ok((rows.dim(), out))
}

fn reason(bytes: &[u8], name: Option<&str>) -> String {
    let error = read(bytes, name).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Format { format: "parquet", .. }), "{error}");
    assert!(error.path().is_some());
    error.to_string()
}

#[test]
fn a_row_is_in_the_row_group_that_was_written_with_it() {
    let bytes = table(vec![("x", lists(&rows(20)))], 7);
    let table = ParquetTable::of(Source::of(bytes, Path::new("x.parquet"), "parquet")).unwrap();
    let groups: Vec<_> = (0..21).map(|row| table.group(row)).collect();
    let expected = [vec![Some(0..7); 7], vec![Some(7..14); 7], vec![Some(14..20); 6], vec![None]].concat();
    assert_eq!(groups, expected);
}

#[test]
fn reads_every_kind_of_list_and_float() {
    let values = [1.5, -2.0, 0.25, f32::INFINITY];
    let mut half = FixedSizeListBuilder::new(Float16Builder::new(), 2);
    let mut single = LargeListBuilder::new(Float32Builder::new());
    let mut double = ListBuilder::new(Float64Builder::new());
    for pair in values.chunks(2) {
        pair.iter().for_each(|value| half.values().append_value(half::f16::from_f32(*value)));
        half.append(true);
        single.append_value(pair.iter().copied().map(Some));
        double.append_value(pair.iter().map(|value| Some(f64::from(*value))));
    }
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("half", Arc::new(half.finish())),
        ("single", Arc::new(single.finish())),
        ("double", Arc::new(double.finish())),
    ];
    let bytes = table(columns, 100);
    for name in ["half", "single", "double"] {
        assert_eq!(read(&bytes, Some(name)).unwrap(), (2, values.to_vec()), "{name}");
    }
    assert!(reason(&bytes, None).contains("\"half\", \"single\", \"double\""));
}

#[test]
fn nan_passes_and_large_doubles_become_infinite() {
    let mut lists = ListBuilder::new(Float64Builder::new());
    lists.append_value([Some(f64::NAN), Some(1e300)]);
    let (_, values) = read(&table(vec![("x", Arc::new(lists.finish()))], 1), None).unwrap();
    assert!(values[0].is_nan() && values[1] == f32::INFINITY);
}

#[test]
fn any_piece_in_any_order_is_the_same_rows() {
    let folder = Folder::new();
    let bytes = table(vec![("embedding", lists(&rows(100)))], 30);
    let path = folder.put("x.parquet", &bytes);
    let all = read(&bytes, None).unwrap().1;
    assert_eq!(all, rows(100).iter().flatten().flatten().flatten().copied().collect::<Vec<_>>());
    let file = open(&path, &ReadOptions::default()).unwrap();
    for (first, count) in [(0, 100), (99, 1), (0, 1), (29, 2), (31, 60), (90, 10), (100, 0), (7, 0), (59, 1), (60, 1)] {
        let mut out = vec![0.0; count * 3];
        file.read(first, &mut out).unwrap();
        assert_eq!(out, all[first * 3..][..count * 3], "{first} {count}");
    }
    file.read(100, &mut [0.0; 3]).unwrap_err();
    file.read(0, &mut [0.0; 2]).unwrap_err();
}

#[test]
fn a_file_of_many_batches_is_read_in_order_and_backwards() {
    let folder = Folder::new();
    let wide = |i: usize| row(&vec![i as f32; 4096]);
    let bytes = table(vec![("x", lists(&(0..700).map(wide).collect::<Vec<_>>()))], 300);
    let file = ParquetRows::open(folder.put("x.parquet", &bytes), None).unwrap();
    let mut out = vec![0.0; 100 * 4096];
    for first in [0, 100, 200, 300, 400, 500, 600, 0, 555, 250] {
        file.read(first, &mut out).unwrap();
        let expected = (first..first + 100).map(|i| i as f32);
        assert!(out.chunks(4096).zip(expected).all(|(row, i)| row.iter().all(|value| *value == i)), "{first}");
    }
}

#[test]
fn nulls_and_ragged_rows_are_refused_with_the_row() {
    let with = |i: usize, odd: Row| {
        let mut rows = rows(50);
        rows[i] = odd;
        table(vec![("x", lists(&rows))], 20)
    };
    assert!(reason(&with(45, None), None).contains("row 45 "));
    assert!(reason(&with(0, None), None).contains("row 0 "));
    assert!(reason(&with(33, Some(vec![Some(1.0), None, Some(2.0)])), None).contains("row 33, column 1 "));
    assert!(reason(&with(0, Some(vec![None, None, None])), None).contains("row 0, column 0 "));
    let error = read(&with(21, row(&[1.0])), None).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Ragged { row: 21, expected: 3, found: 1 }), "{error}");
    assert!(reason(&with(0, row(&[])), None).contains("row 0 is empty"));
    let error = read(&table(vec![("x", lists(&[row(&[]), row(&[])]))], 1), None).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoEmbedding { rows: 2, .. }), "{error}");
    let error = read(&table(vec![("x", lists(&[None, None]))], 1), None).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoEmbedding { rows: 2, why } if why == "all are null"), "{error}");
    let error = read(&table(vec![("x", lists(&[]))], 1), None).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Empty), "{error}");
}

#[test]
fn threads_that_read_at_once_get_their_rows() {
    let folder = Folder::new();
    let file = ParquetRows::open(folder.put("x.parquet", &table(vec![("x", lists(&rows(100)))], 30)), None).unwrap();
    std::thread::scope(|scope| {
        for start in 0..4 {
            let file = &file;
            scope.spawn(move || {
                for row in (start..100).step_by(7).chain((0..100).rev().step_by(9)) {
                    let mut out = [0.0; 3];
                    file.read(row, &mut out).unwrap();
                    assert_eq!(out[..2], [row as f32, -(row as f32)]);
                }
            });
        }
    });
}

#[test]
fn a_bad_row_is_not_passed_over_by_trying_again() {
    let folder = Folder::new();
    let mut rows = rows(50);
    rows[45] = None;
    let file = ParquetRows::open(folder.put("x.parquet", &table(vec![("x", lists(&rows))], 20)), None).unwrap();
    for first in [40, 43, 40, 45] {
        let error = file.read(first, &mut [0.0; 15 + 3][..(46 - first).max(1) * 3]).unwrap_err();
        assert!(error.to_string().contains("row 45 "), "{error}");
        file.read(40, &mut [0.0; 15]).unwrap();
    }
    file.read(46, &mut [0.0; 12]).unwrap();
}

#[test]
fn the_column_is_found_or_the_candidates_are_named() {
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let (x, y) = (lists(&rows(2)), lists(&[row(&[1.0]), row(&[2.0])]));
    let only = table(vec![("name", names.clone()), ("x", x.clone())], 10);
    assert_eq!(read(&only, None).unwrap().0, 3);
    let preferred = table(vec![("x", x.clone()), ("embedding", y.clone())], 10);
    assert_eq!(read(&preferred, None).unwrap(), (1, vec![1.0, 2.0]));
    assert_eq!(read(&preferred, Some("x")).unwrap().0, 3);
    assert!(reason(&preferred, Some("z")).contains("\"x\", \"embedding\""));
    assert!(reason(&only, Some("name")).contains("Utf8"));
    assert!(reason(&table(vec![("name", names)], 10), None).contains("no column holds lists of floats"));
    let file = Folder::new();
    assert_eq!(columns(file.put("x.parquet", &preferred)).unwrap(), ["x", "embedding"]);
}

#[cfg(feature = "parquet-brotli")]
#[test]
fn every_compression_that_is_named_is_read() {
    use Compression::{BROTLI, GZIP, LZ4, LZ4_RAW, SNAPPY, UNCOMPRESSED, ZSTD};
    let batch = RecordBatch::try_from_iter([("x", lists(&rows(50)))]).unwrap();
    let all = rows(50).iter().flatten().flatten().flatten().copied().collect::<Vec<f32>>();
    let (gzip, zstd, brotli) = (GZIP(Default::default()), ZSTD(Default::default()), BROTLI(Default::default()));
    for codec in [UNCOMPRESSED, SNAPPY, gzip, zstd, brotli, LZ4, LZ4_RAW] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties = WriterProperties::builder().set_compression(codec).set_writer_version(version).build();
            let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            assert_eq!(read(&writer.into_inner().unwrap(), None).unwrap(), (3, all.clone()), "{codec} {version:?}");
        }
    }
}

#[test]
fn columns_of_one_name_are_refused() {
    let (x, y) = (lists(&rows(2)), lists(&[row(&[1.0]), row(&[2.0])]));
    let twice = table(vec![("x", x.clone()), ("x", y.clone())], 10);
    assert!(reason(&twice, Some("x")).contains("2 of its columns are named \"x\""));
    let twice = table(vec![("embedding", x), ("embedding", y)], 10);
    assert!(reason(&twice, None).contains("2 of its columns are named \"embedding\""));
}

#[test]
fn damage_never_panics_and_truncation_is_always_noticed() {
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let bytes = table(vec![("name", names), ("x", lists(&rows(3)))], 2);
    each_damage("x.parquet", &bytes, |path, truncated| {
        let (names, values) = (read_strings(path, "name"), read_path(path, None));
        assert!(!truncated || (names.is_err() && values.is_err()));
    });
}

#[test]
fn columns_side_by_side_are_those_read_alone_whatever_the_row_groups_are() {
    let texts = rows(40);
    let images: Vec<Row> = (0..40).map(|i| row(&[i as f32, -1.0, 0.5]).filter(|_| i % 7 != 2)).collect();
    let folder = Folder::new();
    let path = folder.put("x.parquet", &table(vec![("text", lists(&texts)), ("image", lists(&images))], 9));
    let options = ReadOptions { blocks: vec!["image".into(), "text".into()], ..Default::default() };
    let read = |step: usize| {
        let both = open(&path, &options).unwrap();
        let mut out = vec![0.0; 40 * 6];
        for (i, out) in out.chunks_mut(step * 6).enumerate() {
            both.read(i * step, out).unwrap();
        }
        out
    };
    let whole = read(40);
    assert_eq!(
        read_path(&path, Some("text")).unwrap().1,
        whole.chunks(6).flat_map(|row| row[3..].to_vec()).collect::<Vec<_>>()
    );
    for (i, row) in whole.chunks(6).enumerate() {
        match &images[i] {
            Some(image) => assert_eq!(row[..3], image.iter().map(|x| x.unwrap()).collect::<Vec<_>>()),
            None => assert!(row[..3].iter().all(|x| x.is_nan()), "row {i}: {row:?}"),
        }
    }
    let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for step in [1, 7, 9, 20] {
        assert_eq!(bits(&read(step)), bits(&whole), "{step}");
    }
}

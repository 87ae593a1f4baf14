//! Bad rows of parquet files: named all at once, or left out.

use super::{Row, lists, row, table};
use crate::MAX_DIM;
use crate::error::ErrorKind;
use crate::io::testing::Folder;
use crate::io::{BadRowKind, BadRows, ReadOptions, open};
use crate::rows::Rows;
use arrow_array::builder::{BinaryBuilder, Float32Builder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Date32Array, Decimal128Array, DictionaryArray};
use parquet::data_type::{FixedLenByteArray, FixedLenByteArrayType};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

/// Row, column and kind of a fault.
type Found = (usize, Option<usize>, BadRowKind);

/// 100 rows of 3, and the faults in them.
fn rows() -> (Vec<Row>, Vec<Found>) {
    let mut rows: Vec<Row> = (0..100).map(|i| row(&[i as f32, 1.0, -1.0])).collect();
    rows[0] = None;
    rows[7] = row(&[]);
    rows[8] = Some(vec![Some(1.0), None, Some(f32::NAN)]);
    rows[30] = row(&[1.0; 2]);
    rows[31] = row(&[1.0; 5000]);
    rows[55] = row(&[1.0, f32::NAN, 2.0]);
    rows[99] = row(&[1.0, 2.0, f32::NEG_INFINITY]);
    let length = |found| BadRowKind::Length { expected: 3, found };
    let faults = vec![
        (0, None, BadRowKind::Null),
        (7, None, BadRowKind::Empty),
        (8, Some(1), BadRowKind::Null),
        (30, None, length(2)),
        (31, None, length(5000)),
        (55, Some(1), BadRowKind::Nan),
        (99, Some(2), BadRowKind::Infinite(f32::NEG_INFINITY)),
    ];
    (rows, faults)
}

#[test]
fn all_bad_rows_are_named_at_once() {
    let (rows, expected) = rows();
    let folder = Folder::new();
    let path = folder.put("x.parquet", &table(vec![("x", lists(&rows))], 40));
    let input = open(&path, &ReadOptions::default()).unwrap();
    // Rows without a fault can be read.
    input.read(60, &mut [0.0; 30]).unwrap();
    let error = input.read(50, &mut [0.0; 30]).unwrap_err();
    let ErrorKind::BadRows { count: 7, rows: 100, first } = error.kind() else { panic!("{error}") };
    let found: Vec<_> = first.iter().map(|bad| (bad.row, bad.column, bad.kind)).collect();
    assert_eq!(found, expected);
    assert_eq!(error.path(), Some(path.as_path()));
    let text = error.to_string();
    for part in ["7 of 100 rows are bad", "\n    row 0 has no embedding", "\n    row 31 has 5000 values, not 3"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn bad_rows_are_left_out_over_all_parts() {
    let (rows, faults) = rows();
    let folder = Folder::new();
    folder.put("a.parquet", &table(vec![("x", lists(&rows))], 40));
    folder.put("b.parquet", &table(vec![("x", lists(&rows))], 9));
    let options = ReadOptions { bad_rows: BadRows::Skip, ..ReadOptions::default() };
    let input = open(folder.path("*.parquet"), &options).unwrap();
    let bad: Vec<usize> = (0..2).flat_map(|part| faults.iter().map(move |fault| part * 100 + fault.0)).collect();
    assert_eq!((input.len(), input.total(), input.skipped()), (186, 200, bad.as_slice()));
    let good: Vec<usize> = (0..200).filter(|row| !bad.contains(row)).collect();
    for (i, row) in good.iter().enumerate() {
        assert_eq!(input.input_row(i), *row);
    }
    assert_eq!(input.kept((0..200).collect()), good);
    let mut all = vec![0.0; 186 * 3];
    input.read(0, &mut all).unwrap();
    assert!(all.chunks(3).zip(&good).all(|(found, row)| found == [(row % 100) as f32, 1.0, -1.0]));
    for first in [0, 5, 91, 92, 93, 185] {
        let mut out = vec![0.0; 3 * (186 - first).min(20)];
        input.read(first, &mut out).unwrap();
        assert_eq!(out, all[first * 3..][..out.len()], "{first}");
    }
}

#[test]
fn bad_rows_at_the_head_of_a_file_are_bad_alone() {
    let skip = || ReadOptions { bad_rows: BadRows::Skip, ..ReadOptions::default() };
    let good: Vec<Row> = (0..20).map(|i| row(&[i as f32, 1.0, -1.0])).collect();
    let folder = Folder::new();
    // One that is short, two without values, and one whose second row is far too long.
    let first = [vec![row(&[1.0, 2.0])], good.clone()].concat();
    folder.put("a.parquet", &table(vec![("x", lists(&[None, None]))], 40));
    folder.put("b.parquet", &table(vec![("x", lists(&first))], 40));
    folder.put("c.parquet", &table(vec![("x", lists(&[None, row(&[])]))], 40));
    let long = [good[..1].to_vec(), vec![row(&[1.0; 5000])], good[1..].to_vec()].concat();
    folder.put("d.parquet", &table(vec![("x", lists(&long))], 40));
    let input = open(folder.path("*.parquet"), &skip()).unwrap();
    assert_eq!((input.len(), input.skipped()), (40, &[0, 1, 2, 23, 24, 26][..]));
    let mut all = vec![0.0; 120];
    input.read(0, &mut all).unwrap();
    assert!(all.chunks(3).enumerate().all(|(i, found)| found == [(i % 20) as f32, 1.0, -1.0]));
    let error = open(folder.path("*.parquet"), &ReadOptions::default()).unwrap().read(0, &mut all).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BadRows { count: 6, rows: 46, .. }), "{error}");
    let error = open(folder.path("[ac].parquet"), &skip()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoEmbedding { rows: 2, .. }), "{error}");
}

#[test]
fn rows_longer_than_any_embedding_are_bad_alone() {
    let good = |i: usize| row(&[i as f32, 1.0, -1.0]);
    let (long, longer) = (|| row(&[1.0; MAX_DIM + 1]), || row(&[2.0; 100_000]));
    // At the head, beside another one, at the end of a row group, and as the last row.
    let bad = [0, 5, 6, 39, 40, 79];
    let rows: Vec<Row> = (0..80)
        .map(|i| match bad.iter().position(|bad| *bad == i) {
            Some(place) => {
                if place % 2 == 0 {
                    long()
                } else {
                    longer()
                }
            }
            None => good(i),
        })
        .collect();
    let folder = Folder::new();
    let path = folder.put("x.parquet", &table(vec![("x", lists(&rows))], 40));
    let skip = ReadOptions { bad_rows: BadRows::Skip, ..ReadOptions::default() };
    let input = open(&path, &skip).unwrap();
    assert_eq!((input.dim(), input.len(), input.skipped()), (3, 74, &bad[..]));
    let left: Vec<f32> = (0..80).filter(|i| !bad.contains(i)).map(|i| i as f32).collect();
    for first in [0, 1, 4, 33, 34, 36, 72, 73] {
        let mut out = vec![0.0; (74 - first) * 3];
        input.read(first, &mut out).unwrap();
        let found: Vec<f32> = out.chunks(3).map(|row| row[0]).collect();
        assert_eq!(found, left[first..], "{first}");
    }
    let error = open(&path, &ReadOptions::default()).unwrap().read(0, &mut vec![0.0; 240]).unwrap_err();
    let ErrorKind::BadRows { count: 6, rows: 80, first } = error.kind() else { panic!("{error}") };
    let kinds: Vec<_> = first.iter().map(|bad| (bad.row, bad.kind)).collect();
    let length = |row: usize, found| (row, BadRowKind::Length { expected: 3, found });
    assert_eq!((kinds[0], kinds[1]), (length(0, MAX_DIM + 1), length(5, 100_000)));
    // One that takes too long to pass over, and too many of them, are errors of the file.
    let most =
        [(vec![good(0), row(&[1.0; (1 << 17) + 1])], 1), ((0..66).map(|_| long()).chain([good(0)]).collect(), 64)];
    for (i, (rows, bad)) in most.into_iter().enumerate() {
        let rows: Vec<Row> = (0..20).map(good).chain(rows).collect();
        let path = folder.put(&format!("{i}.parquet"), &table(vec![("x", lists(&rows))], 40));
        let error = open(&path, &skip).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Ragged { row, expected: MAX_DIM, .. } if *row == 20 + bad),
            "{error}"
        );
    }
}

#[test]
fn a_row_of_bytes_that_breaks_off_is_told_in_bytes() {
    let mut rows = BinaryBuilder::new();
    rows.append_value([0; 30]);
    (0..4).for_each(|_| rows.append_value([0; 32]));
    let folder = Folder::new();
    let path = folder.put("x.parquet", &table(vec![("x", Arc::new(rows.finish()))], 40));
    let bytes = Some(crate::io::FloatBytes::F32);
    let input = open(&path, &ReadOptions { bytes, ..ReadOptions::default() }).unwrap();
    let error = input.read(0, &mut [0.0; 40]).unwrap_err().to_string();
    assert!(error.contains("1 of 5 rows is bad: row 0 has 30 bytes, not 32"), "{error}");
}

#[test]
fn an_input_of_bad_rows_alone_is_refused() {
    let folder = Folder::new();
    let path = folder.put("x.parquet", &table(vec![("x", lists(&[None, row(&[f32::NAN])]))], 40));
    let options = ReadOptions { bad_rows: BadRows::Skip, ..ReadOptions::default() };
    let error = open(path, &options).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BadRows { count: 2, rows: 2, .. }), "{error}");
}

#[test]
fn columns_of_dimensions_are_read_in_the_order_that_is_asked_for() {
    let column = |start: f32, null: Option<usize>| -> ArrayRef {
        let mut values = Float32Builder::new();
        (0..20).for_each(|i| values.append_option((Some(i) != null).then_some(start + i as f32)));
        Arc::new(values.finish())
    };
    let columns = vec![("f1", column(100.0, None)), ("id", column(900.0, None)), ("f0", column(0.0, Some(13)))];
    let folder = Folder::new();
    let path = folder.put("x.parquet", &table(columns, 6));
    let read = |wanted: &str| {
        let options =
            ReadOptions { columns: Some(wanted.to_owned()), bad_rows: BadRows::Skip, ..ReadOptions::default() };
        let input = open(&path, &options)?;
        let mut out = vec![0.0; input.len() * input.dim()];
        input.read(0, &mut out)?;
        Ok::<_, crate::Error>((input.skipped().to_vec(), out))
    };
    for wanted in ["f", "f0..f1", "f0,f1"] {
        let (skipped, values) = read(wanted).unwrap();
        assert_eq!(
            (skipped, &values[..4], values[38 - 2]),
            (vec![13], &[0.0, 100.0, 1.0, 101.0][..], 19.0),
            "{wanted}"
        );
    }
    assert_eq!(read("f1,f0").unwrap().1[..4], [100.0, 0.0, 101.0, 1.0]);
    assert!(read("f0,f0").unwrap_err().to_string().contains("named twice"));
    assert!(read("f0..f2").unwrap_err().to_string().contains("no column \"f2\""));
}

#[test]
fn item_keys_of_every_type_have_one_text() {
    let mut bytes = BinaryBuilder::new();
    bytes.append_value("caf\u{e9}");
    bytes.append_value("");
    let mut broken = BinaryBuilder::new();
    broken.append_value("a");
    broken.append_value([0xff]);
    let names: DictionaryArray<Int32Type> = ["x", "y"].into_iter().collect();
    let decimal = |values: [i128; 2]| -> ArrayRef {
        Arc::new(Decimal128Array::from(values.to_vec()).with_data_type(arrow_schema::DataType::Decimal128(12, 2)))
    };
    let columns: Vec<(&str, ArrayRef, [&str; 2])> = vec![
        ("bytes", Arc::new(bytes.finish()), ["caf\u{e9}", ""]),
        ("dictionary", Arc::new(names), ["x", "y"]),
        ("date", Arc::new(Date32Array::from(vec![0, -1])), ["1970-01-01", "1969-12-31"]),
        ("decimal", decimal([1250, -5]), ["12.50", "-0.05"]),
    ];
    let folder = Folder::new();
    let mut all: Vec<(&str, ArrayRef)> = columns.iter().map(|(name, array, _)| (*name, array.clone())).collect();
    all.push(("broken", Arc::new(broken.finish())));
    let path = folder.put("x.parquet", &table(all, 1));
    for (name, _, expected) in &columns {
        assert_eq!(super::read_strings(&path, name).unwrap(), expected, "{name}");
    }
    let error = super::read_strings(&path, "broken").unwrap_err().to_string();
    assert!(error.contains("row 1 is not UTF-8"), "{error}");

    // Only bytes that are marked as such are UUIDs.
    for (mark, expected) in [("(UUID)", Some("61616161-6161-6161-6161-616161616161")), ("", Some("aaaaaaaaaaaaaaaa"))] {
        let path = folder.put("u.parquet", &fixed_bytes(mark, b'a'));
        assert_eq!(super::read_strings(&path, "id").ok().as_ref().map(|keys| keys[0].as_str()), expected);
    }
    let path = folder.put("u.parquet", &fixed_bytes("(UUID)", 0xff));
    assert_eq!(super::read_strings(&path, "id").unwrap(), ["ffffffff-ffff-ffff-ffff-ffffffffffff"]);
    let path = folder.put("u.parquet", &fixed_bytes("", 0xff));
    assert!(super::read_strings(&path, "id").unwrap_err().to_string().contains("row 0 is not UTF-8"));
}

/// A file with one row of 16 equal bytes.
fn fixed_bytes(mark: &str, byte: u8) -> Vec<u8> {
    let message = format!("message m {{ required fixed_len_byte_array(16) id {mark}; }}");
    let schema = Arc::new(parse_message_type(&message).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let value = FixedLenByteArray::from(vec![byte; 16]);
    column.typed::<FixedLenByteArrayType>().write_batch(&[value], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn rows_that_are_left_out_need_no_key() {
    use arrow_array::StringArray;
    let rows = [row(&[1.0]), None, row(&[2.0])];
    let folder = Folder::new();
    let keys: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("c")]));
    folder.put("x.parquet", &table(vec![("x", lists(&rows)), ("id", keys.clone())], 40));
    let skip = ReadOptions { bad_rows: BadRows::Skip, ..ReadOptions::default() };
    let input = open(folder.path("x.parquet"), &skip).unwrap();
    assert_eq!(input.strings("id").unwrap(), ["a", "c"]);
    assert_eq!(input.all_strings("id").unwrap(), ["a", "", "c"]);
    let error = open(folder.path("x.parquet"), &ReadOptions::default()).unwrap().strings("id").unwrap_err();
    assert!(error.to_string().contains("is null in row 1"), "{error}");
    // A good row needs its key.
    let rows = [row(&[1.0]), row(&[3.0]), None];
    folder.put("y.parquet", &table(vec![("x", lists(&rows)), ("id", keys)], 40));
    let error = open(folder.path("y.parquet"), &skip).unwrap().strings("id").unwrap_err();
    assert!(error.to_string().contains("is null in row 1"), "{error}");
}

#[test]
fn where_all_rows_are_bad_nobody_is_told_to_skip_them() {
    let folder = Folder::new();
    let path = folder.put("x.parquet", &table(vec![("x", lists(&[row(&[f32::NAN]), None, row(&[])]))], 40));
    let skip = ReadOptions { bad_rows: BadRows::Skip, ..ReadOptions::default() };
    let error = open(&path, &skip).unwrap_err().to_string();
    assert!(error.contains("all 3 rows are bad, so that none is left"), "{error}");
    assert!(!error.contains("skip"), "{error}");
}

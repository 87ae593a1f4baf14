use super::table;
use crate::io::IdWriter;
use crate::io::parquet::{columns, read_strings};
use crate::io::testing::Folder;
use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int16Array, LargeStringArray, StringArray, StringViewArray,
    UInt64Array,
};
use std::path::PathBuf;
use std::sync::Arc;

#[test]
fn item_keys_are_strings_or_integers() {
    let keys: Vec<(&str, ArrayRef)> = vec![
        ("utf8", Arc::new(StringArray::from(vec!["7", "-8", "9"]))),
        ("large", Arc::new(LargeStringArray::from(vec!["7", "-8", "9"]))),
        ("view", Arc::new(StringViewArray::from(vec!["7", "-8", "9"]))),
        ("i16", Arc::new(Int16Array::from(vec![7, -8, 9]))),
        ("u64", Arc::new(UInt64Array::from(vec![7, u64::MAX, 9]))),
        ("null", Arc::new(StringArray::from(vec![Some("7"), Some("8"), None]))),
        ("bool", Arc::new(BooleanArray::from(vec![true, false, true]))),
    ];
    let folder = Folder::new();
    let path = folder.put("x.parquet", &table(keys, 2));
    for name in ["utf8", "large", "view", "i16"] {
        assert_eq!(read_strings(&path, name).unwrap(), ["7", "-8", "9"], "{name}");
    }
    assert_eq!(read_strings(&path, "u64").unwrap()[1], u64::MAX.to_string());
    let error = |name: &str| read_strings(&path, name).unwrap_err().to_string();
    assert!(error("null").contains("null in row 2"), "{}", error("null"));
    assert!(error("bool").contains("Boolean"), "{}", error("bool"));
    assert!(error("x").contains("\"utf8\""), "{}", error("x"));
}

#[test]
fn labels_may_be_null() {
    let labels = [None, Some("a"), Some("b"), None, None, Some("c"), None];
    let numbers = Int16Array::from(vec![Some(3), None, Some(-4), Some(5), None, None, Some(6)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("e", super::lists(&super::rows(7))),
        ("text", Arc::new(StringArray::from(labels.to_vec()))),
        ("number", Arc::new(numbers)),
    ];
    let folder = Folder::new();
    let rows = super::open(folder.put("x.parquet", &table(columns, 4)), &super::ReadOptions::default()).unwrap();
    assert_eq!(rows.labels("text").unwrap(), labels.map(|label| label.map(str::to_owned)));
    let expected = [Some("3"), None, Some("-4"), Some("5"), None, None, Some("6")];
    assert_eq!(rows.labels("number").unwrap(), expected.map(|label| label.map(str::to_owned)));
    assert!(rows.strings("text").is_err());
}

#[test]
fn numbers_are_the_shortest_decimal_numbers_that_round_to_them() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("e", super::lists(&super::rows(4))),
        ("f64", Arc::new(Float64Array::from(vec![0.1, 2.0, 1e-7, 0.1 + 0.2]))),
        ("f32", Arc::new(Float32Array::from(vec![0.1, 2.0, 1e-7, f32::NAN]))),
        ("i16", Arc::new(Int16Array::from(vec![7, -8, 9, 0]))),
        ("utf8", Arc::new(StringArray::from(vec!["0.10", "2", "a", ""]))),
        ("null", Arc::new(Float64Array::from(vec![Some(0.5), None, Some(1.0), None]))),
    ];
    let folder = Folder::new();
    let path = folder.put("x.parquet", &table(columns, 2));
    let rows = super::open(&path, &super::ReadOptions::default()).unwrap();
    assert_eq!(rows.numbers("f64").unwrap(), ["0.1", "2", "0.0000001", "0.30000000000000004"]);
    assert_eq!(rows.numbers("f32").unwrap(), ["0.1", "2", "0.0000001", "NaN"]);
    assert_eq!(rows.numbers("i16").unwrap(), ["7", "-8", "9", "0"]);
    assert_eq!(rows.numbers("utf8").unwrap(), ["0.10", "2", "a", ""]);
    assert!(rows.numbers("null").unwrap_err().to_string().contains("null in row 1"));
    assert!(rows.numbers("e").unwrap_err().to_string().contains("not of numbers or strings"));
    // Keys and labels are none: another program writes the same number in another way.
    assert!(rows.strings("f64").is_err() && rows.labels("f32").is_err() && read_strings(&path, "f64").is_err());
}

#[test]
fn keys_have_the_name_of_their_column() {
    let folder = Folder::new();
    let path = folder.path("ids.parquet");
    let mut out = IdWriter::create_with_keys(&path, "asin").unwrap();
    out.push(Some("B0"), "1-0", &[1, 0]).unwrap();
    out.finish().unwrap();
    assert_eq!(columns(&path).unwrap(), ["asin", "id", "codes"]);
    assert_eq!(read_strings(&path, "asin").unwrap(), ["B0"]);
}

fn written_ids(folder: &Folder, items: bool, count: usize) -> PathBuf {
    let path = folder.path("ids.parquet");
    let mut out = IdWriter::create(&path, items).unwrap();
    for i in 0..count {
        let item = format!("item {i}");
        out.push(items.then_some(item.as_str()), &format!("{i}-0"), &[i as u32, u32::MAX]).unwrap();
    }
    out.finish().unwrap();
    path
}

#[test]
fn semantic_ids_are_written_in_batches() {
    let folder = Folder::new();
    let path = written_ids(&folder, true, 20_000);
    assert_eq!(columns(&path).unwrap(), ["item", "id", "codes"]);
    assert_eq!(read_strings(&path, "item").unwrap()[19_999], "item 19999");
    assert_eq!(read_strings(&path, "id").unwrap()[8192], "8192-0");
    let path = written_ids(&folder, false, 3);
    assert_eq!(columns(&path).unwrap(), ["row", "id", "codes"]);
    assert_eq!(read_strings(&path, "row").unwrap(), ["0", "1", "2"]);
    written_ids(&folder, false, 0);
}

#[test]
fn semantic_ids_dropped_before_the_end_leave_nothing() {
    let folder = Folder::new();
    let path = folder.path("ids.parquet");
    let mut out = IdWriter::create(&path, false).unwrap();
    out.push(None, "1", &[1]).unwrap();
    drop(out);
    assert!(!path.exists());
}

use super::*;
use crate::io::testing::Folder;
use crate::io::{NpyWriter, open};
use std::fs;

fn npy(path: &Path, dim: usize, values: &[f32]) {
    let mut out = NpyWriter::<f32>::create(path, values.len() / dim, dim).unwrap();
    out.write(values).unwrap();
    out.finish().unwrap();
}

fn fvecs(path: &Path, dim: usize, values: &[f32]) {
    let row = |row: &[f32]| {
        [(dim as i32).to_le_bytes()]
            .into_iter()
            .chain(row.iter().map(|x| x.to_le_bytes()))
            .flatten()
            .collect::<Vec<u8>>()
    };
    fs::write(path, values.chunks(dim).flat_map(row).collect::<Vec<_>>()).unwrap();
}

fn all(rows: &dyn Rows) -> Vec<f32> {
    let mut out = vec![0.0; rows.len() * rows.dim()];
    rows.read(0, &mut out).unwrap();
    out
}

fn numbers(range: std::ops::Range<usize>) -> Vec<f32> {
    range.map(|i| i as f32).collect()
}

/// A folder as Spark writes it, of 10 rows in three parts.
fn parts() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("items")).unwrap();
    npy(&folder.path("items/part-2.npy"), 2, &numbers(14..20));
    npy(&folder.path("items/part-0.npy"), 2, &numbers(0..8));
    fvecs(&folder.path("items/part-1.fvecs"), 2, &numbers(8..14));
    npy(&folder.path("items/part-00-empty.npy"), 2, &[]);
    for other in ["_SUCCESS", ".part-0.npy.crc", "README.md", "_part-9.npy", ".part-9.npy"] {
        folder.put(&format!("items/{other}"), b"other");
    }
    folder
}

#[test]
fn a_folder_and_a_pattern_are_read_in_the_order_of_their_names() {
    let folder = parts();
    for path in ["items", "items/", "items/*", "items/part-*", "items/part-[0-9].*", "item?/part-*.*"] {
        let rows = open(folder.path(path), &ReadOptions::default()).unwrap();
        assert_eq!(all(&rows), numbers(0..20), "{path}");
        let files: Vec<_> = rows.files().map(|(path, rows)| (path.file_name().unwrap().to_owned(), rows)).collect();
        assert_eq!(files, [("part-0.npy".into(), 4), ("part-1.fvecs".into(), 3), ("part-2.npy".into(), 3)]);
        assert_eq!(rows.place(5).unwrap(), (folder.path("items/part-1.fvecs").as_path(), 1));
        assert!(rows.place(10).is_none());
    }
}

#[test]
fn several_paths_are_read_in_the_order_in_which_they_are_given() {
    let folder = parts();
    let paths = ["items/part-2.npy", "items/part-0.npy"].map(|name| folder.path(name));
    let rows = Inputs::open(paths, &ReadOptions::default()).unwrap();
    assert_eq!(all(&rows), [numbers(14..20), numbers(0..8)].concat());
    let mut out = [0.0; 4];
    rows.read(2, &mut out).unwrap();
    assert_eq!(out, [18.0, 19.0, 0.0, 1.0]);
}

#[test]
fn a_file_is_meant_by_its_name_whatever_characters_it_has() {
    let folder = Folder::new();
    npy(&folder.path("x[1].npy"), 1, &[1.0]);
    npy(&folder.path("x1.npy"), 1, &[2.0]);
    assert_eq!(all(&open(folder.path("x[1].npy"), &ReadOptions::default()).unwrap()), [1.0]);
    assert_eq!(all(&open(folder.path("x[12].npy"), &ReadOptions::default()).unwrap()), [2.0]);
}

#[test]
fn rows_of_another_length_are_refused_with_both_files() {
    let folder = parts();
    npy(&folder.path("items/part-3.npy"), 3, &[0.0; 3]);
    let error = open(folder.path("items"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Widths { expected: 2, found: 3, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("part-3.npy") && text.contains("part-0.npy"), "{text}");
}

#[test]
fn folders_and_patterns_without_embeddings_say_so() {
    let folder = Folder::new();
    let refused = |path: &str| open(folder.path(path), &ReadOptions::default()).unwrap_err();
    fs::create_dir_all(folder.path("none/year=2026")).unwrap();
    assert!(refused("none").to_string().contains("year=2026"), "{}", refused("none"));
    fs::create_dir(folder.path("other")).unwrap();
    folder.put("other/labels.txt", b"");
    assert!(refused("other").to_string().contains("labels.txt"), "{}", refused("other"));
    assert!(matches!(refused("*.npy").kind(), ErrorKind::Io { .. }), "{}", refused("*.npy"));
    assert!(matches!(refused("a[.npy").kind(), ErrorKind::Parameter { .. }), "{}", refused("a[.npy"));
    npy(&folder.path("empty-1.npy"), 2, &[]);
    npy(&folder.path("empty-2.npy"), 2, &[]);
    assert!(matches!(refused("empty-*").kind(), ErrorKind::Empty), "{}", refused("empty-*"));
    assert_eq!(open(folder.path("empty-1.npy"), &ReadOptions::default()).unwrap().len(), 0);
}

#[test]
fn more_files_than_may_be_open_are_read_and_noticed_when_they_change() {
    let folder = Folder::new();
    let parts = 300;
    for i in 0..parts {
        npy(&folder.path(&format!("{i:03}.npy")), 1, &[i as f32]);
    }
    let rows = open(folder.path("*.npy"), &ReadOptions::default()).unwrap();
    let mut out = [0.0];
    for i in (0..parts).chain((0..parts).rev()) {
        rows.read(i, &mut out).unwrap();
        assert_eq!(out, [i as f32]);
    }
    npy(&folder.path("299.npy"), 1, &[1.0, 2.0]);
    let error = rows.read(299, &mut out).unwrap_err();
    assert!(error.to_string().contains("changed while it was read"), "{error}");
    assert_eq!(error.path(), Some(folder.path("299.npy").as_path()));
}

/// `hive/day=1` and `hive/day=2`, a file in each, with marks and a log beside them.
fn partitions() -> Folder {
    let folder = Folder::new();
    for (day, range) in [(1, 0..4), (2, 4..10)] {
        fs::create_dir_all(folder.path(&format!("hive/day={day}"))).unwrap();
        npy(&folder.path(&format!("hive/day={day}/part-0.npy")), 2, &numbers(range));
        folder.put(&format!("hive/day={day}/_SUCCESS"), b"");
        folder.put(&format!("hive/day={day}/notes.txt"), b"");
    }
    fs::create_dir(folder.path("hive/_temporary")).unwrap();
    npy(&folder.path("hive/_temporary/part-9.npy"), 2, &numbers(0..2));
    folder
}

#[test]
fn a_pattern_that_fits_folders_stands_for_their_files() {
    let folder = partitions();
    for path in
        ["hive/day=*", "hive/*", "hive/*/*", "hive/day=*/*.npy", "hive/*/part*", "hive/**/part-0.npy", "hi*/day=[12]"]
    {
        let rows = open(folder.path(path), &ReadOptions::default()).unwrap();
        assert_eq!(all(&rows), numbers(0..10), "{path}");
    }
    let marked = open(folder.path("hive/_temp*/*"), &ReadOptions::default()).unwrap();
    assert_eq!(all(&marked), numbers(0..2), "a mark that is asked for");
    let error = open(folder.path("hive"), &ReadOptions::default()).unwrap_err().to_string();
    let advice = format!("\"{}\"", folder.path("hive").join("*").display());
    assert!(error.contains("day=1") && error.contains(&advice), "{error}");
    // The pattern of the advice is read, and so is a folder whose only folder is a mark.
    assert_eq!(open(folder.path("hive/*"), &ReadOptions::default()).unwrap().files().len(), 2);
    npy(&folder.path("hive/day=1/b.npy"), 2, &numbers(0..2));
    fs::create_dir(folder.path("hive/day=1/_temporary")).unwrap();
    assert_eq!(open(folder.path("hive/day=1"), &ReadOptions::default()).unwrap().len(), 3);
    fs::create_dir(folder.path("hive/day=1/hour=1")).unwrap();
    let error = open(folder.path("hive/day=*"), &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("hour=1"), "{error}");
}

#[test]
fn folders_of_tables_with_deleted_rows_say_what_they_are() {
    for (log, data, program) in [
        ("_delta_log", "*.parquet", "Delta Lake"),
        (".hoodie", "*.parquet", "Hudi"),
        ("metadata", "data/*.parquet", "Iceberg"),
    ] {
        let folder = Folder::new();
        fs::create_dir_all(folder.path("d").join(log)).unwrap();
        fs::create_dir_all(folder.path("d").join(data).parent().unwrap()).unwrap();
        let error = open(folder.path("d"), &ReadOptions::default()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Format { format: "folder", .. }), "{error}");
        let pattern = data.split('/').fold(folder.path("d"), |path, name| path.join(name));
        let pattern = format!("\"{}\"", pattern.display());
        let text = error.to_string();
        assert!(text.contains(program) && text.contains(&pattern) && text.contains("usable folder: "), "{text}");
    }
}

#[test]
fn files_of_other_formats_are_counted_and_marks_are_not() {
    let folder = parts();
    let others = |path: &str| {
        let rows = open(folder.path(path), &ReadOptions::default()).unwrap();
        rows.passed_over().to_vec()
    };
    assert_eq!(others("items"), [folder.path("items/README.md")]);
    assert_eq!(others("items/part-*"), [""; 0].map(PathBuf::from));
}

#[test]
fn standard_input_is_given_once() {
    let error = Inputs::open(["-", "-"], &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("read only once"), "{error}");
}

#[test]
fn bytes_are_read_as_the_file_of_that_name() {
    let folder = Folder::new();
    let path = folder.path("x.npy");
    npy(&path, 3, &numbers(0..12));
    let bytes = fs::read(&path).unwrap();
    // The extension says the format; without one the first bytes do.
    for name in ["x.npy", "X.NPY", "upload"] {
        let rows = Inputs::of_bytes(name, bytes.clone(), &ReadOptions::default()).unwrap();
        assert_eq!((rows.dim(), all(&rows)), (3, numbers(0..12)), "{name}");
    }
    for (name, bytes) in [("x.png", bytes.clone()), ("x.npy", bytes[..100].to_vec()), ("x.npy", Vec::new())] {
        let error = Inputs::of_bytes(name, bytes, &ReadOptions::default()).err().unwrap();
        assert!(error.to_string().contains(name), "{error}");
    }
    let mut values = numbers(0..12);
    values[7] = f32::NAN;
    npy(&path, 3, &values);
    let bytes = fs::read(&path).unwrap();
    let rows = Inputs::of_bytes("x.npy", bytes.clone(), &ReadOptions::default()).unwrap();
    let error = rows.read(0, &mut [0.0; 12]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BadRows { count: 1, .. }), "{error}");
    let skipping = ReadOptions { bad_rows: BadRows::Skip, ..Default::default() };
    let rows = Inputs::of_bytes("x.npy", bytes, &skipping).unwrap();
    assert_eq!((rows.len(), rows.skipped()), (3, &[2][..]));
}

/// Lines of a text of 2 dimensions and an image of 1, which some rows lack.
fn lines(rows: std::ops::Range<usize>) -> String {
    let image = |i: usize| ["null".to_owned(), "[]".to_owned(), format!("[{i}.5]")][i % 3].clone();
    let text = |i: usize| if i % 4 == 1 { "null".to_owned() } else { format!("[{i},-{i}]") };
    rows.map(|i| format!("{{\"text\":{},\"image\":{},\"key\":\"k{i}\"}}\n", text(i), image(i))).collect()
}

#[test]
fn blocks_are_read_side_by_side_and_missing_ones_are_nan() {
    let folder = Folder::new();
    // Rows of which each has one block at least.
    folder.put("a.jsonl", lines(2..5).as_bytes());
    folder.put("b.jsonl", lines(6..9).as_bytes());
    let options = ReadOptions { blocks: vec!["text".into(), "image".into()], ..Default::default() };
    let rows = open(folder.path("*.jsonl"), &options).unwrap();
    assert_eq!((rows.len(), rows.dim(), rows.widths()), (6, 3, &[2, 1][..]));
    let mut found = vec![0.0; 18];
    for first in (0..6).step_by(2) {
        rows.read(first, &mut found[first * 3..][..6]).unwrap();
    }
    let nan = f32::NAN;
    let expected =
        [[2.0, -2.0, 2.5], [3.0, -3.0, nan], [4.0, -4.0, nan], [6.0, -6.0, nan], [7.0, -7.0, nan], [8.0, -8.0, 8.5]];
    let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    assert!(found.iter().zip(expected.as_flattened()).all(same), "{found:?}");
    assert_eq!(rows.strings("key").unwrap(), ["k2", "k3", "k4", "k6", "k7", "k8"]);
    // Row 9 of the lines lacks both.
    folder.put("c.jsonl", lines(8..10).as_bytes());
    let error = open(folder.path("c.jsonl"), &options).unwrap().read(0, &mut [0.0; 6]).unwrap_err();
    let bad = match error.kind() {
        ErrorKind::BadRows { count: 1, first, .. } => first.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((bad[0].row, bad[0].column), (1, None));
    let skipping = ReadOptions { bad_rows: BadRows::Skip, ..options.clone() };
    assert_eq!(open(folder.path("c.jsonl"), &skipping).unwrap().skipped(), [1]);
    // A value that is no number is bad in any block, and its column is that of the row.
    folder.put("d.jsonl", b"{\"text\":[1,2],\"image\":[3]}\n{\"text\":null,\"image\":[\"x\"]}\n");
    let error = open(folder.path("d.jsonl"), &options).unwrap().read(0, &mut [0.0; 6]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BadRows { first, .. } if first[0].column == Some(2)), "{error}");
    // Files whose blocks are of other widths are refused, even where rows are equally long.
    folder.put("e.jsonl", b"{\"text\":[1],\"image\":[3,4]}\n");
    let error = Inputs::open([folder.path("a.jsonl"), folder.path("e.jsonl")], &options).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Widths { expected: 2, found: 1, .. }), "{error}");
    npy(&folder.path("x.npy"), 2, &[0.0; 4]);
    let error = open(folder.path("x.npy"), &options).unwrap_err();
    assert!(error.to_string().contains("one embedding"), "{error}");
}

#[test]
fn a_folder_without_embeddings_says_what_it_has_and_what_to_do() {
    let folder = Folder::new();
    let refused = || open(folder.path(""), &ReadOptions::default()).unwrap_err().to_string();
    assert!(refused().contains("it has no files; a file of embeddings must be named"), "{}", refused());
    folder.put("_SUCCESS", b"");
    folder.put("part-0.json", b"[1, 2]\n");
    assert!(refused().contains("none of its files holds embeddings: \"_SUCCESS\", \"part-0.json\""), "{}", refused());
    assert!(refused().contains("on every line the extension .jsonl"), "{}", refused());
    for (name, advice) in
        [("x.feather", "save it as .parquet"), ("x.ndjson", ".jsonl"), ("x.txt", "commas the extension")]
    {
        let error = open(folder.put(name, b"1,2"), &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains(advice), "{error}");
    }
}

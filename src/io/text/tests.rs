use crate::error::ErrorKind;
use crate::io::testing::{Folder, each_damage};
use crate::io::{BadRowKind, BadRows, ReadOptions, open};
use crate::rows::Rows;
use std::path::Path;

fn read(path: &Path, options: &ReadOptions) -> crate::Result<(usize, Vec<f32>)> {
    let rows = open(path, options)?;
    let mut out = vec![0.0; rows.len() * rows.dim()];
    rows.read(0, &mut out)?;
    Ok((rows.dim(), out))
}

fn text(name: &str, text: &str, options: &ReadOptions) -> crate::Result<(usize, Vec<f32>)> {
    read(&Folder::new().put(name, text.as_bytes()), options)
}

fn skip() -> ReadOptions {
    ReadOptions { bad_rows: BadRows::Skip, ..ReadOptions::default() }
}

#[test]
fn json_lines_are_lists_or_objects_with_a_list() {
    let plain = ReadOptions::default();
    let expected = (2, vec![1.0, -2.5, 3e10, 0.1]);
    for lines in [
        "[1, -2.5]\n[3e10, 0.1]\n",
        "\u{feff}[1, -2.5]\n\n  \n[3e10, 0.1]",
        "{\"id\": \"a\", \"embedding\": [1, -2.5]}\r\n{\"embedding\": [3e10, 0.1], \"id\": \"b\"}\r\n",
        "{\"embedding\": [1, -2.5], \"other\": [1]}\n{\"embedding\": [3e10, 0.1]}\n",
        "{\"vector\": [1, -2.5]}\n{\"vector\": [3e10, 0.1]}\n",
    ] {
        assert_eq!(text("x.jsonl", lines, &plain).unwrap(), expected, "{lines}");
    }
    let two = "{\"a\": [1], \"b\": [2]}\n";
    let error = text("x.jsonl", two, &plain).unwrap_err().to_string();
    assert!(error.contains("\"a\", \"b\"; name the column to read"), "{error}");
    let options = ReadOptions { column: Some("b".to_owned()), ..ReadOptions::default() };
    assert_eq!(text("x.jsonl", two, &options).unwrap(), (1, vec![2.0]));
    assert!(matches!(text("x.jsonl", "\n\n", &plain).unwrap_err().kind(), ErrorKind::Empty));
    assert!(text("x.jsonl", "{\"a\": 1}\n", &plain).unwrap_err().to_string().contains("none of its 1 rows"));
}

/// A line without a label may be the first one.
#[test]
fn the_columns_of_json_lines_are_the_fields_of_all_lines() {
    let lines = "{\"embedding\": [1]}\n{\"label\": \"a\", \"embedding\": [2]}\n{\"embedding\": null, \"id\": 3}\n";
    let rows = open(Folder::new().put("x.jsonl", lines.as_bytes()), &ReadOptions::default()).unwrap();
    assert_eq!(rows.columns().unwrap(), ["embedding", "id", "label"]);
    assert!(rows.has_column("label").unwrap() && !rows.has_column("other").unwrap());
}

#[test]
fn bad_lines_are_named_by_kind_or_left_out() {
    let lines = "null\n[]\n[1, 2]\n{\"embedding\": null}\n[1]\n[1, null]\n[1, \"x\"]\n[1, 2, 3]\nnonsense\n[1, 1e999]\n\
                 [3, 4]\n";
    let folder = Folder::new();
    let path = folder.put("x.jsonl", lines.as_bytes());
    let error = read(&path, &ReadOptions::default()).unwrap_err();
    let ErrorKind::BadRows { count, rows, first } = error.kind() else { panic!("{error}") };
    assert_eq!((*count, *rows), (9, 11));
    let found: Vec<_> = first.iter().map(|bad| (bad.row, bad.column, bad.kind)).collect();
    let length = |found| BadRowKind::Length { expected: 2, found };
    let expected = [
        (0, None, BadRowKind::Null),
        (1, None, BadRowKind::Empty),
        (3, None, BadRowKind::Null),
        (4, None, length(1)),
        (5, Some(1), BadRowKind::Null),
        (6, Some(1), BadRowKind::Text),
        (7, None, length(3)),
        (8, None, BadRowKind::Text),
        (9, None, BadRowKind::Text),
    ];
    assert_eq!(found, expected);
    assert_eq!(error.path(), Some(path.as_path()));

    let rows = open(&path, &skip()).unwrap();
    assert_eq!((rows.len(), rows.total(), rows.skipped()), (2, 11, &[0, 1, 3, 4, 5, 6, 7, 8, 9][..]));
    assert_eq!(read(&path, &skip()).unwrap(), (2, vec![1.0, 2.0, 3.0, 4.0]));
    assert_eq!([rows.input_row(0), rows.input_row(1)], [2, 10]);
    assert_eq!(rows.kept((0..11).collect()), [2, 10]);
}

#[test]
fn texts_of_json_lines_are_strings_or_whole_numbers() {
    let folder = Folder::new();
    let lines =
        "{\"id\": \"a\", \"n\": -7, \"e\": [1]}\n{\"e\": [2], \"n\": 18446744073709551615, \"id\": \"\\u00e9\"}\n";
    let rows = open(folder.put("x.jsonl", lines.as_bytes()), &ReadOptions::default()).unwrap();
    assert_eq!(rows.strings("id").unwrap(), ["a", "\u{e9}"]);
    assert_eq!(rows.strings("n").unwrap(), ["-7", "18446744073709551615"]);
    assert!(rows.strings("e").unwrap_err().to_string().contains("row 0"));
    assert!(rows.strings("q").unwrap_err().to_string().contains("no field \"q\""));
    // `1` and `"1"` would be one item.
    let lines = "{\"id\": 1, \"e\": [1]}\n{\"id\": \"1\", \"e\": [2]}\n";
    let mixed = open(folder.put("m.jsonl", lines.as_bytes()), &ReadOptions::default()).unwrap();
    let error = mixed.strings("id").unwrap_err().to_string();
    assert!(error.contains("is a text in row 1, but a number in row 0"), "{error}");
    let mut columns = rows.columns().unwrap();
    columns.sort();
    assert_eq!(columns, ["e", "id", "n"]);
}

#[test]
fn numbers_of_json_lines_may_have_fractions() {
    let folder = Folder::new();
    let lines = "{\"e\": [1], \"w\": 0.50}\n{\"e\": [2], \"w\": 3}\n{\"e\": [3], \"w\": 1e-2}\n";
    let rows = open(folder.put("x.jsonl", lines.as_bytes()), &ReadOptions::default()).unwrap();
    assert_eq!(rows.numbers("w").unwrap(), ["0.5", "3", "0.01"]);
    assert!(rows.strings("w").unwrap_err().to_string().contains("no text and no whole number"));
    assert!(rows.numbers("e").unwrap_err().to_string().contains("no text and no number"));
}

#[test]
fn json_lines_may_name_numbers_that_are_not_finite() {
    let lines = "[1, 2]\n[NaN, 1]\n{\"id\": \"NaN, \\\"Infinity\", \"embedding\": [1, -Infinity]}\n[1,Infinity]\n\
                 [\"NaN\", 3]\n[1, nan]\n[1, NaN\n";
    let folder = Folder::new();
    let path = folder.put("x.jsonl", lines.as_bytes());
    let error = read(&path, &ReadOptions::default()).unwrap_err();
    let ErrorKind::BadRows { count: 6, rows: 7, first } = error.kind() else { panic!("{error}") };
    let found: Vec<_> = first.iter().map(|bad| (bad.row, bad.column, bad.kind)).collect();
    let expected = [
        (1, Some(0), BadRowKind::Nan),
        (2, Some(1), BadRowKind::Infinite(f32::NEG_INFINITY)),
        (3, Some(1), BadRowKind::Infinite(f32::INFINITY)),
        (4, Some(0), BadRowKind::Nan),
        (5, None, BadRowKind::Text),
        (6, None, BadRowKind::Text),
    ];
    assert_eq!(found, expected);
    assert!(error.to_string().contains("row 6 is no list of numbers"), "{error}");
    let path = folder.put("y.jsonl", b"{\"id\": \"a\", \"e\": [1]}\n{\"id\": \"-Infinity \\\" NaN\", \"e\": [NaN]}\n");
    assert_eq!(open(&path, &skip()).unwrap().all_strings("id").unwrap(), ["a", "-Infinity \" NaN"]);
}

#[test]
fn rows_that_are_left_out_need_no_key() {
    let lines = "{\"id\": \"a\", \"e\": [1]}\n{\"id\": \"b\", \"e\": [1\n{\"e\": null}\n{\"id\": \"d\", \"e\": [2]}\n";
    let folder = Folder::new();
    let path = folder.put("x.jsonl", lines.as_bytes());
    let rows = open(&path, &skip()).unwrap();
    assert_eq!(rows.strings("id").unwrap(), ["a", "d"]);
    assert_eq!(rows.all_strings("id").unwrap(), ["a", "", "", "d"]);
    let strict = open(&path, &ReadOptions::default()).unwrap();
    assert!(strict.strings("id").unwrap_err().to_string().contains("row 1 is no JSON"));
    let error = strict.all_strings_but("id", &[1]).unwrap_err().to_string();
    assert!(error.contains("row 2 has no field \"id\""), "{error}");
    assert_eq!(strict.all_strings_but("id", &[1, 2]).unwrap(), ["a", "", "", "d"]);
    // A row that is used needs its key, and rows count from the first one of each file.
    folder.put("w.jsonl", b"{\"e\": [3], \"id\": \"w\"}\n");
    folder.put("y.jsonl", b"{\"e\": [3]}\n");
    let several = open(folder.path("[wx].jsonl"), &skip()).unwrap();
    assert_eq!(several.all_strings("id").unwrap(), ["w", "a", "", "", "d"]);
    let error = open(folder.path("[xy].jsonl"), &skip()).unwrap().strings("id").unwrap_err();
    assert_eq!(error.path(), Some(folder.path("y.jsonl").as_path()));
}

#[test]
fn text_in_utf_16_is_refused_by_name() {
    for (name, bytes) in [("x.jsonl", b"\xff\xfe[\x001\x00]\x00"), ("x.csv", b"\xfe\xff\x001\x00,\x002")] {
        let error = read(&Folder::new().put(name, bytes), &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("UTF-16; save it in UTF-8") || cfg!(not(feature = "csv")), "{error}");
    }
}

#[cfg(feature = "csv")]
mod csv {
    use super::*;

    #[test]
    fn rows_that_are_left_out_need_no_key() {
        let path = Folder::new();
        let path = path.put("x.csv", b"f0,f1,id\n1,2,a\n3\n,,\n5,6,d\n");
        let options = ReadOptions { columns: Some("f".to_owned()), ..skip() };
        let rows = open(&path, &options).unwrap();
        assert_eq!((rows.skipped(), rows.strings("id").unwrap()), (&[1, 2][..], vec!["a".to_owned(), "d".to_owned()]));
        let options = ReadOptions { columns: Some("f".to_owned()), ..ReadOptions::default() };
        let error = open(&path, &options).unwrap().strings("id").unwrap_err().to_string();
        assert!(error.contains("is empty in row 1"), "{error}");
    }

    #[test]
    fn tables_in_other_forms_are_refused_by_what_they_are() {
        let list = "save lists to .parquet or .jsonl";
        for (name, lines, part) in [
            ("x.csv", "a;b\n1,5;2,5\n", "semicolons are between its numbers"),
            ("x.csv", "a;b\n1.5;2.5\n", "semicolons are between its numbers"),
            ("x.csv", "1.5\t2.5\n3\t4\n", "tabs are between"),
            ("x.tsv", "1.5,2.5\n3,4\n", "commas are between"),
            ("x.csv", "1.5 2.5 7\n3 4 5\n", "spaces are between"),
            ("x.csv", "id,embedding\na,\"[1, 2]\"\nb,\"[3, 4]\"\n", list),
            ("x.csv", "embedding\n[1 2]\n[3 4]\n", list),
            ("x.csv", "f0,name\n1,a\n2,b\n", "in the column \"name\"; name the columns that are dimensions"),
        ] {
            let error = text(name, lines, &ReadOptions::default()).unwrap_err().to_string();
            assert!(error.contains(part), "{lines}: {error}");
        }
        let plain = ReadOptions::default();
        // These are tables of one column, and a column of texts that begin with a bracket beside the dimensions.
        assert_eq!(text("x.csv", "my dimension\n1\n2\n", &plain).unwrap(), (1, vec![1.0, 2.0]));
        assert_eq!(text("x.csv", "a;b\n1\n2\n", &plain).unwrap(), (1, vec![1.0, 2.0]));
        let options = ReadOptions { columns: Some("f".to_owned()), ..ReadOptions::default() };
        assert_eq!(text("x.csv", "f0,name\n1,[sale]\n2,b\n", &options).unwrap(), (1, vec![1.0, 2.0]));
    }

    #[test]
    fn numbers_with_and_without_a_header() {
        let plain = ReadOptions::default();
        let expected = (2, vec![1.0, -2.5, 3e10, 0.1]);
        for (name, lines) in [
            ("x.csv", "1,-2.5\n3e10,0.1\n"),
            ("x.csv", "\u{feff}a,b\r\n1, -2.5\r\n\r\n3e10,\"0.1\""),
            ("x.tsv", "1\t-2.5\n3e10\t0.1\n"),
            ("x.CSV", "a,b\n1,-2.5\n3e10,0.1\n"),
        ] {
            assert_eq!(text(name, lines, &plain).unwrap(), expected, "{lines}");
        }
        assert!(matches!(text("x.csv", "", &plain).unwrap_err().kind(), ErrorKind::Empty));
        assert!(matches!(text("x.csv", "a,b\n", &plain).unwrap_err().kind(), ErrorKind::Empty));
    }

    #[test]
    fn columns_of_keys_are_no_dimensions() {
        let folder = Folder::new();
        let lines = "id,f0,f1,name\n7,1,2,\"a, b\"\n8,3,4,c\n";
        let path = folder.put("x.csv", lines.as_bytes());
        // Nothing says that the first and the last column are none.
        let error = read(&path, &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("row 0, column 3 is no number"), "{error}");
        let beside = vec!["id".to_owned(), "name".to_owned()];
        let options = ReadOptions { beside, ..ReadOptions::default() };
        assert_eq!(read(&path, &options).unwrap(), (2, vec![1.0, 2.0, 3.0, 4.0]));
        for wanted in ["f0..f1", "f", "f0,f1"] {
            let options = ReadOptions { columns: Some(wanted.to_owned()), ..ReadOptions::default() };
            let rows = open(&path, &options).unwrap();
            assert_eq!(read(&path, &options).unwrap(), (2, vec![1.0, 2.0, 3.0, 4.0]));
            assert_eq!(rows.strings("id").unwrap(), ["7", "8"]);
            assert_eq!(rows.strings("name").unwrap(), ["a, b", "c"]);
            assert_eq!(rows.columns().unwrap(), ["id", "f0", "f1", "name"]);
        }
        let options = ReadOptions { columns: Some("f".to_owned()), ..ReadOptions::default() };
        let error = text("y.csv", "1,2\n3,4\n", &options).unwrap_err().to_string();
        assert!(error.contains("no header"), "{error}");
    }

    #[test]
    fn the_header_that_pandas_writes() {
        let plain = ReadOptions::default();
        let expected = (2, vec![0.5, 1.0, -2.5, 3.0]);
        assert_eq!(text("x.csv", "0,1\n0.5,1.0\n-2.5,3.0\n", &plain).unwrap(), expected);
        // Where all lines have whole numbers, the first one is a row as well.
        assert_eq!(text("x.csv", "0,1\n2,3\n", &plain).unwrap(), (2, vec![0.0, 1.0, 2.0, 3.0]));
        assert_eq!(text("x.csv", "0,2\n0.5,1.5\n", &plain).unwrap(), (2, vec![0.0, 2.0, 0.5, 1.5]));
        let columns = |wanted: &str| ReadOptions { columns: Some(wanted.to_owned()), ..ReadOptions::default() };
        assert_eq!(text("x.csv", "0,1\n0.5,1.0\n-2.5,3.0\n", &columns("0..1")).unwrap(), expected);
        // The index has no name, and is no dimension.
        for lines in [",0,1\n0,0.5,1.0\n1,-2.5,3.0\n", ",a0,a1\n0,0.5,1\n1,-2.5,3\n"] {
            let error = text("x.csv", lines, &plain).unwrap_err().to_string();
            assert!(error.contains("a column has no name"), "{lines}: {error}");
            let wanted = if lines.contains('a') { "a" } else { "0,1" };
            assert_eq!(text("x.csv", lines, &columns(wanted)).unwrap(), expected, "{lines}");
        }
        let beside = ReadOptions { beside: vec!["item".to_owned()], ..ReadOptions::default() };
        assert_eq!(text("x.csv", "item,0,1\nx,0.5,1\ny,-2.5,3\n", &beside).unwrap(), expected);
        let error = text("x.csv", "abc,2\n0.5,1\n", &plain).unwrap_err().to_string();
        assert!(error.contains("words and numbers"), "{error}");
    }

    #[test]
    fn tables_with_other_columns_are_not_mixed_up() {
        let folder = Folder::new();
        folder.put("1.csv", b"f0,f1\n1,2\n");
        let second = folder.put("2.csv", b"f1,f0\n4,3\n");
        let error = read(&folder.path("*.csv"), &ReadOptions::default()).unwrap_err();
        assert_eq!(error.path(), Some(second.as_path()));
        let message = error.to_string();
        assert!(message.contains("1.csv") && message.contains("\"f1\""), "{message}");
        let options = ReadOptions { columns: Some("f0,f1".to_owned()), ..ReadOptions::default() };
        assert_eq!(read(&folder.path("*.csv"), &options).unwrap(), (2, vec![1.0, 2.0, 3.0, 4.0]));
    }

    #[test]
    fn bad_rows_of_tables() {
        let lines = "1,2\n,2\n1\n1,x\n1,nan\ninf,2\n3,4\n";
        let error = text("x.csv", lines, &ReadOptions::default()).unwrap_err();
        let ErrorKind::BadRows { count: 5, rows: 7, first } = error.kind() else { panic!("{error}") };
        let found: Vec<_> = first.iter().map(|bad| (bad.row, bad.column, bad.kind.name())).collect();
        let expected = [
            (1, Some(0), "null"),
            (2, None, "wrong length"),
            (3, Some(1), "no number"),
            (4, Some(1), "nan"),
            (5, Some(0), "infinite"),
        ];
        assert_eq!(found, expected);
        assert_eq!(text("x.csv", lines, &skip()).unwrap(), (2, vec![1.0, 2.0, 3.0, 4.0]));
    }

    #[test]
    fn a_quote_that_is_never_closed_is_refused() {
        let mut lines = b"1,2\n\"".to_vec();
        lines.resize(80 << 20, b'7');
        let error = read(&Folder::new().put("x.csv", &lines), &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("never closed"), "{error}");
    }
}

#[test]
fn most_of_the_first_rows_say_how_long_a_row_is() {
    let lines = "[1]\nnull\n[1, 2]\n[3, 4]\n";
    let error = text("x.jsonl", lines, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BadRows { count: 2, rows: 4, .. }), "{error}");
    assert_eq!(text("x.jsonl", lines, &skip()).unwrap(), (2, vec![1.0, 2.0, 3.0, 4.0]));
    let many: String = std::iter::once("[7, 7, 7]\n").chain(std::iter::repeat_n("[1, 2]\n", 40)).collect();
    assert_eq!(text("x.jsonl", &many, &skip()).unwrap(), (2, [1.0, 2.0].repeat(40)));
    // A file in which no row tells it has the length of the others.
    let folder = Folder::new();
    folder.put("1.jsonl", b"null\n");
    folder.put("2.jsonl", b"[1, 2]\n");
    folder.put("3.jsonl", b"[]\nnull\n");
    let rows = open(folder.path("*.jsonl"), &skip()).unwrap();
    assert_eq!((rows.len(), rows.skipped()), (1, &[0, 2, 3][..]));
}

#[test]
fn damage_never_panics() {
    each_damage("x.jsonl", b"{\"e\": [1, 2.5], \"i\": \"a\"}\n[3, 4]\n", |path, _| {
        if let Ok(rows) = open(path, &skip()) {
            let _ = rows.strings("i");
        }
    });
    #[cfg(feature = "csv")]
    each_damage("x.csv", b"id,a,b\n\"x\",1,2.5\ny,3,4\n", |path, _| {
        let options = ReadOptions { beside: vec!["id".to_owned()], ..skip() };
        if let Ok(rows) = open(path, &options) {
            let _ = rows.strings("id");
        }
    });
}

#[test]
fn labels_may_be_missing() {
    let folder = Folder::new();
    let lines = "{\"k\": \"a\", \"e\": [1]}\n{\"e\": [2]}\n{\"k\": null, \"e\": [3]}\n{\"k\": \"7\", \"e\": [4]}\n";
    let rows = open(folder.put("x.jsonl", lines.as_bytes()), &ReadOptions::default()).unwrap();
    let label = |text: &str| Some(text.to_owned());
    assert_eq!(rows.labels("k").unwrap(), [label("a"), None, None, label("7")]);
    let options = ReadOptions { beside: vec!["k".to_owned()], ..ReadOptions::default() };
    let rows = open(folder.put("x.csv", b"k,0\na,1\n,2\nb,3\n"), &options).unwrap();
    assert_eq!(rows.labels("k").unwrap(), [label("a"), None, label("b")]);
    assert!(rows.strings("k").is_err() && rows.labels("other").is_err());
}

//! What `semid assign` refuses, before it changes anything.

use super::{Dir, values};

const NEW: &str = "assign --db new.db --model m.safetensors --input x.npy";
const AGAIN: &str = "assign --db ids.db --input x.npy --items items.txt";

#[test]
fn item_keys_must_be_clear() {
    let dir = Dir::with_items();
    dir.items("few.txt", 0..299);
    dir.write("gap.txt", "a\n\nb\n");
    dir.write("latin.txt", b"caf\xe9\n");
    dir.write("zeros.txt", (0..300).map(|i| format!("a\0{i}\n")).collect::<String>());
    dir.write("p.parquet", include_bytes!("../data/top-packages.parquet"));
    let cases: [(&str, &[&str]); 8] = [
        ("", &["x.npy", "--items FILE", "--row-numbers"]),
        ("--items few.txt", &["few.txt", "299 item keys", "300 rows"]),
        ("--items gap.txt", &["gap.txt", "line 2 is empty"]),
        ("--items latin.txt", &["latin.txt", "UTF-8"]),
        ("--items gone.txt", &["gone.txt"]),
        ("--id-column name", &["x.npy", "--id-column", "--items"]),
        ("--input p.parquet", &["p.parquet", "--id-column", "name", "embedding"]),
        ("--input p.parquet --id-column title", &["p.parquet", "\"title\"", "\"name\""]),
    ];
    for (flags, parts) in cases {
        let new = if flags.starts_with("--input") { NEW.trim_end_matches("--input x.npy") } else { NEW };
        dir.fails(&format!("{new} {flags}"), parts);
    }
    let two = dir.semid(&format!("{NEW} --items items.txt --row-numbers"));
    assert_eq!(two.code, Some(2));
    assert!(two.stderr.contains("cannot be used with"), "{}", two.stderr);
    let nul = dir.semid(&format!("{NEW} --items zeros.txt"));
    assert!(nul.code == Some(2) && nul.stderr.contains("zeros.txt: the item key of row 0 has a NUL"), "{}", nul.stderr);
}

#[test]
fn row_numbers_are_keys_where_the_user_says_so() {
    let dir = Dir::with_model();
    dir.semid(&format!("{NEW} --row-numbers --output ids.csv")).ok();
    assert!(dir.text("ids.csv").lines().nth(300).unwrap().starts_with("299,"));
}

#[test]
fn one_item_with_two_embeddings() {
    let dir = Dir::with_model();
    dir.items("items.txt", (0..300).map(|i| if i == 290 { 4 } else { i }));
    let mut rows = values(300, 6);
    let (four, other) = (4 * 6, 290 * 6);
    rows.copy_within(four..four + 6, other);
    dir.npy_of("x.npy", 6, &rows);
    let report = dir.semid(&format!("{NEW} --items items.txt --json")).json(0);
    assert_eq!((&report["new"], &report["kept"]), (&299.into(), &1.into()));
    rows[other..other + 6].fill(1000.0);
    dir.npy_of("x.npy", 6, &rows);
    dir.fails("assign --db new.db --input x.npy --items items.txt", &["rows 4 and 290", "item 4", "different codes"]);
}

#[test]
fn another_model_is_refused_with_both_fingerprints() {
    let dir = Dir::with_items();
    dir.semid(&format!("{AGAIN} --model m.safetensors")).ok();
    dir.semid("fit --input x.npy --output other.safetensors --levels 2 --clusters 8 --seed 7").ok();
    let fingerprint = |model: &str| {
        let info = dir.semid(&format!("info --model {model}.safetensors --json")).json(0);
        info["fingerprint"].as_str().unwrap().to_owned()
    };
    let parts = ["ids.db", &format!("model {}", fingerprint("m")), &format!("model {}", fingerprint("other"))];
    dir.fails(&format!("{AGAIN} --model other.safetensors"), &parts);
}

#[test]
fn settings_never_change() {
    let dir = Dir::with_items();
    type Refused<'a> = &'a [(&'a str, &'a [&'a str])];
    let cases: [(&str, Refused<'_>); 4] = [
        (
            "",
            &[
                ("--resolver item-id", &["resolver suffix", "not item-id"]),
                ("--always-suffix", &["resolver suffix", "not suffix-always"]),
                ("--separator /", &["separator -", "not /"]),
                ("--format token", &["text plain", "not token"]),
                ("--capacity 2", &["--capacity 2", "--resolver reassign", "suffix"]),
            ],
        ),
        ("--always-suffix", &[("--resolver reassign", &["resolver suffix-always", "not reassign"])]),
        (
            "--resolver item-id --format token",
            &[
                ("--resolver suffix", &["resolver item-id", "not suffix"]),
                ("--format plain", &["text token", "not plain"]),
                ("--separator -", &["--separator -", "tokens"]),
                ("--always-suffix", &["--always-suffix", "item-id"]),
            ],
        ),
        ("--separator /", &[("--separator -", &["separator /", "not -"])]),
    ];
    for (made, refused) in cases {
        let make = format!("{AGAIN} --model m.safetensors {made}");
        dir.semid(&make).ok();
        for (flags, parts) in refused {
            dir.fails(&format!("{AGAIN} {flags}"), &[&["ids.db"], *parts].concat());
        }
        dir.semid(&make).ok();
        dir.semid(AGAIN).ok();
        std::fs::remove_file(dir.path("ids.db")).unwrap();
    }
}

#[test]
fn nothing_is_made_for_a_bad_request() {
    let dir = Dir::with_items();
    dir.npy("narrow.npy", 300, 5);
    dir.npy_of("empty.npy", 6, &[]);
    let new = format!("{NEW} --items items.txt");
    let moves = "--move-if-gain 10% --move-at-most 5% --moves moves.csv";
    let cases: [(String, &[&str]); 20] = [
        (AGAIN.into(), &["ids.db", "--model"]),
        (format!("{new} --separator 1"), &["separator", "digits"]),
        (format!("{new} --separator a --resolver item-id"), &["separator", "hexadecimal"]),
        (format!("{new} --format token --separator -"), &["--separator"]),
        (format!("{new} --always-suffix --resolver item-id"), &["--always-suffix", "--resolver suffix"]),
        (format!("{new} --capacity 3"), &["--capacity 3", "--resolver reassign"]),
        (format!("{new} --candidates 3"), &["new.db: ", "`candidates` = 3", "--resolver reassign"]),
        (format!("{new} --resolver reassign --candidates 0"), &["candidates", "finds"]),
        (
            format!("{new} --resolver reassign --candidates 9 --beam 1"),
            &["candidates", "9", "must be 1 to 8, the codes that a beam of width 1 finds"],
        ),
        (format!("{new} --beam 0"), &["`beam` = 0"]),
        (format!("{new} --beam 4000"), &["`beam` = 4000", "1 to 1024"]),
        (format!("{new} --prefix-labels items.txt"), &["--prefix-labels", "takes no labels"]),
        (format!("{new} --pairs gone.csv"), &["gone.csv"]),
        (format!("{new} --resolver reassign {moves}"), &["reassign"]),
        (format!("{new} --output ids.txt"), &["ids.txt", ".csv"]),
        (format!("{new} --output no/ids.csv"), &["no/ids.csv"]),
        (format!("{new} --device quantum"), &["quantum"]),
        ("assign --db new.db --model gone.safetensors --input x.npy --items items.txt".into(), &["gone.safetensors"]),
        ("assign --db new.db --model m.safetensors --input narrow.npy --row-numbers".into(), &["narrow.npy", "5", "6"]),
        ("assign --db new.db --model m.safetensors --input empty.npy --row-numbers".into(), &["empty.npy", "no rows"]),
    ];
    for (args, parts) in cases {
        dir.fails(&args, parts);
    }
    dir.semid(&format!("{AGAIN} --model m.safetensors")).ok();
    let text = dir.read("items.txt");
    std::fs::copy(dir.path("items.txt"), dir.path("items.csv")).unwrap();
    let args = "assign --db ids.db --input x.npy --items items.csv --output items.csv";
    dir.fails(args, &["items.csv", "is also the input"]);
    assert!(dir.read("items.csv") == text);
    let args = "assign --db new.csv --model m.safetensors --input x.npy --row-numbers --output ./new.csv";
    dir.fails(args, &["new.csv", "a database is no .csv file"]);
}

/// A bad row is named by its number in the input, whatever batch it is in; and the same command does not go on by
/// itself.
#[test]
fn a_bad_row_is_named_whatever_batch_it_is_in() {
    let dir = Dir::with_items();
    let assign = |input: &str| {
        let run = dir.semid(&format!(
            "assign --db ids.db --model m.safetensors --input {input}.npy --items items.txt --batch-rows 100"
        ));
        assert_eq!(run.code, Some(2), "{input}");
        run.stderr
    };
    let mut rows = values(300, 6);
    rows[257 * 6 + 4] = f32::NAN;
    dir.npy_of("nan.npy", 6, &rows);
    let said = assign("nan");
    for part in ["nan.npy", "row 257, column 4", "200 of 300 rows have their IDs", "repair that row"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("; the same command goes on"), "{said}");
    std::fs::remove_file(dir.path("ids.db")).unwrap();
    dir.items("items.txt", (0..300).map(|i| if i == 290 { 4 } else { i }));
    dir.npy_of("twice.npy", 6, &values(300, 6));
    let said = assign("twice");
    for part in ["items.txt", "rows 4 and 290", "200 of 300 rows have their IDs", "repair the item keys"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_database_without_a_model_is_told_from_none() {
    let dir = Dir::with_items();
    dir.write("ids.db", "");
    dir.fails(AGAIN, &["ids.db", "holds no registry yet", "--model"]);
    std::fs::remove_file(dir.path("ids.db")).unwrap();
    dir.fails(AGAIN, &["ids.db", "no such database yet", "--model"]);
    dir.semid(&format!("{AGAIN} --model m.safetensors")).ok();
    rusqlite::Connection::open(dir.path("ids.db")).unwrap().execute_batch("DELETE FROM model").unwrap();
    dir.fails(AGAIN, &["ids.db", "has lost its model"]);
}

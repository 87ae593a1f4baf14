//! Databases made to do harm: with foreign schemas, and with numbers that claim more than there is.

use super::*;
use std::time::Instant;

/// Makes a database with 20 items, then runs `sql` in it without any protection.
fn after(sql: &str) -> Dir {
    let dir = Dir::with_items(20);
    let connection = Connection::open(dir.path()).unwrap();
    connection.execute_batch(sql).unwrap();
    dir
}

/// Returns the errors of opening it for writing and for reading, both of which must come at once.
fn refused(dir: &Dir) -> [Error; 2] {
    let start = Instant::now();
    let errors = [SqliteStore::open(dir.path()).unwrap_err(), SqliteStore::open_read_only(dir.path()).unwrap_err()];
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    errors
}

#[test]
fn foreign_schemas_are_refused_by_name() {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT";
    let view = |table: &str, columns: &str| {
        format!("ALTER TABLE {table} RENAME TO old; CREATE VIEW {table} AS {endless} {columns} FROM n")
    };
    let cases = [
        ("CREATE TRIGGER quiet BEFORE INSERT ON ids BEGIN SELECT RAISE(IGNORE); END".to_owned(), "trigger `quiet`"),
        (
            format!(
                "CREATE TRIGGER spin AFTER UPDATE ON ids BEGIN \
                 INSERT INTO ids (codes, suffix) {endless} x'00000000', i + 9 FROM n; END"
            ),
            "trigger `spin`",
        ),
        (view("manifest", "i AS key, i AS value"), "table `manifest`"),
        (view("ids", "x'00000000' AS codes, i AS suffix, i AS item, NULL AS encoded, NULL AS former"), "index `items`"),
        (view("model", "0 AS id, x'00' AS bytes"), "table `model`"),
        ("DROP INDEX items; CREATE INDEX items ON ids (item) WHERE item IS NOT NULL".to_owned(), "index `items`"),
        ("DROP INDEX items".to_owned(), "no index `items`"),
        ("DROP INDEX moved".to_owned(), "no index `moved`"),
        ("DROP INDEX retired; CREATE INDEX retired ON ids (former)".to_owned(), "index `retired`"),
        ("CREATE TABLE notes (x)".to_owned(), "table `notes`"),
        ("CREATE VIEW v AS SELECT * FROM ids".to_owned(), "view `v`"),
        ("CREATE INDEX another ON ids (abs(suffix))".to_owned(), "index `another`"),
        ("ALTER TABLE ids ADD COLUMN more BLOB AS (zeroblob(1000000000))".to_owned(), "table `ids`"),
        ("DROP TABLE model".to_owned(), "no table `model`"),
    ];
    for (sql, name) in cases {
        let dir = after(&sql);
        for error in refused(&dir) {
            assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{sql}: {error}");
            assert!(error.to_string().contains(name), "{sql}: {error}");
            assert_eq!(error.path(), Some(dir.path().as_path()));
        }
    }
}

#[test]
fn what_analyze_keeps_is_no_foreign_schema() {
    let dir = after("ANALYZE");
    assert_eq!(intact(&dir.registry()), 20);
    assert_eq!(intact(&registry(SqliteStore::open_read_only(dir.path()).unwrap()).unwrap()), 20);
}

/// A trigger that is added after the opening is not fired: registering succeeds or fails, but never does nothing.
#[test]
fn a_trigger_that_comes_later_does_nothing() {
    let dir = Dir::with_items(20);
    let mut open = dir.registry();
    Connection::open(dir.path())
        .unwrap()
        .execute_batch("CREATE TRIGGER quiet BEFORE INSERT ON ids BEGIN SELECT RAISE(IGNORE); END")
        .unwrap();
    assign(&mut open, 0..30).unwrap();
    assert_eq!(intact(&open), 30);
}

#[test]
fn a_manifest_is_bounded_by_what_a_manifest_is() {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)";
    for (sql, part) in [
        ("UPDATE manifest SET value = '4000000000' WHERE key = 'levels'".to_owned(), "levels"),
        ("UPDATE manifest SET value = '257' WHERE key = 'levels'".to_owned(), "levels"),
        (format!("INSERT INTO manifest {endless} SELECT 'name ' || i, i FROM n"), "1000 names"),
    ] {
        let error = Registry::open(SqliteStore::open_read_only(after(&sql).path()).unwrap()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{sql}: {error}");
        assert!(error.to_string().contains(part), "{sql}: {error}");
    }
}

#[test]
fn ids_of_another_length_are_noticed_wherever_they_are_met() {
    for codes in ["x'0001'", "x'000100020003'", "x''"] {
        let sql = format!("INSERT INTO ids (codes, suffix, item) VALUES ({codes}, 7, 'odd')");
        let dir = after(&sql);
        let mut registry = dir.registry();
        let errors = [
            registry.entry("odd").unwrap_err(),
            registry.entries(&["item number 3", "odd"]).unwrap_err(),
            registry.records(&[]).find_map(Result::err).unwrap(),
            registry.assign(&["new", "odd"], &Codes::new(vec![9, 9, 1, 2], 2).unwrap()).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{codes}: {error}");
        }
        assert_eq!(registry.entry("new").unwrap(), None);
    }
}

#[test]
fn a_suffix_that_none_can_follow_is_damage() {
    let dir = after("UPDATE ids SET suffix = 9223372036854775807 WHERE item = 'item number 3'");
    let error = dir.registry().assign(&["new"], &Codes::new(vec![0, 3], 2).unwrap()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{error}");
}

/// Long values of records are refused before they are read.
#[test]
fn a_long_value_is_damage_wherever_it_is_met() {
    for column in ["codes = zeroblob(20000000)", "encoded = zeroblob(20000000)"] {
        let dir = after(&format!("UPDATE ids SET {column} WHERE item = 'item number 3'"));
        let mut registry = dir.registry();
        let errors = [
            registry.entry("item number 3").unwrap_err(),
            registry.records(&[]).find_map(Result::err).unwrap(),
            assign(&mut registry, 0..20).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{column}: {error}");
            assert!(error.to_string().contains("longer than any") && error.to_string().len() < 1000, "{error}");
        }
    }
}

/// Only models may be longer than what a record may have.
#[test]
fn long_models_are_kept_and_long_keys_refused() {
    let dir = Dir::new();
    let model = vec![7; 20 << 20];
    let manifest = Manifest::new("model", 2, Resolver::default(), IdFormat::plain("-")).unwrap();
    let mut registry = Registry::new(dir.store(), manifest, &model).unwrap();
    assert_eq!(registry.model().unwrap(), model);
    let long = "k".repeat(1_000_001);
    let codes = Codes::new(vec![9, 9], 2).unwrap();
    let error = registry.assign(&[&long], &codes).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ItemKey { row: 0, .. }), "{error}");
    registry.assign(&[&long[1..]], &codes).unwrap();
    dir.store().check().unwrap();
    let copy = dir.0.path().join("copy.db");
    dir.store().copy_to(&copy).unwrap();
    let copy = Registry::open(SqliteStore::open_read_only(&copy).unwrap()).unwrap();
    assert_eq!((copy.model().unwrap() == model, copy.len().unwrap()), (true, 1));
    assert_eq!(copy.entry(&"k".repeat(17 << 20)).unwrap(), None);
}

/// Windows has no such names: there a colon stands behind a drive, or before a stream of a file.
#[cfg(unix)]
#[test]
fn paths_are_never_uris() {
    let dir = tempfile::tempdir().unwrap();
    let here = std::env::current_dir().unwrap();
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    // The path is relative and begins like a URI.
    let inside = dir.path().join("file:x.db");
    for path in [up.join(inside.strip_prefix("/").unwrap()), inside.clone()] {
        assign(&mut registry(SqliteStore::open(&path).unwrap()).unwrap(), 0..20).unwrap();
        assert_eq!(intact(&registry(SqliteStore::open_read_only(&path).unwrap()).unwrap()), 20);
    }
    for name in ["file:x.db", "file:x.db?mode=memory", ":memory:", "", "a?immutable=1"] {
        assert_eq!(place::plain(std::path::Path::new(name)), PathBuf::from(format!("./{name}")));
    }
    let files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["file:x.db"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let dir = Dir::new();
    assert!(std::process::Command::new("mkfifo").arg(dir.path()).status().unwrap().success());
    for error in refused(&dir) {
        assert!(error.to_string().contains("no regular file"), "{error}");
    }
}

//! Databases that were made to do harm: every command refuses them at once and says what is wrong.

use super::Dir;
use std::time::{Duration, Instant};

const COMMANDS: [&str; 8] = [
    "assign --db ids.db --input x.npy --items items.txt",
    "lookup --db ids.db --id 1-1",
    "lookup --db ids.db --prefix 1",
    "lookup --db ids.db --item a",
    "stats --db ids.db",
    "delete --db ids.db --item a",
    "export --db ids.db --output added_tokens.json --first-token 0",
    "export --db ids.db --output copy.db",
];

fn registered() -> Dir {
    let dir = Dir::with_items();
    dir.semid("assign --db ids.db --input x.npy --items items.txt --model m.safetensors").ok();
    dir
}

fn execute(dir: &Dir, sql: &str) {
    rusqlite::Connection::open(dir.path("ids.db")).unwrap().execute_batch(sql).unwrap();
}

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT";

#[test]
fn foreign_schemas_are_refused_by_every_command() {
    let cases = [
        ("CREATE TRIGGER quiet BEFORE INSERT ON ids BEGIN SELECT RAISE(IGNORE); END".to_owned(), "trigger `quiet`"),
        (
            format!(
                "CREATE TRIGGER spin AFTER UPDATE ON ids \
                 BEGIN INSERT INTO ids (codes, suffix) {ENDLESS} x'00', i + 9 FROM n; END"
            ),
            "trigger `spin`",
        ),
        (
            format!(
                "ALTER TABLE manifest RENAME TO old; CREATE VIEW manifest AS {ENDLESS} i AS key, i AS value FROM n"
            ),
            "table `manifest`",
        ),
        ("DROP INDEX items; CREATE INDEX items ON ids (item) WHERE item IS NOT NULL".to_owned(), "index `items`"),
    ];
    for (sql, name) in cases {
        let dir = registered();
        execute(&dir, &sql);
        let start = Instant::now();
        COMMANDS.iter().for_each(|command| dir.fails(command, &["ids.db", "damaged registry", name]));
        assert!(start.elapsed() < Duration::from_secs(20), "{sql}");
    }
}

#[test]
fn numbers_are_bounded_by_what_they_describe() {
    let dir = registered();
    execute(&dir, "UPDATE manifest SET value = '4000000000' WHERE key = 'levels'");
    COMMANDS.iter().for_each(|command| dir.fails(command, &["ids.db", "damaged registry", "levels", "256"]));

    let dir = registered();
    execute(&dir, "UPDATE ids SET suffix = 1 << 40 WHERE item = 'item 7'");
    for output in
        ["added_tokens.json", "vocabulary.json", "trie.safetensors"].map(|file| format!("{file} --first-token 0"))
    {
        dir.fails(&format!("export --db ids.db --output {output}"), &["ids.db", "suffix 1099511627776", "300 IDs"]);
    }
}

#[test]
fn ids_that_the_model_cannot_give_are_refused() {
    for (codes, part) in [("x'0001'", "1 codes"), ("x'000100020003'", "3 codes"), ("x'00010008'", "8 codes only")] {
        let dir = registered();
        execute(&dir, &format!("UPDATE ids SET codes = {codes}, suffix = 7 WHERE item = 'item 7'"));
        for command in [
            "assign --db ids.db --input x.npy --items items.txt",
            "lookup --db ids.db --item item\u{a0}7",
            "export --db ids.db --output copy.db",
            "export --db ids.db --output ids.csv",
            "export --db ids.db --output index.json",
        ] {
            if command.contains("lookup") {
                let mut lookup = dir.command("lookup --db ids.db --item");
                let run = super::Run::of(command, lookup.arg("item 7").output().unwrap());
                assert!(run.code == Some(2) && run.stderr.contains(part), "{}", run.stderr);
            } else {
                dir.fails(command, &["ids.db", "damaged registry", part]);
            }
        }
    }
}

/// A long value is refused before it is read, and no message quotes it.
#[test]
fn long_values_cost_nothing_and_are_not_echoed() {
    let long = "UPDATE ids SET codes = zeroblob(40000000) WHERE item = 'item 7'";
    let retired = "UPDATE ids SET codes = zeroblob(600), item = NULL, former = 'item 7' WHERE item = 'item 7'";
    let separator = "UPDATE manifest SET value = printf('%.*c', 1000000, '1') WHERE key = 'separator'";
    for (sql, part) in [(long, "longer than any"), (retired, "300 codes"), (separator, "separator")] {
        let dir = registered();
        execute(&dir, sql);
        for command in [
            "assign --db ids.db --input x.npy --items items.txt",
            "lookup --db ids.db --prefix 0",
            "stats --db ids.db",
            "export --db ids.db --output ids.csv",
        ] {
            if sql == retired && !command.contains("stats") {
                continue; // they need not read what is retired
            }
            let start = Instant::now();
            let run = dir.semid(command);
            assert!(run.code == Some(2) && run.stderr.len() < 5000, "{command}: {} bytes", run.stderr.len());
            assert!(run.stderr.contains("damaged registry") && run.stderr.contains(part), "{command}: {}", run.stderr);
            assert!(start.elapsed() < Duration::from_secs(20), "{command}: {:?}", start.elapsed());
        }
    }
}

#[test]
fn a_registry_without_its_model_is_damaged() {
    for (sql, part) in [
        ("DELETE FROM model", "lost its model"),
        ("UPDATE manifest SET value = '256' WHERE key = 'levels'", "not the one its manifest names"),
    ] {
        let dir = registered();
        execute(&dir, sql);
        dir.fails("stats --db ids.db", &["ids.db", "damaged registry", part]);
        let tokens = "export --db ids.db --output vocabulary.json --first-token 0";
        dir.fails(tokens, &["ids.db", "damaged registry"]);
    }
}

/// Windows has no such names: there a colon stands behind a drive, or before a stream of a file.
#[cfg(unix)]
#[test]
fn a_path_is_no_uri() {
    let dir = Dir::with_items();
    for db in ["file:x.db", "file:y.db?mode=memory", ":memory:"] {
        let new = dir.semid(&format!("assign --db {db} --input x.npy --items items.txt --model m.safetensors --json"));
        assert_eq!(new.json(0)["new"], 300);
        assert!(dir.files().contains(&db.to_owned()), "{:?}", dir.files());
        assert_eq!(dir.semid(&format!("stats --db {db} --json")).json(0)["items"], 300);
        dir.semid(&format!("export --db {db} --output file:{}copy.db", db.len())).ok();
    }
    assert!(!dir.files().iter().any(|name| name == "x.db" || name == "y.db"), "{:?}", dir.files());
}

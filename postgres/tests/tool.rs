//! The command line tool on a real server: `SEMID_TOOL=target/debug/semid cargo test --test tool -- --ignored`, with a
//! tool that was built with its feature `postgres`.

#[expect(dead_code, reason = "other tests kill servers")]
mod server;

use server::Server;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The embeddings that come with the tool.
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../cli/data/top-packages.parquet");

struct Tool {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Tool {
    fn new() -> Self {
        let program = std::env::var_os("SEMID_TOOL").expect("SEMID_TOOL names the tool");
        let tool = Self { program: Path::new(&program).canonicalize().unwrap(), folder: tempfile::tempdir().unwrap() };
        let fit = "fit --output m.safetensors --levels 2 --clusters 8 --max-iter 3 --device cpu --input";
        tool.ok(&[fit, DATA]);
        tool
    }

    /// Runs it with arguments that are separated by spaces, but for the last one.
    fn run(&self, args: &[&str]) -> Output {
        let (first, last) = args.split_at(args.len() - 1);
        let mut command = Command::new(&self.program);
        command.args(first.iter().flat_map(|args| args.split_whitespace())).args(last).current_dir(self.folder.path());
        command.output().unwrap()
    }

    fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {said}");
        String::from_utf8(output.stdout).unwrap() + &said
    }

    fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

#[test]
#[ignore = "needs the tool with its feature `postgres`, named by SEMID_TOOL"]
fn a_database_of_postgresql_is_used_as_a_file_is() {
    let (tool, server) = (Tool::new(), Server::start());
    let url = server.schema("semid").replace("semid@", "semid:secret@");
    let assign = format!("assign --input {DATA} --id-column name --model m.safetensors --device cpu");
    let in_file = tool.ok(&[&assign, "--output file.csv --db", "ids.db"]);
    let in_server = tool.ok(&[&assign, "--output server.csv --db", &url]);
    let counts = |text: &str| text.split(" s: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(counts(&in_server), counts(&in_file));
    assert_eq!(tool.text("server.csv"), tool.text("file.csv"));
    assert!(in_server.contains("registered in postgres://semid@") && !in_server.contains("secret"), "{in_server}");
    // The model comes from the database.
    let again = tool.ok(&[&assign.replace("--model m.safetensors", ""), "--output again.csv --db", &url]);
    assert!(again.contains("0 new"), "{again}");
    assert_eq!(tool.text("again.csv"), tool.text("file.csv"));

    let lookup = |place: &str| tool.ok(&["lookup --item numpy --neighbors 3 --db", place]);
    assert_eq!(lookup(&url), lookup("ids.db"));
    let stats = |place: &str| {
        let said = tool.ok(&["stats --db", place]);
        said.lines().filter(|line| !line.starts_with("database")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(stats(&url), stats("ids.db"));
    let exported = |place: &str, name: &str| {
        tool.ok(&[&format!("export --kind index --output {name} --db"), place]);
        tool.text(name)
    };
    assert_eq!(exported(&url, "a.json"), exported("ids.db", "b.json"));
    // A copy is a file.
    tool.ok(&["export --output copy.db --db", &url]);
    assert_eq!(lookup("copy.db"), lookup(&url));
    tool.ok(&["delete --item numpy --db", &url]);
    assert_eq!(tool.run(&["lookup --item numpy --db", &url]).status.code(), Some(1));
    for args in [&["--json stats --db", &url], &["--json lookup --item scipy --db", &url]] {
        assert!(!tool.ok(args).contains("secret"));
    }
}

#[test]
#[ignore = "needs the tool with its feature `postgres`, named by SEMID_TOOL"]
fn what_cannot_be_is_refused_and_makes_nothing() {
    let (tool, mut server) = (Tool::new(), Server::start());
    let url = server.schema("semid").replace("semid@", "semid:secret@");
    let schemas = |server: &Server| {
        let sql = "SELECT count(*) FROM pg_namespace WHERE nspname = 'semid'";
        server.client().query_one(sql, &[]).unwrap().get::<_, i64>(0)
    };
    let without = tool.refused(&["assign --id-column name --input", DATA, "--db", &url]);
    assert!(without.contains("give --model to make one") && !without.contains("secret"), "{without}");
    let flags = "assign --resolver item-id --always-suffix --model m.safetensors --id-column name --input";
    assert!(tool.refused(&[flags, DATA, "--db", &url]).contains("--always-suffix"));
    for command in ["stats", "lookup --item a", "delete --item a", "export --output a.csv"] {
        let said = tool.refused(&[command, "--db", &url]);
        assert!(said.contains("holds no registry") && !said.contains("secret"), "{command}: {said}");
    }
    assert_eq!(schemas(&server), 0);
    server.stop();
    let gone = tool.refused(&["stats --db", &url]);
    assert!(gone.contains("postgres://semid@") && gone.contains("PostgreSQL") && !gone.contains("secret"), "{gone}");
}

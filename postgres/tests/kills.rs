//! Writers and a server that are killed at random instants: what was acknowledged stays, what was not is there as a
//! whole or not at all, and going on gives what an unbroken run gives.
//!
//! `SEMID_KILLS` is the number of writers killed, 12 by default; a sixth as many servers are, and 20 for 200.
//!
//! The writers are processes of this program, which has no harness for that reason.

mod server;

use semid::registry::{ItemRecord, Manifest, MemoryStore, Registry, Resolver, Store};
use semid::{Codes, IdFormat, Result};
use semid_postgres::PostgresOptions;
use server::Server;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ITEMS: usize = 900;
const BATCH: usize = 12;

/// How long a writer may take.
const MOST: Duration = Duration::from_secs(120);

fn main() {
    match std::env::var("SEMID_TEST_WRITER") {
        Ok(url) => write(&url, std::env::var_os("SEMID_TEST_STUBBORN").is_some()),
        Err(_) => {
            let kills = std::env::var("SEMID_KILLS").map_or(12, |kills| kills.parse().unwrap());
            writers(kills);
            servers(if kills == 200 { 20 } else { kills.div_ceil(6) });
        }
    }
}

fn registry(store: impl Store) -> Result<Registry> {
    let manifest = Manifest::new("model", 2, Resolver::default(), IdFormat::plain("-"))?;
    Ok(Registry::new(store, manifest, b"the model")?.update_changed(true))
}

fn keys() -> Vec<String> {
    (0..ITEMS).map(|item| format!("item {item}")).collect()
}

/// The codes of the items, of which many collide; a third of them changes from round to round.
fn codes(round: usize, items: std::ops::Range<usize>) -> Codes {
    let code = |item: usize| {
        let moved = if item % 3 == round { round } else { 0 };
        [(item * item + moved) as u32 % 5, (item * 7 + moved) as u32 % 3]
    };
    Codes::new(items.flat_map(code).collect(), 2).unwrap()
}

/// What a writer does: two rounds of batches.
fn batches() -> impl Iterator<Item = (usize, usize)> {
    (0..2).flat_map(|round| (0..ITEMS).step_by(BATCH).map(move |first| (round, first)))
}

fn assign(registry: &mut Registry, (round, first): (usize, usize)) -> Result<()> {
    let keys = keys();
    let end = (first + BATCH).min(ITEMS);
    registry.assign(&keys[first..end], &codes(round, first..end)).map(drop)
}

/// Does all batches from the one that `SEMID_TEST_FIRST` names, and says so batch by batch.
fn write(url: &str, stubborn: bool) {
    let options = PostgresOptions::new(url).unwrap();
    let first: usize = std::env::var("SEMID_TEST_FIRST").unwrap().parse().unwrap();
    let mut done = first;
    let start = Instant::now();
    loop {
        let worked = options.connect().and_then(registry).and_then(|mut registry| {
            for batch in batches().skip(done) {
                assign(&mut registry, batch)?;
                done += 1;
                println!("done {done}");
                std::io::stdout().flush().unwrap();
            }
            Ok(())
        });
        match worked {
            Ok(()) => return,
            // A server that was killed comes back, and the same batch is tried again.
            Err(_) if stubborn && start.elapsed() < MOST => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The table after every number of batches of an unbroken run.
fn tables() -> Vec<Vec<String>> {
    let mut registry = registry(MemoryStore::new()).unwrap();
    let mut tables = vec![table(registry.store())];
    for batch in batches() {
        assign(&mut registry, batch).unwrap();
        tables.push(table(registry.store()));
    }
    assert_eq!(registry.records(&[]).map(Result::unwrap).collect::<Vec<ItemRecord>>().len(), ITEMS);
    tables
}

/// All records, retired ones too.
fn table(store: &dyn Store) -> Vec<String> {
    let records = store.scan(&[], None, usize::MAX).unwrap();
    records.iter().map(|record| format!("{record:?}")).collect()
}

struct Writer {
    child: Child,
    lines: std::sync::mpsc::Receiver<usize>,
}

impl Writer {
    fn start(url: &str, first: usize, stubborn: bool) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env("SEMID_TEST_WRITER", format!("{url}&application_name=writer"));
        command.env("SEMID_TEST_FIRST", first.to_string());
        if stubborn {
            command.env("SEMID_TEST_STUBBORN", "1");
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                let done = line.ok().and_then(|line| line.strip_prefix("done ")?.parse().ok());
                if done.is_none_or(|done| sender.send(done).is_err()) {
                    return;
                }
            }
        });
        Self { child, lines }
    }
}

/// Kills writers, and goes on with the batch after the last one that was acknowledged.
fn writers(kills: usize) {
    let tables = tables();
    let mut server = Server::start();
    let mut random = Random(kills as u64 + 1);
    let (mut killed, mut amidst, mut between, mut runs) = (0, 0, 0, 0);
    while killed < kills {
        let url = server.schema(&format!("run_{runs}"));
        runs += 1;
        assert!(runs <= kills + 20, "only {killed} of {kills} kills in {runs} runs");
        let mut done = 0;
        while done < tables.len() - 1 {
            let mut writer = Writer::start(&url, done, false);
            // The kill comes some time after a batch that is drawn, or within the first one.
            let batches = random.below(if killed < kills { 40 } else { u64::MAX });
            for _ in 0..batches {
                let Ok(acknowledged) = writer.lines.recv_timeout(MOST) else { break };
                done = acknowledged;
            }
            std::thread::sleep(Duration::from_micros(random.below(6000)));
            writer.child.kill().unwrap();
            let status = writer.child.wait().unwrap();
            done = writer.lines.iter().last().unwrap_or(done);
            alone(&mut server);
            let found = table(&PostgresOptions::new(&url).unwrap().connect().unwrap());
            if status.signal() != Some(9) {
                assert!(status.success() && found == tables[tables.len() - 1], "{status}");
                break;
            }
            killed += 1;
            // The batch that it was at may have been committed without a word.
            let at = (done..=done + 1).find(|at| tables.get(*at) == Some(&found));
            let at = at.unwrap_or_else(|| panic!("after {done} batches: {} records", found.len()));
            amidst += usize::from(0 < at && at < tables.len() - 1);
            between += at - done;
        }
        let found = table(&PostgresOptions::new(&url).unwrap().connect().unwrap());
        assert!(found == tables[tables.len() - 1], "other IDs than those of an unbroken run");
    }
    assert!(amidst > 0, "no writer was killed amidst its work");
    println!("{killed} writers killed, {amidst} amidst their work, {between} after a commit that they did not see");
}

/// Waits until the server has noticed that its writers are gone.
fn alone(server: &mut Server) {
    let (mut client, start) = (server.client(), Instant::now());
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'writer'";
    while client.query_one(sql, &[]).unwrap().get::<_, i64>(0) > 0 {
        assert!(start.elapsed() < MOST, "a writer that was killed still has its connection");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Kills the server under a writer that goes on when it is back.
fn servers(kills: usize) {
    let tables = tables();
    let mut server = Server::start();
    let mut random = Random(kills as u64 + 7);
    let (mut killed, mut runs) = (0, 0);
    while killed < kills {
        let url = server.schema(&format!("run_{runs}"));
        runs += 1;
        let mut writer = Writer::start(&url, 0, true);
        let mut last = 0;
        loop {
            for _ in 0..1 + random.below(30) {
                match writer.lines.recv_timeout(MOST) {
                    Ok(done) => last = done,
                    Err(_) => break,
                }
            }
            if last >= tables.len() - 1 || killed == kills {
                break;
            }
            std::thread::sleep(Duration::from_micros(random.below(6000)));
            server.kill();
            server.restart();
            killed += 1;
            let found = table(&PostgresOptions::new(&url).unwrap().connect().unwrap());
            let at = tables.iter().position(|table| *table == found);
            let at = at.unwrap_or_else(|| panic!("{} records, as after no batch", found.len()));
            assert!(at >= last, "{last} batches were acknowledged, {at} are there");
        }
        let status = writer.child.wait().unwrap();
        assert!(status.success(), "{status}");
        let found = table(&PostgresOptions::new(&url).unwrap().connect().unwrap());
        assert!(found == tables[tables.len() - 1], "other IDs than those of an unbroken run");
    }
    println!("{killed} servers killed");
}

/// Another number each time, from the 64-bit generator of Knuth.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

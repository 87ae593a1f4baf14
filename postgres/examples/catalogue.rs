//! Unique IDs for the bundled packages from four machines, here threads, whose catalogue is split by the first code:
//! every part is a registry in a schema of its own, and no machine waits for the lock of another one.
//!
//! cargo run --manifest-path postgres/Cargo.toml --example catalogue [URL]
//!
//! Without the URL of a database it starts a server of its own, out of Debian's package `postgresql`.

#[expect(dead_code, reason = "tests kill servers")]
#[path = "../tests/server/mod.rs"]
mod server;

use semid::io::{ReadOptions, open};
use semid::registry::{Manifest, MemoryStore, Registry, Resolver, SemanticId};
use semid::{Codes, Device, IdFormat, Result, RqKMeans};
use semid_postgres::PostgresOptions;
use server::Server;
use std::collections::HashMap;
use std::panic::resume_unwind;
use std::thread;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../cli/data/top-packages.parquet");
const MACHINES: u32 = 4;
const PARTS: u32 = 16;
/// Items in a transaction.
const BATCH: usize = 100;

type Ids = HashMap<String, SemanticId>;

/// What every machine has.
struct Catalogue {
    database: PostgresOptions,
    manifest: Manifest,
    names: Vec<String>,
    codes: Codes,
}

impl Catalogue {
    /// Assigns the parts of a machine.
    fn work(&self, machine: u32) -> Result<Ids> {
        let mut ids = Ids::new();
        for part in (0..PARTS).filter(|part| part % MACHINES == machine) {
            self.assign(part, &mut ids)?;
        }
        Ok(ids)
    }

    /// Assigns the items of a part, in the order of the catalogue.
    fn assign(&self, part: u32, ids: &mut Ids) -> Result<()> {
        let store = self.database.clone().schema(&format!("semid_part_{part}"))?.connect()?;
        let mut registry = Registry::new(store, self.manifest.clone(), b"")?;
        let items: Vec<_> =
            self.names.iter().zip(self.codes.rows()).filter(|(_, row)| row[0] % PARTS == part).collect();
        for batch in items.chunks(BATCH) {
            let (names, rows): (Vec<&String>, Vec<&[u32]>) = batch.iter().copied().unzip();
            let assigned = registry.assign(&names, &Codes::new(rows.concat(), self.codes.levels())?)?;
            let given = assigned.assignments.into_iter().map(|assignment| assignment.id);
            ids.extend(names.into_iter().cloned().zip(given));
        }
        Ok(())
    }
}

fn main() -> Result<()> {
    let given = std::env::args().nth(1);
    let server = given.is_none().then(Server::start);
    let url = given.or_else(|| server.as_ref().map(|server| server.url("postgres"))).unwrap_or_default();

    let rows = open(DATA, &ReadOptions::default())?;
    let model = RqKMeans::new(3, 32).fit(&rows, &Device::cpu())?;
    let catalogue = Catalogue {
        database: PostgresOptions::new(&url)?,
        manifest: Manifest::new(&model.fingerprint(), 3, Resolver::default(), IdFormat::plain("-"))?,
        names: rows.strings("name")?,
        codes: model.encode(&rows, &Device::cpu())?,
    };
    let all: Vec<Result<Ids>> = thread::scope(|scope| {
        let catalogue = &catalogue;
        let machines: Vec<_> = (0..MACHINES).map(|number| scope.spawn(move || catalogue.work(number))).collect();
        machines.into_iter().map(|machine| machine.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let ids: Ids = all.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();

    let mut alone = Registry::new(MemoryStore::new(), catalogue.manifest.clone(), b"")?;
    let expected = alone.assign(&catalogue.names, &catalogue.codes)?;
    for (name, assignment) in catalogue.names.iter().zip(&expected.assignments) {
        assert_eq!(ids.get(name), Some(&assignment.id), "{name}");
    }
    let collisions = expected.report.collisions;
    println!("{} items, {PARTS} parts, {collisions} suffixes: the IDs of one registry", ids.len());
    for (name, assignment) in catalogue.names.iter().zip(&expected.assignments).take(5) {
        println!("{name:<20} {}", alone.text(&assignment.id, name));
    }
    Ok(())
}

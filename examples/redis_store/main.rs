//! A store of your own: a registry on a Redis server. `cargo run --example redis_store [HOST:PORT]`
//!
//! Without an address it starts a `redis-server` of its own, and says so where none is installed. A batch takes a
//! few round trips, whatever the number of its items.

mod changes;
mod client;
mod layout;
mod requests;
mod server;
mod store;
#[cfg(test)]
mod tests;

use semid::registry::{Manifest, Registry, Resolver, conformance};
use semid::{Codes, IdFormat};
use server::Server;
use std::time::Instant;
use store::RedisStore;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = std::env::args().nth(1);
    let server = if given.is_none() { Server::start() } else { None };
    let Some(address) = given.or_else(|| server.as_ref().map(|server| server.address.clone())) else {
        println!("no Redis: give the HOST:PORT of a server, or install the program redis-server");
        return Ok(());
    };
    // All keys begin with a name of this run, so that nothing of others is touched.
    let name = format!("semid-example-{}", std::process::id());
    let store = RedisStore::open(&address, &name)?;
    let mut stores = 0;
    conformance::check(|| {
        stores += 1;
        RedisStore::open(&address, &format!("{name}-{stores}")).expect("the server answered before")
    });
    conformance::check_shared(|| {
        stores += 1;
        let open = || RedisStore::open(&address, &format!("{name}-{stores}")).expect("the server answered before");
        (open(), open())
    });
    println!("the store passes the conformance tests on {address}");

    let manifest = Manifest::new("any model", 2, Resolver::default(), IdFormat::plain("-"))?;
    let mut registry = Registry::new(store, manifest, b"")?;
    let items: Vec<String> = (0..10_000).map(|i| format!("item {i}")).collect();
    let codes = Codes::new((0..10_000_u32).flat_map(|i| [i * 31 % 64, i * 17 % 97]).collect(), 2)?;
    for what in ["new", "known"] {
        let start = Instant::now();
        let report = registry.assign(&items, &codes)?.report;
        let seconds = start.elapsed().as_secs_f64();
        println!("{} {what} items in {seconds:.2} s, {} new", report.items, report.new);
    }
    for record in registry.records(&[]).take(3) {
        let record = record?;
        println!("{:<10} {}", record.item, registry.text(&record.entry.id, &record.item));
    }
    Ok(())
}

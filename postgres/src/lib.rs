//! Registries of semantic IDs in PostgreSQL: [`PostgresStore`] is a [`Store`](semid::registry::Store) for
//! [`Registry`](semid::registry::Registry) and [`SemanticIdEngine`](semid::SemanticIdEngine).
//!
//! ```no_run
//! use semid::registry::{Manifest, Registry, Resolver};
//! use semid::{Codes, IdFormat};
//! use semid_postgres::PostgresStore;
//!
//! let store = PostgresStore::connect("postgres://shop@localhost/catalogue")?;
//! let manifest = Manifest::new("any model", 2, Resolver::default(), IdFormat::plain("-"))?;
//! let mut registry = Registry::new(store, manifest, b"")?;
//! let assigned = registry.assign(&["numpy", "scipy"], &Codes::new(vec![7, 1, 7, 1], 2)?)?;
//! assert_eq!((assigned.report.new, assigned.report.collisions), (2, 1));
//! # Ok::<(), semid::Error>(())
//! ```
//!
//! A batch takes a few round trips, however many items it has. Any number of processes on any number of machines may
//! write at once: they take turns, transaction by transaction, and readers wait for nobody. A transaction that was
//! acknowledged survives a crash of the server; one that was not, of a writer that died or of a server that did, is
//! there as a whole or not at all, and the same call again gives the same IDs.
//!
//! # Tables
//!
//! All tables are in one schema, `semid` if no other is named. The first transaction that writes makes it.
//!
//! | table | columns |
//! | --- | --- |
//! | `ids` | `namespace`, `codes` (two bytes per level, big endian), `suffix`, `item`, `encoded`, `former` |
//! | `manifest` | `namespace`, `name`, `value` |
//! | `model` | `bytes` of the model file |
//! | `version` | `number` of the version of these tables, which is 1 |
//!
//! A row of `ids` is an ID that was given once, for ever: `item` is NULL where it is retired, and `former` is then the
//! item that had it. `encoded` has the codes that the encoder gave, where they are not those of the ID. Read with SQL
//! as you like, such as `SELECT item, codes, suffix FROM semid.ids WHERE item IS NOT NULL`. What writes, other than
//! this package, has to hold the lock that [`PostgresStore`] describes.

mod apart;
mod codec;
mod connection;
mod error;
mod options;
mod schema;
mod session;
mod statements;
mod store;

pub use options::PostgresOptions;
pub use store::PostgresStore;

//! Opens databases of semantic IDs such that Ctrl-C ends their work.

use crate::args::NamespaceArgs;
use crate::interrupt;
use crate::output::Failure;
use crate::place::Place;
use semid::Result;
use semid::registry::{SqliteOptions, Store};

/// Opens a namespace of a database for writing, and makes the database if it is missing.
pub(crate) fn open(place: &Place, namespace: &NamespaceArgs) -> Result<Box<dyn Store>, Failure> {
    let sqlite = || SqliteOptions::new().watch(interrupt::flow).open(place);
    opened(place, namespace, sqlite)
}

/// Opens a namespace of an existing database for reading.
pub(crate) fn read(place: &Place, namespace: &NamespaceArgs) -> Result<Box<dyn Store>, Failure> {
    let sqlite = || SqliteOptions::new().watch(interrupt::flow).open_read_only(place);
    opened(place, namespace, sqlite)
}

fn opened<S: Store>(
    place: &Place,
    namespace: &NamespaceArgs,
    file: impl FnOnce() -> Result<S>,
) -> Result<Box<dyn Store>, Failure> {
    let store = || -> Result<Box<dyn Store>> {
        match place.url() {
            Some(url) => postgres(url, namespace),
            None => Ok(Box::new(file()?.in_namespace(namespace.name())?)),
        }
    };
    store().map_err(|error| Failure::of_file(error, place))
}

/// A transaction that writes makes the tables, so reading and writing begin in the same way.
#[cfg(feature = "postgres")]
fn postgres(url: &str, namespace: &NamespaceArgs) -> Result<Box<dyn Store>> {
    let mut options = semid_postgres::PostgresOptions::new(url)?.watch(interrupt::flow);
    // As PostgreSQL's own programs do, so that the password is not on the command line.
    if let Ok(password) = std::env::var("PGPASSWORD") {
        options = options.password(&password);
    }
    Ok(Box::new(options.connect()?.in_namespace(namespace.name())?))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_url: &str, _namespace: &NamespaceArgs) -> Result<Box<dyn Store>> {
    Err(semid::ErrorKind::Feature { feature: "postgres", what: "databases of PostgreSQL" }.into())
}

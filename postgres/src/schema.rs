//! Makes and checks the tables.

use crate::codec::damaged;
use crate::connection::Connection;
use semid::{ErrorKind, Result};

/// The version of the tables.
const VERSION: u32 = 1;

/// Keys longer than this many bytes are found by a hash: an index holds no entry of 2,704 bytes or more.
///
/// `octet_length(item) <= 1000` has to stand in statements, word by word, for the planner to take the index.
pub(crate) const LONG: usize = 1000;

/// Makes the tables. `@` stands for the schema.
const TABLES: &str = "
    CREATE TABLE @ids (
        namespace text COLLATE \"C\" NOT NULL,
        codes bytea NOT NULL,               -- two bytes per level, big endian
        suffix bigint NOT NULL CHECK (suffix >= 0),
        item text COLLATE \"C\",              -- NULL: retired
        encoded bytea,                      -- what the encoder gave, where that is not `codes`
        former text COLLATE \"C\",            -- the item that a retired ID was taken from
        PRIMARY KEY (namespace, codes, suffix)
    );
    CREATE UNIQUE INDEX items ON @ids (namespace, item) WHERE octet_length(item) <= 1000;
    CREATE UNIQUE INDEX long_items ON @ids (namespace, md5(item)) WHERE octet_length(item) > 1000;
    CREATE INDEX retired ON @ids (namespace, codes, left(former, 200)) WHERE former IS NOT NULL;
    CREATE TABLE @manifest (
        namespace text COLLATE \"C\" NOT NULL,
        name text COLLATE \"C\" NOT NULL,
        value text NOT NULL,
        PRIMARY KEY (namespace, name)
    );
    CREATE TABLE @model (id integer PRIMARY KEY CHECK (id = 0), bytes bytea NOT NULL);
    CREATE TABLE @version (number integer NOT NULL);
";

/// Returns whether the tables are there; refuses those of a newer version.
pub(crate) fn check(connection: &mut Connection) -> Result<bool> {
    // By reading the catalogue: `to_regclass` may remember that there was no such table.
    let sql = "SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
               WHERE n.nspname = $1 AND c.relname = 'version'";
    let schema = connection.options.schema_name().to_owned();
    if connection.rows(sql, &[&schema])?.is_empty() {
        return Ok(false);
    }
    let found = match connection.rows("SELECT number FROM @version LIMIT 2", &[])?.as_slice() {
        [row] => row.try_get::<_, i32>(0).ok().and_then(|number| u32::try_from(number).ok()),
        _ => None,
    };
    match found {
        Some(found) if found > VERSION => {
            Err(ErrorKind::NewerRegistry { found: found.to_string(), supported: VERSION }.into())
        }
        Some(1..) => Ok(true),
        _ => Err(damaged("its tables have no version")),
    }
}

/// Makes the tables within a transaction, unless another writer has made them by now.
pub(crate) fn make(connection: &mut Connection) -> Result<()> {
    // Two writers that make the tables at once: the second one waits for the first one.
    let schema = connection.options.schema_name().to_owned();
    connection.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[&format!("semid {schema}")])?;
    if check(connection)? {
        return Ok(());
    }
    // Asking first needs no right to make schemas where an administrator has made it.
    if connection.rows("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[&schema])?.is_empty() {
        connection.batch(&format!("CREATE SCHEMA \"{schema}\""))?;
    }
    connection.batch(TABLES)?;
    connection.batch(&format!("INSERT INTO @version VALUES ({VERSION})"))
}

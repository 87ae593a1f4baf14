//! Tables of other versions.

use super::*;

/// Makes a database as version 1 made it, with items 0 and 1 and a retired ID.
fn version_1() -> Dir {
    let dir = Dir::new();
    let connection = Connection::open(dir.path()).unwrap();
    connection.execute_batch(schema::MIGRATIONS[0]).unwrap();
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    let manifest = Manifest::new("model", 2, Resolver::default(), IdFormat::plain("-")).unwrap();
    for (key, value) in manifest.to_map() {
        connection.execute("INSERT INTO manifest VALUES (?1, ?2)", [key, value]).unwrap();
    }
    let rows = "INSERT INTO model VALUES (0, CAST('the model' AS BLOB));
        INSERT INTO ids (codes, suffix, item) VALUES
        (x'00000000', 0, 'item number 0'), (x'00000001', 0, 'item number 1'), (x'00050005', 0, NULL)";
    connection.execute_batch(rows).unwrap();
    dir
}

fn is_whole(registry: &Registry) {
    assert_eq!(intact(registry), 2);
    assert_eq!(registry.find("5-5").unwrap(), Holder::Retired);
    assert_eq!(registry.model().unwrap(), b"the model");
}

#[test]
fn older_tables_are_read_as_they_are_and_migrated_by_writers() {
    let version = |dir: &Dir| {
        let connection = Connection::open(dir.path()).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap()
    };
    let dir = version_1();
    assert_eq!(version(&dir), 1);
    let reader = registry(SqliteStore::open_read_only(dir.path()).unwrap()).unwrap();
    is_whole(&reader);
    assert!(reader.store().retired(&[(&[5, 5], "item number 0")]).unwrap() == [Vec::<u64>::new()]);
    assert_eq!(version(&dir), 1);
    is_whole(&dir.registry());
    let mut migrated = dir.registry();
    assign(&mut migrated, 0..300).unwrap();
    migrated.remove(&["item number 299"]).unwrap();
    assert_eq!(migrated.store().retired(&[(&[2, 9], "item number 299")]).unwrap(), [[9]]);
    assert_eq!((intact(&migrated), version(&dir)), (299, 2));
    assert_eq!(intact(&reader), 299, "a reader from before the migration");
    dir.store().check().unwrap();
}

#[test]
fn newer_tables_are_refused() {
    let dir = Dir::with_items(10);
    Connection::open(dir.path()).unwrap().pragma_update(None, "user_version", 3).unwrap();
    for error in [SqliteStore::open(dir.path()).unwrap_err(), SqliteStore::open_read_only(dir.path()).unwrap_err()] {
        assert!(matches!(error.kind(), ErrorKind::NewerRegistry { found, supported: 2 } if found == "3"), "{error}");
        assert_eq!(error.path(), Some(dir.path().as_path()));
    }
    rusqlite::Connection::open(dir.path()).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert_eq!(intact(&dir.registry()), 10);
}

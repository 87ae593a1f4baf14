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
    Connection::open(dir.path()).unwrap().pragma_update(None, "user_version", 4).unwrap();
    for error in [SqliteStore::open(dir.path()).unwrap_err(), SqliteStore::open_read_only(dir.path()).unwrap_err()] {
        assert!(matches!(error.kind(), ErrorKind::NewerRegistry { found, supported: 3 } if found == "4"), "{error}");
        assert_eq!(error.path(), Some(dir.path().as_path()));
    }
    rusqlite::Connection::open(dir.path()).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert_eq!(intact(&dir.registry()), 10);
}

#[test]
fn a_database_is_of_version_3_from_its_first_namespace_on() {
    let version = |dir: &Dir| {
        let connection = Connection::open(dir.path()).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap()
    };
    for dir in [version_1(), Dir::with_items(2)] {
        let before = SqliteStore::open_read_only(dir.path()).unwrap();
        let mut unfinished = dir.store().in_namespace("goods").unwrap();
        unfinished.begin().unwrap();
        let manifest = Manifest::new("model", 2, Resolver::default(), IdFormat::plain("-")).unwrap();
        unfinished.set_manifest(&manifest, b"the model").unwrap();
        assert_eq!(unfinished.manifest().unwrap(), Some(manifest));
        unfinished.rollback().unwrap();
        assert_eq!((unfinished.manifest().unwrap(), version(&dir)), (None, 2), "a rollback takes the tables back");

        let mut goods = registry(dir.store().in_namespace("goods").unwrap()).unwrap();
        assign(&mut goods, 0..30).unwrap();
        goods.remove(&["item number 29"]).unwrap();
        assert_eq!((intact(&goods), version(&dir)), (29, 3));
        assert_eq!(goods.store().retired(&[(&[0, 9], "item number 29")]).unwrap(), [[2]]);
        assert_eq!(intact(&dir.registry()), 2);
        assert_eq!(goods.namespaces().unwrap(), ["", "goods"]);
        // A reader from before the first namespace finds it.
        let reader = Registry::open(before.in_namespace("goods").unwrap()).unwrap();
        assert_eq!(intact(&reader), 29);
        assert_eq!(reader.store().retired(&[(&[0, 9], "item number 29")]).unwrap(), [[2]]);
        assert_eq!(intact(&registry(SqliteStore::open_read_only(dir.path()).unwrap()).unwrap()), 2);
        dir.store().check().unwrap();
    }
}

#[test]
fn namespaces_that_do_not_fit_their_tables_are_damage() {
    let cases = [
        ("DELETE FROM namespaces", "namespaces"),
        ("UPDATE namespaces SET number = 7", "namespaces"),
        ("INSERT INTO namespaces VALUES (2, 'videos')", "namespaces"),
        ("DROP TABLE namespaces", "namespaces"),
        ("DROP INDEX items_1", "no index `items_1`"),
        ("CREATE TABLE ids_x (x)", "no index `items_2`"),
        ("PRAGMA user_version = 2", "which no registry has"),
        ("UPDATE namespaces SET name = 'a b'", "a b"),
    ];
    for (sql, said) in cases {
        let dir = Dir::with_items(2);
        registry(dir.store().in_namespace("goods").unwrap()).unwrap();
        Connection::open(dir.path()).unwrap().execute_batch(sql).unwrap();
        for open in [SqliteStore::open, SqliteStore::open_read_only] {
            let error = open(dir.path()).and_then(|store| store.namespaces()).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{sql}: {error}");
            assert!(error.to_string().contains(said), "{sql}: {error}");
        }
    }
}

#[test]
fn a_database_has_1000_namespaces_and_no_more() {
    let dir = Dir::with_items(2);
    let mut store = dir.store();
    let manifest = Manifest::new("model", 2, Resolver::default(), IdFormat::plain("-")).unwrap();
    store.begin().unwrap();
    let session = store.session();
    for number in 1..1000 {
        assert_eq!(schema::add_namespace(&session.connection, &format!("n{number}")).unwrap(), number);
    }
    drop(session);
    store.commit().unwrap();
    let mut make = |name: &str| {
        store.use_namespace(name)?;
        store.begin()?;
        store.set_manifest(&manifest, b"the model")?;
        store.commit()
    };
    make("last").unwrap();
    let error = make("too many").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Parameter { name: "namespace", .. }), "{error}");
    assert_eq!(intact(&dir.registry()), 2);
}

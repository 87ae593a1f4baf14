//! Files that are not, or no longer, a registry.

use super::*;

/// Returns the bytes of a database with 300 items.
fn good() -> Vec<u8> {
    std::fs::read(Dir::with_items(300).path()).unwrap()
}

/// Opens the bytes as a database and reads all of it; returns an error or the contents.
fn read(bytes: &[u8]) -> Result<usize> {
    let dir = Dir::new();
    std::fs::write(dir.path(), bytes).unwrap();
    let store = SqliteStore::open_read_only(dir.path())?;
    store.check()?;
    let registry = registry(store)?;
    for record in registry.records(&[]) {
        record?;
    }
    let model = registry.model()?;
    assert!(model == b"the model" || model.len() == b"the model".len(), "{model:?}");
    Ok(intact(&registry))
}

#[test]
fn damage_is_reported_or_did_no_harm() {
    let good = good();
    assert_eq!(read(&good).unwrap(), 300);
    let mut reported = 0;
    for place in (0..good.len()).step_by(41) {
        let mut bytes = good.clone();
        bytes[place] ^= 1 << (place / 41 % 8);
        match read(&bytes) {
            Ok(items) => assert_eq!(items, 300, "byte {place}"),
            Err(error) => {
                typed(&error, place);
                reported += 1;
            }
        }
    }
    assert!(reported > 100, "{reported} of {}", good.len() / 41);
}

#[test]
fn truncations_are_reported() {
    let good = good();
    // SQLite takes a file of one byte for an empty one.
    for len in (2..good.len()).step_by(509) {
        typed(&read(&good[..len]).unwrap_err(), len);
    }
    let error = read(&[]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoRegistry), "{error}");
}

fn typed(error: &Error, place: usize) {
    use ErrorKind::{DamagedRegistry, Format, Io, NewerRegistry, OtherModel, OtherRegistry};
    let kinds = matches!(
        error.kind(),
        DamagedRegistry { .. }
            | Format { .. }
            | NewerRegistry { .. }
            | OtherModel { .. }
            | OtherRegistry { .. }
            | Io { .. }
            | ErrorKind::Store { .. }
    );
    assert!(kinds, "byte {place}: {error}");
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let dir = Dir::new();
    let other = dir.0.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
    let database = std::fs::read(other).unwrap();
    for bytes in [b"item,id\n".repeat(1000), b"short".to_vec(), database] {
        std::fs::write(dir.path(), &bytes).unwrap();
        for error in [SqliteStore::open(dir.path()).unwrap_err(), SqliteStore::open_read_only(dir.path()).unwrap_err()]
        {
            assert!(matches!(error.kind(), ErrorKind::Format { format: "registry", .. }), "{error}");
            assert_eq!(error.path(), Some(dir.path().as_path()));
        }
        assert_eq!(std::fs::read(dir.path()).unwrap(), bytes);
    }
}

use super::*;
use crate::id::store::conformance;

#[test]
fn it_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::check(|| {
        number += 1;
        SqliteStore::open(dir.path().join(format!("{number}.db"))).unwrap()
    });
}

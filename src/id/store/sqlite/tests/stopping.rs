//! Stops work and waiting from outside.

use super::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

/// Makes options that stop once the flag is set.
fn stopping(flag: &Arc<AtomicBool>) -> SqliteOptions {
    let flag = flag.clone();
    let watch = move || if flag.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    SqliteOptions::new().watch(watch)
}

/// Sets the flag after 100 ms, and asserts that `work` is cancelled within a second of that.
fn stops<T: std::fmt::Debug>(flag: &Arc<AtomicBool>, work: impl FnOnce() -> Result<T>) {
    let (start, later) = (Instant::now(), flag.clone());
    let setter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        later.store(true, Relaxed);
    });
    let error = work().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(100) && waited < Duration::from_millis(1100), "{waited:?}");
    setter.join().unwrap();
    flag.store(false, Relaxed);
}

#[test]
fn waiting_for_a_lock_stops() {
    let dir = Dir::with_items(10);
    let flag = Arc::new(AtomicBool::new(false));
    let mut waiting = stopping(&flag).open(dir.path()).unwrap();
    let mut holder = dir.store();
    holder.begin().unwrap();
    stops(&flag, || waiting.begin());
    holder.rollback().unwrap();
    waiting.begin().unwrap();
    waiting.rollback().unwrap();
}

#[test]
fn opening_a_locked_file_stops() {
    let dir = Dir::with_items(10);
    let flag = Arc::new(AtomicBool::new(false));
    let holder = Connection::open(dir.path()).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE").unwrap();
    stops(&flag, || stopping(&flag).open(dir.path()));
    stops(&flag, || stopping(&flag).open_read_only(dir.path()));
}

/// Statements that would never end, as with a view in the place of a table.
#[test]
fn running_statements_stop() {
    let dir = Dir::with_items(10);
    let flag = Arc::new(AtomicBool::new(false));
    let store = stopping(&flag).open(dir.path()).unwrap();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    stops(&flag, || store.read(|session| session.row(endless, [], |row| row.get::<_, i64>(0))));
    assert_eq!(intact(&registry(store).unwrap()), 10, "the store works on");
}

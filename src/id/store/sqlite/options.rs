//! Options for opening a database.

use crate::error::{Error, ErrorKind};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// How long a database waits for other processes by default.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

type Watch = dyn Fn() -> ControlFlow<()> + Send + Sync;

/// Sets how an SQLite database is opened: how long it waits for other processes, and who can stop its work.
///
/// ```
/// use semid::registry::SqliteOptions;
/// use std::ops::ControlFlow;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
///
/// let stop = Arc::new(AtomicBool::new(true));
/// let asked = stop.clone();
/// let options = SqliteOptions::new()
///     .watch(move || if asked.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("ids.db");
/// assert!(matches!(options.open(&path).unwrap_err().kind(), semid::ErrorKind::Cancelled));
/// stop.store(false, Relaxed);
/// options.open(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqliteOptions {
    pub(super) busy_timeout: Duration,
    watch: Option<Arc<Watch>>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { busy_timeout: BUSY_TIMEOUT, watch: None }
    }
}

impl SqliteOptions {
    /// Makes options that wait 30 seconds for other processes and that nothing stops.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long opening and later calls wait for other processes.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Calls `watch` many times a second while SQLite works or waits; if it returns [`ControlFlow::Break`], the work
    /// ends with [`ErrorKind::Cancelled`]. The working thread calls `watch`, so it should return at once.
    #[must_use]
    pub fn watch(mut self, watch: impl Fn() -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }

    /// Returns whether work has to stop.
    pub(super) fn stopped(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch().is_break())
    }

    /// Returns `error`, or [`ErrorKind::Cancelled`] where a stop has ended the work.
    pub(super) fn explain(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Locked if self.stopped() => ErrorKind::Cancelled.into(),
            _ => error,
        }
    }
}

impl fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { busy_timeout, watch } = self;
        f.debug_struct("SqliteOptions").field("busy_timeout", busy_timeout).field("watch", &watch.is_some()).finish()
    }
}

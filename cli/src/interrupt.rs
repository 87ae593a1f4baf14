//! Handles Ctrl-C and requests to end. The first one asks running work to stop, and most work looks for that between
//! two steps. If work has not ended a moment later, the process is ended here, and so it is at the second request.
//!
//! This is safe at any instant: files appear under their names only when they are complete, and databases undo changes
//! that were not committed, as after a power failure.

use crate::stderr;
use semid::{ErrorKind, Result, Rows};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Exit code of a process that was interrupted.
pub(crate) const EXIT_CODE: u8 = 130;

/// How long work may take to stop by itself and to say so.
const GRACE: Duration = Duration::from_millis(700);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What is printed if work does not print anything itself.
static MESSAGE: Mutex<Option<String>> = Mutex::new(None);

/// Starts to watch for Ctrl-C and for requests to end.
///
/// Signals that the parent process wants to be ignored, as nohup does, stay ignored.
pub(crate) fn watch() {
    if let Err(error) = signals::watch() {
        tracing::debug!("signals are not watched: {error}");
    }
}

/// Sets the message for a process that is ended: what is safe by now, and how to go on.
pub(crate) fn say(message: impl Into<String>) {
    *MESSAGE.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.into());
}

/// Returns the message for work that was stopped.
pub(crate) fn message() -> String {
    let message = MESSAGE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    message.unwrap_or_else(|| "interrupted; nothing was written".to_owned())
}

/// Handles a request to end.
fn heard() {
    if INTERRUPTED.swap(true, Relaxed) {
        end();
    }
    let ended = std::thread::Builder::new().spawn(|| {
        std::thread::sleep(GRACE);
        end();
    });
    if ended.is_err() {
        end();
    }
}

/// Ends the process at once, leaving no temporary files.
fn end() {
    semid::io::remove_unfinished();
    stderr::say_interrupted(&message());
    signals::exit(EXIT_CODE.into());
}

#[cfg(unix)]
mod signals {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    pub(super) use signal_hook::low_level::exit;

    pub(super) fn watch() -> io::Result<()> {
        // With this handler, a write beyond the file size limit is an error like any other.
        signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        let watched = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal));
        let mut signals = Signals::new(watched)?;
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            signals.forever().for_each(|_| super::heard());
        })?;
        Ok(())
    }

    fn is_ignored(signal: i32) -> bool {
        // SAFETY: without a new action, `sigaction` only writes the present one to `action`, which has room for it;
        // zeros in all bytes are a valid value of that plain structure.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
        }
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) fn watch() -> Result<(), ctrlc::Error> {
        ctrlc::try_set_handler(super::heard)
    }

    pub(super) fn exit(code: i32) {
        std::process::exit(code)
    }
}

/// Returns the answer of a progress callback.
pub(crate) fn flow() -> ControlFlow<()> {
    if INTERRUPTED.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Returns an error after a Ctrl-C.
pub(crate) fn check() -> Result<()> {
    if INTERRUPTED.load(Relaxed) { Err(ErrorKind::Cancelled.into()) } else { Ok(()) }
}

/// Rows whose reading stops at Ctrl-C, and which measure the time that reading takes.
pub(crate) struct Watched<'a> {
    rows: &'a dyn Rows,
    clock: Mutex<Clock>,
}

/// Measures how long at least one thread reads.
#[derive(Default)]
struct Clock {
    /// Threads that read, and when the first of them began.
    reading: usize,
    since: Option<Instant>,
    spent: Duration,
}

impl<'a> Watched<'a> {
    pub(crate) fn new(rows: &'a dyn Rows) -> Self {
        Self { rows, clock: Mutex::default() }
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time spent reading, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.clock().spent.as_secs_f64()
    }
}

impl Clock {
    fn begin(&mut self) {
        self.reading += 1;
        self.since.get_or_insert_with(Instant::now);
    }

    fn end(&mut self) {
        self.reading = self.reading.saturating_sub(1);
        if self.reading == 0 {
            self.spent += self.since.take().map(|since| since.elapsed()).unwrap_or_default();
        }
    }
}

impl Rows for Watched<'_> {
    semid::forward_rows!(rows);

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        check()?;
        self.clock().begin();
        let read = self.rows.read(first, out);
        self.clock().end();
        read
    }
}

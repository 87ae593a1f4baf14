//! Ctrl-C: the first one asks running work to stop, the second one ends the process.

use semid::{ErrorKind, Result, Rows};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Exit code of a process that was interrupted.
pub(crate) const EXIT_CODE: u8 = 130;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Begins to watch for Ctrl-C and for requests to end.
///
/// Signals that the parent process chose to be ignored, as nohup does, are left alone.
pub(crate) fn watch() {
    let watching = ctrlc::try_set_handler(|| {
        if INTERRUPTED.swap(true, Relaxed) {
            std::process::exit(EXIT_CODE.into());
        }
        std::thread::spawn(end_soon);
    });
    if let Err(error) = watching {
        tracing::debug!("signals are not watched: {error}");
    }
}

/// Whether this process may end at any time: it only reads, and leaves nothing behind.
static MAY_END: AtomicBool = AtomicBool::new(false);

/// How long a process that may end is given to end by itself.
const PATIENCE: Duration = Duration::from_millis(700);

/// From now on a Ctrl-C ends the process within a second, even where it waits for another program that reads its output.
pub(crate) fn end_at_once() {
    MAY_END.store(true, Relaxed);
}

/// From now on a process has something to save when it is asked to end.
pub(crate) fn end_in_order() {
    MAY_END.store(false, Relaxed);
}

fn end_soon() {
    std::thread::sleep(PATIENCE);
    if MAY_END.load(Relaxed) {
        std::process::exit(EXIT_CODE.into());
    }
}

/// What a progress callback answers.
pub(crate) fn flow() -> ControlFlow<()> {
    if INTERRUPTED.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// An error once there was a Ctrl-C.
pub(crate) fn check() -> Result<()> {
    if INTERRUPTED.load(Relaxed) { Err(ErrorKind::Cancelled.into()) } else { Ok(()) }
}

/// Rows that stop at Ctrl-C and know how long they were read.
pub(crate) struct Watched<'a> {
    rows: &'a dyn Rows,
    nanos: AtomicU64,
}

impl<'a> Watched<'a> {
    pub(crate) fn new(rows: &'a dyn Rows) -> Self {
        Self { rows, nanos: AtomicU64::new(0) }
    }

    /// Time spent reading, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        Duration::from_nanos(self.nanos.load(Relaxed)).as_secs_f64()
    }
}

impl Rows for Watched<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        check()?;
        let start = Instant::now();
        let read = self.rows.read(first, out);
        self.nanos.fetch_add(start.elapsed().as_nanos() as u64, Relaxed);
        read
    }
}

//! Long work: without Python's lock, stopped by Ctrl-C, and with progress that Python hears of on its own thread.

use crate::errors::to_python;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use semid::metrics::EvaluationProgress;
use semid::quantizer::TrainingProgress;
use semid::sweep::{SweepProgress, SweepStage};
use semid::{ErrorKind, Result, Rows};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the thread that called looks for Ctrl-C.
const TICK: Duration = Duration::from_millis(30);

/// Values to work on below which no thread is started: the work takes less time than Ctrl-C would.
const FEW: usize = 1 << 17;

/// How far work is, as Python's callbacks are told: part, number, parts, step, done, most, state.
pub(crate) type Step = (String, usize, usize, String, u64, u64, String);

/// The side of running work: whether to stop, and whom to tell.
pub(crate) struct Watch<'a> {
    stop: &'a AtomicBool,
    listener: Option<Mutex<Listener>>,
}

struct Listener {
    tell: SyncSender<Message>,
    answer: Receiver<bool>,
}

enum Message {
    Step(Step),
    Done,
}

impl Watch<'_> {
    /// Refuses to go on after Ctrl-C.
    pub(crate) fn check(&self) -> Result<()> {
        if self.stop.load(Relaxed) { Err(ErrorKind::Cancelled.into()) } else { Ok(()) }
    }

    /// Tells how far the work is, and whether it is to stop.
    pub(crate) fn tell(&self, step: impl FnOnce() -> Step) -> ControlFlow<()> {
        if let Some(listener) = &self.listener {
            let listener = listener.lock().unwrap_or_else(PoisonError::into_inner);
            let heard = listener.tell.send(Message::Step(step())).is_ok();
            if heard && listener.answer.recv() == Ok(false) {
                return ControlFlow::Break(());
            }
        }
        if self.stop.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    pub(crate) fn trained(&self, progress: &TrainingProgress<'_>) -> ControlFlow<()> {
        self.tell(|| {
            let TrainingProgress { part, number, parts, step, done, most, state } = progress;
            let (done, most) = (*done as u64, *most as u64);
            ((*part).to_owned(), *number, *parts, (*step).to_owned(), done, most, state.to_string())
        })
    }

    pub(crate) fn evaluated(&self, progress: &EvaluationProgress) -> ControlFlow<()> {
        self.tell(|| {
            let EvaluationProgress { stage, done, total, .. } = *progress;
            ("evaluation".to_owned(), 1, 1, "comparison".to_owned(), done, total, stage.to_owned())
        })
    }

    pub(crate) fn swept(&self, progress: &SweepProgress<'_>) -> ControlFlow<()> {
        self.tell(|| {
            let run = progress.parameters.name();
            let (done, most, state) = match progress.stage {
                SweepStage::Train(training) => {
                    (0, 1, format!("{run}: {} {} of {}", training.part, training.number, training.parts))
                }
                SweepStage::Evaluation(evaluation) => (0, 1, format!("{run}: {}", evaluation.stage)),
                SweepStage::Finished(_) => (1, 1, format!("{run}: finished")),
                _ => (0, 1, run),
            };
            ("run".to_owned(), progress.run + 1, progress.runs, "run".to_owned(), done, most, state)
        })
    }

    /// Rows whose reading ends after Ctrl-C.
    pub(crate) fn rows<'r>(&'r self, rows: &'r dyn Rows) -> WatchedRows<'r> {
        WatchedRows { rows, stop: self.stop }
    }
}

/// Rows whose reading ends after Ctrl-C.
pub(crate) struct WatchedRows<'a> {
    rows: &'a dyn Rows,
    stop: &'a AtomicBool,
}

impl Rows for WatchedRows<'_> {
    semid::forward_rows!(rows);

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        if self.stop.load(Relaxed) { Err(ErrorKind::Cancelled.into()) } else { self.rows.read(first, out) }
    }
}

/// The time that the library took for the last piece of work, in nanoseconds.
static LIBRARY: AtomicU64 = AtomicU64::new(0);

/// The seconds that the library took for the last piece of work of this process: what a call takes beyond them is the
/// overhead of Python, which benchmarks measure.
#[pyfunction]
pub(crate) fn library_seconds() -> f64 {
    Duration::from_nanos(LIBRARY.load(Relaxed)).as_secs_f64()
}

/// Does work on `values` values without Python's lock; Ctrl-C, and an error of `progress`, end it.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    values: usize,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Watch<'_>) -> Result<T> + Send,
) -> PyResult<T> {
    check_process()?;
    let work = |watch: &Watch<'_>| {
        let start = Instant::now();
        let result = work(watch);
        LIBRARY.store(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX), Relaxed);
        result
    };
    let stop = AtomicBool::new(false);
    if values < FEW && progress.is_none() {
        let watch = Watch { stop: &stop, listener: None };
        return py.detach(|| work(&watch)).map_err(|error| to_python(py, &error));
    }
    let (tell, told) = sync_channel(0);
    let (reply, answer) = sync_channel(1);
    let done = tell.clone();
    let listener = progress.map(|_| Mutex::new(Listener { tell, answer }));
    let watch = Watch { stop: &stop, listener };
    let (result, raised) = std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _done = TellDone(done);
            work(&watch)
        });
        let raised = listen(py, &stop, progress, told, &reply);
        (py.detach(|| worker.join()), raised)
    });
    match (raised, result) {
        (Some(raised), _) => Err(raised),
        (None, Ok(result)) => result.map_err(|error| to_python(py, &error)),
        (None, Err(_)) => Err(panicked()),
    }
}

/// Does work that nothing can stop, such as loading a driver, on a thread of its own. Ctrl-C is heard at once: the work
/// then ends by itself, and its result is dropped.
pub(crate) fn abandonable<T: Send + 'static>(py: Python<'_>, work: impl FnOnce() -> T + Send + 'static) -> PyResult<T> {
    let (tell, mut told) = sync_channel(1);
    std::thread::spawn(move || {
        // Nobody listens after Ctrl-C.
        let _ = tell.send(work());
    });
    loop {
        let result;
        (result, told) = py.detach(move || (told.recv_timeout(TICK), told));
        match result {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => return Err(panicked()),
        }
    }
}

fn panicked() -> PyErr {
    PyRuntimeError::new_err("internal error: the work panicked; please report this")
}

/// Tells at the end of the work, even if it panics.
struct TellDone(SyncSender<Message>);

impl Drop for TellDone {
    fn drop(&mut self) {
        // The listener goes on until it hears this.
        let _ = self.0.send(Message::Done);
    }
}

/// Waits for the end of the work; returns what Ctrl-C or the callback raised.
fn listen(
    py: Python<'_>,
    stop: &AtomicBool,
    progress: Option<&Bound<'_, PyAny>>,
    mut told: Receiver<Message>,
    reply: &SyncSender<bool>,
) -> Option<PyErr> {
    let mut raised = None;
    loop {
        let message;
        (message, told) = py.detach(move || (told.recv_timeout(TICK), told));
        match message {
            Ok(Message::Done) | Err(RecvTimeoutError::Disconnected) => return raised,
            Ok(Message::Step(step)) => {
                let called = match (progress, &raised) {
                    (Some(progress), None) => progress.call1(step).map(drop).and_then(|()| py.check_signals()),
                    _ => Ok(()),
                };
                raised = raised.or(called.err());
                stop.fetch_or(raised.is_some(), Relaxed);
                // A worker that has ended needs no answer.
                let _ = reply.send(raised.is_none());
            }
            Err(RecvTimeoutError::Timeout) => {
                raised = raised.or(py.check_signals().err());
                stop.fetch_or(raised.is_some(), Relaxed);
            }
        }
    }
}

/// Refuses to work in a process that was forked from one in which there was work: threads do not live on in it.
fn check_process() -> PyResult<()> {
    static WORKED: AtomicU32 = AtomicU32::new(0);
    let own = std::process::id();
    match WORKED.compare_exchange(0, own, Relaxed, Relaxed) {
        Ok(_) => Ok(()),
        Err(first) if first == own => Ok(()),
        Err(_) => Err(PyRuntimeError::new_err(
            "this process was forked from one that has used semid, whose threads do not live on here; start processes \
             by multiprocessing.get_context(\"spawn\") or \"forkserver\", or first use semid in the forked process",
        )),
    }
}

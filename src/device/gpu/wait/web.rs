//! Waits in a browser, where nothing may block: the stack of this program is suspended while the event loop runs
//! (JavaScript Promise Integration), so that the code that waits is the same as everywhere else.

use crate::device::gpu::failure::Failure;
use crate::error::Result;
use std::pin::pin;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll, Wake, Waker};

/// The two functions by which a program in a browser waits for the GPU.
///
/// `suspend` returns once `resume` was called after the return of the last `suspend`, and lets the browser's event loop
/// run until then: in JavaScript, an import wrapped in `WebAssembly.Suspending`. It may return earlier, too.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// Suspends this program.
    pub suspend: fn(),
    /// Lets it go on; called from callbacks of the browser.
    pub resume: fn(),
}

static WAITING: OnceLock<Waiting> = OnceLock::new();

/// Sets how this program waits; the first call counts. Without it there are no GPUs. Exports of the module that work on
/// a GPU must be called through `WebAssembly.promising`.
pub fn wait_with(waiting: Waiting) {
    let _ = WAITING.set(waiting);
}

/// Whether this program can wait.
pub(in crate::device::gpu) fn is_possible() -> bool {
    WAITING.get().is_some()
}

fn suspend() {
    if let Some(waiting) = WAITING.get() {
        (waiting.suspend)();
    }
}

/// Tells the suspended program that a callback has come.
pub(in crate::device::gpu) fn notify() {
    if let Some(waiting) = WAITING.get() {
        (waiting.resume)();
    }
}

struct Notify;

impl Wake for Notify {
    fn wake(self: Arc<Self>) {
        notify();
    }
}

/// Waits for a future.
pub(in crate::device::gpu) fn for_future<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Notify));
    let mut task = Task::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut task) {
            Poll::Ready(out) => return out,
            Poll::Pending => suspend(),
        }
    }
}

/// Waits for what a callback sends; browsers call back in any case, also when a device is lost.
pub(in crate::device::gpu) fn for_answer<T>(receiver: &Receiver<T>) -> std::result::Result<T, RecvTimeoutError> {
    loop {
        match receiver.try_recv() {
            Ok(answer) => return Ok(answer),
            Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) => suspend(),
        }
    }
}

/// Waits until all submissions so far are done.
pub(in crate::device::gpu) fn for_submission(
    _device: &wgpu::Device,
    queue: &wgpu::Queue,
    _index: wgpu::SubmissionIndex,
    failure: &Failure,
) -> Result<()> {
    let (sender, receiver) = mpsc::channel();
    queue.on_submitted_work_done(move || {
        let _ = sender.send(());
        notify();
    });
    let _ = for_answer(&receiver);
    failure.check()
}

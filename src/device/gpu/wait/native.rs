//! Waits by blocking the thread.

use crate::device::gpu::failure::Failure;
use crate::error::Result;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How long a wait goes on before the next check whether the device is lost.
const LOOK: Duration = Duration::from_secs(5);
/// How often in a row a wait may fail inside wgpu on a device that is not lost.
const PANICS: usize = 8;
/// How much later than the end of its work a callback may come.
const CALLBACK: Duration = Duration::from_secs(10);

pub(in crate::device::gpu) use pollster::block_on as for_future;

/// Whether this program can wait.
pub(in crate::device::gpu) fn is_possible() -> bool {
    true
}

/// Tells the thread that waits that a callback has come; here the channel does it.
pub(in crate::device::gpu) fn notify() {}

/// Waits for what a callback sends. Another thread's wait may call back, a little later than this thread's wait
/// returns.
pub(in crate::device::gpu) fn for_answer<T>(receiver: &Receiver<T>) -> std::result::Result<T, RecvTimeoutError> {
    receiver.recv_timeout(CALLBACK)
}

/// Waits until a submission is done.
pub(in crate::device::gpu) fn for_submission(
    device: &wgpu::Device,
    _queue: &wgpu::Queue,
    index: wgpu::SubmissionIndex,
    failure: &Failure,
) -> Result<()> {
    let mut panics = 0;
    loop {
        let wait = wgpu::PollType::Wait { submission_index: Some(index.clone()), timeout: Some(LOOK) };
        // If the driver answers a wait with "lost", wgpu calls the lost callback and then panics. It also panics if the
        // time is over and another thread then finds the submission done, before this one has looked: that is no
        // failure.
        let polled = catch_unwind(AssertUnwindSafe(|| device.poll(wait)));
        failure.check()?;
        match polled {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(wgpu::PollError::Timeout)) => {}
            Ok(Err(error)) => return Err(failure.because(error.to_string())),
            Err(_) if panics < PANICS => panics += 1,
            Err(_) => return Err(failure.because("waiting for the device failed")),
        }
    }
}

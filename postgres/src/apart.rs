//! Work that waits, called from a thread that must not wait.

use std::panic::resume_unwind;
use tokio::runtime::Handle;

/// Does `work`; on a thread of its own where this one belongs to an asynchronous runtime.
///
/// The client waits by running a runtime, and no runtime can run inside another one. The caller's thread waits all the
/// same, so asynchronous programs should call stores from threads that may wait.
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if Handle::try_current().is_err() {
        return work();
    }
    std::thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|panic| resume_unwind(panic))
}

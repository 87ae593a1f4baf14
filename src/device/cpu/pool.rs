//! The threads of the CPU device.

use std::sync::Arc;

/// The threads to run on: rayon's own, or a fixed number.
#[derive(Clone)]
pub(super) struct Pool(pub(super) Option<Arc<rayon::ThreadPool>>);

impl Pool {
    pub(super) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// [`Pool::run`], on one of the threads even if they are rayon's own.
    pub(super) fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.run(|| rayon::scope(|_| work()))
    }
}

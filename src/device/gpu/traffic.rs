//! Counts what passes between the host and a device.

use crate::device::TransferCounts;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the last [`Traffic::take`].
#[derive(Default)]
pub(super) struct Traffic {
    submissions: AtomicU64,
    read_backs: AtomicU64,
    read_bytes: AtomicU64,
    written_bytes: AtomicU64,
}

impl Traffic {
    pub(super) fn submitted(&self) {
        self.submissions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, bytes: u64) {
        self.read_backs.fetch_add(1, Ordering::Relaxed);
        self.read_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn written(&self, bytes: usize) {
        self.written_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Returns the counts and starts again from zero.
    pub(super) fn take(&self) -> TransferCounts {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        TransferCounts {
            submissions: take(&self.submissions),
            read_backs: take(&self.read_backs),
            read_bytes: take(&self.read_bytes),
            written_bytes: take(&self.written_bytes),
        }
    }
}

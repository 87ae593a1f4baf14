//! Memory that the host shares with a device, and that is used again.

use super::lock::lock;
use std::sync::Mutex;
use std::sync::mpsc::Receiver;
use wgpu::BufferAsyncError;

/// Bytes of a buffer for read-backs that is kept: the least and the most.
pub(super) const KEPT: std::ops::RangeInclusive<u64> = 1 << 16..=8 << 20;
/// How many of them are kept.
const KEPT_BUFFERS: usize = 8;

/// Buffers for read-backs that are done, so that a read-back need not make one.
#[derive(Default)]
pub(super) struct ReadBacks(Mutex<Vec<wgpu::Buffer>>);

impl ReadBacks {
    /// Takes the smallest buffer that has room for `size` bytes.
    pub(super) fn take(&self, size: u64) -> Option<wgpu::Buffer> {
        let mut kept = lock(&self.0);
        let fits = kept.iter().enumerate().filter(|(_, buffer)| buffer.size() >= size);
        let (at, _) = fits.min_by_key(|(_, buffer)| buffer.size())?;
        Some(kept.swap_remove(at))
    }

    /// Keeps a buffer, if there is room for it.
    pub(super) fn put(&self, buffer: wgpu::Buffer) {
        let mut kept = lock(&self.0);
        if KEPT.contains(&buffer.size()) && kept.len() < KEPT_BUFFERS {
            kept.push(buffer);
        }
    }
}

/// The buffers of the last uploads, the oldest first.
#[derive(Default)]
pub(super) struct Uploads(pub(super) Mutex<Vec<Used>>);

/// A buffer that is mapped again once its bytes have arrived.
pub(super) struct Used {
    pub(super) staging: wgpu::Buffer,
    pub(super) index: wgpu::SubmissionIndex,
    pub(super) mapped: Receiver<std::result::Result<(), BufferAsyncError>>,
}

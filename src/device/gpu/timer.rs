//! Measures the time of each kernel by timestamp queries, for benchmarks.

use super::span::Span;
use crate::device::KernelTime;
use crate::error::Result;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

/// Puts two timestamps around each dispatch. While the timer is on, the host waits for every dispatch: the times are
/// those of the device alone, and the host is slower.
pub(super) struct Timer {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    /// Seconds per tick.
    period: f64,
    on: AtomicBool,
    times: Mutex<Vec<KernelTime>>,
}

impl Timer {
    /// Makes a timer that is off; none if the device has no timestamps.
    pub(super) fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Option<Self> {
        if !device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return None;
        }
        let queries = device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("timer"),
            ty: wgpu::QueryType::Timestamp,
            count: 2,
        });
        let resolved = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("timer"),
            size: 16,
            usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let period = f64::from(queue.get_timestamp_period()) * 1e-9;
        Some(Self { queries, resolved, period, on: AtomicBool::new(false), times: Mutex::default() })
    }

    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    pub(super) fn writes(&self) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        }
    }

    pub(super) fn resolve(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.resolve_query_set(&self.queries, 0..2, &self.resolved, 0);
    }

    /// Adds the time of the dispatch just submitted.
    pub(super) fn collect(&self, name: &'static str, read: impl FnOnce(Span<'_>) -> Result<Vec<u8>>) -> Result<()> {
        let bytes = read(Span { buffer: &self.resolved, offset: 0, size: 16 })?;
        let mut ticks = bytes.chunks_exact(8).filter_map(|word| word.try_into().ok()).map(u64::from_le_bytes);
        let (begin, end) = (ticks.next().unwrap_or(0), ticks.next().unwrap_or(0));
        let seconds = end.saturating_sub(begin) as f64 * self.period;
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        match times.iter_mut().find(|time| time.name == name) {
            Some(time) => {
                time.seconds += seconds;
                time.dispatches += 1;
            }
            None => times.push(KernelTime { name, seconds, dispatches: 1 }),
        }
        Ok(())
    }

    /// Returns the times so far and starts again from zero.
    pub(super) fn take(&self) -> Vec<KernelTime> {
        std::mem::take(&mut self.times.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

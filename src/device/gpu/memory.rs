//! Makes the buffers of a device, writes to them and reads them back.

use super::context::Context;
use super::lock::lock;
use super::pools::KEPT;
use super::span::Span;
use super::uploads::{SMALL, UploadGroups};
use super::wait;
use crate::error::{ErrorKind, Result};
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use wgpu::BufferUsages;

/// Bytes of a transfer: so many that the cost of a submission does not matter, and few beside the memory of any
/// adapter.
const PIECE: u64 = 32 << 20;

/// A read-back for which the host has not waited.
pub(super) struct Reading {
    staging: wgpu::Buffer,
    size: u64,
    epoch: u32,
    index: wgpu::SubmissionIndex,
}

impl Context {
    /// Makes a zeroed storage buffer.
    pub(super) fn storage(&self, what: &str, size: u64) -> Result<wgpu::Buffer> {
        self.buffer(what, size, BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST)
    }

    /// Returns how many bytes of an upload, or of results, are on the device at once; with an epoch they must fit a
    /// buffer.
    pub(super) fn piece(&self) -> usize {
        (PIECE.min(self.binding / 2)) as usize
    }

    pub(super) fn buffer(&self, what: &str, size: u64, usage: BufferUsages) -> Result<wgpu::Buffer> {
        let size = size.max(1).checked_next_multiple_of(16).unwrap_or(u64::MAX);
        if size > self.binding {
            let Self { name, binding, .. } = self;
            let reason = format!("{what}: {size} bytes in one buffer, of which {name} allows {binding}");
            return Err(ErrorKind::NoAdapter { reason }.into());
        }
        let descriptor = wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: false };
        self.scoped(what, size, || self.device.create_buffer(&descriptor))
    }

    /// Makes a storage buffer that holds `words`.
    pub(super) fn filled<T: bytemuck::NoUninit>(&self, what: &str, words: &[T]) -> Result<wgpu::Buffer> {
        let bytes: &[u8] = bytemuck::cast_slice(words);
        let buffer = self.storage(what, bytes.len() as u64)?;
        self.write(&buffer, 0, bytes)?;
        Ok(buffer)
    }

    /// Writes `bytes` (a multiple of 4) before the next submission.
    pub(super) fn write(&self, buffer: &wgpu::Buffer, offset: u64, bytes: &[u8]) -> Result<()> {
        if bytes.len() < SMALL {
            return self.scoped("an upload", bytes.len() as u64, || self.put(buffer, offset, bytes));
        }
        let write = |first: usize, to: &mut [u8]| {
            to.iter_mut().zip(bytes.iter().skip(first)).for_each(|(to, byte)| *to = *byte);
        };
        self.write_groups(buffer, offset, &UploadGroups { size: 1, count: bytes.len(), write: &write })
    }

    /// Puts bytes into a buffer before the next submission, and counts them.
    pub(super) fn put(&self, buffer: &wgpu::Buffer, offset: u64, bytes: &[u8]) {
        self.traffic.written(bytes.len());
        self.queue.write_buffer(buffer, offset, bytes);
    }

    /// Submits commands, and counts that.
    pub(super) fn submit(&self, commands: impl IntoIterator<Item = wgpu::CommandBuffer>) -> wgpu::SubmissionIndex {
        self.traffic.submitted();
        self.queue.submit(commands)
    }

    /// Reads spans of buffers back, one after the other, as they are after the commands that `before` records.
    pub(super) fn read(&self, spans: &[Span<'_>], before: impl FnOnce(&mut wgpu::CommandEncoder)) -> Result<Vec<u8>> {
        self.start_reading(spans, before).and_then(|reading| self.finish_reading(reading))
    }

    /// Begins a read-back, for which the host waits later.
    ///
    /// After a device is lost, a map that reports success may hold anything. So every read-back ends with an epoch word
    /// that travels through the same submission and must come back.
    pub(super) fn start_reading(
        &self,
        spans: &[Span<'_>],
        before: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<Reading> {
        let size: u64 = spans.iter().map(|span| span.size).sum();
        let staging = match self.read_backs.take(size + 4) {
            Some(staging) => staging,
            None => {
                let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
                let room = (size + 4).max((*KEPT.start()).min(self.binding));
                self.buffer("a read-back", room, usage)?
            }
        };
        self.traffic.read(size + 4);
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed);
        let index = self.scoped("a read-back", size, || {
            let word = lock(&self.epoch_word);
            self.put(&word, 0, &epoch.to_le_bytes());
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            before(&mut encoder);
            let mut at = 0;
            for span in spans {
                encoder.copy_buffer_to_buffer(span.buffer, span.offset, &staging, at, span.size);
                at += span.size;
            }
            encoder.copy_buffer_to_buffer(&word, 0, &staging, at, 4);
            self.submit([encoder.finish()])
        })?;
        Ok(Reading { staging, size, epoch, index })
    }

    /// Waits for a read-back.
    pub(super) fn finish_reading(&self, reading: Reading) -> Result<Vec<u8>> {
        let Reading { staging, size, epoch, index } = reading;
        let (sender, receiver) = mpsc::channel();
        self.scoped("a read-back", size, || {
            staging.map_async(wgpu::MapMode::Read, 0..size + 4, move |result| {
                let _ = sender.send(result);
                wait::notify();
            });
        })?;
        self.wait(index)?;
        match wait::for_answer(&receiver) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(self.failed(format!("a read-back could not be mapped: {error}"))),
            // A wait that failed in another thread took the callback with it, after the mapping: see `wait`.
            Err(mpsc::RecvTimeoutError::Disconnected) => self.check()?,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err(self.check().err().unwrap_or_else(|| self.failed("a read-back was never mapped")));
            }
        }
        let mut bytes = match staging.get_mapped_range(0..size + 4) {
            Ok(view) => view.to_vec(),
            Err(error) => return Err(self.failed(format!("a read-back could not be mapped: {error}"))),
        };
        staging.unmap();
        self.read_backs.put(staging);
        let arrived = bytes.split_off(size as usize);
        if arrived != epoch.to_le_bytes() {
            return Err(self.failed("a read-back did not arrive"));
        }
        self.check()?;
        Ok(bytes)
    }
}

//! Large uploads: all threads write to memory that the host shares with the device, and that is used again and again.
//!
//! For every write `wgpu` makes such memory anew, whose pages the system has to provide first, and one thread copies
//! to it what was laid out elsewhere before.

use super::context::Context;
use super::lock::lock;
use super::pools::Used;
use super::wait;
use crate::error::{Result, try_zeros};
use bytemuck::{NoUninit, Zeroable};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::mpsc;
use wgpu::{BufferUsages, MapMode};

/// Bytes of a piece, for which there is one buffer.
const PIECE: usize = 8 << 20;
/// How many pieces may be on their way at once, and how many buffers are kept.
pub(super) const PIECES: usize = 4;
/// Bytes that one task lays out: so few that they are in the cache when they are copied.
const TASK: usize = 32 << 10;
/// Bytes below which an upload is left to wgpu, which sends it with the next submission.
pub(super) const SMALL: usize = 256 << 10;

/// Bytes that one task writes.
struct Part<'a>(wgpu::WriteOnly<'a, [u8]>);

// SAFETY: a part is the only way to its bytes, like a `&mut [u8]`, which threads may hand over too. `WriteOnly` itself
// says so of arrays.
unsafe impl Send for Part<'_> {}

/// Values in groups, such as the components of rows.
pub(super) struct UploadGroups<'a, T> {
    /// How many values a group has.
    pub(super) size: usize,
    pub(super) count: usize,
    /// Writes all values of the groups from this one on, as many as there is room for.
    pub(super) write: &'a (dyn Fn(usize, &mut [T]) + Sync),
}

impl<T: NoUninit + Zeroable> UploadGroups<'_, T> {
    fn bytes(&self) -> usize {
        (self.size * size_of::<T>()).max(1)
    }

    /// Writes some of the groups to `to`, whose parts are laid out by all threads.
    fn write_to(&self, groups: Range<usize>, mut to: wgpu::WriteOnly<'_, [u8]>) {
        let at_once = (TASK / self.bytes()).max(1);
        let (firsts, end) = (groups.clone().step_by(at_once), groups.end);
        let parts = firsts.map_while(|first| {
            let count = at_once.min(end - first);
            Some((first, count, Part(to.split_off(..count * self.bytes())?)))
        });
        let parts: Vec<(usize, usize, Part<'_>)> = parts.collect();
        parts.into_par_iter().for_each_init(Vec::new, |values: &mut Vec<T>, (first, count, mut to)| {
            values.resize(count * self.size, T::zeroed());
            (self.write)(first, values);
            to.0.copy_from_slice(bytemuck::cast_slice(values));
        });
    }
}

impl Context {
    /// Writes groups of values, one after the other from byte `offset` on, before the next submission.
    pub(super) fn write_groups<T: NoUninit + Zeroable>(
        &self,
        buffer: &wgpu::Buffer,
        offset: u64,
        groups: &UploadGroups<'_, T>,
    ) -> Result<()> {
        let bytes = groups.bytes();
        // A browser lends programs copies of such memory, so nothing would be saved there.
        if bytes.saturating_mul(groups.count) < SMALL || cfg!(target_family = "wasm") {
            let mut values = try_zeros(groups.size * groups.count, "an upload")?;
            (groups.write)(0, &mut values);
            return self.scoped("an upload", (bytes * groups.count) as u64, || {
                self.put(buffer, offset, bytemuck::cast_slice(&values));
            });
        }
        let at_once = (PIECE.min(self.piece()) / bytes).max(1);
        for first in (0..groups.count).step_by(at_once) {
            let here = first..groups.count.min(first + at_once);
            self.send(buffer, offset + (first * bytes) as u64, (here.len() * bytes) as u64, |to| {
                groups.write_to(here, to);
            })?;
        }
        Ok(())
    }

    /// Sends `size` bytes that `write` writes.
    fn send(
        &self,
        buffer: &wgpu::Buffer,
        offset: u64,
        size: u64,
        write: impl FnOnce(wgpu::WriteOnly<'_, [u8]>),
    ) -> Result<()> {
        let staging = self.staging()?;
        match staging.get_mapped_range_mut(0..size) {
            Ok(mut view) => write(view.slice(..)),
            Err(error) => return Err(self.failed(format!("an upload could not be mapped: {error}"))),
        }
        staging.unmap();
        self.traffic.written(size as usize);
        let (sender, mapped) = mpsc::channel();
        let index = self.scoped("an upload", size, || {
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(&staging, 0, buffer, offset, size);
            let index = self.submit([encoder.finish()]);
            staging.map_async(MapMode::Write, .., move |result| {
                let _ = sender.send(result);
                wait::notify();
            });
            index
        })?;
        lock(&self.uploads.0).push(Used { staging, index, mapped });
        Ok(())
    }

    /// Returns a mapped buffer of the size of a piece.
    fn staging(&self) -> Result<wgpu::Buffer> {
        let mut used = lock(&self.uploads.0);
        let is_free = used.first().is_some_and(|oldest| matches!(oldest.mapped.try_recv(), Ok(Ok(()))));
        if is_free {
            return Ok(used.remove(0).staging);
        }
        if used.len() < PIECES {
            drop(used);
            return self.mapped("an upload", PIECE.min(self.piece()) as u64);
        }
        let Used { staging, index, mapped } = used.remove(0);
        drop(used);
        self.wait(index)?;
        match wait::for_answer(&mapped) {
            Ok(Ok(())) => Ok(staging),
            _ => Err(self.check().err().unwrap_or_else(|| self.failed("an upload was never mapped"))),
        }
    }

    /// Makes a buffer that the host may write to.
    fn mapped(&self, what: &str, size: u64) -> Result<wgpu::Buffer> {
        let usage = BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC;
        let descriptor = wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: true };
        self.scoped(what, size, || self.device.create_buffer(&descriptor))
    }
}

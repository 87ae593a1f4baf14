//! A holder of rows that is asked in bytes.

use super::request::{Request, State};
use super::shard::Shard;
use crate::device::{Device, Purpose};
use crate::error::{ErrorKind, Result};
use crate::rows::Rows;

/// Holds the rows of one shard and answers requests about them.
///
/// # Exactness
/// The same request has the same answer, whatever was asked before, and from any worker with these rows: what a worker
/// keeps on its device is a cache, never a source.
pub struct Worker<'a> {
    shard: Shard<'a>,
    dim: usize,
}

impl<'a> Worker<'a> {
    /// A worker for `rows`, of which the first one has the number `first` among the rows of all shards.
    pub fn new(rows: &'a dyn Rows, first: u64, device: &Device) -> Self {
        Self { shard: Shard::new(rows, 0..rows.len(), first, device, Purpose::Fit), dim: rows.dim() }
    }

    #[cfg(test)]
    pub(super) fn shard(&mut self) -> &mut Shard<'a> {
        &mut self.shard
    }

    /// Answers a request of [`Request::to_bytes`] by the bytes of a [`crate::shards::Reply`].
    ///
    /// # Errors
    /// [`ErrorKind::Message`] for bytes that are no request, [`ErrorKind::DimMismatch`] for a request about rows of
    /// other dimensions, and what devices and sources can meet.
    pub fn answer(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        let request = Request::from_bytes(request)?;
        let State { quantization, .. } = &*request.state;
        let expected = quantization.grid.dim();
        if expected != self.dim {
            return Err(ErrorKind::DimMismatch { expected, found: self.dim }.into());
        }
        Ok(self.shard.answer(&request, &mut None, &mut || Ok(()))?.to_bytes())
    }
}

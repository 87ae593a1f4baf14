//! Holds rows and answers requests in bytes.

use super::request::{Request, State};
use super::shard::Shard;
use crate::device::{Device, Purpose};
use crate::error::{ErrorKind, Result};
use crate::rows::Rows;
use crate::weights::Weights;
use std::ops::Range;

/// Holds the rows of one shard and answers requests about them.
///
/// # Exactness
/// The same request has the same answer, whatever was asked before, and from any worker with these rows: what a worker
/// keeps on its device is a cache, never a source.
pub struct Worker<'a> {
    shard: Shard<'a>,
    /// The number of rows that the worker was made with; the shard has some of them, or all.
    len: usize,
    dim: usize,
}

impl<'a> Worker<'a> {
    /// Makes a worker for `rows`; the first of them has the number `first` among the rows of all shards.
    pub fn new(rows: impl Rows + Send + 'a, first: u64, device: &Device) -> Self {
        let (len, dim) = (rows.len(), rows.dim());
        Self { shard: Shard::new(rows, 0..len, first, device, Purpose::Fit), len, dim }
    }

    /// Makes a worker for some of `rows`, which are the rows of all shards; a span beyond their end has no rows there.
    pub fn part(rows: impl Rows + Send + 'a, span: Range<usize>, device: &Device) -> Self {
        let (len, dim) = (rows.len(), rows.dim());
        let span = span.start.min(len)..span.end.min(len);
        Self { shard: Shard::new(rows, span, 0, device, Purpose::Fit), len, dim }
    }

    /// Lets the rows count as often as `weights` say, one for each of the rows that the worker was made with. The
    /// number of the first row is then the sum of the weights before it, and [`Worker::rows`] the sum of those of the
    /// shard.
    ///
    /// # Errors
    /// [`ErrorKind::RowCount`] where there is not one weight for each row.
    pub fn weighted(self, weights: &Weights) -> Result<Self> {
        weights.check(self.len)?;
        Ok(Self { shard: self.shard.weighted(Some(weights.clone())), ..self })
    }

    /// Returns the number of rows, each as often as it counts.
    pub fn rows(&self) -> u64 {
        self.shard.rows()
    }

    /// Returns the number of dimensions, D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    #[cfg(test)]
    pub(super) fn shard(&mut self) -> &mut Shard<'a> {
        &mut self.shard
    }

    /// Answers a request, given by [`Request::to_bytes`], with the bytes of a [`crate::shards::Reply`].
    ///
    /// # Errors
    /// [`ErrorKind::Message`] for bytes that are no request, [`ErrorKind::DimMismatch`] for a request about rows with
    /// another number of dimensions, and any error of the device and of reading rows.
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

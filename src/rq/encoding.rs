//! One way of encoding with a model: by distance alone or with prices, row by row or within capacities.

use super::encode::Sink;
use super::model::RqKMeansModel;
use crate::device::Device;
use crate::encoder::Encoder;
use crate::error::{ErrorKind, Result};
use crate::quantizer::{EncodeOptions, EncodeReport};
use crate::rows::Rows;
use std::sync::Arc;

pub(super) struct Encoding<'a> {
    pub(super) model: &'a RqKMeansModel,
    pub(super) options: &'a EncodeOptions,
}

impl RqKMeansModel {
    /// Encodes by the nearest codewords, or as the encoder is told to.
    pub fn encoder(&self) -> Encoder {
        Encoder::new(Arc::new(self.clone()))
    }
}

impl<'a> Encoding<'a> {
    pub(super) fn run(&self, rows: &dyn Rows, device: &Device, sink: Sink<'_>) -> Result<EncodeReport> {
        if self.options.priced && self.model.prices().is_none() {
            return Err(ErrorKind::NoPrices.into());
        }
        if rows.dim() != self.model.dim() {
            return Err(ErrorKind::DimMismatch { expected: self.model.dim(), found: rows.dim() }.into());
        }
        match self.options.capacity {
            None => self.encode_chunks(rows, device, sink),
            Some(capacity) => self.encode_whole(capacity, rows, device, sink),
        }
    }

    /// Prices of a level, where they matter.
    pub(super) fn prices(&self, level: usize) -> Option<&'a [i64]> {
        let prices = self.model.prices().filter(|_| self.options.priced)?;
        prices.get(level).map(Vec::as_slice)
    }
}

//! One way of encoding with a model: by distance alone, by a beam or with prices, row by row or within capacities.

use super::chunks::Sink;
use super::model::RqKMeansModel;
use crate::beam::Beam;
use crate::device::Device;
use crate::encoder::Encoder;
use crate::error::{Error, ErrorKind, Result};
use crate::labels::Labels;
use crate::quantizer::{CandidateSink, EncodeOptions, EncodeReport};
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
        self.check(rows)?;
        match (self.options.capacity, self.beam()) {
            (Some(capacity), _) => self.encode_whole(capacity, rows, device, sink),
            (None, 1) => self.encode_rows(rows, device, sink),
            (None, width) => self.encode_beam(width, rows, device, sink),
        }
    }

    /// Returns the width of the beam: the one asked for, or that of the model.
    fn beam(&self) -> usize {
        self.options.beam.unwrap_or(self.model.beam)
    }

    /// Finds the `count` codes of the smallest total distances of every row, by a beam that is as wide as `count` or
    /// the model's beam unless the options say otherwise.
    pub(super) fn run_candidates(
        &self,
        count: usize,
        rows: &dyn Rows,
        device: &Device,
        sink: &mut CandidateSink<'_>,
    ) -> Result<EncodeReport> {
        let width = count.max(self.model.beam);
        let options = EncodeOptions { beam: self.options.beam.or(Some(width)), ..self.options.clone() };
        Encoding { model: self.model, options: &options }.check(rows)?;
        let beam = Beam { width: options.beam.unwrap_or(width), count };
        self.candidates(beam, rows, device, sink)
    }

    fn check(&self, rows: &dyn Rows) -> Result<()> {
        let EncodeOptions { priced, capacity, beam, labels } = self.options;
        self.check_labels(labels.as_ref(), rows.len())?;
        if *priced && self.model.prices().is_none() {
            return Err(ErrorKind::NoPrices.into());
        }
        if let Some(width) = beam.filter(|_| *priced || capacity.is_some()) {
            let expected = "must be left out with prices or capacities: a beam compares total distances, without these";
            return Err(Error::parameter("beam", width, expected));
        }
        match rows.dim() == self.model.dim() {
            true => Ok(()),
            false => Err(ErrorKind::DimMismatch { expected: self.model.dim(), found: rows.dim() }.into()),
        }
    }

    /// Refuses labels that are not those of the rows, and capacities of a model that takes labels.
    fn check_labels(&self, labels: Option<&Labels>, rows: usize) -> Result<()> {
        let tables = self.model.label_tables().len();
        if let Some(labels) = labels {
            labels.check(rows, tables)?;
        }
        match self.options.capacity.filter(|_| tables > 0) {
            Some(capacity) => {
                let expected = "must be left out, as labels give codes of this model";
                Err(Error::parameter("capacity", capacity, expected))
            }
            None => Ok(()),
        }
    }

    /// Prices of a level, where they matter.
    pub(super) fn prices(&self, level: usize) -> Option<&'a [i64]> {
        let prices = self.model.prices().filter(|_| self.options.priced)?;
        prices.get(level).map(Vec::as_slice)
    }
}

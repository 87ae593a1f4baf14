//! Compares metrics with other implementations, on every device, and tries bad input.

mod collision_kinds;
mod curve;
mod devices;
mod drift;
mod golden;
mod integers;
mod margins;
mod nearest;
mod properties;
mod refused;
mod shuffled;

use super::Quantizer;
use crate::quantizer::{EncodeOptions, Sink};
use crate::rq::EncodeReport;
use crate::{Codes, Device, Error, Metric, Rows};

/// A model that consists of codebooks only: codes decode to the sum of their codewords.
pub(super) struct Codebooks {
    pub(super) metric: Metric,
    pub(super) books: Vec<Vec<Vec<f32>>>,
}

impl Quantizer for Codebooks {
    fn dim(&self) -> usize {
        self.books[0][0].len()
    }

    fn clusters(&self) -> Vec<usize> {
        self.books.iter().map(Vec::len).collect()
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn kind(&self) -> &'static str {
        "codebooks"
    }

    fn fingerprint(&self) -> String {
        String::new()
    }

    fn encode_quantized(
        &self,
        rows: &dyn Rows,
        _: &Device,
        _: &EncodeOptions,
        sink: &mut Sink<'_>,
    ) -> Result<EncodeReport, Error> {
        sink(0, &vec![0; rows.len() * self.books.len()])?;
        Ok(EncodeReport::default())
    }

    fn decode_levels(&self, codes: &Codes, levels: usize, _: &Device) -> Result<Vec<f32>, Error> {
        let sum = |codes: &[u32], d: usize| {
            let parts = self.books.iter().zip(codes).take(levels);
            parts.map(|(book, code)| f64::from(book[*code as usize][d])).sum::<f64>() as f32
        };
        Ok(codes.rows().flat_map(|codes| (0..self.dim()).map(move |d| sum(codes, d))).collect())
    }
}

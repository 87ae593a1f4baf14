//! The part of a model that metrics need, whatever its kind.

use crate::device::Device;
use crate::error::Result;
use crate::model::Model;
use crate::rows::{Rows, out_of_range};
use crate::rq::{Codes, Metric, RqKMeansModel};
use crate::vae::RqVaeModel;

/// A model that turns rows into codes and codes into rows: all that [`Evaluation`](super::Evaluation) asks of it.
///
/// Implemented by the models of this crate; implement it to measure another one.
pub trait Quantizer: Sync {
    /// Number of dimensions of a row, D.
    fn dim(&self) -> usize;

    /// Clusters of every level.
    fn clusters(&self) -> Vec<usize>;

    /// How distances between rows are understood.
    fn metric(&self) -> Metric;

    /// Whether decoding gives the rows back, apart from an error; rows of unit length for the cosine metric.
    fn reconstructs(&self) -> bool;

    /// Codes of all rows.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, L).
    ///
    /// # Errors
    /// What the rows, the device and the source can meet.
    fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes>;

    /// Rows of the first `levels` levels of all codes; `device` runs a decoder where there is one.
    ///
    /// # Shapes
    /// `codes` (N, L) gives values (N, D), row by row; `levels` is 1 to L.
    ///
    /// # Errors
    /// Codes or levels that the model does not have, and what devices can meet.
    fn decode_levels(&self, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>>;
}

impl Quantizer for RqKMeansModel {
    fn dim(&self) -> usize {
        self.dim()
    }

    fn clusters(&self) -> Vec<usize> {
        self.clusters()
    }

    fn metric(&self) -> Metric {
        self.metric()
    }

    fn reconstructs(&self) -> bool {
        !self.normalize_residuals()
    }

    fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        self.encode(rows, device)
    }

    fn decode_levels(&self, codes: &Codes, levels: usize, _: &Device) -> Result<Vec<f32>> {
        self.decode_levels(codes, levels)
    }
}

/// Rows and distances are those of the embeddings, not of their latents.
impl Quantizer for RqVaeModel {
    fn dim(&self) -> usize {
        self.dim()
    }

    fn clusters(&self) -> Vec<usize> {
        self.quantizer().clusters()
    }

    fn metric(&self) -> Metric {
        Metric::L2
    }

    fn reconstructs(&self) -> bool {
        true
    }

    fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        self.encode(rows, device)
    }

    fn decode_levels(&self, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>> {
        self.decode_levels(codes, levels, device)
    }
}

impl Quantizer for Model {
    fn dim(&self) -> usize {
        self.kind_of().dim()
    }

    fn clusters(&self) -> Vec<usize> {
        self.kind_of().clusters()
    }

    fn metric(&self) -> Metric {
        self.kind_of().metric()
    }

    fn reconstructs(&self) -> bool {
        self.kind_of().reconstructs()
    }

    fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        self.kind_of().encode(rows, device)
    }

    fn decode_levels(&self, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>> {
        self.kind_of().decode_levels(codes, levels, device)
    }
}

impl Model {
    fn kind_of(&self) -> &dyn Quantizer {
        match self {
            Self::RqKMeans(model) => model,
            Self::RqVae(model) => &**model,
        }
    }
}

/// Rows that IDs decode to; reading decodes them.
pub(super) struct DecodedRows<'a> {
    pub(super) model: &'a dyn Quantizer,
    pub(super) codes: &'a Codes,
    pub(super) device: &'a Device,
}

impl Rows for DecodedRows<'_> {
    fn len(&self) -> usize {
        self.codes.len()
    }

    fn dim(&self) -> usize {
        self.model.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let levels = self.codes.levels();
        let (start, count) = (first.saturating_mul(levels), out.len() / self.dim().max(1));
        let codes = self.codes.values().get(start..start.saturating_add(count.saturating_mul(levels)));
        let codes = codes.ok_or_else(|| out_of_range(first, self.len()))?;
        let decoded = decode_finite(self.model, &Codes::new(codes.to_vec(), levels)?, levels, self.device)?;
        out.iter_mut().zip(decoded).for_each(|(out, value)| *out = value);
        Ok(())
    }
}

/// [`Quantizer::decode_levels`] where rows can be: a sum of codewords may lie beyond the largest f32.
pub(super) fn decode_finite(model: &dyn Quantizer, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>> {
    let mut decoded = model.decode_levels(codes, levels, device)?;
    decoded.iter_mut().for_each(|value| *value = value.clamp(f32::MIN, f32::MAX));
    Ok(decoded)
}

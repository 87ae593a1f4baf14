//! Codes as the integers that their codewords add up to.

use crate::codes::Codes;
use crate::error::{Error, Result, try_zeros};
use crate::quantizer::Quantizer;

/// Values of a chunk of points.
const CHUNK_VALUES: usize = 1 << 20;
/// Largest magnitude of a point, as [`Quantizer::point`] promises: distances then fit into 64 bits, and devices hold
/// points exactly.
const LARGEST: i64 = 1 << 23;

/// Codes of a model that [decodes to points](Quantizer::decodes_to_points).
pub(super) struct Integers<'a> {
    pub(super) model: &'a dyn Quantizer,
    pub(super) codes: &'a Codes,
}

impl Integers<'_> {
    pub(super) fn len(&self) -> usize {
        self.codes.len()
    }

    pub(super) fn dim(&self) -> usize {
        self.model.dim()
    }

    /// Calls `use_points` with some of the points at a time, in order, as the place of the first among them and their
    /// values: all, or those of the `chosen` rows.
    pub(super) fn each_chunk(
        &self,
        chosen: Option<&[usize]>,
        use_points: &mut dyn FnMut(usize, &[i32]) -> Result<()>,
    ) -> Result<()> {
        let (dim, levels, len) = (self.dim(), self.codes.levels(), chosen.map_or(self.len(), <[usize]>::len));
        let step = (CHUNK_VALUES / dim.max(1)).max(1);
        let mut buffer = try_zeros(step.min(len).saturating_mul(dim), "a chunk of points")?;
        for first in (0..len).step_by(step) {
            let places = first..len.min(first.saturating_add(step));
            let points = buffer.get_mut(..places.len() * dim).unwrap_or_default();
            for (place, out) in places.zip(points.chunks_exact_mut(dim)) {
                let row = chosen.map_or(place, |chosen| chosen.get(place).copied().unwrap_or(0));
                let codes = self.codes.values().get(row * levels..(row + 1) * levels).unwrap_or_default();
                for (out, value) in out.iter_mut().zip(self.model.point(codes)?) {
                    *out = narrow(value)?;
                }
            }
            use_points(first, points)?;
        }
        Ok(())
    }
}

fn narrow(value: i64) -> Result<i32> {
    let within = (-LARGEST..=LARGEST).contains(&value).then_some(value as i32);
    within.ok_or_else(|| Error::parameter("point", value, "must have components within 2^23"))
}

//! Replies as bytes.

use super::bytes::{Reader, Writer};
use super::partial;
use crate::error::Result;
use crate::grid::Range;
use crate::population::request::{Answer, FarRow, Reply};

const LETTERS: &[u8; 4] = b"SIDr";

impl Reply {
    /// The reply as bytes: `SIDr` and the version (u32, 1), a number for the answer (u8) and the answer.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::new(LETTERS);
        match &self.0 {
            Answer::Range(range) => {
                to.u8(0);
                to.list(range.min(), f32::to_le_bytes);
                to.list(range.max(), f32::to_le_bytes);
            }
            Answer::Saturated(values) => {
                to.u8(1);
                to.u64(*values);
            }
            Answer::Sums(sums) => {
                to.u8(2);
                partial::write(sums, &mut to);
            }
            Answer::Potential(sum) => {
                to.u8(3);
                to.u128(*sum);
            }
            Answer::Places(places) => {
                to.u8(4);
                to.list(places, u64::to_le_bytes);
            }
            Answer::Weights(weights) => {
                to.u8(5);
                to.list(weights, u64::to_le_bytes);
            }
            Answer::Farthest(rows) => {
                to.u8(6);
                to.list(rows, far_row_to_bytes);
            }
            Answer::Rows(values) => {
                to.u8(7);
                to.list(values, i32::to_le_bytes);
            }
        }
        to.finish()
    }

    /// The reply of [`Reply::to_bytes`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::Message`] for bytes of another kind or version, of a wrong length, or with values out of
    /// range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut from = Reader::new("reply", LETTERS, bytes)?;
        let answer = match from.u8()? {
            0 => {
                let (min, max) = (from.list(f32::from_le_bytes)?, from.list(f32::from_le_bytes)?);
                Answer::Range(Range::from_parts(min, max).ok_or_else(|| from.unusable("its range is none"))?)
            }
            1 => Answer::Saturated(from.u64()?),
            2 => Answer::Sums(partial::read(&mut from)?),
            3 => Answer::Potential(from.u128()?),
            4 => Answer::Places(from.list(u64::from_le_bytes)?),
            5 => Answer::Weights(from.list(u64::from_le_bytes)?),
            6 => Answer::Farthest(from.list(far_row_from_bytes)?),
            7 => Answer::Rows(from.list(i32::from_le_bytes)?),
            other => return Err(from.unusable(format!("no answer has the number {other}"))),
        };
        from.finish()?;
        Ok(Self(answer))
    }
}

/// Distance and place (u64 each), and code (u32).
const FAR_ROW: usize = 20;

fn far_row_to_bytes(row: FarRow) -> [u8; FAR_ROW] {
    let mut bytes = [0; FAR_ROW];
    let fields = row.distance.to_le_bytes().into_iter().chain(row.place.to_le_bytes()).chain(row.code.to_le_bytes());
    bytes.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
    bytes
}

fn far_row_from_bytes(bytes: [u8; FAR_ROW]) -> FarRow {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    let (distance, rest) = bytes.split_at(8);
    let (place, code) = rest.split_at(8);
    FarRow { distance: number(distance), place: number(place), code: number(code) as u32 }
}

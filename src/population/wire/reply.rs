//! The byte form of replies.

use super::bytes::{Reader, Writer};
use super::{joint, loaded, partial};
use crate::error::Result;
use crate::grid::GridSketch;
use crate::population::request::{Answer, FarRow, Reply};

const LETTERS: &[u8; 4] = b"SIDr";

impl Reply {
    /// Returns the reply as bytes: `SIDr` and the version (u32, 1), the number of the answer's kind (u8), and the
    /// answer.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::new(LETTERS);
        match &self.0 {
            Answer::Sketch(sketch) => {
                to.u8(0);
                to.list(&sketch.to_bytes(), |byte: u8| [byte]);
            }
            Answer::Loaded(loaded) => {
                to.u8(1);
                loaded::write(loaded, &mut to);
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
            Answer::Joint(sums) => {
                to.u8(8);
                joint::write(sums, &mut to);
            }
        }
        to.finish()
    }

    /// Reads the bytes of [`Reply::to_bytes`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::Message`] for bytes of another kind or version, of a wrong length, or with values out of
    /// range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut from = Reader::new("reply", LETTERS, bytes)?;
        let answer = match from.u8()? {
            0 => {
                let sketch = GridSketch::from_bytes(&from.list(|[byte]| byte)?);
                Answer::Sketch(sketch.map_err(|error| from.unusable(error.to_string()))?)
            }
            1 => Answer::Loaded(loaded::read(&mut from)?),
            2 => Answer::Sums(partial::read(&mut from)?),
            3 => Answer::Potential(from.u128()?),
            4 => Answer::Places(from.list(u64::from_le_bytes)?),
            5 => Answer::Weights(from.list(u64::from_le_bytes)?),
            6 => Answer::Farthest(from.list(far_row_from_bytes)?),
            7 => Answer::Rows(from.list(i32::from_le_bytes)?),
            8 => Answer::Joint(joint::read(&mut from)?),
            other => return Err(from.unusable(format!("no answer has the number {other}"))),
        };
        from.finish()?;
        Ok(Self(answer))
    }
}

/// The bytes of a far row: distance and place (u64 each), and code (u32).
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

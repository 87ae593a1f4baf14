//! The byte form of requests.

use super::bytes::{Reader, Writer};
use super::state::{self, read_codebook, write_codebook};
use crate::beam::MOST_WIDTH;
use crate::codebook::{CODEWORDS_MAX, largest_sum};
use crate::error::Result;
use crate::population::request::{Reduction, Request, State};
use crate::{MAX_CLUSTERS, MAX_LEVELS};
use std::sync::Arc;

const LETTERS: &[u8; 4] = b"SIDq";

impl Request {
    /// Returns the request as bytes: `SIDq` and the version (u32, 1), the state, the number of the reduction's kind
    /// (u8), and its arguments.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotWhole`] where a level was balanced, because its codes belong to all rows together.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut to = Writer::new(LETTERS);
        state::write(&self.state, &mut to)?;
        match &self.reduction {
            Reduction::Sketch => to.u8(0),
            Reduction::Loaded => to.u8(1),
            Reduction::Assign { before, now } => {
                to.u8(2);
                to.u8(u8::from(before.is_some()));
                before.iter().for_each(|before| write_codebook(before, &mut to));
                write_codebook(now, &mut to);
            }
            Reduction::Potential { candidates } => {
                to.u8(3);
                write_codebook(candidates, &mut to);
            }
            Reduction::Draw { candidates, values } => {
                to.u8(4);
                write_codebook(candidates, &mut to);
                to.list(values, u128::to_le_bytes);
            }
            Reduction::Weights { candidates } => {
                to.u8(5);
                write_codebook(candidates, &mut to);
            }
            Reduction::Farthest { codebook, count } => {
                to.u8(6);
                write_codebook(codebook, &mut to);
                to.u64(*count as u64);
            }
            Reduction::Gather { places } => {
                to.u8(7);
                to.list(places, u64::to_le_bytes);
            }
            Reduction::Joint { levels, beam } => {
                to.u8(8);
                to.u32(levels.len() as u32);
                levels.iter().for_each(|level| write_codebook(level, &mut to));
                to.u32(u32::try_from(*beam).unwrap_or(u32::MAX));
            }
        }
        Ok(to.finish())
    }

    /// Reads the bytes of [`Request::to_bytes`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::Message`] for bytes of another kind or version, of a wrong length, or with values out of
    /// range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new("request", LETTERS, bytes)?;
        let from = &mut reader;
        let state = state::read(from)?;
        let dim = state.quantization.grid.dim();
        let candidates = |from: &mut Reader<'_>| read_codebook(from, dim, usize::MAX);
        let codebook = |from: &mut Reader<'_>| read_codebook(from, dim, MAX_CLUSTERS);
        let reduction = match from.u8()? {
            0 => Reduction::Sketch,
            1 => Reduction::Loaded,
            2 => {
                let before = if from.flag()? { Some(codebook(from)?) } else { None };
                Reduction::Assign { before, now: codebook(from)? }
            }
            3 => Reduction::Potential { candidates: candidates(from)? },
            4 => Reduction::Draw { candidates: candidates(from)?, values: from.list(u128::from_le_bytes)? },
            5 => Reduction::Weights { candidates: candidates(from)? },
            6 => {
                let (codebook, count) = (codebook(from)?, from.u64()?);
                Reduction::Farthest { codebook, count: usize::try_from(count).unwrap_or(usize::MAX) }
            }
            7 => Reduction::Gather { places: from.list(u64::from_le_bytes)? },
            8 => joint(&state, from)?,
            other => return Err(from.unusable(format!("no reduction has the number {other}"))),
        };
        let request = Self { state: Arc::new(state), reduction };
        reader.finish()?;
        Ok(request)
    }
}

/// Reads the codebooks of all levels and the width of a beam.
fn joint(state: &State, from: &mut Reader<'_>) -> Result<Reduction> {
    let count = from.u32()? as usize;
    if !(1..=MAX_LEVELS).contains(&count) || !state.levels.is_empty() || state.quantization.normalize_residuals {
        return Err(from.unusable("its levels cannot be refined together"));
    }
    let mut levels = Vec::new();
    for _ in 0..count {
        levels.push(read_codebook(from, state.quantization.grid.dim(), MAX_CLUSTERS)?);
    }
    if largest_sum(levels.iter().map(|level| &**level)) > CODEWORDS_MAX {
        return Err(from.unusable("its codewords add up to more than 2^23"));
    }
    match from.u32()? as usize {
        beam if (1..=MOST_WIDTH).contains(&beam) => Ok(Reduction::Joint { levels, beam }),
        beam => Err(from.unusable(format!("its beam is {beam} wide"))),
    }
}

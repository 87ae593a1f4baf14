//! The byte form of states and codebooks.

use super::bytes::{Reader, Writer};
use crate::codebook::{CODEWORDS_MAX, Codebook, largest_sum};
use crate::error::{ErrorKind, Result};
use crate::grid::{EXPONENTS, Grid};
use crate::population::request::{FittedLevel, State};
use crate::quantization::{Metric, Quantization};
use crate::rng::Sample;
use crate::{MAX_CLUSTERS, MAX_DIM};
use std::sync::Arc;

/// Writes a state: the sample's seed (u64), whether the sample leaves out rows (u8), and if so its last hash and row
/// (u64 each); the grid's offset (f32 list) and exponent (i32); metric (0 l2, 1 cosine) and normalize_residuals (u8
/// each); the number of levels (u32) and the codewords of each (i32 list).
pub(super) fn write(state: &State, to: &mut Writer) -> Result<()> {
    let State { sample, quantization, levels } = state;
    to.u64(sample.seed);
    to.u8(u8::from(sample.last.is_some()));
    if let Some((hash, row)) = sample.last {
        to.u64(hash);
        to.u64(row);
    }
    to.list(quantization.grid.offset(), f32::to_le_bytes);
    to.u32(quantization.grid.exponent() as u32);
    to.u8(u8::from(quantization.metric == Metric::Cosine));
    to.u8(u8::from(quantization.normalize_residuals));
    to.u32(levels.len() as u32);
    for level in levels {
        // The codes of balanced levels belong to all rows together.
        if level.codes.is_some() {
            return Err(ErrorKind::NotWhole.into());
        }
        write_codebook(&level.codebook, to);
    }
    Ok(())
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<State> {
    let seed = from.u64()?;
    let last = if from.flag()? { Some((from.u64()?, from.u64()?)) } else { None };
    let offset = from.list(f32::from_le_bytes)?;
    let exponent = from.u32()? as i32;
    let metric = if from.flag()? { Metric::Cosine } else { Metric::L2 };
    let normalize_residuals = from.flag()?;
    let dim = offset.len();
    let usable = (1..=MAX_DIM).contains(&dim) && EXPONENTS.contains(&exponent) && offset.iter().all(|x| x.is_finite());
    if !usable {
        return Err(from.unusable("its grid is none"));
    }
    let mut levels = Vec::new();
    for _ in 0..from.u32()? {
        levels.push(FittedLevel { codebook: read_codebook(from, dim, MAX_CLUSTERS)?, codes: None });
    }
    if largest_sum(levels.iter().map(|level| &*level.codebook)) > CODEWORDS_MAX {
        return Err(from.unusable("its codewords add up to more than 2^23"));
    }
    let quantization = Quantization { grid: Grid::new(offset, exponent), metric, normalize_residuals };
    Ok(State { sample: Sample { seed, last }, quantization, levels })
}

pub(super) fn write_codebook(codebook: &Codebook, to: &mut Writer) {
    to.list(codebook.values(), i32::to_le_bytes);
}

/// Reads a codebook of 1 to `most` codewords within 2^24.
pub(super) fn read_codebook(from: &mut Reader<'_>, dim: usize, most: usize) -> Result<Arc<Codebook>> {
    let values = from.list(i32::from_le_bytes)?;
    let clusters = values.len() / dim;
    if !(1..=most).contains(&clusters) || clusters * dim != values.len() {
        return Err(from.unusable(format!("{} values are no codewords of {dim}", values.len())));
    }
    match values.iter().all(|value| value.unsigned_abs() <= 1 << 24) {
        true => Ok(Arc::new(Codebook::new(values, dim))),
        false => Err(from.unusable("a codeword lies beyond 2^24")),
    }
}

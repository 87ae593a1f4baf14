//! Finds the scale and the mean of every block.

use super::{Block, Blocks};
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::grid::{GridSketch, Moments, floor_log2, pow2};
use crate::rows::Rows;
use crate::weights::Weights;
use std::ops::Range;

/// Values read at a time: 4 MiB of f32.
const CHUNK_VALUES: usize = 1 << 20;

impl Blocks {
    /// Finds the scales and the means of blocks: `blocks` has the name, the width and the weight of each, in the order
    /// in which they stand in a row. A block of a row is missing where it is nothing but NaN.
    ///
    /// The mean square of a block is the mean, over the rows that have it, of the squared distance from the mean of
    /// these rows. Scaled blocks have their weight as their mean square, so blocks of equal weight share in the squared
    /// distances between rows equally, however wide they are. A block that is the same in every row keeps its scale.
    ///
    /// # Shapes
    /// `rows` (N, D), where the widths add up to D.
    ///
    /// # Exactness
    /// All sums over rows are exact integers. A row of weight w counts like w copies of it. The rows are read twice, in
    /// pieces.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`]; [`ErrorKind::DimMismatch`] where the widths are not those of the rows;
    /// [`ErrorKind::Parameter`] for a weight that is no finite number above 0, names that are equal, a block without
    /// dimensions, and one that every row lacks; [`ErrorKind::Dim`] for too many dimensions;
    /// [`ErrorKind::NotFinite`] for other NaN and infinities, and for a row that lacks all blocks;
    /// [`ErrorKind::RowCount`] for weights of other rows, [`ErrorKind::NoWeight`] where all are 0; and errors of the
    /// source.
    pub fn fit<S: Into<String>>(
        rows: &dyn Rows,
        blocks: impl IntoIterator<Item = (S, usize, f64)>,
        weights: Option<&Weights>,
    ) -> Result<Self> {
        let blocks: Vec<(String, usize, f64)> = blocks.into_iter().map(|(name, w, of)| (name.into(), w, of)).collect();
        let found = blocks.iter().map(|(_, width, _)| *width).fold(0_usize, usize::saturating_add);
        if found != rows.dim() {
            return Err(ErrorKind::DimMismatch { expected: rows.dim(), found }.into());
        }
        if let Some((name, _, weight)) = blocks.iter().find(|(_, _, weight)| !(weight.is_finite() && *weight > 0.0)) {
            let expected = format!("must be a finite number above 0 (block {name:?})");
            return Err(Error::parameter("weight", weight, expected));
        }
        super::different(&blocks.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>())?;
        if rows.is_empty() {
            return Err(ErrorKind::Empty.into());
        }
        if let Some((name, ..)) = blocks.iter().find(|(_, width, _)| *width == 0) {
            return Err(Error::parameter("block", format!("{name:?}"), "must have dimensions; it has none"));
        }
        weights.map_or(Ok(()), |weights| weights.check_some(rows.len()))?;
        let places: Vec<Range<usize>> = places(blocks.iter().map(|(_, width, _)| *width));
        let mut sketches: Vec<GridSketch> = places.iter().map(|place| GridSketch::new(place.len())).collect();
        let mut counts = vec![0_u64; blocks.len()];
        each_block(rows, &places, weights, &mut |i, values, times| {
            if let (Some(sketch), Some(count)) = (sketches.get_mut(i), counts.get_mut(i)) {
                sketch.add_finite(values);
                *count += times;
            }
        })?;
        if let Some(((name, ..), _)) = blocks.iter().zip(&counts).find(|(_, count)| **count == 0) {
            return Err(Error::parameter(
                "block",
                format!("{name:?}"),
                "must be a block that some row has; every row that counts lacks it",
            ));
        }
        let mut moments: Vec<Moments> = sketches.iter().map(Moments::new).collect();
        each_block(rows, &places, weights, &mut |i, values, times| {
            if let Some(moments) = moments.get_mut(i) {
                moments.add(values, times);
            }
        })?;
        let block = |((name, _, weight), moments): ((String, usize, f64), &Moments)| {
            // A variance is in squared steps of the dimension's own grid, each of 2^-exponent.
            let square = moments.of_dimensions().map(|(_, variance, exponent)| variance * pow2(-2 * exponent));
            let scale = scale(weight, square.fold(0.0, |sum, of| sum + of));
            Block { name, weight, scale, mean: moments.of_dimensions().map(|(mean, ..)| mean).collect() }
        };
        Self::new(blocks.into_iter().zip(&moments).map(block).collect())
    }
}

/// Returns where each block lies in a row.
pub(super) fn places(widths: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut end = 0;
    let place = |width| {
        let start = end;
        end += width;
        start..end
    };
    widths.map(place).collect()
}

/// Calls `each` with the number of a block, its values in a row, and how often the row counts, for every block that a
/// row has.
fn each_block(
    rows: &dyn Rows,
    places: &[Range<usize>],
    weights: Option<&Weights>,
    each: &mut dyn FnMut(usize, &[f32], u64),
) -> Result<()> {
    let (len, dim) = (rows.len(), rows.dim().max(1));
    let step = (CHUNK_VALUES / dim).max(1);
    let mut buffer = try_zeros(step.min(len) * dim, "a chunk of rows")?;
    for first in (0..len).step_by(step) {
        buffer.truncate((len - first).min(step) * dim);
        rows.read(first, &mut buffer)?;
        for (row, values) in (first..).zip(buffer.chunks_exact(dim)) {
            let times = weights.map_or(1, |weights| weights.of(row));
            check(row, values, places)?;
            if times == 0 {
                continue;
            }
            for (i, place) in places.iter().enumerate() {
                let block = values.get(place.clone()).unwrap_or_default();
                if !is_missing(block) {
                    each(i, block, times);
                }
            }
        }
    }
    Ok(())
}

/// Whether a row lacks a block.
pub(super) fn is_missing(block: &[f32]) -> bool {
    block.first().is_some_and(|first| first.is_nan()) && block.iter().all(|x| x.is_nan())
}

/// Refuses a value that is not finite in a block that is not missing, and a row that lacks all blocks.
fn check(row: usize, values: &[f32], places: &[Range<usize>]) -> Result<()> {
    if values.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    let refused = |column: usize| {
        let value = values.get(column).copied().unwrap_or(f32::NAN);
        Err(ErrorKind::NotFinite { row, column, value }.into())
    };
    let block = |place: &Range<usize>| values.get(place.clone()).unwrap_or_default();
    let mut there = places.iter().filter(|place| !is_missing(block(place))).peekable();
    if there.peek().is_none() {
        return refused(0);
    }
    let bad = |place: &Range<usize>| Some(place.start + block(place).iter().position(|x| !x.is_finite())?);
    there.find_map(bad).map_or(Ok(()), refused)
}

/// Returns the scale at which a block with this mean square has the mean square `weight`: `sqrt(weight / square)`, by
/// IEEE operations in binary64, rounded to 24 significant bits; 1 for a block that is the same in every row.
fn scale(weight: f64, square: f64) -> f64 {
    let scale = (weight / square).sqrt();
    if scale.is_normal() { short(scale) } else { 1.0 }
}

/// Rounds a positive normal number to 24 significant bits, ties to even.
pub(super) fn short(x: f64) -> f64 {
    let exponent = floor_log2(x).clamp(-1000, 1000);
    f64::from((x * pow2(-exponent)) as f32) * pow2(exponent)
}

//! Approximate inner products through 16-bit integers: twice the rate of f32 on processors with 256-bit vectors.
//!
//! Rows and codewords are scaled to 16-bit integers of length at most [`LENGTH`]. Products of pairs are added in i32,
//! exactly: by Cauchy-Schwarz every partial sum is within `(LENGTH + 46)^2 < 2^31`, 46 > sqrt(8192) / 2 being what
//! rounding can add to a length.

use super::bounds::{Coefficients, GROUP, up};
use super::pairs::{COLUMNS, Group, Multiplier, Pairs, Portable, ROWS};
use super::unit::Unit;

/// Length that vectors are scaled to.
const LENGTH: f32 = 46_000.0;
/// Largest component after scaling.
const COMPONENT: f32 = 32_700.0;
/// Adding 1.5 * 2^23 to an f32 within 2^22 rounds it to an integer, ties to even, that can be read from the bits.
const ROUND: f32 = 12_582_912.0;

/// Codewords as 16-bit integers.
pub(super) struct Packed {
    unit: Unit,
    clusters: usize,
    dim: usize,
    pairs: usize,
    /// Groups of 16 codewords, for every pair of dimensions 16 pairs of components.
    groups: Vec<Group>,
    /// Codeword = integers / scale + rest; twice the inverse of the scale, and the length of the rest (K).
    scales: Vec<f32>,
    spreads: Vec<f64>,
}

impl Packed {
    pub(super) fn new(unit: Unit, values: &[f32], dim: usize) -> Self {
        let (pairs, clusters) = (dim.div_ceil(2), values.len() / dim);
        let mut packed = Self {
            unit,
            clusters,
            dim,
            pairs,
            groups: vec![Group::default(); clusters.div_ceil(GROUP) * pairs],
            scales: Vec::with_capacity(clusters),
            spreads: Vec::with_capacity(clusters),
        };
        let mut integers = vec![0_i16; 2 * pairs];
        for (k, codeword) in values.chunks_exact(dim).enumerate() {
            let square: f64 = codeword.iter().map(|c| f64::from(*c) * f64::from(*c)).sum();
            let (inverse, spread) = round_to_16(codeword, square.sqrt() as f32, &mut integers);
            packed.scales.push(2.0 * inverse);
            packed.spreads.push(spread);
            let (group, lane) = (k / GROUP, k % GROUP);
            let columns = packed.groups.iter_mut().skip(group * pairs);
            for (column, pair) in columns.zip(integers.as_chunks::<2>().0) {
                if let Some(place) = column.0.get_mut(lane) {
                    *place = join(*pair);
                }
            }
        }
        packed.scales.resize(clusters.next_multiple_of(GROUP), 0.0);
        packed
    }

    /// Bound of the length of what rounding took from codeword `k`.
    pub(super) fn spread(&self, k: usize) -> f64 {
        self.spreads.get(k).copied().unwrap_or(f64::INFINITY)
    }

    /// Lower bounds (n, K) of the scores of rows (n, D), and the errors of the rows, see [`super::panel::Panel`].
    #[inline(always)]
    pub(super) fn scores(
        &self,
        rows: &[f32],
        lengths: &[f32],
        of: &Coefficients,
        buffers: &mut Buffers,
        out: &mut [f32],
    ) {
        buffers.round(self, rows, lengths);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = self.unit.avx2() {
            return self.scores_by(simd, of, buffers, out);
        }
        self.scores_by(Portable, of, buffers, out);
    }

    #[inline(always)]
    fn scores_by<M: Multiplier>(&self, multiplier: M, of: &Coefficients, buffers: &Buffers, out: &mut [f32]) {
        let clusters = self.clusters;
        for (g, group) in self.groups.chunks_exact(self.pairs).enumerate() {
            let tiles = buffers.tiles.chunks_exact(self.pairs).zip(buffers.rows.chunks(ROWS));
            for ((tile, rows), out) in tiles.zip(out.chunks_mut(ROWS * clusters)) {
                let sums = multiplier.multiply(tile, group);
                for ((sums, row), out) in sums.iter().zip(rows).zip(out.chunks_exact_mut(clusters)) {
                    self.scores_of_group(g, sums, row, of, out);
                }
            }
        }
    }

    /// Turns the products of a row with the codewords of group `g` into lower bounds of scores.
    #[inline(always)]
    fn scores_of_group(&self, g: usize, sums: &[i32; COLUMNS], row: &Row, of: &Coefficients, out: &mut [f32]) {
        let [scale, norm, slope, tilt] =
            [&self.scales, &of.norm, &of.slope, &of.tilt].map(|list| Coefficients::group(list, g));
        let mut scores = [0.0; GROUP];
        for i in 0..GROUP {
            let product = sums[i] as f32 * (scale[i] * row.inverse);
            scores[i] = ((norm[i] - product) - row.length * slope[i]) - row.error * tilt[i];
        }
        match out.as_chunks_mut::<GROUP>() {
            (whole, _) if g < whole.len() => whole[g] = scores,
            (_, rest) => rest.iter_mut().zip(scores).for_each(|(out, score)| *out = score),
        }
    }
}

/// A row as integers: `row = integers * inverse + rest`.
struct Row {
    inverse: f32,
    length: f32,
    /// Bound of the length of the rest.
    error: f32,
}

/// Rows of a block as 16-bit integers; the memory is reused between blocks.
#[derive(Default)]
pub(super) struct Buffers {
    /// Tiles of [`ROWS`] rows; for every pair of dimensions the pairs of these rows.
    tiles: Vec<Pairs>,
    rows: Vec<Row>,
    integers: Vec<i16>,
}

impl Buffers {
    pub(super) fn errors(&self) -> impl Iterator<Item = f32> {
        self.rows.iter().map(|row| row.error)
    }

    #[inline(always)]
    fn round(&mut self, packed: &Packed, rows: &[f32], lengths: &[f32]) {
        let dim = packed.dim;
        self.rows.clear();
        self.integers.clear();
        self.integers.resize(2 * packed.pairs, 0);
        self.tiles.resize(lengths.len().div_ceil(ROWS) * packed.pairs, [0; ROWS]);
        let places = self.tiles.chunks_exact_mut(packed.pairs);
        for ((tile, rows), lengths) in places.zip(rows.chunks(ROWS * dim)).zip(lengths.chunks(ROWS)) {
            for (r, (row, length)) in rows.chunks_exact(dim).zip(lengths).enumerate() {
                let (inverse, error) = round_to_16(row, *length, &mut self.integers);
                self.rows.push(Row { inverse, length: *length, error: up(error) });
                for (places, pair) in tile.iter_mut().zip(self.integers.as_chunks::<2>().0) {
                    places[r % ROWS] = join(*pair);
                }
            }
        }
    }
}

/// Two i16 in an i32, the first one low.
#[inline(always)]
fn join([first, second]: [i16; 2]) -> i32 {
    i32::from(first as u16) | (i32::from(second) << 16)
}

/// Rounds `row * scale` to integers, for the largest scale that keeps the length within [`LENGTH`] and components
/// within [`COMPONENT`]; returns the inverse of the scale and a bound of the length of `row - integers / scale`.
///
/// # Exactness
/// With `scaled = fl(row * scale)`, `scaled - integer` is exact, and `|row * scale - scaled| <= u |scaled|`. The f32
/// sum of D squares is within a factor 1.001 for D up to 8,192. The length of `row * scale - integers` is then at most
/// `1.001 sqrt(sum) + u LENGTH`, and `u LENGTH < 0.003`. The scale is the inverse of the returned f32 up to u, which
/// moves the quotient by another `u LENGTH` at most.
#[inline(always)]
fn round_to_16(row: &[f32], length: f32, integers: &mut [i16]) -> (f32, f64) {
    let most = largest(row);
    if most == 0.0 {
        integers.fill(0);
        return (1.0, 0.0);
    }
    let inverse = (length / LENGTH).max(most / COMPONENT);
    let scale = 1.0 / inverse;
    let (parts, rest) = row.as_chunks::<LANES>();
    let (outs, out_rest) = integers.as_chunks_mut::<LANES>();
    let mut squares = [0.0; LANES];
    for (part, out) in parts.iter().zip(outs.iter_mut()) {
        *out = round_lanes(part, scale, &mut squares);
    }
    if !rest.is_empty() {
        let mut part = [0.0; LANES];
        part.iter_mut().zip(rest).for_each(|(part, value)| *part = *value);
        let out = round_lanes(&part, scale, &mut squares);
        let places = outs.iter_mut().skip(parts.len()).flatten().chain(out_rest);
        places.zip(out).for_each(|(place, integer)| *place = integer);
    }
    let sum: f32 = squares.iter().sum();
    (inverse, (1.001 * f64::from(sum).sqrt() + 0.01) * f64::from(inverse))
}

const LANES: usize = 16;

/// Rounds 16 components, and adds up the squares of what rounding took.
#[inline(always)]
fn round_lanes(part: &[f32; LANES], scale: f32, squares: &mut [f32; LANES]) -> [i16; LANES] {
    let mut integers = [0_i16; LANES];
    for i in 0..LANES {
        let scaled = part[i] * scale;
        let shifted = scaled + ROUND;
        let rest = scaled - (shifted - ROUND);
        squares[i] += rest * rest;
        // Within 32,701: the lower 16 bits of the difference are the integer.
        integers[i] = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i16;
    }
    integers
}

/// The largest magnitude of a component.
#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let mut most = [0.0_f32; LANES];
    let (parts, rest) = row.as_chunks::<LANES>();
    for part in parts {
        for i in 0..LANES {
            let value = part[i].abs();
            most[i] = if value > most[i] { value } else { most[i] };
        }
    }
    most.iter().chain(rest).fold(0.0, |a: f32, b| a.max(b.abs()))
}

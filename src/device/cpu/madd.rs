//! Approximate inner products through 16-bit integers: twice the rate of f32 on processors with 256-bit vectors.
//!
//! Rows and codewords are scaled to 16-bit integers of length at most [`LENGTH`]. Products of pairs are added in i32,
//! exactly: by Cauchy-Schwarz every partial sum is within `(LENGTH + 46)^2 < 2^31`, 46 > sqrt(8192) / 2 being what
//! rounding can add to a length.

use super::panel::{Panel, up};
use pulp::x86::V3;
use pulp::{cast, f32x8, i16x16, i32x8};

/// Length that vectors are scaled to.
const LENGTH: f32 = 46_000.0;
/// Largest component after scaling.
const COMPONENT: f32 = 32_700.0;
/// Codewords of a group: two vectors of eight pairs.
pub(super) const GROUP: usize = 16;
/// Rows multiplied at a time: with two vectors of codewords the sums fill 12 of the 16 registers.
const ROWS: usize = 6;
/// The vector unit, where 16-bit products are the faster way: with 256-bit vectors, but not with 512-bit ones.
#[inline(always)]
fn unit() -> Option<V3> {
    match pulp::x86::V4::try_new() {
        Some(_) => None,
        None => V3::try_new(),
    }
}

/// A pair of components of every codeword of a group, in a cache line of its own.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Column([i16x16; 2]);

/// Codewords as 16-bit integers.
pub(super) struct Packed {
    simd: V3,
    clusters: usize,
    pairs: usize,
    /// Groups of 16 codewords, for every pair of dimensions 16 pairs of components.
    groups: Vec<Column>,
    /// Codeword = integers / scale + rest; twice the inverse of the scale, and the length of the rest (K).
    scales: Vec<f32>,
    spreads: Vec<f64>,
}

impl Packed {
    pub(super) fn new(values: &[f32], dim: usize) -> Option<Self> {
        unit().map(|simd| Self::with(simd, values, dim))
    }

    /// Where the processor can, even if it is not the faster way.
    #[cfg(test)]
    pub(super) fn wherever_possible(values: &[f32], dim: usize) -> Option<Self> {
        V3::try_new().map(|simd| Self::with(simd, values, dim))
    }

    fn with(simd: V3, values: &[f32], dim: usize) -> Self {
        let (pairs, clusters) = (dim.div_ceil(2), values.len() / dim);
        let zero = [Column([cast([0_i16; 16]); 2])];
        let mut packed = Self {
            simd,
            clusters,
            pairs,
            groups: zero.repeat(clusters.div_ceil(GROUP) * pairs),
            scales: Vec::with_capacity(clusters),
            spreads: Vec::with_capacity(clusters),
        };
        let mut integers = vec![0_i16; 2 * pairs];
        for (k, codeword) in values.chunks_exact(dim).enumerate() {
            let square: f64 = codeword.iter().map(|c| f64::from(*c) * f64::from(*c)).sum();
            let (inverse, spread) = round_to_16(simd, codeword, square.sqrt() as f32, &mut integers);
            packed.scales.push(2.0 * inverse);
            packed.spreads.push(spread);
            let (group, lane) = (k / GROUP, k % GROUP);
            let columns = packed.groups.iter_mut().skip(group * pairs);
            for (column, pair) in columns.zip(integers.as_chunks::<2>().0) {
                let lanes: &mut [[i16; 2]] = bytemuck::cast_slice_mut(column.0.as_mut_slice());
                if let Some(place) = lanes.get_mut(lane) {
                    *place = *pair;
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
    pub(super) fn scores(&self, rows: &[f32], lengths: &[f32], panel: &Panel, buffers: &mut Buffers, out: &mut [f32]) {
        buffers.round(self, rows, panel.dim(), lengths);
        let clusters = self.clusters;
        for (g, group) in self.groups.chunks_exact(self.pairs).enumerate() {
            let tiles = buffers.tiles.chunks_exact(self.pairs).zip(buffers.rows.chunks(ROWS));
            for ((tile, rows), out) in tiles.zip(out.chunks_mut(ROWS * clusters)) {
                let sums = self.multiply(tile, group);
                for ((sums, row), out) in sums.iter().zip(rows).zip(out.chunks_exact_mut(clusters)) {
                    self.scores_of_group(g, *sums, row, panel, out);
                }
            }
        }
    }

    /// Turns the products of a row with the codewords of group `g` into lower bounds of scores.
    #[inline(always)]
    fn scores_of_group(&self, g: usize, sums: [i32x8; 2], row: &Row, panel: &Panel, out: &mut [f32]) {
        let simd = self.simd;
        let (inverse, length, error) =
            (simd.splat_f32x8(row.inverse), simd.splat_f32x8(row.length), simd.splat_f32x8(row.error));
        let of_group = |list: &[f32]| list.as_chunks::<GROUP>().0.get(g).copied().unwrap_or_default();
        let [scale, norm, slope, tilt]: [[f32x8; 2]; 4] =
            [&self.scales, &panel.norm, &panel.slope, &panel.tilt].map(|list| cast(of_group(list)));
        let mut scores = [simd.splat_f32x8(0.0); 2];
        for i in 0..2 {
            let product =
                simd.mul_f32x8(cast(simd.avx._mm256_cvtepi32_ps(cast(sums[i]))), simd.mul_f32x8(scale[i], inverse));
            let score = simd.sub_f32x8(simd.sub_f32x8(norm[i], product), simd.mul_f32x8(length, slope[i]));
            scores[i] = simd.sub_f32x8(score, simd.mul_f32x8(error, tilt[i]));
        }
        let scores: [f32; GROUP] = cast(scores);
        match out.as_chunks_mut::<GROUP>() {
            (whole, _) if g < whole.len() => whole[g] = scores,
            (_, rest) => rest.iter_mut().zip(scores).for_each(|(out, score)| *out = score),
        }
    }

    /// Exact products of the rows of a tile with the 16 codewords of a group.
    #[inline(always)]
    fn multiply(&self, tile: &[[i32; ROWS]], group: &[Column]) -> [[i32x8; 2]; ROWS] {
        let simd = self.simd;
        let mut sums = [[simd.splat_i32x8(0); 2]; ROWS];
        for (column, pairs) in group.iter().zip(tile) {
            for (sums, pair) in sums.iter_mut().zip(pairs) {
                let pair: i16x16 = cast(simd.splat_i32x8(*pair));
                for (sum, column) in sums.iter_mut().zip(column.0) {
                    *sum = simd.wrapping_add_i32x8(*sum, simd.multiply_wrapping_add_adjacent_i16x16(pair, column));
                }
            }
        }
        sums
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
    tiles: Vec<[i32; ROWS]>,
    rows: Vec<Row>,
    integers: Vec<i16>,
}

impl Buffers {
    pub(super) fn errors(&self) -> impl Iterator<Item = f32> {
        self.rows.iter().map(|row| row.error)
    }

    #[inline(always)]
    fn round(&mut self, packed: &Packed, rows: &[f32], dim: usize, lengths: &[f32]) {
        self.rows.clear();
        self.integers.clear();
        self.integers.resize(2 * packed.pairs, 0);
        self.tiles.resize(lengths.len().div_ceil(ROWS) * packed.pairs, [0; ROWS]);
        let places = self.tiles.chunks_exact_mut(packed.pairs);
        for ((tile, rows), lengths) in places.zip(rows.chunks(ROWS * dim)).zip(lengths.chunks(ROWS)) {
            for (r, (row, length)) in rows.chunks_exact(dim).zip(lengths).enumerate() {
                let (inverse, error) = round_to_16(packed.simd, row, *length, &mut self.integers);
                self.rows.push(Row { inverse, length: *length, error: up(error) });
                let pairs: &[i32] = bytemuck::cast_slice(&self.integers);
                tile.iter_mut().zip(pairs).for_each(|(places, pair)| places[r % ROWS] = *pair);
            }
        }
    }
}

/// Rounds `row * scale` to integers, for the largest scale that keeps the length within [`LENGTH`] and components within
/// [`COMPONENT`]; returns the inverse of the scale and a bound of the length of `row - integers / scale`.
///
/// # Exactness
/// With `scaled = fl(row * scale)`, `scaled - integer` is exact, and `|row * scale - scaled| <= u |scaled|`. The f32 sum of
/// D squares is within a factor 1.001 for D up to 8,192. The length of `row * scale - integers` is then at most
/// `1.001 sqrt(sum) + u LENGTH`, and `u LENGTH < 0.003`. The scale is the inverse of the returned f32 up to u, which
/// moves the quotient by another `u LENGTH` at most.
#[inline(always)]
fn round_to_16(simd: V3, row: &[f32], length: f32, integers: &mut [i16]) -> (f32, f64) {
    let most = largest(row);
    if most == 0.0 {
        integers.fill(0);
        return (1.0, 0.0);
    }
    let inverse = (length / LENGTH).max(most / COMPONENT);
    let scale = simd.splat_f32x8(1.0 / inverse);
    let (parts, rest) = row.as_chunks::<LANES>();
    let (outs, out_rest) = integers.as_chunks_mut::<LANES>();
    let mut squares = [simd.splat_f32x8(0.0); 2];
    for (part, out) in parts.iter().zip(outs.iter_mut()) {
        *out = round_lanes(simd, part, scale, &mut squares);
    }
    if !rest.is_empty() {
        let mut part = [0.0; LANES];
        part.iter_mut().zip(rest).for_each(|(part, value)| *part = *value);
        let out = round_lanes(simd, &part, scale, &mut squares);
        let places = outs.iter_mut().skip(parts.len()).flatten().chain(out_rest);
        places.zip(out).for_each(|(place, integer)| *place = integer);
    }
    let squares: [f32; LANES] = cast(squares);
    let sum: f32 = squares.iter().sum();
    (inverse, (1.001 * f64::from(sum).sqrt() + 0.01) * f64::from(inverse))
}

const LANES: usize = 16;

/// Rounds 16 components, and adds up the squares of what rounding took.
#[inline(always)]
fn round_lanes(simd: V3, part: &[f32; LANES], scale: f32x8, squares: &mut [f32x8; 2]) -> [i16; LANES] {
    let halves: [f32x8; 2] = cast(*part);
    let mut integers = [simd.splat_i32x8(0); 2];
    for ((half, integer), squares) in halves.into_iter().zip(&mut integers).zip(squares) {
        let scaled = simd.mul_f32x8(half, scale);
        *integer = cast(simd.avx._mm256_cvtps_epi32(cast(scaled)));
        let rounded: f32x8 = cast(simd.avx._mm256_cvtepi32_ps(cast(*integer)));
        let rest = simd.sub_f32x8(scaled, rounded);
        *squares = simd.add_f32x8(*squares, simd.mul_f32x8(rest, rest));
    }
    let [low, high] = integers;
    // Packing works on halves of vectors; the permutation puts their quarters back into order.
    let packed = simd.avx2._mm256_packs_epi32(cast(low), cast(high));
    cast(simd.avx2._mm256_permute4x64_epi64::<0b1101_1000>(packed))
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

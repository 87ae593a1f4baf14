//! Approximate inner products through 16-bit integers: twice the rate of f32 on processors with 256-bit vectors.
//!
//! Rows and codewords are scaled to 16-bit integers of length at most [`LENGTH`]. Products of pairs are added in i32,
//! exactly: by Cauchy-Schwarz every partial sum is within `(LENGTH + 46)^2 < 2^31`, 46 > sqrt(8192) / 2 being what
//! rounding can add to a length.

use pulp::x86::V3;
use pulp::{cast, f32x8, i16x16, i32x8};

/// Length that vectors are scaled to.
const LENGTH: f32 = 46_000.0;
/// Largest component after scaling.
const COMPONENT: f32 = 32_700.0;
/// Codewords of a group: two vectors of eight pairs.
const GROUP: usize = 16;
/// Rows multiplied at a time: with two vectors of codewords the sums fill half of the 16 registers.
const ROWS: usize = 4;
/// The vector unit, where 16-bit products are the faster way: with 256-bit vectors, but not with 512-bit ones.
#[inline(always)]
fn unit() -> Option<V3> {
    match pulp::x86::V4::try_new() {
        Some(_) => None,
        None => V3::try_new(),
    }
}

/// Codewords as 16-bit integers.
pub(super) struct Packed {
    simd: V3,
    pairs: usize,
    /// Groups of 16 codewords, for every pair of dimensions 16 pairs of components.
    groups: Vec<[i16x16; 2]>,
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
        let zero = [[cast::<[i16; 16], i16x16>([0; 16]); 2]; 1];
        let mut packed = Self {
            simd,
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
                let lanes: &mut [[i16; 2]] = bytemuck::cast_slice_mut(column.as_mut_slice());
                if let Some(place) = lanes.get_mut(lane) {
                    *place = *pair;
                }
            }
        }
        packed
    }

    /// Bound of the length of what rounding took from codeword `k`.
    pub(super) fn spread(&self, k: usize) -> f64 {
        self.spreads.get(k).copied().unwrap_or(f64::INFINITY)
    }

    /// Twice the approximate products (n, K) of rows (n, D) with the codewords, and the errors of the rows (n).
    #[inline(always)]
    pub(super) fn products(&self, rows: &[f32], dim: usize, lengths: &[f32], buffers: &mut Buffers, out: &mut [f32]) {
        let count = lengths.len();
        buffers.rows.clear();
        buffers.rows.resize(count.next_multiple_of(ROWS) * 2 * self.pairs, 0);
        buffers.errors.clear();
        buffers.inverses.clear();
        let integers = buffers.rows.chunks_exact_mut(2 * self.pairs);
        for ((row, length), integers) in rows.chunks_exact(dim).zip(lengths).zip(integers) {
            let (inverse, error) = round_to_16(self.simd, row, *length, integers);
            buffers.inverses.push(inverse);
            buffers.errors.push(super::panel::up(error));
        }
        let clusters = self.scales.len();
        for (g, (group, scales)) in self.groups.chunks_exact(self.pairs).zip(self.scales.chunks(GROUP)).enumerate() {
            let four = buffers.rows.chunks_exact(ROWS * 2 * self.pairs);
            for ((rows, inverses), out) in four.zip(buffers.inverses.chunks(ROWS)).zip(out.chunks_mut(ROWS * clusters))
            {
                let sums = self.multiply(rows, group);
                for ((sums, inverse), out) in sums.iter().zip(inverses).zip(out.chunks_exact_mut(clusters)) {
                    let sums: &[i32; GROUP] = bytemuck::cast_ref(sums);
                    let out = out.get_mut(g * GROUP..).unwrap_or_default();
                    for ((out, sum), scale) in out.iter_mut().zip(sums).zip(scales) {
                        *out = *sum as f32 * (scale * inverse);
                    }
                }
            }
        }
    }

    /// Exact products of four rows with the 16 codewords of a group.
    #[inline(always)]
    fn multiply(&self, rows: &[i16], group: &[[i16x16; 2]]) -> [[i32x8; 2]; ROWS] {
        let simd = self.simd;
        let row = |r: usize| -> &[i32] {
            bytemuck::cast_slice(rows.get(r * 2 * self.pairs..(r + 1) * 2 * self.pairs).unwrap_or_default())
        };
        let (a, b, c, d) = (row(0), row(1), row(2), row(3));
        let mut sums = [[simd.splat_i32x8(0); 2]; ROWS];
        for ((((column, a), b), c), d) in group.iter().zip(a).zip(b).zip(c).zip(d) {
            for (sums, pair) in sums.iter_mut().zip([a, b, c, d]) {
                let pair: i16x16 = cast(simd.splat_i32x8(*pair));
                for (sum, column) in sums.iter_mut().zip(column) {
                    *sum = simd.wrapping_add_i32x8(*sum, simd.multiply_wrapping_add_adjacent_i16x16(pair, *column));
                }
            }
        }
        sums
    }
}

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct Buffers {
    rows: Vec<i16>,
    inverses: Vec<f32>,
    /// Bounds of the lengths of what rounding took from the rows.
    pub(super) errors: Vec<f32>,
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

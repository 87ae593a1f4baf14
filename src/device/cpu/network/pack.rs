//! Operands of a product as 16-bit integers in the order in which they are multiplied.

use crate::device::cpu::pairs::{COLUMNS, Group, Multiplier, PairWork, Pairs, ROWS};
use crate::device::cpu::unit::Unit;
use crate::kernel::matmul::Vectors;
use crate::kernel::scaled::{Shift, Width, magnitude};
use rayon::prelude::*;

/// Adding 1.5 * 2^23 to an f32 within 2^22 rounds it to an integer, ties to even, that can be read from the bits.
const ROUND: f32 = 12_582_912.0;
/// Pairs of a row that are packed at a time.
const BLOCK: usize = 32;

/// Vectors, P at a time, as scaled integers.
///
/// # Shapes
/// Panels of P vectors; of every panel the pairs of terms one after the other, each for all P vectors. Vectors and
/// terms that are missing in the last ones are zero.
pub(super) struct Panels<L> {
    lanes: Vec<L>,
    unscales: Vec<f64>,
    pairs: usize,
}

/// A pair of terms of P vectors.
pub(super) trait Lane: Copy + Default + Send + Sync {
    const COUNT: usize;

    fn lanes(&mut self) -> &mut [i32];
}

impl Lane for Pairs {
    const COUNT: usize = ROWS;

    #[inline(always)]
    fn lanes(&mut self) -> &mut [i32] {
        self
    }
}

impl Lane for Group {
    const COUNT: usize = COLUMNS;

    #[inline(always)]
    fn lanes(&mut self) -> &mut [i32] {
        &mut self.0
    }
}

impl<L> Default for Panels<L> {
    fn default() -> Self {
        Self { lanes: Vec::new(), unscales: Vec::new(), pairs: 1 }
    }
}

impl<L: Lane> Panels<L> {
    /// Packs `count` vectors of `terms` terms.
    pub(super) fn pack(&mut self, unit: Unit, vectors: Vectors<'_>, (count, terms): (usize, usize), width: Width) {
        let panels = count.div_ceil(L::COUNT);
        self.pairs = terms.div_ceil(2);
        self.lanes.resize(panels * self.pairs, L::default());
        self.unscales.resize(panels * L::COUNT, 0.0);
        let lanes = self.lanes.par_chunks_exact_mut(self.pairs).zip(self.unscales.par_chunks_exact_mut(L::COUNT));
        lanes.enumerate().for_each(|(panel, (lanes, unscales))| {
            let first = panel * L::COUNT;
            unit.run_pairs(Pack { vectors, first, count: L::COUNT.min(count - first), terms, width, lanes, unscales });
        });
    }

    /// Pairs of terms of a vector.
    pub(super) fn pairs(&self) -> usize {
        self.pairs
    }

    /// Returns all panels, one after the other.
    pub(super) fn lanes(&self) -> &[L] {
        &self.lanes
    }

    /// Returns for every vector the factor that undoes its scaling.
    pub(super) fn unscales(&self) -> &[f64] {
        &self.unscales
    }

    /// The panels, each with these factors of its vectors.
    pub(super) fn panels(&self) -> impl Iterator<Item = (&[L], &[f64])> {
        self.lanes.chunks_exact(self.pairs).zip(self.unscales.chunks_exact(L::COUNT))
    }
}

/// Packing one panel.
struct Pack<'a, L> {
    vectors: Vectors<'a>,
    first: usize,
    count: usize,
    terms: usize,
    width: Width,
    lanes: &'a mut [L],
    unscales: &'a mut [f64],
}

impl<L: Lane> PairWork for Pack<'_, L> {
    #[inline(always)]
    fn work<M: Multiplier>(mut self, _: M) {
        if self.count < L::COUNT {
            self.lanes.fill(L::default());
        }
        match self.vectors.term_stride {
            1 => self.rows(),
            _ if L::COUNT > 8 => self.columns::<COLUMNS>(),
            _ => self.columns::<8>(),
        }
    }
}

impl<L: Lane> Pack<'_, L> {
    /// Vectors whose terms are neighbours.
    #[inline(always)]
    fn rows(&mut self) {
        let rows = self.vectors.values().chunks_exact(self.terms).skip(self.first).take(self.count);
        let mut scales = [Scale::new(0, self.width); COLUMNS];
        let mut all: [&[f32]; COLUMNS] = [&[]; COLUMNS];
        for (((row, unscale), scale), place) in rows.zip(self.unscales.iter_mut()).zip(&mut scales).zip(&mut all) {
            *scale = Scale::new(largest(row), self.width);
            *unscale = scale.unscale;
            *place = row;
        }
        // Some terms of all rows, then the same turned over, while they are at hand.
        let mut block = [[0; BLOCK]; COLUMNS];
        for (i, lanes) in self.lanes.chunks_mut(BLOCK).enumerate() {
            let of_rows = block.iter_mut().zip(&all).zip(&scales).take(self.count);
            for ((joined, row), scale) in of_rows {
                pairs(row.get(i * 2 * BLOCK..).unwrap_or_default(), scale, joined);
            }
            for (p, lanes) in lanes.iter_mut().enumerate() {
                for (place, joined) in lanes.lanes().iter_mut().zip(&block) {
                    *place = joined[p % BLOCK];
                }
            }
        }
    }

    /// Vectors that are neighbours, W of them at a time, of which those beyond the panel are left out.
    #[inline(always)]
    fn columns<const W: usize>(&mut self) {
        let stride = self.vectors.term_stride;
        let values = self.vectors.values().get(self.first..).unwrap_or_default();
        let scales = Scales::<W>::new(values.chunks(stride), self.width);
        for (unscale, scale) in self.unscales.iter_mut().zip(scales.unscale) {
            *unscale = scale;
        }
        for (lanes, terms) in self.lanes.iter_mut().zip(values.chunks(2 * stride)) {
            let (even, odd) = terms.split_at(stride.min(terms.len()));
            let (even, odd) = (scales.integers(&first(even)), scales.integers(&first(odd)));
            let mut joined = [0; W];
            for i in 0..W {
                joined[i] = join(even[i], odd[i]);
            }
            let lanes = lanes.lanes();
            match self.count == L::COUNT {
                true => lanes.copy_from_slice(&joined[..L::COUNT]),
                false => lanes.iter_mut().zip(joined).take(self.count).for_each(|(lane, pair)| *lane = pair),
            }
        }
    }
}

/// The first W values, zeros where there are fewer.
#[inline(always)]
pub(super) fn first<const W: usize>(values: &[f32]) -> [f32; W] {
    match values.first_chunk() {
        Some(all) => *all,
        None => {
            let mut some = [0.0; W];
            some.iter_mut().zip(values).for_each(|(place, value)| *place = *value);
            some
        }
    }
}

/// The first pairs of integers of a row, zero where it ends.
#[inline(always)]
fn pairs(row: &[f32], scale: &Scale, out: &mut [i32; BLOCK]) {
    match row.first_chunk::<{ 2 * BLOCK }>() {
        Some(row) => {
            for (out, pair) in out.iter_mut().zip(row.as_chunks::<2>().0) {
                *out = join(scale.integer(pair[0]), scale.integer(pair[1]));
            }
        }
        None => {
            let mut terms = row.iter().map(|x| scale.integer(*x));
            out.fill_with(|| join(terms.next().unwrap_or(0), terms.next().unwrap_or(0)));
        }
    }
}

/// The largest magnitude, as bits.
#[inline(always)]
fn largest(row: &[f32]) -> u32 {
    let mut most = 0;
    for x in row {
        most = magnitude(*x).max(most);
    }
    most
}

/// Two i16 in an i32, the first one low.
#[inline(always)]
fn join(first: i32, second: i32) -> i32 {
    (first & 0xffff) | (second << 16)
}

/// How the values of a vector become integers.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    /// Their product is 2^shift, which may be too large for one f32.
    factors: [f32; 2],
    limit: i32,
    pub(super) unscale: f64,
}

impl Scale {
    #[inline(always)]
    pub(super) fn new(largest: u32, width: Width) -> Self {
        let shift = Shift::of_largest(largest, width);
        let by = match shift {
            Shift::By(by) => by,
            Shift::Bad => 0,
        };
        let first = by.min(100);
        let power = |exponent: i32| f32::from_bits(((exponent + 127) as u32) << 23);
        Self { factors: [power(first), power(by - first)], limit: width.limit() as i32, unscale: shift.unscale() }
    }

    /// `clamp(round_half_even(x 2^shift))`; anything within the limits in a bad vector.
    ///
    /// # Exactness
    /// Products with powers of two are exact unless they are below 2^-126, and then they round to 0 either way.
    #[inline(always)]
    pub(super) fn integer(&self, x: f32) -> i32 {
        let rounded = x * self.factors[0] * self.factors[1] + ROUND;
        (rounded.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32).clamp(-self.limit, self.limit)
    }
}

/// [`Scale`]s of W neighbouring vectors, each factor in an array for the vector unit.
pub(super) struct Scales<const W: usize> {
    factors: [[f32; W]; 2],
    limit: i32,
    pub(super) unscale: [f64; W],
}

impl<const W: usize> Scales<W> {
    /// The scales of the first W columns of these rows.
    #[inline(always)]
    pub(super) fn new<'a>(rows: impl Iterator<Item = &'a [f32]>, width: Width) -> Self {
        let mut most = [0_u32; W];
        for row in rows {
            for (most, x) in most.iter_mut().zip(first::<W>(row)) {
                *most = (*most).max(magnitude(x));
            }
        }
        let mut scales = Self { factors: [[0.0; W]; 2], limit: width.limit() as i32, unscale: [0.0; W] };
        for (i, most) in most.into_iter().enumerate() {
            let scale = Scale::new(most, width);
            (scales.factors[0][i], scales.factors[1][i]) = (scale.factors[0], scale.factors[1]);
            scales.unscale[i] = scale.unscale;
        }
        scales
    }

    /// [`Scale::integer`] of each.
    #[inline(always)]
    pub(super) fn integers(&self, x: &[f32; W]) -> [i32; W] {
        let mut integers = [0; W];
        for i in 0..W {
            let scale = Scale { factors: [self.factors[0][i], self.factors[1][i]], limit: self.limit, unscale: 0.0 };
            integers[i] = scale.integer(x[i]);
        }
        integers
    }
}

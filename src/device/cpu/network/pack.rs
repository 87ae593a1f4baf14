//! Operands of a product as 16-bit integers in the order in which they are multiplied.

use super::unit::{COLUMNS, Group, Pairs, ROWS, Unit, Work, dispatch};
use crate::kernel::matmul::Vectors;
use crate::kernel::scaled::{Shift, Width, magnitude};
use rayon::prelude::*;

/// Adding 1.5 * 2^23 to an f32 within 2^22 rounds it to an integer, ties to even, that can be read from the bits.
const ROUND: f32 = 12_582_912.0;

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
    pub(super) fn pack(&mut self, vectors: Vectors<'_>, count: usize, terms: usize, width: Width) {
        let panels = count.div_ceil(L::COUNT);
        self.pairs = terms.div_ceil(2);
        self.lanes.resize(panels * self.pairs, L::default());
        self.unscales.resize(panels * L::COUNT, 0.0);
        let lanes = self.lanes.par_chunks_exact_mut(self.pairs).zip(self.unscales.par_chunks_exact_mut(L::COUNT));
        lanes.enumerate().for_each(|(panel, (lanes, unscales))| {
            let first = panel * L::COUNT;
            dispatch(Pack { vectors, first, count: L::COUNT.min(count - first), terms, width, lanes, unscales });
        });
    }

    /// Pairs of terms of a vector.
    pub(super) fn pairs(&self) -> usize {
        self.pairs
    }

    /// All panels, one after the other.
    pub(super) fn lanes(&self) -> &[L] {
        &self.lanes
    }

    /// For every vector the factor that undoes its scaling.
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

impl<L: Lane> Work for Pack<'_, L> {
    #[inline(always)]
    fn work<U: Unit>(mut self, _: U) {
        if self.count < L::COUNT {
            self.lanes.fill(L::default());
        }
        match self.vectors.term_stride {
            1 => self.rows(),
            _ => self.columns(),
        }
    }
}

impl<L: Lane> Pack<'_, L> {
    /// Vectors whose terms are neighbours.
    #[inline(always)]
    fn rows(&mut self) {
        let rows = self.vectors.values().chunks_exact(self.terms).skip(self.first).take(self.count);
        let mut integers = vec![0; 2 * self.lanes.len()];
        for (lane, (row, unscale)) in rows.zip(self.unscales.iter_mut()).enumerate() {
            let scale = Scale::new(largest(row), self.width);
            *unscale = scale.unscale;
            for (integer, x) in integers.iter_mut().zip(row) {
                *integer = scale.integer(*x);
            }
            for (lanes, pair) in self.lanes.iter_mut().zip(integers.as_chunks::<2>().0) {
                if let Some(place) = lanes.lanes().get_mut(lane) {
                    *place = join(pair[0], pair[1]);
                }
            }
        }
    }

    /// Vectors that are neighbours.
    #[inline(always)]
    fn columns(&mut self) {
        let stride = self.vectors.term_stride;
        let values = self.vectors.values().get(self.first..).unwrap_or_default();
        let mut most = [0_u32; COLUMNS];
        for terms in values.chunks(stride) {
            for (most, x) in most.iter_mut().zip(terms.get(..self.count).unwrap_or_default()) {
                *most = (*most).max(magnitude(*x));
            }
        }
        let scales = most.map(|most| Scale::new(most, self.width));
        for (unscale, scale) in self.unscales.iter_mut().zip(scales) {
            *unscale = scale.unscale;
        }
        for (lanes, terms) in self.lanes.iter_mut().zip(values.chunks(2 * stride)) {
            let (even, odd) = terms.split_at(stride.min(terms.len()));
            let even = even.get(..self.count).unwrap_or_default();
            match odd.get(..self.count) {
                Some(odd) => {
                    for (((lane, even), odd), scale) in lanes.lanes().iter_mut().zip(even).zip(odd).zip(&scales) {
                        *lane = join(scale.integer(*even), scale.integer(*odd));
                    }
                }
                None => {
                    for ((lane, even), scale) in lanes.lanes().iter_mut().zip(even).zip(&scales) {
                        *lane = join(scale.integer(*even), 0);
                    }
                }
            }
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

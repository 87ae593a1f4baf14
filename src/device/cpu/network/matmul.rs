//! Matrix products as sums of 16-bit pairs: one pass for 8-bit operands, two digits for 16-bit ones.

use super::pack::Panels;
use crate::device::cpu::pairs::{COLUMNS, Group, Multiplier, PairWork, Pairs, ROWS, Sums};
use crate::device::cpu::unit::Unit;
use crate::kernel::matmul::{Product, ProductShape, Vectors};
use crate::kernel::scaled::{Width, from_exact};
use rayon::prelude::*;

/// Rows of the result that one task computes.
const TASK_ROWS: usize = 8 * ROWS;
/// Pairs whose products with a digit of 8 bits stay within i32: `512 * 2^7 * 32,767 < 2^31`.
const PAIRS: usize = 256;

/// Operands of the products; the memory is reused from one to the next.
#[derive(Default)]
pub(super) struct Operands {
    a: Panels<Pairs>,
    /// Digits of `a` where it has 16 bits: `a = 256 high + low`.
    high: Vec<Pairs>,
    low: Vec<Pairs>,
    b: Panels<Group>,
}

impl Operands {
    pub(super) fn matmul(
        &mut self,
        unit: Unit,
        (product, width): (Product, Width),
        shape: ProductShape,
        a: &[f32],
        b: &[f32],
        out: &mut [f32],
    ) {
        let (a, b) = Vectors::of(product, shape, a, b);
        self.a.pack(unit, a, (shape.m, shape.k), width);
        self.b.pack(unit, b, (shape.n, shape.k), width);
        if width == Width::Bits16 {
            self.split();
        }
        let tasks = out.par_chunks_mut(TASK_ROWS * shape.n).enumerate();
        tasks.for_each(|(task, out)| {
            let first = task * TASK_ROWS / ROWS;
            unit.run_pairs(ColumnProducts { operands: self, width, first, columns: shape.n, out });
        });
    }

    /// Splits the integers of `a` into two digits, the lower one in -128 ..= 127.
    fn split(&mut self) {
        let lanes = self.a.lanes();
        self.high.resize(lanes.len(), [0; ROWS]);
        self.low.resize(lanes.len(), [0; ROWS]);
        let parts = lanes.par_chunks(1024).zip(self.high.par_chunks_mut(1024)).zip(self.low.par_chunks_mut(1024));
        parts.for_each(|((all, high), low)| {
            for ((all, high), low) in all.iter().zip(high).zip(low) {
                for i in 0..ROWS {
                    let (first, second) = (i32::from(all[i] as i16), all[i] >> 16);
                    // The nearest multiple of 256 leaves a rest of either sign, which fits a signed byte.
                    let digit = |value: i32| (value + 128) >> 8;
                    high[i] = (digit(first) & 0xffff) | (digit(second) << 16);
                    let rest = |value: i32| value - 256 * digit(value);
                    low[i] = (rest(first) & 0xffff) | (rest(second) << 16);
                }
            }
        });
    }
}

/// Some rows of a product.
struct ColumnProducts<'a> {
    operands: &'a Operands,
    width: Width,
    /// The first tile.
    first: usize,
    columns: usize,
    out: &'a mut [f32],
}

impl PairWork for ColumnProducts<'_> {
    #[inline(always)]
    fn work<M: Multiplier>(self, multiplier: M) {
        let Self { operands, width, first, columns, out } = self;
        let pairs = operands.a.pairs();
        for (g, (group, unscale_b)) in operands.b.panels().enumerate() {
            for (t, out) in out.chunks_mut(ROWS * columns).enumerate() {
                let tile = first + t;
                let range = tile * pairs..(tile + 1) * pairs;
                let sums = match width {
                    Width::Bits8 => {
                        let lanes = operands.a.lanes().get(range).unwrap_or_default();
                        to_f64(multiplier.multiply(lanes, group))
                    }
                    Width::Bits16 => {
                        let high = operands.high.get(range.clone()).unwrap_or_default();
                        let low = operands.low.get(range).unwrap_or_default();
                        digits(multiplier, high, low, group)
                    }
                };
                let unscale_a = operands.a.unscales().get(tile * ROWS..).unwrap_or_default();
                store(&sums, unscale_a, unscale_b, g * COLUMNS, columns, out);
            }
        }
    }
}

type Exact = [[f64; COLUMNS]; ROWS];

#[inline(always)]
fn to_f64(sums: Sums) -> Exact {
    let mut exact = [[0.0; COLUMNS]; ROWS];
    for (exact, sums) in exact.iter_mut().zip(&sums) {
        for (exact, sum) in exact.iter_mut().zip(sums) {
            *exact = f64::from(*sum);
        }
    }
    exact
}

/// Sums of the products of both digits, exact in f64: within 2^46 for 2^16 terms.
#[inline(always)]
fn digits<M: Multiplier>(multiplier: M, high: &[Pairs], low: &[Pairs], group: &[Group]) -> Exact {
    let mut exact = [[0.0; COLUMNS]; ROWS];
    for ((high, low), group) in high.chunks(PAIRS).zip(low.chunks(PAIRS)).zip(group.chunks(PAIRS)) {
        let high = multiplier.multiply(high, group);
        let low = multiplier.multiply(low, group);
        for ((exact, high), low) in exact.iter_mut().zip(&high).zip(&low) {
            for ((exact, high), low) in exact.iter_mut().zip(high).zip(low) {
                *exact += 256.0 * f64::from(*high) + f64::from(*low);
            }
        }
    }
    exact
}

/// Rounds sums to f32 and puts them at `column` of the rows of `out`.
#[inline(always)]
fn store(sums: &Exact, unscale_a: &[f64], unscale_b: &[f64], column: usize, columns: usize, out: &mut [f32]) {
    for ((row, sums), unscale_a) in out.chunks_exact_mut(columns).zip(sums).zip(unscale_a) {
        let mut rounded = [0.0; COLUMNS];
        for ((rounded, sum), unscale_b) in rounded.iter_mut().zip(sums).zip(unscale_b) {
            *rounded = from_exact(*sum, unscale_a * unscale_b);
        }
        let row = row.get_mut(column..).unwrap_or_default();
        match row.first_chunk_mut::<COLUMNS>() {
            Some(whole) => *whole = rounded,
            None => row.iter_mut().zip(rounded).for_each(|(out, value)| *out = value),
        }
    }
}

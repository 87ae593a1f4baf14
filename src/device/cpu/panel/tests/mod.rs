//! The bounds of the filter hold, for every unit.

mod many_candidates;
mod memory;
mod near_ties;

use super::{Coefficients, Panel};
use crate::codebook::Codebook;
use crate::device::cpu::Pool;
use crate::device::cpu::scores::Scores;
use crate::device::cpu::table_rows::TableRows;
use crate::device::cpu::unit::{Products, Unit};
use crate::rng::row_hash;

/// The codewords for every pair of vector instructions and products that this processor has.
fn panels(codebook: &Codebook) -> Vec<Panel> {
    Unit::all().into_iter().map(|unit| Panel::new(unit, codebook).unwrap()).collect()
}

struct Numbers(u64, u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.1 += 1;
        row_hash(self.0, self.1)
    }

    fn up_to(&mut self, limit: i32) -> i32 {
        (self.next() % (2 * limit as u64 + 1)) as i32 - limit
    }

    /// `len` numbers within 2^bits: uniform, of all magnitudes, at the limits, or equal.
    fn fill(&mut self, kind: u64, len: usize, bits: u32) -> Vec<i32> {
        let limit = 1 << bits;
        let value = |i: usize| match kind % 4 {
            0 => self.up_to(limit),
            1 => self.up_to(limit) >> (self.next() % 24),
            2 => [limit, -limit, limit - 1, 1 - limit, 1, 0][self.next() as usize % 6],
            _ => limit - i32::from(i == 0),
        };
        (0..len).map(value).collect()
    }
}

fn floats(values: &[i32]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

/// Rows as a table holds them for a unit.
pub(in crate::device::cpu) fn held(rows: &[i32], dim: usize, unit: Unit) -> TableRows {
    let mut held = TableRows::new(rows.len() / dim, dim).unwrap();
    held.change().copy_from_slice(&floats(rows));
    held.measure(&Pool(None), unit).unwrap();
    held
}

/// `|c|^2 - 2 r.c`, exactly.
fn score(row: &[i32], codeword: &[i32]) -> i128 {
    row.iter().zip(codeword).map(|(r, c)| i128::from(*c) * i128::from(*c) - 2 * i128::from(*r) * i128::from(*c)).sum()
}

/// How many bounds of all scores do not hold: lower ones, upper ones.
fn violations(panel: &Panel, rows: &[i32], codebook: &Codebook) -> (usize, usize) {
    let dim = codebook.dim();
    let (held, mut scores) = (held(rows, dim, panel.unit), Scores::default());
    let measured = held.rows(0, rows.len() / dim);
    scores.compute(measured, panel);
    let (mut low, mut high) = (0, 0);
    let all = rows.chunks_exact(dim).zip(measured.lengths).zip(scores.rows());
    for (i, ((row, length), lower)) in all.enumerate() {
        let error = measured.error(i);
        for (k, (lower, codeword)) in lower.iter().zip(codebook.values().chunks_exact(dim)).enumerate() {
            let exact = score(row, codeword);
            // `exact` is an integer, so rounding a bound towards it changes nothing.
            low += usize::from(f64::from(*lower).ceil() as i128 > exact);
            high += usize::from((panel.upper(k, *lower, *length, error).floor() as i128) < exact);
        }
    }
    (low, high)
}

const SHAPES: [(usize, usize, usize); 8] =
    [(40, 1, 5), (30, 2, 17), (20, 7, 33), (50, 16, 16), (9, 100, 20), (6, 384, 33), (3, 2049, 6), (2, 8192, 5)];

/// Random and extreme rows and codewords of random magnitudes.
fn each_case(mut check: impl FnMut(&[i32], &Codebook)) {
    for seed in 0..320_u64 {
        let (rows, dim, clusters) = SHAPES[seed as usize % 8];
        let mut numbers = Numbers(seed, 0);
        let (row_bits, code_bits) = (numbers.next() % 25, numbers.next() % 24);
        let rows = numbers.fill(seed / 8, rows * dim, row_bits as u32);
        let codewords = numbers.fill(seed / 32, clusters * dim, code_bits as u32);
        check(&rows, &Codebook::new(codewords, dim));
    }
}

#[test]
fn the_bounds_of_every_score_hold() {
    each_case(|rows, codebook| {
        for panel in panels(codebook) {
            let case = (codebook.clusters(), codebook.dim(), &rows[..1], &codebook.values()[..1]);
            assert_eq!(violations(&panel, rows, codebook), (0, 0), "{:?}, {case:?}", panel.unit);
        }
    });
}

/// The test above can fail: without its error terms a bound does not hold.
#[test]
fn bounds_without_error_terms_do_not_hold() {
    let mut found = vec![(0, 0); Unit::all().len()];
    each_case(|rows, codebook| {
        for (panel, found) in panels(codebook).iter_mut().zip(&mut found) {
            panel.coefficients.slope.fill(0.0);
            panel.coefficients.tilt.fill(0.0);
            let (low, high) = violations(panel, rows, codebook);
            *found = (found.0 + low, found.1 + high);
        }
    });
    assert!(found.iter().all(|(low, high)| *low > 0 && *high > 0), "{found:?}");
}

/// The farthest that a squared length in f64 can be off: 32 components of 2^24 reach 2^53, and all others are lost.
#[test]
fn squared_lengths_are_within_their_bound() {
    let mut codeword = vec![1_i32; 8192];
    codeword[..32].fill(1 << 24);
    let square: f64 = codeword.iter().map(|c| f64::from(*c) * f64::from(*c)).sum();
    let exact = (1_u64 << 53) + 8160;
    let off = (exact - square as u64) as f64 / exact as f64;
    let within = |bits: i32| off <= 2.0_f64.powi(-bits);
    assert!(within(40) && !within(41), "{off}");
}

/// A row whose rounding leaves as much of every component as it can, and two codewords along what is left: the error of
/// their products is as large as the bound says.
fn tight(dim: usize) -> (Vec<i32>, Codebook) {
    // Steps of 1,000: 490 is left of every component but the first.
    let row: Vec<i32> = (0..dim).map(|d| if d == 0 { 127_000 } else { 1000 * (d as i32 % 50) + 490 }).collect();
    let codewords = [vec![100; dim], vec![-100; dim]].concat();
    (row, Codebook::new(codewords, dim))
}

/// The bound of 8-bit products is no larger than it has to be, and half of it would not do.
#[test]
fn half_the_bound_of_8_bits_does_not_hold() {
    let units = Unit::all().into_iter().filter(|unit| unit.products == Products::Bits8);
    for unit in units {
        let mut wrong = 0;
        for dim in [16, 100, 384, 1030] {
            let (row, codebook) = tight(dim);
            let mut panel = Panel::new(unit, &codebook).unwrap();
            assert_eq!(violations(&panel, &row, &codebook), (0, 0), "{dim} dimensions, {unit:?}");
            let Coefficients { slope, tilt, .. } = &mut panel.coefficients;
            slope.iter_mut().chain(tilt).for_each(|value| *value /= 2.0);
            let (low, high) = violations(&panel, &row, &codebook);
            wrong += usize::from(low > 0 && high > 0);
        }
        assert_eq!(wrong, 4, "{unit:?}");
    }
}

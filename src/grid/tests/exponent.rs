//! The exponent of a grid, and the ranges it comes from.

use super::super::exponent::{finest, floor_log2};
use super::super::range::Range;
use super::super::{EXPONENTS, Grid, RANGE, SATURATION};
use super::{rational, rounded};
use proptest::prelude::*;

const LIMIT: i128 = 1 << 20;

fn finest_exponent(largest: f64) -> i32 {
    finest(largest, RANGE)
}

fn range(rows: &[f32], dim: usize) -> Range {
    let mut range = Range::new(dim);
    range.add(rows);
    range
}

/// Whether `e` is the largest exponent at which `fits`; the upper end of the exponents needs no proof.
fn is_largest(e: i32, fits: impl Fn(i32) -> bool) -> bool {
    EXPONENTS.contains(&e) && fits(e) && (e == *EXPONENTS.end() || !fits(e + 1))
}

#[test]
fn the_finest_exponent_is_the_largest_that_fits() {
    // 0x7f_fffe and 0x7f_ffff lie within half a step of a power of two: where rounding to 2^20 decides.
    let fractions = [0, 1, 2, 3, 4, 8, 0x1_2345, 0x40_0000, 0x7f_fffd, 0x7f_fffe, 0x7f_ffff];
    for high in 0..255_u32 {
        for x in fractions.map(|fraction| f32::from_bits((high << 23) | fraction)).into_iter().filter(|x| *x > 0.0) {
            let (m, exponent) = rational(x);
            let e = finest_exponent(f64::from(x));
            assert!(is_largest(e, |e| rounded(m, exponent + e) <= LIMIT), "{x:e} has exponent {e}");
            let e = finest(f64::from(x), SATURATION);
            assert!(is_largest(e, |e| rounded(m, exponent + e) <= 3 << 21), "{x:e} has exponent {e}");
        }
    }
    assert_eq!(finest_exponent(f64::from(f32::MAX)), -108);
    assert_eq!(finest_exponent(f64::from(f32::from_bits(1))), 126);
    // Half a step above 2^20 rounds down to it, anything more does not.
    assert_eq!([1_048_576.0, 1_048_576.5, 1_048_576.5 + 1e-9].map(finest_exponent), [0, 0, -1]);
    assert_eq!([1.0, 1.5, 2.0_f64.powi(-149)].map(floor_log2), [0, 0, -149]);
}

/// Rows at the ends of f32: the grid holds them all.
#[test]
fn extreme_ranges_have_a_grid() {
    let tiny = f32::from_bits(1);
    let cases: [(&[f32], f32, i32); 8] = [
        (&[f32::MAX, -f32::MAX], 0.0, -108),
        (&[f32::MAX, f32::MAX], f32::MAX, 20),
        (&[tiny, -tiny], 0.0, 126),
        (&[0.0, -0.0], 0.0, 20),
        (&[-0.0, -0.0], 0.0, 20),
        (&[7.25, 7.25], 7.25, 20),
        (&[1.0, 3.0], 2.0, 20),
        (&[-2.0, 2.0], 0.0, 19),
    ];
    for (rows, offset, exponent) in cases {
        let grid = range(rows, 1).grid(true);
        assert_eq!(grid.offset()[0].to_bits(), offset.to_bits(), "{rows:?}");
        assert_eq!(grid.exponent(), exponent, "{rows:?}");
        let mut q = vec![0; rows.len()];
        assert_eq!(grid.quantize(rows, &mut q), 0, "{rows:?}");
    }
    assert_eq!(range(&[1.0, 3.0], 1).grid(false), Grid::new(vec![0.0], 18));
    // The widest dimension decides for all.
    assert_eq!(range(&[1.0, -4.0, 1.5, 4.0], 2).grid(true), Grid::new(vec![1.25, 0.0], 18));
}

fn finite() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |x| x.is_finite())
}

/// Values of one magnitude, as real data are.
fn usual() -> impl Strategy<Value = f32> {
    (-1000_i32..1000, 0_u32..3).prop_map(|(n, shift)| n as f32 / 8.0_f32.powi(shift as i32))
}

proptest! {
    #[test]
    fn any_rows_stay_within_the_range_on_the_finest_grid(
        rows in prop_oneof![prop::collection::vec(finite(), 1..12), prop::collection::vec(usual(), 2..12)],
        center: bool,
    ) {
        let grid = range(&rows, 1).grid(center);
        let fits = |e: i32| {
            let mut q = vec![0; rows.len()];
            Grid::new(grid.offset().to_vec(), e).quantize(&rows, &mut q);
            q.iter().all(|q| i128::from(q.abs()) <= LIMIT)
        };
        let constant = rows.iter().all(|x| *x == grid.offset()[0]);
        let right = if constant { grid.exponent() == 20 } else { is_largest(grid.exponent(), fits) };
        prop_assert!(right, "{:?}", grid);
    }

    /// The range, and the grid to the last bit, do not depend on how rows arrive.
    #[test]
    fn rows_in_any_pieces_and_order_have_one_range(rows in prop::collection::vec(usual(), 30), cut in 0_usize..=10) {
        let whole = range(&rows, 3);
        let (mut pieces, mut backwards) = (Range::new(3), Range::new(3));
        pieces.add(&rows[cut * 3..]);
        pieces.add(&rows[..cut * 3]);
        rows.rchunks(3).for_each(|row| backwards.add(row));
        for other in [pieces, backwards] {
            prop_assert_eq!(&whole, &other);
            let (a, b) = (whole.grid(true), other.grid(true));
            let bits = |grid: &Grid| grid.offset().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!((bits(&a), a.exponent()), (bits(&b), b.exponent()));
        }
    }
}

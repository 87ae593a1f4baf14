//! Rows on grids of their own, and rows that are refused.

use super::super::{GRID_MAX, check_finite, quantize_rows_alone};
use super::{rational, rounded};
use crate::ErrorKind;
use proptest::prelude::*;

fn alone(row: &[f32]) -> Vec<i32> {
    let mut q = vec![7; row.len()];
    quantize_rows_alone(row, row.len(), &mut q);
    q
}

fn largest(q: &[i32]) -> i32 {
    q.iter().map(|q| q.abs()).max().unwrap()
}

#[test]
fn every_exponent_fills_the_grid_of_its_row() {
    for high in 0..255_u32 {
        for fraction in [0, 1, 2, 3, 0x40_0000, 0x55_5555, 0x7f_fffe, 0x7f_ffff] {
            let x = f32::from_bits((high << 23) | fraction);
            if x == 0.0 {
                continue;
            }
            let q = alone(&[x / 2.0, -x, 0.0, x]);
            assert!(((1 << 22)..(1 << 23)).contains(&largest(&q)), "{x:e} becomes {q:?}");
            assert_eq!((q[1], q[2]), (-q[3], 0));
            // The scale puts the leading bit of the largest value at 2^22.
            let (m, exponent) = rational(x);
            let lead = 127 - m.leading_zeros() as i32 + exponent;
            assert_eq!(i128::from(q[3]), rounded(m, exponent + 22 - lead).min(i128::from(GRID_MAX)), "{x:e}");
        }
    }
    assert_eq!(alone(&[0.0, -0.0]), [0, 0]);
    let mut q = [7; 6];
    quantize_rows_alone(&[0.0, 0.0, 1.0, 2.0, f32::from_bits(1), 0.0], 2, &mut q);
    assert_eq!(q, [0, 0, 1 << 21, 1 << 22, 1 << 22, 0]);
}

proptest! {
    #[test]
    fn the_length_of_a_row_does_not_matter(
        row in prop::collection::vec(-1_000_000_i32..1_000_000, 1..9), scale in -100_i32..100,
    ) {
        let row: Vec<f32> = row.into_iter().map(|x| x as f32).collect();
        let scaled: Vec<f32> = row.iter().map(|x| x * 2.0_f32.powi(scale)).collect();
        prop_assert_eq!(alone(&row), alone(&scaled));
    }

    #[test]
    fn every_finite_row_fills_its_grid(row in prop::collection::vec(any::<u32>(), 1..9)) {
        let row: Vec<f32> = row.into_iter().map(f32::from_bits).filter(|x| x.is_finite()).chain([1e-42]).collect();
        prop_assert!(((1 << 22)..(1 << 23)).contains(&largest(&alone(&row))));
    }
}

#[test]
fn the_first_value_that_is_not_finite_is_named() {
    let nan = f32::from_bits;
    let bad = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN, nan(0x7f80_0001), nan(0xffff_ffff)];
    let good = [0.0, -0.0, 1.5, f32::MAX, -f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1), f32::from_bits(0x8000_0001)];
    let rows: Vec<f32> = good.iter().cycle().take(35).copied().collect();
    assert!(check_finite(0, &rows, 5).is_ok());
    assert!(check_finite(0, &[], 5).is_ok());
    for at in 0..rows.len() {
        for value in bad {
            let mut rows = rows.clone();
            rows[at] = value;
            // A later one must not be named.
            if let Some(last) = rows.last_mut().filter(|_| at % 2 == 0 && at + 1 < 35) {
                *last = f32::NAN;
            }
            match check_finite(1000, &rows, 5).unwrap_err().into_kind() {
                ErrorKind::NotFinite { row, column, value: named } => {
                    assert_eq!((row, column), (1000 + at / 5, at % 5));
                    assert_eq!(named.to_bits(), value.to_bits());
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

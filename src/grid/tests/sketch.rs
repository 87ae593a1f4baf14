//! The sketch that a grid is chosen from: the rule by hand, any order and any split, bytes that are no sketch.

use super::super::range::Range;
use super::super::{Grid, GridSketch, SATURATION};
use crate::ErrorKind;
use crate::rng::row_hash;
use proptest::prelude::*;

fn sketch(rows: &[f32], dim: usize) -> GridSketch {
    let mut sketch = GridSketch::new(dim);
    sketch.add(rows).unwrap();
    sketch
}

/// Values between -1 and 1.
fn unit(count: usize, stream: u64) -> Vec<f32> {
    (0..count).map(|i| (row_hash(stream, i as u64) >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
}

#[test]
fn the_rule_by_hand() {
    // The median is 100, the distances are 0, 1, 1, ..., 99, 99, 100 and the outlier's: the 200th of 201 is 100, so
    // values reach 409,600, and 2^3 steps for each unit put that just below 3 * 2^21.
    let mut rows: Vec<f32> = (0..200).map(|x| x as f32).collect();
    rows.push(1e9);
    assert_eq!(sketch(&rows, 1).grid(true), Grid::new(vec![100.0], 3));
    // Without an offset the 200th distance is 199.
    assert_eq!(sketch(&rows, 1).grid(false), Grid::new(vec![0.0], 2));
    // A nearer outlier leaves enough steps for all: the middle of the range, nothing beyond 2^20.
    rows[200] = 1e5;
    assert_eq!(sketch(&rows, 1).grid(true), Grid::new(vec![5e4], 4));
    // No rows, and rows that are all equal.
    assert_eq!(GridSketch::new(2).grid(true), Grid::new(vec![0.0; 2], 20));
    assert_eq!(sketch(&[7.0, -0.0, 7.0, 0.0], 2).grid(true), Grid::new(vec![7.0, 0.0], 20));
    // A column with few values that are not 0 beside one of tiny values.
    let few = |outlier: f32| {
        let rows: Vec<f32> = (0..1000).map(|x| if x % 10 == 0 { x as f32 } else { 0.0 }).chain([outlier]).collect();
        let rows: Vec<f32> = rows.iter().enumerate().flat_map(|(i, x)| [*x, i as f32 * 1e-9]).collect();
        sketch(&rows, 2).grid(true)
    };
    assert_eq!(few(-1000.0).exponent(), 10);
    // Values that are not 0 reach 950 * 2^12, as there are enough of them.
    assert_eq!(few(1e30).exponent(), 0);
}

#[test]
fn the_squared_width_by_hand() {
    // 5 % and 95 % of 100 values are the 5th and the 95th, in a dimension of steps of 1 / 4.
    let grid = Grid::new(vec![50.0, -7.0, 0.0, 0.0], 2);
    let column = |i: usize| [i as f32, i as f32 * -0.5, if i < 3 { 8.0 } else { 0.0 }, 1.0];
    let mut rows: Vec<f32> = (0..100).flat_map(column).collect();
    // Most values of the third dimension are equal: its width is that of all values, and there is none in the fourth.
    let expected = (4 * 90_i64).pow(2) + (2 * 90_i64).pow(2) + (4 * 8_i64).pow(2);
    assert_eq!(sketch(&rows, 4).squared_width(&grid), expected as f64 / 4.0);
    // One value of any size changes nothing, nor does the order.
    rows[0] = 1e5;
    let far = sketch(&rows, 4).squared_width(&grid);
    assert_eq!(far, (expected - (4 * 90_i64).pow(2) + (4 * 90_i64).pow(2)) as f64 / 4.0);
    let mut backwards: Vec<f32> = rows.chunks(4).rev().flatten().copied().collect();
    assert_eq!(sketch(&backwards, 4).squared_width(&grid), far);
    let (first, second) = backwards.split_at_mut(160);
    let mut merged = sketch(first, 4);
    merged.merge(&sketch(second, 4)).unwrap();
    assert_eq!(merged.squared_width(&grid), far);
    assert_eq!(GridSketch::new(2).squared_width(&Grid::new(vec![0.0; 2], 20)), 0.0);
}

/// One row of any size: the same grid for all others, on which only that row saturates.
#[test]
fn a_far_row_does_not_make_the_grid_coarse() {
    let rows = unit(4000 * 4, 1);
    let usual = sketch(&rows, 4).grid(true);
    assert_eq!(usual.exponent(), 20);
    let mut grids = Vec::new();
    for factor in [1e6, 1e8, 1e20, 1e38] {
        for columns in [1, 4] {
            let mut rows = rows.clone();
            rows[8..8 + columns].fill(factor);
            let grid = sketch(&rows, 4).grid(true);
            let mut q = vec![0; rows.len()];
            assert_eq!(grid.quantize(&rows, &mut q), columns as u64);
            assert_eq!(q[8], SATURATION);
            grids.push(grid);
        }
    }
    assert!(grids.iter().zip(grids.iter().skip(2)).all(|(grid, next)| grid == next), "{grids:?}");
    // 2^10 steps of a value's typical distance, which is 1.
    assert!(grids[0].exponent() == 10 && grids[0].offset().iter().all(|x| x.abs() < 0.1), "{:?}", grids[0]);
    // A hundredth or a twentieth of one column has the value that marks missing ones.
    for share in [100, 20] {
        let mut rows = rows.clone();
        rows.iter_mut().step_by(4 * share).for_each(|x| *x = -1e30);
        let grid = sketch(&rows, 4).grid(true);
        assert!(grid.exponent() >= 4 && grid.offset()[0].abs() < 0.2, "{grid:?}");
    }
}

/// Heavy tails have no outliers: the grid holds them all.
#[test]
fn heavy_tails_stay_on_the_grid() {
    let cauchy = |i: u64| (std::f64::consts::PI * (row_hash(2, i) as f64 / 2.0_f64.powi(64) - 0.5)).tan() as f32;
    let rows: Vec<f32> = (0..40_000).map(cauchy).collect();
    let grid = sketch(&rows, 4).grid(true);
    assert_eq!(grid.quantize(&rows, &mut vec![0; rows.len()]), 0);
    assert!(rows.iter().any(|x| x.abs() > 3e3) && grid.exponent() >= 0, "{grid:?}");
}

/// More rows than a sample holds, in two orders and with copies.
#[test]
fn a_full_sample_depends_on_the_set_of_the_rows() {
    for (dim, count) in [(1, 140_000), (1100, 2500)] {
        let rows = unit(count * dim, 3);
        let whole = sketch(&rows, dim);
        let mut backwards = GridSketch::new(dim);
        for row in rows.rchunks(dim).chain(rows.chunks(dim).take(count / 2)) {
            backwards.add_finite(row);
        }
        assert!(whole == backwards, "{dim} dimensions");
        let bytes = whole.to_bytes();
        assert_eq!(bytes.len(), 28 + 4 * dim * (2 + if dim == 1 { 65_536 } else { 1024 }));
        assert!(GridSketch::from_bytes(&bytes).unwrap() == whole);
        // The rows of the sample are those with the smallest hashes: others would change nothing.
        let mut grown = GridSketch::from_bytes(&bytes).unwrap();
        grown.add(&rows).unwrap();
        assert!(grown == whole);
        let mut moved = rows.clone();
        moved[0] += 5.0;
        assert!(sketch(&moved, dim) != whole);
    }
}

/// A row that occurs often counts once.
#[test]
fn copies_count_once() {
    let mut rows = unit(300 * 2, 4);
    rows[0] = 1e20;
    let once = sketch(&rows, 2).grid(true);
    let copies: Vec<f32> = rows.iter().copied().chain((0..700).flat_map(|_| [1e20_f32, rows[1]])).collect();
    assert_eq!(sketch(&copies, 2).grid(true), once);
    assert!(once.exponent() > 5);
}

#[test]
fn bytes_that_are_no_sketch_are_refused() {
    let rows: Vec<f32> = [3.0, -1.0, 0.5].into_iter().chain(unit(30, 5)).collect();
    let bytes = sketch(&rows, 3).to_bytes();
    assert!(GridSketch::from_bytes(&bytes).unwrap() == sketch(&rows, 3));
    for len in 0..bytes.len() {
        assert!(GridSketch::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
    }
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(found) = GridSketch::from_bytes(&bytes) {
            assert!(found.to_bytes() == bytes && found.grid(true).offset().iter().all(|x| x.is_finite()), "bit {bit}");
        }
    }
    let huge = |dim: u32, rows: u32| {
        let mut bytes = b"semid grid sketch 1\0".to_vec();
        bytes.extend(dim.to_le_bytes().into_iter().chain(rows.to_le_bytes()));
        GridSketch::from_bytes(&bytes).unwrap_err().into_kind()
    };
    for (dim, rows) in [(0, 0), (8, u32::MAX), (u32::MAX, 1), (8193, 0)] {
        assert!(matches!(huge(dim, rows), ErrorKind::Format { .. }));
    }
    assert!(GridSketch::from_bytes(&GridSketch::new(5).to_bytes()).unwrap() == GridSketch::new(5));
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let mut sketch = sketch(&[1.0, 2.0], 2);
    assert!(matches!(sketch.add(&[1.0; 3]).unwrap_err().into_kind(), ErrorKind::Length { len: 3, dim: 2 }));
    let error = sketch.add(&[1.0, f32::NAN]).unwrap_err().into_kind();
    assert!(matches!(error, ErrorKind::NotFinite { row: 0, column: 1, .. }));
    let error = sketch.merge(&GridSketch::new(3)).unwrap_err().into_kind();
    assert!(matches!(error, ErrorKind::DimMismatch { expected: 2, found: 3 }));
    assert_eq!(sketch.grid(true), Grid::new(vec![1.0, 2.0], 20));
}

/// Values of one magnitude, and some that are far from all others.
fn values() -> impl Strategy<Value = f32> {
    let usual = (-1000_i32..1000).prop_map(|n| n as f32 / 8.0);
    prop_oneof![9 => usual, 1 => any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |x| x.is_finite())]
}

proptest! {
    /// Shards in any order, one of them empty, and rows one by one: the same sketch to the last bit, and the same grid.
    #[test]
    fn any_split_and_order_has_one_grid(
        rows in prop::collection::vec(values(), 3 * 20),
        cuts in [0_usize..=20, 0..=20],
    ) {
        let whole = sketch(&rows, 3);
        let (first, second) = (cuts[0].min(cuts[1]) * 3, cuts[0].max(cuts[1]) * 3);
        let mut merged = sketch(&rows[second..], 3);
        for part in [&rows[..first], &[], &rows[first..second]] {
            merged.merge(&sketch(part, 3)).unwrap();
        }
        let mut backwards = GridSketch::new(3);
        rows.rchunks(3).for_each(|row| backwards.add(row).unwrap());
        for other in [merged, backwards, GridSketch::from_bytes(&whole.to_bytes()).unwrap()] {
            prop_assert!(other == whole);
            let bits = |grid: &Grid| grid.offset().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let (a, b) = (whole.grid(true), other.grid(true));
            prop_assert_eq!((bits(&a), a.exponent()), (bits(&b), b.exponent()));
            prop_assert_eq!(whole.grid(false), other.grid(false));
        }
    }

    /// Rows without far values keep the grid of their range.
    #[test]
    fn usual_rows_keep_the_grid_of_their_range(rows in prop::collection::vec(-1000_i32..1000, 60), center: bool) {
        let rows: Vec<f32> = rows.into_iter().map(|n| n as f32 / 8.0).collect();
        let mut range = Range::new(3);
        range.add(&rows);
        prop_assert_eq!(sketch(&rows, 3).grid(center), range.grid(center));
    }
}

#[test]
fn narrow_dimensions_and_those_beyond_the_grid_by_hand() {
    // A step of 1/4: column 0 has 50 values between its quantiles, column 1 is far narrower and column 2 is constant.
    let grid = Grid::new(vec![0.0; 4], 2);
    let rows: Vec<f32> = (0..100).flat_map(|i| [i as f32 * 10.0, i as f32 * 0.5, 7.0, i as f32 * 1e-3]).collect();
    let sketch = sketch(&rows, 4);
    let narrow = |grid: &Grid| sketch.narrow(grid).iter().map(|at| (at.column, at.steps)).collect::<Vec<_>>();
    assert_eq!(narrow(&grid), [(3, 0), (1, 100)]);
    // 500 steps are enough where no dimension has far more, and 25 are not.
    assert_eq!(narrow(&Grid::new(vec![0.0; 4], 0)), [(3, 0), (1, 25)]);
    assert_eq!(narrow(&Grid::new(vec![0.0; 4], 20)), []);
    assert_eq!(sketch.beyond(&grid), [0_usize; 0]);
    // 3 * 2^21 steps of 2^-13 are 768: the 990 of column 0 lies beyond them, and on the other side of an offset.
    assert_eq!(sketch.beyond(&Grid::new(vec![0.0; 4], 13)), [0]);
    assert_eq!(sketch.beyond(&Grid::new(vec![900.0, 0.0, 1000.0, 0.0], 13)), [0, 2]);
    assert_eq!(GridSketch::new(3).beyond(&grid), [0_usize; 0]);
    assert_eq!(GridSketch::new(3).narrow(&Grid::new(vec![0.0; 3], 2)), []);
}

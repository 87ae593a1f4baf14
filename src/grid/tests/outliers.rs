//! Values beyond the grid are counted and the worst rows named, whatever the order of the rows.

use super::super::{Grid, Outlier, Saturation};
use crate::rng::row_hash;

/// Rows of 3 of which some have values beyond 6.3 million, and how many of those there are.
fn rows() -> (Vec<f32>, Vec<(f32, usize, usize)>) {
    let mut rows: Vec<f32> = (0..300).map(|i| (row_hash(1, i) % 1000) as f32).collect();
    let mut far = Vec::new();
    for i in 0..12 {
        let (row, column) = (7 * i + 3, i % 3);
        rows[row * 3 + column] = if i % 2 == 0 { 1e7 } else { -1e8 * (i / 4 + 1) as f32 };
        far.push((rows[row * 3 + column].abs(), row, column));
    }
    // A second value of a row, nearer than its first.
    rows[10 * 3] = 9e6;
    (rows, far)
}

#[test]
fn the_worst_rows_are_named() {
    let (rows, mut far) = rows();
    let grid = Grid::new(vec![0.0; 3], 0);
    let saturation = |parts: &[std::ops::Range<usize>]| {
        let mut all = Saturation::default();
        for part in parts {
            let values = &rows[part.start * 3..part.end * 3];
            let saturated = grid.quantize(values, &mut vec![0; values.len()]);
            all.merge(Saturation::of(&grid, values, saturated, |i| part.start + i));
        }
        all
    };
    let whole = saturation(std::slice::from_ref(&(0..100)));
    assert_eq!(whole.values, 13);
    far.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let named = whole.outliers().into_iter().map(|Outlier { row, column, value }| (value.abs(), row as usize, column));
    assert_eq!(named.collect::<Vec<_>>(), far[..8]);
    assert_eq!(saturation(&[50..100, 30..50, 0..0, 0..30]), whole);
    let each: Vec<_> = (0..100).rev().map(|row| row..row + 1).collect();
    assert_eq!(saturation(&each), whole);
    assert_eq!(saturation(&[]), Saturation::default());
}

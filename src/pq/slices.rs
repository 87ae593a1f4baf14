//! How dimensions are cut into slices.

use std::ops::Range;

/// Cuts `dim` dimensions into `count` slices of consecutive dimensions: the first `dim % count` of them have one
/// dimension more than the others.
///
/// # Shapes
/// `count` ranges that follow each other from 0 to `dim`; none is empty where `count` is at most `dim`.
pub(super) fn ranges(dim: usize, count: usize) -> Vec<Range<usize>> {
    let (width, wider) = (dim.checked_div(count).unwrap_or(0), dim.checked_rem(count).unwrap_or(0));
    let start = |slice: usize| slice * width + slice.min(wider);
    (0..count).map(|slice| start(slice)..start(slice + 1)).collect()
}

/// Copies the columns `slice` of rows of `dim` values to `out`.
///
/// # Shapes
/// `rows` (n, D), `out` (n, d), d being the length of the slice.
pub(super) fn copy_slice<T: Copy>(rows: &[T], dim: usize, slice: &Range<usize>, out: &mut [T]) {
    let places = out.chunks_exact_mut(slice.len().max(1));
    for (row, out) in rows.chunks_exact(dim).zip(places) {
        out.copy_from_slice(row.get(slice.clone()).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slices_are_wider_where_the_cut_is_uneven() {
        assert_eq!(ranges(8, 4), [0..2, 2..4, 4..6, 6..8]);
        assert_eq!(ranges(7, 3), [0..3, 3..5, 5..7]);
        assert_eq!(ranges(384, 7)[..2], [0..55, 55..110]);
        assert_eq!((ranges(5, 1).len(), ranges(5, 1).first()), (1, Some(&(0..5))));
        for (dim, count) in [(384, 8), (384, 7), (10, 10), (8192, 255)] {
            let cut = ranges(dim, count);
            assert_eq!(cut.iter().cloned().flatten().collect::<Vec<usize>>(), (0..dim).collect::<Vec<usize>>());
            let wider = cut.iter().filter(|slice| slice.len() == dim / count + 1).count();
            assert_eq!((cut.len(), wider), (count, dim % count));
            assert!(cut.iter().skip(wider).all(|slice| slice.len() == dim / count));
        }
    }

    #[test]
    fn columns_are_copied_row_by_row() {
        let mut out = [0; 4];
        copy_slice(&[0, 1, 2, 10, 11, 12], 3, &(1..3), &mut out);
        assert_eq!(out, [1, 2, 11, 12]);
    }
}

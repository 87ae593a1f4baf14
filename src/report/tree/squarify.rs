//! Divides a rectangle into rectangles of given areas that are close to squares.

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Rect {
    pub(in crate::report) x: f64,
    pub(in crate::report) y: f64,
    pub(in crate::report) width: f64,
    pub(in crate::report) height: f64,
}

/// Returns rectangles that fill `all`, one for each of `sizes`, which descend; their areas are in proportion to the
/// sizes.
///
/// # References
/// M. Bruls, K. Huizing, J. J. van Wijk, Squarified Treemaps, 2000.
pub(in crate::report) fn squarify(sizes: &[u64], all: Rect) -> std::vec::IntoIter<Rect> {
    let mut rects = Vec::with_capacity(sizes.len());
    let mut left = all;
    let mut rest: f64 = sizes.iter().map(|size| *size as f64).sum();
    let mut sizes = sizes;
    while !sizes.is_empty() {
        let row = row(sizes, left, rest);
        let (first, others) = sizes.split_at(row);
        let sum: f64 = first.iter().map(|size| *size as f64).sum();
        left = lay(first, sum, left, if rest > 0.0 { sum / rest } else { 0.0 }, &mut rects);
        (rest, sizes) = (rest - sum, others);
    }
    rects.into_iter()
}

/// Returns how many of the first sizes make the best row along the shorter side.
fn row(sizes: &[u64], left: Rect, rest: f64) -> usize {
    let side = left.width.min(left.height);
    let scale = left.width * left.height / rest.max(1.0);
    let largest = sizes.first().copied().unwrap_or(0) as f64 * scale;
    let (mut sum, mut best) = (0.0, f64::INFINITY);
    for (i, size) in sizes.iter().enumerate() {
        let area = *size as f64 * scale;
        sum += area;
        let worst = (side * side * largest / (sum * sum)).max(sum * sum / (side * side * area));
        if i > 0 && (worst > best || worst.is_nan()) {
            return i;
        }
        best = worst;
    }
    sizes.len()
}

/// Puts a row that takes `share` of `left` along its shorter side; returns what is left of `left`.
fn lay(row: &[u64], sum: f64, left: Rect, share: f64, rects: &mut Vec<Rect>) -> Rect {
    let mut before = 0.0;
    let wide = left.width >= left.height;
    for size in row {
        let part = if sum > 0.0 { *size as f64 / sum } else { 0.0 };
        rects.push(if wide {
            let (y, height) = (left.y + before * left.height, part * left.height);
            Rect { x: left.x, y, width: share * left.width, height }
        } else {
            let (x, width) = (left.x + before * left.width, part * left.width);
            Rect { x, y: left.y, width, height: share * left.height }
        });
        before += part;
    }
    if wide {
        Rect { x: left.x + share * left.width, width: (1.0 - share) * left.width, ..left }
    } else {
        Rect { y: left.y + share * left.height, height: (1.0 - share) * left.height, ..left }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Rect = Rect { x: 1.0, y: 2.0, width: 300.0, height: 200.0 };

    #[test]
    fn areas_are_in_proportion_and_nothing_overlaps() {
        for sizes in [vec![6, 6, 4, 3, 2, 2, 1], vec![5], vec![1; 100], (1..60).rev().collect(), vec![1_000_000, 1]] {
            let rects: Vec<Rect> = squarify(&sizes, ALL).collect();
            let sum: u64 = sizes.iter().sum();
            assert_eq!(rects.len(), sizes.len());
            for (rect, size) in rects.iter().zip(&sizes) {
                let area = *size as f64 / sum as f64 * 60_000.0;
                assert!((rect.width * rect.height - area).abs() < 1e-6, "{sizes:?}");
                assert!(rect.x >= 1.0 - 1e-9 && rect.x + rect.width <= 301.0 + 1e-9, "{rect:?}");
                assert!(rect.y >= 2.0 - 1e-9 && rect.y + rect.height <= 202.0 + 1e-9, "{rect:?}");
            }
            for (i, a) in rects.iter().enumerate() {
                for b in &rects[..i] {
                    let across = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
                    let along = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
                    assert!(across < 1e-9 || along < 1e-9, "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn the_example_of_the_paper_has_its_shapes() {
        let all = Rect { x: 0.0, y: 0.0, width: 6.0, height: 4.0 };
        let rects: Vec<Rect> = squarify(&[6, 6, 4, 3, 2, 2, 1], all).collect();
        assert_eq!(rects[0], Rect { x: 0.0, y: 0.0, width: 3.0, height: 2.0 });
        assert_eq!(rects[1], Rect { x: 0.0, y: 2.0, width: 3.0, height: 2.0 });
        assert!((rects[2].y - rects[3].y).abs() < 1e-9 && (rects[2].height - 7.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_and_emptiness_take_no_room() {
        assert_eq!(squarify(&[], ALL).count(), 0);
        assert!(squarify(&[0, 0], ALL).all(|rect| rect.width * rect.height == 0.0));
    }
}

//! Mixed rows beside sums of whole numbers, which f64 adds without error.

use super::*;
use crate::rng::row_hash;
use crate::rows::{Matrix, Rows};
use crate::{Device, ErrorKind, RqKMeans};

const ROWS: usize = 120;
const DIM: usize = 5;

fn values() -> Vec<f32> {
    (0..ROWS * DIM).map(|i| (row_hash(21, i as u64) % 4001) as f32 / 8.0 - 250.0).collect()
}

/// Pairs, of which some are given twice, in both directions, or of a row with itself.
fn pairs() -> Vec<(usize, usize)> {
    let at = |stream, i| row_hash(stream, i) as usize % (ROWS - 20);
    let mut pairs: Vec<_> = (0..300).map(|i| (at(22, i), at(23, i))).collect();
    pairs.extend_from_within(..40);
    pairs.extend([(3, 3), (7, 7)]);
    pairs
}

fn read(rows: &dyn Rows) -> Vec<f32> {
    let mut out = vec![0.0; rows.len() * rows.dim()];
    rows.read(0, &mut out).unwrap();
    out
}

/// The mixed rows, one pair after the other.
fn expected(values: &[f32], pairs: &[(usize, usize)], weight: f64) -> Vec<f32> {
    let mut out = values.to_vec();
    for row in 0..ROWS {
        let partner = |(a, b): &(usize, usize)| match (*a == row, *b == row) {
            (true, false) => Some(*b),
            (false, true) => Some(*a),
            _ => None,
        };
        let partners: Vec<usize> = pairs.iter().filter_map(partner).collect();
        for d in (0..DIM).filter(|_| !partners.is_empty()) {
            let sum: f64 = partners.iter().map(|partner| f64::from(values[partner * DIM + d])).sum();
            let x = &mut out[row * DIM + d];
            *x = ((1.0 - weight) * f64::from(*x) + weight * (sum / partners.len() as f64)) as f32;
        }
    }
    out
}

#[test]
fn rows_are_mixed_with_the_means_of_their_partners_in_memory_and_on_disk() {
    let (values, pairs) = (values(), pairs());
    let rows = Matrix::new(&values, DIM).unwrap();
    let known = Partners::of_rows(ROWS, pairs.iter().copied()).unwrap();
    assert_eq!(known.counts().self_pairs, pairs.iter().filter(|(a, b)| a == b).count() as u64);
    assert_eq!(known.counts().pairs + known.counts().self_pairs, pairs.len() as u64);
    for weight in [0.0, 0.3, 1.0] {
        let expected = expected(&values, &pairs, weight);
        for memory in [None, Some(1)] {
            let mixed = Smoothed::new(&rows, known.clone(), weight, memory).unwrap();
            assert_eq!(mixed.is_on_disk(), memory.is_some());
            assert_eq!(read(&mixed), expected, "{weight}");
            for (first, count) in [(0, 1), (50, 13), (ROWS - 1, 1), (ROWS, 0)] {
                let mut out = vec![0.0; count * DIM];
                mixed.read(first, &mut out).unwrap();
                assert_eq!(out, expected[first * DIM..][..count * DIM]);
            }
            assert!(mixed.read(ROWS, &mut [0.0; DIM]).is_err());
        }
    }
    // The last rows have no partners.
    assert_eq!(
        read(&Smoothed::new(&rows, known.clone(), 0.5, None).unwrap())[(ROWS - 20) * DIM..],
        values[(ROWS - 20) * DIM..]
    );
}

/// Rows are read in pieces of 2^20 values, and kept on disk where they take more than half of the memory.
#[test]
fn more_rows_than_are_read_at_a_time_are_kept_in_order() {
    let (rows, dim) = (3_000, 700);
    let values: Vec<f32> = (0..rows * dim).map(|i| (row_hash(26, i as u64) % 1024) as f32).collect();
    let matrix = Matrix::new(&values, dim).unwrap();
    let pairs = [(0, rows - 1), (1_497, 1_498), (1, 1_500)];
    let known = Partners::of_rows(rows, pairs).unwrap();
    let bytes = 4 * (rows * dim) as u64;
    for (memory, on_disk) in [(2 * bytes, false), (2 * bytes - 1, true)] {
        let mixed = Smoothed::new(&matrix, known.clone(), 1.0, Some(memory)).unwrap();
        assert_eq!(mixed.is_on_disk(), on_disk);
        let found = read(&mixed);
        // With all weight on the partner, paired rows take each other's places.
        for (row, found) in found.chunks_exact(dim).enumerate() {
            let other = |(a, b): &(usize, usize)| if *a == row { Some(*b) } else { (*b == row).then_some(*a) };
            let from = pairs.iter().find_map(other).unwrap_or(row);
            assert_eq!(found, &values[from * dim..][..dim], "row {row}");
        }
    }
}

#[test]
fn the_order_of_rows_and_pairs_has_no_influence() {
    // Values of very different sizes, whose sums would depend on their order in f64.
    let size = |i: usize| 2.0_f32.powi((row_hash(24, i as u64) % 200) as i32 - 100);
    let values: Vec<f32> = values().iter().enumerate().map(|(i, x)| x * size(i)).collect();
    let pairs = pairs();
    let known = Partners::of_rows(ROWS, pairs.iter().copied()).unwrap();
    let mixed = read(&Smoothed::new(&Matrix::new(&values, DIM).unwrap(), known.clone(), 0.4, None).unwrap());
    let turned = Partners::of_rows(ROWS, pairs.iter().rev().map(|(a, b)| (*b, *a))).unwrap();
    assert_eq!(turned, known);
    let mut order: Vec<usize> = (0..ROWS).collect();
    order.sort_by_key(|row| row_hash(25, *row as u64));
    let place = |row: usize| order.iter().position(|other| *other == row).unwrap();
    let moved: Vec<f32> = order.iter().flat_map(|row| values[row * DIM..][..DIM].to_vec()).collect();
    let moved_pairs = Partners::of_rows(ROWS, pairs.iter().map(|(a, b)| (place(*a), place(*b)))).unwrap();
    let found = read(&Smoothed::new(&Matrix::new(&moved, DIM).unwrap(), moved_pairs, 0.4, None).unwrap());
    for (i, row) in order.iter().enumerate() {
        assert_eq!(found[i * DIM..][..DIM], mixed[row * DIM..][..DIM], "row {row}");
    }
}

#[test]
fn fits_and_encodes_take_mixed_rows_on_every_device() {
    let (values, pairs) = (values(), pairs());
    let rows = Matrix::new(&values, DIM).unwrap();
    let known = Partners::of_rows(ROWS, pairs.iter().copied()).unwrap();
    let by_hand = expected(&values, &pairs, 0.25);
    let by_hand = Matrix::new(&by_hand, DIM).unwrap();
    let mixed = Smoothed::new(&rows, known.clone(), 0.25, None).unwrap();
    let params = RqKMeans::new(2, 6);
    for device in [Device::reference(), Device::cpu(), Device::cpu_with_threads(3).unwrap()] {
        let model = params.fit(&mixed, &device).unwrap();
        assert_eq!(model, params.fit(&by_hand, &Device::cpu()).unwrap());
        assert_eq!(model.encode(&mixed, &device).unwrap(), model.encode(&by_hand, &device).unwrap());
    }
}

#[test]
fn pairs_of_keys_say_which_keys_are_unknown() {
    let keys: Vec<String> = (0..4).map(|row| format!("i{row}")).collect();
    let given = [("i0", "i1"), ("x", "i1"), ("i2", "i2"), ("x", "y"), ("i1", "i0"), ("i3", "z")];
    let known = Partners::new(&keys, given).unwrap();
    let PairCounts { pairs, rows, self_pairs, unknown_pairs, unknown_keys, first_unknown } = known.counts().clone();
    assert_eq!((pairs, rows, self_pairs, unknown_pairs, unknown_keys), (2, 2, 1, 3, 3));
    assert_eq!(first_unknown, ["x", "y", "z"]);
    assert_eq!(known.of(1).collect::<Vec<_>>(), [(0, 2)]);
    assert_eq!(known.of(3).len() + known.of(99).len(), 0);
    let many: Vec<(String, String)> = (0..9).map(|i| ("i0".to_owned(), format!("u{i}"))).collect();
    let counts = Partners::new(&keys, many).unwrap().counts().clone();
    assert_eq!((counts.unknown_keys, counts.first_unknown.len()), (9, 5));
}

#[test]
fn bad_pairs_and_rows_are_refused() {
    let keys = ["a", "b", "a"].map(str::to_owned);
    let error = Partners::new(&keys, [("a", "b")]).unwrap_err();
    assert!(error.to_string().contains("rows 0 and 2"), "{error}");
    assert!(Partners::of_rows(3, [(0, 3)]).is_err());
    let known = Partners::of_rows(2, [(0, 1)]).unwrap();
    let refused = |values: &[f32], weight| {
        Smoothed::new(&Matrix::new(values, 1).unwrap(), known.clone(), weight, None).unwrap_err()
    };
    assert!(matches!(refused(&[1.0], 0.5).kind(), ErrorKind::RowCount { found: 2, rows: 1, .. }));
    for weight in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(refused(&[1.0, 2.0], weight).kind(), ErrorKind::Parameter { .. }), "{weight}");
    }
    assert!(matches!(refused(&[1.0, f32::NAN], 0.5).kind(), ErrorKind::NotFinite { row: 1, .. }));
    let none = Partners::of_rows(0, []).unwrap();
    assert!(none.is_empty());
}

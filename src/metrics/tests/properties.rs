//! Checks properties that hold for all numbers.

use super::Codebooks;
use crate::metrics::{Evaluation, Quality, code_metrics};
use crate::{Codes, Device, Matrix, Metric};

const DIM: usize = 3;

/// Makes 120 rows, some of them equal, with codes and codebooks that are unrelated to them.
fn scene() -> (Vec<f32>, Codes, Vec<Vec<Vec<f32>>>) {
    let hash = |seed: u64, i: usize| (crate::rng::row_hash(seed, i as u64) % 4096) as f32 / 256.0 - 8.0;
    let values = (0..120).flat_map(|row| (0..DIM).map(move |d| hash(1, row % 100 * DIM + d))).collect();
    let codes = (0..240).map(|i| (crate::rng::row_hash(2, i) % 5) as u32).collect();
    let book = |level: u64| (0..5).map(|k| (0..DIM).map(|d| hash(3 + level, k * DIM + d)).collect()).collect();
    (values, Codes::new(codes, 2).unwrap(), vec![book(0), book(1)])
}

fn quality(values: &[f32], codes: &Codes, books: &[Vec<Vec<f32>>]) -> Quality {
    let model = Codebooks { metric: Metric::L2, books: books.to_vec() };
    let evaluation = Evaluation::new().k(4).pairs(500);
    let rows = Matrix::new(values, DIM).unwrap();
    evaluation.run_on_codes(&model, &rows, codes, &Device::cpu(), |_| std::ops::ControlFlow::Continue(())).unwrap()
}

/// A power of two changes no mantissa, so only the squared errors change, each by exactly its square.
#[test]
fn a_power_of_two_scales_the_errors_alone() {
    let (values, codes, books) = scene();
    let expected = quality(&values, &codes, &books);
    for exponent in [-20, -1, 3, 40] {
        let factor = 2.0_f32.powi(exponent);
        let scaled: Vec<f32> = values.iter().map(|x| x * factor).collect();
        let mut books = books.clone();
        books.iter_mut().flatten().flatten().for_each(|x| *x *= factor);
        let found = quality(&scaled, &codes, &books);
        assert_eq!((&found.codes, &found.neighbors), (&expected.codes, &expected.neighbors), "2^{exponent}");
        let (found, expected) = (found.errors.unwrap(), expected.errors.as_ref().unwrap());
        let square = f64::from(factor).powi(2);
        assert_eq!(found.squared_error_per_row, expected.squared_error_per_row * square, "2^{exponent}");
        let levels = expected.squared_error_per_level.iter().map(|error| error * square);
        assert!(found.squared_error_per_level.iter().copied().eq(levels), "2^{exponent}");
    }
}

/// A shift of all rows and first codewords by an exact amount keeps distances, but not relative errors.
#[test]
fn a_shift_changes_relative_errors_alone() {
    let (values, codes, books) = scene();
    let expected = quality(&values, &codes, &books);
    let shifted: Vec<f32> = values.iter().map(|x| x + 1024.0).collect();
    let mut books = books;
    books[0].iter_mut().flatten().for_each(|x| *x += 1024.0);
    let found = quality(&shifted, &codes, &books);
    assert_eq!((&found.codes, &found.neighbors), (&expected.codes, &expected.neighbors));
    let (found, expected) = (found.errors.unwrap(), expected.errors.unwrap());
    assert_eq!(found.squared_error_per_row, expected.squared_error_per_row);
    assert!(found.relative_l1 < expected.relative_l1);
}

#[test]
fn other_labels_of_codes_change_nothing() {
    let (values, codes, books) = scene();
    let label = |level: usize, code: u32| [[3, 0, 4, 1, 2], [1, 2, 3, 4, 0]][level][code as usize];
    let labelled = codes.rows().flat_map(|row| [label(0, row[0]) as u32, label(1, row[1]) as u32]).collect();
    let mut others = books.clone();
    for (level, book) in books.iter().enumerate() {
        (0..5).for_each(|code| others[level][label(level, code)] = book[code as usize].clone());
    }
    let expected = quality(&values, &codes, &books);
    let found = quality(&values, &Codes::new(labelled, 2).unwrap(), &others);
    assert_eq!((&found.codes.ids, &found.codes.levels), (&expected.codes.ids, &expected.codes.levels));
    assert_eq!((&found.errors, &found.neighbors), (&expected.errors, &expected.neighbors));
}

#[test]
fn every_row_twice_doubles_counts() {
    let (_, codes, _) = scene();
    let twice = Codes::new(codes.rows().flat_map(|row| [row, row].concat()).collect(), 2).unwrap();
    let once = code_metrics(&codes, &[5, 5]).unwrap();
    let twice = code_metrics(&twice, &[5, 5]).unwrap();
    assert_eq!(
        (twice.rows, twice.ids.distinct_ids, twice.ids.max_bucket),
        (240, once.ids.distinct_ids, 2 * once.ids.max_bucket)
    );
    assert_eq!((twice.ids.collided_items, twice.ids.collided_item_rate), (240, 1.0));
    assert_eq!(twice.ids.collision_rate, 1.0 - once.ids.distinct_ids as f64 / 240.0);
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12 * b.abs().max(1.0);
    for (twice, once) in twice.levels.iter().zip(&once.levels) {
        assert_eq!(
            (twice.used_codes, twice.prefixes, twice.max_bucket),
            (once.used_codes, once.prefixes, 2 * once.max_bucket)
        );
        assert!(
            close(twice.entropy, once.entropy)
                && close(twice.gini, once.gini)
                && close(twice.imbalance, once.imbalance)
        );
    }
}

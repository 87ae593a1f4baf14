//! Bad input gives typed errors that say what is wrong.

use super::Codebooks;
use crate::metrics::{CodeCounter, Evaluation, SortedCodeCounter, code_metrics, errors, prefix_purity, stability};
use crate::rng::row_hash;
use crate::{Codes, Device, Error, ErrorKind, Matrix, Metric, RqKMeans};
use std::ops::ControlFlow;

fn codes(values: &[u32], levels: usize) -> Codes {
    Codes::new(values.to_vec(), levels).unwrap()
}

fn model() -> Codebooks {
    Codebooks { metric: Metric::L2, books: vec![vec![vec![0.0, 1.0]; 4]; 2] }
}

/// Evaluates `rows` (N, 2) with `codes`.
fn run(evaluation: &Evaluation, rows: &[f32], codes: &Codes) -> Result<(), Error> {
    let rows = Matrix::new(rows, 2).unwrap();
    let run = evaluation.run_on_codes(&model(), &rows, codes, &Device::reference(), |_| ControlFlow::Continue(()));
    run.map(drop)
}

macro_rules! assert_refused {
    ($result:expr, $($kind:tt)+) => {
        let error = $result.map(drop).unwrap_err();
        assert!(matches!(error.kind(), $($kind)+), "{error:?}");
    };
}

#[test]
fn codes_out_of_range_are_named_with_row_and_level() {
    let bad = codes(&[0, 1, 3, 4], 2);
    let expected = |kind: &ErrorKind| matches!(kind, ErrorKind::Code { row: 1, level: 1, code: 4, clusters: 4 });
    let error = code_metrics(&bad, &[4, 4]).unwrap_err();
    assert!(expected(error.kind()), "{error:?}");
    let error = run(&Evaluation::new().k(1), &[0.0; 4], &bad).unwrap_err();
    assert!(expected(error.kind()), "{error:?}");
    let rows = Matrix::new(&[0.0; 4], 2).unwrap();
    let error = errors(&model(), &rows, &bad, &Device::reference()).unwrap_err();
    assert!(expected(error.kind()), "{error:?}");
    let mut sorted = SortedCodeCounter::new(&[4, 4]).unwrap();
    assert_refused!(sorted.add(&[4, 0], 1), ErrorKind::Code { row: 0, level: 0, code: 4, clusters: 4 });
}

#[test]
fn lengths_that_do_not_match() {
    let good = codes(&[0, 1, 3, 2], 2);
    assert_refused!(code_metrics(&good, &[4]), ErrorKind::CodeLevels { expected: 1, found: 2 });
    assert_refused!(CodeCounter::new(&[4, 4]).unwrap().add(&[1]), ErrorKind::CodeLevels { expected: 2, found: 1 });
    let evaluation = Evaluation::new().k(1);
    let three = codes(&[0, 1, 2, 3, 2, 1], 3);
    assert_refused!(run(&evaluation, &[0.0; 4], &three), ErrorKind::CodeLevels { expected: 2, found: 3 });
    assert_refused!(run(&evaluation, &[0.0; 6], &good), ErrorKind::RowCount { found: 2, rows: 3, .. });
    let wide = Matrix::new(&[0.0; 6], 3).unwrap();
    let wide = evaluation.run(&model(), &wide, &Device::reference());
    assert_refused!(wide, ErrorKind::DimMismatch { expected: 2, found: 3 });
    assert_refused!(
        prefix_purity(&good, &[Some(1), None, Some(3)], 0),
        ErrorKind::RowCount { what: "labels", found: 3, rows: 2 }
    );
    assert_refused!(stability(&good, &three), ErrorKind::CodeLevels { expected: 2, found: 3 });
    assert_refused!(stability(&good, &codes(&[0, 1], 2)), ErrorKind::RowCount { found: 1, rows: 2, .. });
}

#[test]
fn empty_sets() {
    let none = codes(&[], 2);
    assert_refused!(code_metrics(&none, &[4, 4]), ErrorKind::Empty);
    assert_refused!(CodeCounter::new(&[4]).unwrap().finish(), ErrorKind::Empty);
    assert_refused!(SortedCodeCounter::new(&[4]).unwrap().finish(), ErrorKind::Empty);
    assert_refused!(run(&Evaluation::new(), &[], &none), ErrorKind::Empty);
    assert_refused!(prefix_purity::<u8>(&none, &[], 0), ErrorKind::Empty);
    assert_refused!(stability(&none, &none), ErrorKind::Empty);
}

#[test]
fn parameters_out_of_range() {
    let good = codes(&[0, 1, 3, 2, 1, 1], 2);
    let rows = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    assert!(run(&Evaluation::new().k(2), &rows, &good).is_ok());
    for (evaluation, name) in [
        (Evaluation::new().k(3), "k"),
        (Evaluation::new().k(usize::MAX), "k"),
        (Evaluation::new().k(1).sample(0), "sample"),
        (Evaluation::new().k(1).pairs(0), "pairs"),
    ] {
        let error = run(&evaluation, &rows, &good).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: found, .. } if *found == name), "{error:?}");
    }
    assert_refused!(CodeCounter::new(&[4, 0]), ErrorKind::Clusters { level: 1, clusters: 0 });
    assert_refused!(SortedCodeCounter::new(&[usize::MAX]), ErrorKind::Clusters { level: 0, .. });
    let mut sorted = SortedCodeCounter::new(&[4, 4]).unwrap();
    sorted.add(&[1, 0], 1).unwrap();
    assert_refused!(sorted.add(&[0, 3], 1), ErrorKind::Parameter { name: "codes", .. });
}

#[test]
fn rows_that_are_not_finite_and_evaluations_that_are_stopped() {
    let good = codes(&[0, 1, 3, 2, 1, 1], 2);
    let rows = [0.0, 1.0, 2.0, f32::NAN, 4.0, 5.0];
    assert_refused!(run(&Evaluation::new().k(1), &rows, &good), ErrorKind::NotFinite { row: 1, column: 1, .. });
    let rows = Matrix::new(&[0.0; 6], 2).unwrap();
    let evaluation = Evaluation::new().k(1);
    let stopped = evaluation.run_on_codes(&model(), &rows, &good, &Device::cpu(), |_| ControlFlow::Break(()));
    assert_refused!(stopped, ErrorKind::Cancelled);
    for stage in ["true neighbours", "neighbours of the decoded IDs", "recall", "distances"] {
        let stopped = evaluation.run_on_codes(&model(), &rows, &good, &Device::cpu(), |progress| {
            if progress.stage == stage { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_refused!(stopped, ErrorKind::Cancelled);
    }
}

#[test]
fn curves_of_more_neighbours_than_there_are() {
    let good = codes(&[0, 1, 3, 2], 2);
    for k in [0, 2] {
        let error = run(&Evaluation::new().k(1).recall_curve([1, k]), &[0.0; 4], &good).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "recall_curve", .. }), "{error:?}");
    }
    run(&Evaluation::new().k(0).recall_curve([2]), &[0.0; 4], &good).unwrap();
}

#[test]
fn more_neighbors_than_memory_is_meant_for() {
    let evaluation = Evaluation::new().k(11_999);
    for evaluation in [evaluation.clone(), Evaluation::new().recall_curve([3, 11_999])] {
        let error = evaluation.check(12_000).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "k", .. }), "{error}");
        assert!(error.to_string().contains("at most 11184 for 12000 queries"), "{error}");
        assert!(evaluation.sample(1000).check(12_000).is_ok());
    }
}

#[test]
fn more_pairs_than_memory_is_meant_for() {
    let evaluation = Evaluation::new().pairs(1 << 25);
    // 5,000 rows have fewer pairs than that.
    assert!(evaluation.check(5000).is_ok() && Evaluation::new().k(0).pairs(1 << 25).check(10_000).is_ok());
    let error = evaluation.check(10_000).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Parameter { name: "pairs", .. }), "{error}");
}

#[test]
fn errors_of_the_largest_rows_are_finite() {
    let value = |i: u64| match row_hash(7, i) {
        hash if hash % 2 == 0 => f32::MAX,
        hash => 1e38 + 2.4e35 * (hash % 1000) as f32,
    };
    let values: Vec<f32> = (0..320).map(value).collect();
    let (rows, device) = (Matrix::new(&values, 4).unwrap(), Device::cpu());
    let mut beyond = 0;
    for levels in 1..=3 {
        let model = RqKMeans::new(levels, 16).fit(&rows, &device).unwrap();
        let codes = model.encode(&rows, &device).unwrap();
        // Decoding itself refuses values beyond the largest f32, metrics measure with that one.
        beyond +=
            usize::from(model.decode(&codes).is_err_and(|error| matches!(error.kind(), ErrorKind::Undecodable { .. })));
        let errors = errors(&model, &rows, &codes, &device).unwrap();
        let all = errors.squared_error_per_level.iter().chain([&errors.mse, &errors.relative_l1]);
        assert!(all.into_iter().all(|error| error.is_finite()), "{errors:?}");
    }
    assert!(beyond > 0, "the rows are not extreme enough");
}

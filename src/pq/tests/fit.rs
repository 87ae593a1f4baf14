//! What is fitted, against fits of residual k-means on separate tables.

use super::{columns, even_rows, fit};
use crate::first_reading::tests::CountedRows;
use crate::kernel::assign::squared_distance;
use crate::pq::slice_rows::SliceRows;
use crate::quantization::Quantization;
use crate::quantizer::{TrainOption, TrainOptions, Trainer, TrainingProgress};
use crate::rng::row_hash;
use crate::rq::tests::rows;
use crate::rq::{Algorithm, Grid, Init, MiniBatch};
use crate::{Device, ErrorKind, Matrix, Metric, PqKMeans, Quantizer, Rows, RqKMeans, Weights};
use std::ops::ControlFlow;

/// Level l of residual k-means, after l levels of one cluster, fits the same rows less a vector, which moves all
/// codewords and changes nothing else.
#[test]
fn a_slice_is_a_level_of_residual_k_means_on_a_table_of_its_columns() {
    let (dim, clusters, mut values) = (7, [9, 16, 5], even_rows(400, 7));
    // So that every sample has the limits of all dimensions, and thus the same grid.
    for (row, values) in values.chunks_mut(dim).enumerate().filter(|(row, _)| row.is_multiple_of(5)) {
        values.fill(if row.is_multiple_of(10) { -1.0 } else { 1.0 });
    }
    let batches = Algorithm::MiniBatch(MiniBatch { batch: 50, init_buffer: 80, layer_wise: true });
    let variants = [
        PqKMeans::new(3, clusters).tol(0.0),
        PqKMeans::new(3, clusters).tol(0.0).init(Init::Random).n_init(2).seed(7),
        PqKMeans::new(3, clusters).tol(0.0).sample(150),
        PqKMeans::new(3, clusters).tol(0.0).algorithm(batches).max_iter(20),
    ];
    for params in variants {
        let (model, _) = fit(&params, &values, dim, &Device::cpu()).unwrap();
        assert_eq!((model.grid().exponent(), model.grid().offset()), (20, [0.0; 7].as_slice()));
        for (slice, range) in [0..3, 3..5, 5..7].into_iter().enumerate() {
            let table = columns(&values, dim, range.clone());
            let all = [vec![1; slice], vec![clusters[slice]]].concat();
            let alone =
                params.k_means_of(&all).fit(&Matrix::new(&table, range.len()).unwrap(), &Device::cpu()).unwrap();
            assert_eq!((alone.grid().exponent(), alone.grid().offset()), (20, &[0.0; 3][..range.len()]));
            let (last, before) = alone.levels().split_last().unwrap();
            let sum = |d: usize| before.iter().map(|level| level.values()[d]).sum::<i32>();
            let moved = last.values().iter().enumerate().map(|(i, value)| value + sum(i % range.len()));
            let found = model.codebooks().nth(slice).unwrap();
            assert_eq!(found.values(), moved.collect::<Vec<i32>>(), "slice {slice} of {params:?}");
        }
    }
}

#[test]
fn residual_levels_are_those_of_residual_k_means() {
    let values = rows(300, 9, 4.0);
    let matrix = Matrix::new(&values, 9).unwrap();
    for metric in [Metric::L2, Metric::Cosine] {
        let params = PqKMeans::new(5, [8, 7, 6, 5, 4]).residual_levels(2).metric(metric);
        let (model, report) = fit(&params, &values, 9, &Device::cpu()).unwrap();
        let plain = RqKMeans::new(2, [8, 7]).metric(metric);
        let (before, told) = plain.fit_with(&matrix, &Device::cpu(), |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((model.grid(), model.residual_levels()), (before.grid(), 2));
        assert!(model.codebooks().take(2).eq(before.levels()));
        assert_eq!(report.levels[..2], told.levels);
        assert!(report.levels.is_sorted_by(|a, b| b.squared_error < a.squared_error), "{report:?}");
        // The codes too: the slices come after the codes of that model.
        let codes = model.encode(&matrix, &Device::cpu()).unwrap();
        assert_eq!(codes.first_levels(2).unwrap(), before.encode(&matrix, &Device::cpu()).unwrap());
    }
}

/// The squared error of a level is that of decoding its prefix: slices without a code leave their whole length.
#[test]
fn reported_errors_are_those_of_prefixes() {
    let values = rows(300, 9, 4.0);
    let matrix = Matrix::new(&values, 9).unwrap();
    for (residual, metric) in [(0, Metric::L2), (1, Metric::L2), (0, Metric::Cosine), (2, Metric::Cosine)] {
        let params = PqKMeans::new(residual + 4, 12).residual_levels(residual).metric(metric);
        let (model, report) = fit(&params, &values, 9, &Device::cpu()).unwrap();
        let codes = model.encode(&matrix, &Device::cpu()).unwrap();
        for (level, told) in (1..).zip(&report.levels) {
            let decoded = model.decode_levels(&codes, level).unwrap();
            let row = |row: &[f32]| {
                let length = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
                let scale = if metric == Metric::Cosine { 1.0 / length } else { 1.0 };
                row.iter().map(|x| f64::from(*x) * scale).collect::<Vec<f64>>()
            };
            let rows = values.chunks(9).flat_map(row);
            let error: f64 = rows.zip(&decoded).map(|(x, y)| (x - f64::from(*y)).powi(2)).sum::<f64>() / 300.0;
            assert!((told.squared_error - error).abs() < 1e-5 * error, "level {level}: {told:?}, found {error}");
        }
    }
}

#[test]
fn weights_count_as_copies() {
    let values = rows(200, 6, 0.0);
    let weights: Vec<u64> = (0..200).map(|row| [0, 1, 1, 2, 5][row_hash(9, row) as usize % 5]).collect();
    let copies: Vec<f32> = values.chunks(6).zip(&weights).flat_map(|(row, w)| row.repeat(*w as usize)).collect();
    let matrix = Matrix::new(&values, 6).unwrap();
    let of_weights = Weights::new(weights).unwrap();
    for params in [PqKMeans::new(3, 8), PqKMeans::new(3, 8).residual_levels(1).sample(150)] {
        assert!(params.takes(TrainOption::Weights));
        let options = TrainOptions { weights: Some(&of_weights), ..TrainOptions::default() };
        let mut tell = |_: &TrainingProgress<'_>| ControlFlow::Continue(());
        let device = Device::cpu();
        let mut training = params.begin(&matrix, &device, &options, &mut tell).unwrap();
        while training.advance(&mut tell).unwrap() {}
        let (expected, report) = fit(&params, &copies, 6, &device).unwrap();
        assert_eq!(training.model().unwrap().fingerprint(), expected.fingerprint(), "{params:?}");
        let found = training.report().unwrap().details.downcast::<crate::rq::FitReport>().unwrap();
        assert_eq!(found.levels, report.levels, "{params:?}");
    }
    let one_too_many = Weights::new([1; 201]).unwrap();
    let options = TrainOptions { weights: Some(&one_too_many), ..TrainOptions::default() };
    let device = Device::cpu();
    let begun = PqKMeans::new(2, 4).begin(&matrix, &device, &options, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(begun.err().unwrap().kind(), ErrorKind::RowCount { .. }));
}

#[test]
fn a_fit_can_be_cancelled_at_every_call_and_tells_where_it_is() {
    let values = rows(90, 4, 0.0);
    let matrix = Matrix::new(&values, 4).unwrap();
    let params = PqKMeans::new(3, [6, 4, 5]).residual_levels(1).max_iter(5);
    let calls = |stop: usize| {
        let mut told: Vec<(usize, usize, usize)> = Vec::new();
        let mut tell = |progress: &TrainingProgress<'_>| {
            assert_eq!((progress.part, progress.parts, progress.step), ("level", 3, "iteration"));
            told.push((progress.number, progress.done, progress.most));
            if told.len() == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let device = Device::cpu();
        let begun = params.begin(&matrix, &device, &TrainOptions::default(), &mut tell);
        let result = begun.and_then(|mut training| {
            while training.advance(&mut tell)? {}
            training.model()
        });
        (told, result.err())
    };
    let (all, error) = calls(usize::MAX);
    assert!(error.is_none() && all.len() > 12);
    assert!(all.is_sorted_by_key(|(number, _, _)| *number), "{all:?}");
    for number in 1..=3 {
        assert!(all.iter().any(|told| told.0 == number && told.1 > 0 && told.2 == 5), "{all:?}");
    }
    for stop in 1..=all.len() {
        let (told, error) = calls(stop);
        assert!(matches!(error.unwrap().kind(), ErrorKind::Cancelled), "call {stop}");
        assert_eq!(told.len(), stop, "nobody is asked again");
    }
}

#[test]
fn rows_that_do_not_fit_memory_give_the_same_model() {
    let values = rows(9000, 12, 0.0);
    let device = Device::cpu().with_memory((64 << 20) + 400_000);
    for params in [PqKMeans::new(3, 6), PqKMeans::new(4, 6).residual_levels(2)] {
        let params = params.max_iter(4);
        let expected = fit(&params, &values, 12, &Device::cpu()).unwrap();
        assert_eq!(fit(&params, &values, 12, &device).unwrap(), expected);
    }
}

/// Codewords of slices leave room for those of residual levels, and far residuals are cut off; codes are then those of
/// the definition.
#[test]
fn far_rows_stay_within_the_grid() {
    let mut values = rows(400, 6, 0.0);
    for (row, scale) in [(7, 1e5), (13, -3e4), (77, 8e3), (200, 1e9)] {
        values[row * 6..(row + 1) * 6].iter_mut().for_each(|x| *x *= scale);
    }
    let params = PqKMeans::new(4, [1, 12, 12, 12]).residual_levels(1).tol(0.0);
    let (model, report) = fit(&params, &values, 6, &Device::cpu()).unwrap();
    assert!(report.saturated_values > 0 && !report.outliers.is_empty());
    let largest: Vec<i64> = model.codebooks().map(|codebook| codebook.largest()).collect();
    let left = (1 << 23) - largest[0];
    assert!(largest[1..].iter().all(|slice| *slice <= left - left / 4), "{largest:?}");
    let codes = model.encode(&Matrix::new(&values, 6).unwrap(), &Device::cpu()).unwrap();
    let mut q = vec![0; values.len()];
    model.grid().quantize(&values, &mut q);
    let books: Vec<_> = model.codebooks().cloned().collect();
    for (row, codes) in q.chunks(6).zip(codes.rows()) {
        let nearest = |part: &[i32], level: usize| {
            let distances = books[level].values().chunks(part.len()).map(|c| squared_distance(part, c));
            distances.enumerate().min_by_key(|(k, distance)| (*distance, *k)).unwrap().0
        };
        assert_eq!(codes[0] as usize, nearest(row, 0));
        let codeword = books[0].codeword(codes[0] as usize).unwrap();
        let limit = 3 << 21;
        let left: Vec<i32> = row.iter().zip(codeword).map(|(q, c)| (q - c).clamp(-limit, limit)).collect();
        for slice in 0..3 {
            assert_eq!(codes[1 + slice] as usize, nearest(&left[2 * slice..2 * slice + 2], 1 + slice));
        }
        assert!(model.point(codes).unwrap().iter().all(|value| value.abs() <= 1 << 23));
    }
}

#[test]
fn slices_are_decoded_where_their_rows_are() {
    let values = even_rows(4, 6);
    let quantization =
        Quantization { grid: Grid::new(vec![0.0; 6], 10), metric: Metric::L2, normalize_residuals: false };
    let device = Device::reference();
    for is_decoded in [false, true] {
        let rows = CountedRows { rows: Matrix::new(&values, 6).unwrap(), is_decoded, read: 0.into() };
        let slices = SliceRows::new(&rows, &quantization, (&[], &[]), 2..4, &device);
        assert_eq!((slices.len(), slices.dim(), slices.is_decoded()), (4, 2, is_decoded));
    }
}

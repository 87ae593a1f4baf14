//! Parameters and data at the edges: the same on every device, and what they mean.

use super::{coarse_rows, fit, same_everywhere};
use crate::rng::sample;
use crate::rq::{Algorithm, Init, MiniBatch};
use crate::{Device, Matrix, Metric, RqKMeans};

/// What the squared error of a level is reported as, from rows and codewords alone.
fn squared_errors(model: &crate::RqKMeansModel, values: &[f32]) -> Vec<f64> {
    let dim = model.dim();
    let rows = Matrix::new(values, dim).unwrap();
    let codes = model.encode(&rows, &Device::cpu()).unwrap();
    let mut q = vec![0; values.len()];
    model.grid().quantize(values, &mut q);
    let mut errors = Vec::new();
    for (level, codebook) in model.levels().iter().enumerate() {
        for (row, codes) in q.chunks_exact_mut(dim).zip(codes.rows()) {
            let codeword = codebook.codeword(codes[level] as usize).unwrap();
            row.iter_mut().zip(codeword).for_each(|(q, c)| *q -= c);
        }
        let square: u128 = q.iter().map(|q| u128::from(q.unsigned_abs()).pow(2)).sum();
        errors.push(square as f64 * 2.0_f64.powi(-2 * model.codebook_exponent()) / codes.len() as f64);
    }
    errors
}

#[test]
fn the_squared_error_is_that_of_the_codes() {
    let values = coarse_rows(200, 3, 0.0);
    let small = MiniBatch { batch: 40, init_buffer: 60, layer_wise: false };
    let base = RqKMeans::new(3, [9, 5, 4]);
    for params in [base.clone(), base.clone().n_init(3).max_iter(3), base.algorithm(Algorithm::MiniBatch(small))] {
        let (model, report) = fit(&params, &values, 3, &Device::cpu()).unwrap();
        let reported: Vec<f64> = report.levels.iter().map(|level| level.squared_error).collect();
        assert_eq!(reported, squared_errors(&model, &values), "{params:?}");
    }
}

#[test]
fn samples_lists_and_several_runs() {
    let values = coarse_rows(120, 4, 0.0);
    let (model, report) = same_everywhere(&RqKMeans::new(3, [1, 7, 20]).sample(50), &values, 4);
    assert_eq!((model.clusters(), report.rows), (vec![1, 7, 20], 50));
    // Fitting on a sample is fitting on its rows.
    let chosen: Vec<f32> =
        sample(42, 120, 50).unwrap().iter().flat_map(|row| &values[row * 4..][..4]).copied().collect();
    let params = RqKMeans::new(3, [1, 7, 20]);
    assert_eq!(fit(&params, &chosen, 4, &Device::cpu()).unwrap().0.fingerprint(), model.fingerprint());
    // More runs are never worse, and the first of them is the only run of a single one.
    let error = |n_init| same_everywhere(&RqKMeans::new(1, 9).n_init(n_init), &values, 4).1.levels[0].squared_error;
    let (one, four) = (error(1), error(4));
    assert!(four <= one && four > 0.0);
}

#[test]
fn as_many_clusters_as_rows_leave_nothing() {
    let values = coarse_rows(17, 3, 0.0);
    for init in [Init::KMeansPlusPlus, Init::Random] {
        let (model, report) = same_everywhere(&RqKMeans::new(2, 17).init(init), &values, 3);
        assert_eq!(report.levels.iter().map(|level| level.squared_error).collect::<Vec<_>>(), [0.0, 0.0]);
        let codes = model.encode(&Matrix::new(&values, 3).unwrap(), &Device::cpu()).unwrap();
        assert_eq!(model.decode(&codes).unwrap(), values);
    }
}

/// Duplicates leave clusters empty; they are given far rows, the same everywhere.
#[test]
fn empty_clusters_are_given_rows() {
    // 60 copies of one row, then few others: random first codewords of a batch are mostly copies.
    let mut values = vec![1.0; 120];
    values.extend((0..40).map(|i| (i * i % 17) as f32));
    let small = MiniBatch { batch: 64, init_buffer: 6, layer_wise: true };
    let mut reseeded = 0;
    for seed in 0..4 {
        let base = RqKMeans::new(2, 6).seed(seed).tol(0.0).max_iter(8);
        for params in [base.clone().init(Init::Random), base.algorithm(Algorithm::MiniBatch(small))] {
            let (_, report) = same_everywhere(&params, &values, 2);
            reseeded += report.levels.iter().map(|level| level.empty_reseeded).sum::<u64>();
        }
    }
    assert!(reseeded > 0);
}

/// A cluster may lose its rows after the first update, where codewords move on a device; then the host moves them.
#[test]
fn clusters_that_lose_their_rows_later_are_given_others() {
    let value = |i: usize| (i * i % 1009) as f32 * if i.is_multiple_of(19) { 50.0 } else { 1.0 };
    let values: Vec<f32> = (0..300).map(value).collect();
    let params = RqKMeans::new(1, 40).init(Init::Random).seed(4).tol(0.0);
    let reseeded = |iterations| {
        let (_, report) = same_everywhere(&params.clone().max_iter(iterations), &values, 2);
        report.levels[0].empty_reseeded
    };
    assert_eq!([1, 20].map(reseeded), [0, 1]);
}

#[test]
fn data_without_structure_is_legal() {
    let distinct = [1.0, 2.0, -3.0].repeat(5);
    let cases: [(&[f32], usize, usize); 8] = [
        (&[0.0; 24], 4, 3),
        (&[-0.0, 0.0, 0.0, -0.0], 1, 2),
        (&[7.25; 24], 4, 3),
        (&[1.5, -2.0, 3.0], 3, 1),
        (&[5.0], 1, 1),
        (&[3.0, 1.0, 2.0, 9.0, 8.0], 1, 2),
        (&[3.0, 1.0, 2.0, 9.0, 8.0, 7.0], 2, 1),
        (&distinct, 1, 7),
    ];
    let small = MiniBatch { batch: 3, init_buffer: 2, layer_wise: false };
    for (values, dim, clusters) in cases {
        let base = RqKMeans::new(2, clusters).max_iter(5);
        let variants = [
            base.clone(),
            base.clone().init(Init::Random).center(false),
            base.clone().metric(Metric::Cosine),
            base.clone().normalize_residuals(true),
            base.algorithm(Algorithm::MiniBatch(small)),
        ];
        for params in variants {
            let (model, report) = same_everywhere(&params, values, dim);
            assert!(report.levels.iter().all(|level| level.squared_error.is_finite()));
            assert!(model.to_bytes().is_ok());
        }
    }
    // Constant rows are reproduced, whatever the number of clusters.
    let (model, _) = same_everywhere(&RqKMeans::new(2, 3), &[7.25; 24], 4);
    let codes = model.encode(&Matrix::new(&[7.25; 4], 4).unwrap(), &Device::cpu()).unwrap();
    assert_eq!(model.decode(&codes).unwrap(), [7.25; 4]);
    // One cluster is the rounded mean.
    let (model, _) = same_everywhere(&RqKMeans::new(1, 1), &[3.0, 1.0, 2.0, 9.0, 8.0, 7.0], 2);
    assert_eq!((model.grid().exponent(), model.levels()[0].values()), (18, &[-174_763, 174_763][..]));
}

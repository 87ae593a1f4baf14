//! One far value must not ruin a network.

use super::rows;
use crate::grid::Outlier;
use crate::vae::data::Data;
use crate::vae::limits::Limits;
use crate::{Device, Matrix, RqKMeans, RqVae, RqVaeModel};
use std::ops::ControlFlow;

const DIM: usize = 8;
const ROWS: usize = 2000;

fn params() -> RqVae {
    RqVae::new(2, 16).hidden([32]).latent(8).epochs(6).batch(64).lr(4e-3).sample(1600)
}

fn fit(values: &[f32]) -> (RqVaeModel, crate::vae::RqVaeReport) {
    let rows = Matrix::new(values, DIM).unwrap();
    params().fit_with(&rows, &Device::cpu(), |_| ControlFlow::Continue(())).unwrap()
}

/// Squared error per row of the rows that are the same in both.
fn error(model: &RqVaeModel, values: &[f32], clean: &[f32]) -> f64 {
    let codes = model.encode(&Matrix::new(values, DIM).unwrap(), &Device::cpu()).unwrap();
    let decoded = model.decode(&codes, &Device::cpu()).unwrap();
    let rows = values.chunks(DIM).zip(clean.chunks(DIM)).zip(decoded.chunks(DIM));
    let same: Vec<_> = rows.filter(|((row, clean), _)| row == clean).collect();
    let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
    same.iter().flat_map(|((row, _), decoded)| row.iter().zip(*decoded)).map(square).sum::<f64>() / same.len() as f64
}

#[test]
fn far_values_leave_the_error_of_all_other_rows() {
    let clean = rows(ROWS, DIM);
    let (alone, report) = fit(&clean);
    assert_eq!((report.saturated_values, report.outliers.len(), alone.input_limits()), (0, 0, None));
    let usual = error(&alone, &clean, &clean);
    for far in [1e3, 1e5, -1e38] {
        for places in [vec![803], (800..808).collect(), (5..ROWS * DIM).step_by(DIM * 1000).collect::<Vec<_>>()] {
            let mut bad = clean.clone();
            places.iter().for_each(|at| bad[*at] = far);
            let (model, report) = fit(&bad);
            let ratio = error(&model, &bad, &clean) / usual;
            assert!(ratio < 1.1, "{far:e} at {places:?}: {ratio}");
            assert_eq!(report.saturated_values, places.len() as u64, "{far:e} at {places:?}");
            let told: Vec<(u64, f32)> = report.outliers.iter().map(|at| (at.row, at.value)).collect();
            let mut expected: Vec<(u64, f32)> = places.iter().map(|at| ((at / DIM) as u64, far)).collect();
            expected.dedup();
            assert_eq!(told, expected, "{far:e} at {places:?}");
            let reread = RqVaeModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
            assert!(reread == model && reread.fingerprint() == model.fingerprint());
        }
    }
}

/// Mean, variance and inputs are those of the other values, whatever the far ones are; the far ones become the farthest
/// of the others.
#[test]
fn far_values_do_not_count_in_the_standardisation() {
    let mut values = rows(ROWS, DIM);
    let read = |values: &[f32], params: &RqVae| {
        let matrix = Matrix::new(values, DIM).unwrap();
        Data::read(&matrix, &params.clone().held_out(0.0).sample(None), None, &Device::reference()).unwrap()
    };
    let column = |values: &[f32], d: usize| values.iter().skip(d).step_by(DIM).copied().collect::<Vec<f32>>();
    let ends = |values: &[f32]| {
        let all = values.iter().copied();
        (all.clone().fold(f32::MAX, f32::min), all.fold(f32::MIN, f32::max))
    };
    let (low, high) = ends(&column(&values[DIM..], 3));
    for (far, end) in [(3e2, high), (-1e4, low), (1e9, high), (-3e38, low)] {
        values[3] = far;
        for params in [params(), params().standardize(false)] {
            let data = read(&values, &params);
            let mut limits = Limits { low: vec![f32::MIN; DIM], high: vec![f32::MAX; DIM] };
            (limits.low[3], limits.high[3]) = (low, high);
            assert_eq!(data.standard.limits, Some(limits));
            let others = &column(&data.train, 3)[1..];
            if params.get_standardize() {
                let mean = others.iter().map(|x| f64::from(*x)).sum::<f64>() / others.len() as f64;
                let square = others.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / others.len() as f64;
                assert!(mean.abs() < 1e-3 && (square - 1.0).abs() < 1e-2, "{far:e}: {mean} {square}");
            }
            let (least, most) = ends(others);
            assert_eq!(data.train[3], if end == low { least } else { most }, "{far:e}");
            assert_eq!(data.saturation.outliers(), [Outlier { row: 0, column: 3, value: far }]);
        }
    }
    // Any order of the rows and any copies of them.
    let turned: Vec<f32> = values.rchunks(DIM).flatten().copied().collect();
    let twice = [turned.as_slice(), &values].concat();
    for again in [turned, twice] {
        assert_eq!(read(&again, &params()).standard.limits, read(&values, &params()).standard.limits);
    }
}

/// Also for networks that start from residual k-means, whose rows are not standardised.
#[test]
fn a_warm_start_survives_a_far_value() {
    let clean = rows(ROWS, DIM);
    let mut bad = clean.clone();
    bad[11] = 1e4;
    let device = Device::cpu();
    let [usual, found] = [&clean, &bad].map(|values| {
        let rows = Matrix::new(values, DIM).unwrap();
        let start = RqKMeans::new(2, 16).fit(&rows, &device).unwrap();
        let mut training = params().epochs(2).begin_from(&start, &rows, &device).unwrap();
        while training.next_epoch(|_| ControlFlow::Continue(())).unwrap().is_some() {}
        error(&training.finish().unwrap().0, values, &clean)
    });
    assert!(found < 1.1 * usual, "{found} {usual}");
}

/// A far row affects its own codes alone, in models of rows with and without far values.
#[test]
fn a_far_row_of_an_encode_affects_only_itself() {
    let clean = rows(ROWS, DIM);
    let mut bad = clean.clone();
    bad[803] = 1e6;
    let device = Device::cpu();
    for (values, params) in [(&clean, params()), (&bad, params()), (&clean, params().standardize(false))] {
        let model = params.epochs(1).fit(&Matrix::new(values, DIM).unwrap(), &device).unwrap();
        let encode = |values: &[f32]| model.encode(&Matrix::new(values, DIM).unwrap(), &device).unwrap();
        let expected = encode(&clean);
        for far in [1e2, 1e4, -1e8, 1e38, f32::MAX] {
            let mut given = clean.clone();
            given[8..16].fill(far);
            given[21] = far;
            let found = encode(&given);
            let others = (0..ROWS).filter(|row| ![1, 2].contains(row));
            assert!(others.into_iter().all(|row| found.get(row) == expected.get(row)), "{far:e}");
            // Its codes are the same with other rows beside it, or none.
            assert_eq!(encode(&given[8..16]).get(0), found.get(1), "{far:e}");
        }
    }
}

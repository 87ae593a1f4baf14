//! One bad row must not ruin a model: far values among rows that are alike.

use super::{devices, fit};
use crate::rng::row_hash;
use crate::{Device, Matrix, RqKMeans, RqKMeansModel};

const DIM: usize = 8;
const ROWS: usize = 4000;

/// Rows without groups: sums of three hashes in every dimension.
fn base() -> Vec<f32> {
    let part = |i: u64| (row_hash(11, i) >> 40) as f32 / (1 << 24) as f32 - 0.5;
    (0..(ROWS * DIM) as u64).map(|i| part(3 * i) + part(3 * i + 1) + part(3 * i + 2)).collect()
}

fn params() -> RqKMeans {
    RqKMeans::new(1, 64).n_init(4).max_iter(30)
}

/// Squared error per row of decoded `rows`, in binary64.
fn error(model: &RqKMeansModel, rows: &[f32]) -> f64 {
    let codes = model.encode(&Matrix::new(rows, DIM).unwrap(), &Device::cpu()).unwrap();
    let decoded = model.decode(&codes).unwrap();
    let squared = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
    rows.iter().zip(&decoded).map(squared).sum::<f64>() / (rows.len() / DIM) as f64
}

#[test]
fn far_rows_leave_the_error_of_all_others() {
    let rows = base();
    let (alone, _) = fit(&params(), &rows, DIM, &Device::cpu()).unwrap();
    let usual = error(&alone, &rows);
    for value in [1e4, 1e6, 1e8, -1e38] {
        // One value of one row, a whole row, and the same value in one in 128 rows of a column.
        for (name, far) in
            [("value", vec![8]), ("row", (8..16).collect()), ("column", (3..ROWS * DIM).step_by(1024).collect())]
        {
            let mut bad = rows.clone();
            far.iter().for_each(|at| bad[*at] = value);
            let (model, report) = fit(&params(), &bad, DIM, &Device::cpu()).unwrap();
            let others: Vec<f32> =
                bad.chunks(DIM).filter(|row| row.iter().all(|x| *x != value)).flatten().copied().collect();
            let (ratio, what) = (error(&model, &others) / usual, format!("{name} of {value:e}"));
            // Of 64 codewords one or two go to the far rows: 0.4 % of the error in 8 dimensions each.
            assert!(ratio < 1.02, "{what}: {ratio}");
            if value.abs() >= 1e6 {
                assert_eq!(report.saturated_values, far.len() as u64, "{what}");
                let named: Vec<_> = report.outliers.iter().map(|at| (at.row as usize, at.value)).collect();
                let expected: Vec<_> = far.iter().map(|at| (at / DIM, value)).collect();
                let expected = if name == "row" { vec![expected[0]] } else { expected.into_iter().take(8).collect() };
                assert_eq!(named, expected, "{what}");
                // The error that is reported is that of the embeddings.
                let (told, whole) = (report.levels[0].squared_error, error(&model, &bad));
                assert!((told / whole - 1.0).abs() < 1e-5 && whole > 1e6, "{what}: {told} {whole}");
            }
        }
    }
}

#[test]
fn far_rows_give_one_model_on_every_device() {
    let mut rows = base();
    rows.truncate(600 * DIM);
    rows[8..16].fill(1e30);
    rows[80] = -1e12;
    let params = RqKMeans::new(1, 16).n_init(2).max_iter(6);
    let (expected, report) = fit(&params, &rows, DIM, &Device::reference()).unwrap();
    assert_eq!((report.saturated_values, report.outliers.len()), (9, 2));
    assert_eq!((report.outliers[0].row, report.outliers[0].column), (1, 0));
    assert_eq!((report.outliers[1].row, report.outliers[1].column, report.outliers[1].value), (10, 0, -1e12));
    for device in devices() {
        let (model, same) = fit(&params, &rows, DIM, device).unwrap();
        assert_eq!((model.fingerprint(), &same), (expected.fingerprint(), &report), "{device:?}");
        let mut encoded = 0;
        let matrix = Matrix::new(&rows, DIM).unwrap();
        let told = model.encode_with(&matrix, device, |_, codes| {
            encoded += codes.len();
            Ok(())
        });
        let told = told.unwrap();
        assert_eq!((told.saturated_values, told.outliers, encoded), (9, report.outliers.clone(), 600));
    }
    // Numbers of rows are those of the input where only some of them are fitted on.
    let (_, sampled) = fit(&params.sample(599), &rows, DIM, &Device::cpu()).unwrap();
    assert!(sampled.outliers.iter().all(|at| rows[at.row as usize * DIM + at.column] == at.value));
}

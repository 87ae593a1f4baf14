//! Distances along any codes agree with what encoding chooses and with what codes decode to.

use super::{coarse_rows, fit};
use crate::rq::RowDistances;
use crate::{Device, ErrorKind, Matrix, Metric, RqKMeans};

fn variants() -> Vec<RqKMeans> {
    let base = RqKMeans::new(3, [7, 5, 6]);
    let metrics = [base.clone(), base.clone().center(false), base.metric(Metric::Cosine)];
    metrics.into_iter().flat_map(|params| [params.clone(), params.normalize_residuals(true)]).collect()
}

#[test]
fn the_nearest_along_the_encoded_codes_are_the_encoded_codes() {
    let values = coarse_rows(300, 5, 3.0);
    // Rows that were not fitted, some of them outside the grid.
    let other: Vec<f32> =
        coarse_rows(100, 5, -8.0).into_iter().chain([1e30, 0.0, -1e30, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).collect();
    for params in variants() {
        let (model, _) = fit(&params, &values, 5, &Device::cpu()).unwrap();
        for values in [&values, &other] {
            let rows = Matrix::new(values, 5).unwrap();
            let distances = RowDistances::new(&model, &rows).unwrap();
            let codes = model.encode(&rows, &Device::reference()).unwrap();
            for (row, codes) in codes.rows().enumerate() {
                for level in 0..3 {
                    let found = distances.distances(row, &codes[..level]).unwrap();
                    let nearest = found.iter().position(|distance| distance == found.iter().min().unwrap());
                    assert_eq!(nearest, Some(codes[level] as usize), "row {row}, level {level}, {params:?}");
                }
            }
        }
    }
}

/// Without scaling, the last distance is that of the row on the grid to the sum of the codewords.
#[test]
fn the_last_distance_is_that_to_the_decoded_row() {
    let values = coarse_rows(60, 4, 1.0);
    let (model, _) = fit(&RqKMeans::new(3, [4, 3, 5]), &values, 4, &Device::cpu()).unwrap();
    let rows = Matrix::new(&values, 4).unwrap();
    let distances = RowDistances::new(&model, &rows).unwrap();
    let mut q = vec![0; values.len()];
    model.grid().quantize(&values, &mut q);
    for (row, q) in q.chunks_exact(4).enumerate() {
        for prefix in (0..4).flat_map(|a| (0..3).map(move |b| [a, b])) {
            for (code, found) in distances.distances(row, &prefix).unwrap().into_iter().enumerate() {
                let component = |d: usize| {
                    let codes = [prefix[0] as usize, prefix[1] as usize, code];
                    let sum = model.levels().iter().zip(codes).map(|(level, code)| level.codeword(code).unwrap()[d]);
                    (i64::from(q[d]) - sum.map(i64::from).sum::<i64>()).pow(2) as u64
                };
                assert_eq!(found, (0..4).map(component).sum::<u64>());
            }
        }
    }
}

#[test]
fn bad_rows_and_codes_are_named() {
    let mut values = coarse_rows(40, 2, 0.0);
    let (model, _) = fit(&RqKMeans::new(2, 3), &values, 2, &Device::cpu()).unwrap();
    assert!(RowDistances::new(&model, &Matrix::new(&values, 4).unwrap()).is_err());
    values[7] = f32::NAN;
    let rows = Matrix::new(&values, 2).unwrap();
    let distances = RowDistances::new(&model, &rows).unwrap();
    let kind = |row, prefix: &[u32]| distances.distances(row, prefix).unwrap_err().into_kind();
    assert!(matches!(kind(3, &[]), ErrorKind::NotFinite { row: 3, column: 1, .. }));
    assert!(matches!(kind(0, &[3]), ErrorKind::Code { row: 0, level: 0, code: 3, clusters: 3 }));
    assert!(matches!(kind(0, &[0, 0]), ErrorKind::Parameter { name: "prefix", .. }));
    assert!(matches!(kind(40, &[]), ErrorKind::Parameter { .. }));
}

#[test]
fn inner_products_give_the_same_distances() {
    let extremes: Vec<f32> = (0..300).map(|i| [1e30, -1e30, 0.0][i * i % 3]).collect();
    for (params, values) in variants()
        .iter()
        .flat_map(|params| [coarse_rows(60, 5, 3.0), extremes.clone()].map(|values| (params.clone(), values)))
    {
        let (model, _) = fit(&params, &coarse_rows(300, 5, 3.0), 5, &Device::cpu()).unwrap();
        let rows = Matrix::new(&values, 5).unwrap();
        let distances = RowDistances::new(&model, &rows).unwrap();
        let mut compared = 0;
        for row in (0..60).chain(0..60) {
            let Some(products) = distances.products(row).unwrap() else { continue };
            for prefix in (0..7).flat_map(|a| (0..5).map(move |b| [a, b])) {
                for len in 0..3 {
                    let expected = distances.distances(row, &prefix[..len]).unwrap();
                    assert_eq!(products.distances(&prefix[..len]).unwrap(), expected, "row {row}, {prefix:?}");
                    compared += 1;
                }
            }
            assert!(matches!(products.distances(&[7]).unwrap_err().kind(), ErrorKind::Code { code: 7, .. }));
            assert!(matches!(products.distances(&[0; 3]).unwrap_err().kind(), ErrorKind::Parameter { .. }));
        }
        assert_eq!(compared > 1000, !model.normalize_residuals(), "{compared} of {params:?}");
    }
}

#[test]
fn equal_rows_are_found_and_only_these() {
    let mut values = coarse_rows(200, 5, 3.0);
    let (model, _) = fit(&RqKMeans::new(2, 4), &values, 5, &Device::cpu()).unwrap();
    for (row, of) in [(50, 3), (51, 3), (120, 50), (199, 0)] {
        values.copy_within(of * 5..of * 5 + 5, row * 5);
    }
    values[51 * 5 + 4] += 0.5;
    let rows = Matrix::new(&values, 5).unwrap();
    let alike = RowDistances::new(&model, &rows).unwrap().alike(&[199, 50, 7, 3, 0, 51, 120, 7]).unwrap();
    assert_eq!(alike, [0, 1, 2, 1, 0, 5, 1, 2]);
}

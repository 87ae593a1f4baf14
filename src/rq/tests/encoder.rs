//! Encoding with prices and within capacities, against definitions and a textbook solver.

use super::{coarse_rows, devices, fit, rows};
use crate::transport::balanced::Sizes;
use crate::transport::balanced::tests::{Matrix as Costs, flow};
use crate::{Device, ErrorKind, Matrix, Metric, RqKMeans, RqKMeansModel};

const DIM: usize = 3;

/// Residuals of the rows at every level along `codes`, with distances to all codewords of the level, from the
/// definition.
fn distances(model: &RqKMeansModel, values: &[f32], codes: &crate::Codes, level: usize) -> Vec<Vec<i128>> {
    let mut q = vec![0; values.len()];
    model.grid().quantize(values, &mut q);
    for (row, codes) in q.chunks_exact_mut(DIM).zip(codes.rows()) {
        for (codebook, code) in model.levels().iter().zip(codes).take(level) {
            row.iter_mut().zip(codebook.codeword(*code as usize).unwrap()).for_each(|(q, c)| *q -= c);
        }
    }
    let codebook = &model.levels()[level];
    let distance = |row: &[i32], k: usize| -> i128 {
        row.iter().zip(codebook.codeword(k).unwrap()).map(|(q, c)| i128::from(q - c).pow(2)).sum()
    };
    q.chunks_exact(DIM).map(|row| (0..codebook.clusters()).map(|k| distance(row, k)).collect()).collect()
}

fn balanced(values: &[f32]) -> RqKMeansModel {
    fit(&RqKMeans::new(2, [7, 5]).balanced().max_iter(5), values, DIM, &Device::cpu()).unwrap().0
}

#[test]
fn priced_codes_are_those_of_the_definition_on_every_device() {
    let values = coarse_rows(150, DIM, 0.0);
    let model = balanced(&values);
    let new = coarse_rows(400, DIM, 0.25);
    let rows = Matrix::new(&new, DIM).unwrap();
    let codes = model.encoder().priced().unwrap().encode(&rows, &Device::reference()).unwrap();
    assert_ne!(codes, model.encode(&rows, &Device::reference()).unwrap());
    for (level, prices) in model.prices().unwrap().iter().enumerate() {
        for (distances, codes) in distances(&model, &new, &codes, level).iter().zip(codes.rows()) {
            let priced: Vec<i128> = distances.iter().zip(prices).map(|(d, price)| d + i128::from(*price)).collect();
            let first = priced.iter().position(|cost| cost == priced.iter().min().unwrap()).unwrap();
            assert_eq!(codes[level] as usize, first);
        }
    }
    for device in devices() {
        assert_eq!(model.encoder().priced().unwrap().encode(&rows, device).unwrap(), codes, "{device:?}");
    }
}

/// A row's codes at prices are its own: not those of its batch.
#[test]
fn priced_codes_do_not_depend_on_the_batch() {
    let values = coarse_rows(150, DIM, 0.0);
    let model = balanced(&values);
    let encoder = model.encoder().priced().unwrap();
    let all = encoder.encode(&Matrix::new(&values, DIM).unwrap(), &Device::cpu()).unwrap();
    let parts = values.chunks(7 * DIM).flat_map(|part| {
        let codes = encoder.encode(&Matrix::new(part, DIM).unwrap(), &Device::cpu()).unwrap();
        codes.values().to_vec()
    });
    assert_eq!(all.values(), parts.collect::<Vec<_>>());
}

/// Equal prices change nothing; a price that makes up for a distance exactly gives a row the lower code.
#[test]
fn ties_go_to_the_lowest_code() {
    let values = coarse_rows(40, DIM, 0.0);
    let (plain, _) = fit(&RqKMeans::new(1, 2), &values, DIM, &Device::cpu()).unwrap();
    let rows = Matrix::new(&values, DIM).unwrap();
    let nearest = plain.encode(&rows, &Device::cpu()).unwrap();
    let all = distances(&plain, &values, &nearest, 0);
    let tied = nearest.values().iter().position(|code| *code == 1).unwrap();
    let price = (all[tied][0] - all[tied][1]) as i64;
    for device in devices().iter().chain([&Device::reference()]) {
        let code = |prices: [i64; 2]| {
            let model = plain.clone().with_prices(vec![prices.to_vec()]).unwrap();
            model.encoder().priced().unwrap().encode(&rows, device).unwrap()
        };
        assert_eq!(code([7, 7]), nearest);
        let codes = [price - 1, price, price + 1].map(|price| code([0, price]).values()[tied]);
        assert_eq!(codes, [1, 0, 0], "{device:?}");
    }
}

#[test]
fn capacities_are_kept_at_the_smallest_cost_on_every_device() {
    let values = coarse_rows(150, DIM, 0.0);
    let model = balanced(&values);
    let new = coarse_rows(100, DIM, 7.0);
    let rows = Matrix::new(&new, DIM).unwrap();
    for (priced, capacity) in [(false, 20), (true, 23), (false, 100), (true, 100)] {
        let encoder = if priced { model.encoder().priced().unwrap() } else { model.encoder() };
        let limited = encoder.clone().capacity(capacity);
        let codes = limited.encode(&rows, &Device::reference()).unwrap();
        for (level, clusters) in model.clusters().into_iter().enumerate() {
            let column = || codes.rows().map(|codes| codes[level] as usize);
            assert!((0..clusters).all(|k| column().filter(|code| *code == k).count() <= capacity));
            let prices = if priced { model.prices().unwrap()[level].clone() } else { vec![0; clusters] };
            let least = i128::from(*prices.iter().min().unwrap());
            let cost = |(d, price): (&i128, &i64)| (d + i128::from(*price) - least) as u64;
            let all = distances(&model, &new, &codes, level);
            let costs: Vec<u64> = all.iter().flat_map(|row| row.iter().zip(&prices).map(cost)).collect();
            let total: u128 = column().enumerate().map(|(row, k)| u128::from(costs[row * clusters + k])).sum();
            let problem = Costs { costs, clusters };
            assert_eq!(total, flow::optimum(&problem, Sizes { min: 0, max: capacity }), "{priced} {capacity} {level}");
        }
        if capacity == 100 {
            assert_eq!(codes, encoder.encode(&rows, &Device::reference()).unwrap(), "room for all changes nothing");
        }
        for device in devices() {
            assert_eq!(limited.encode(&rows, device).unwrap(), codes, "{device:?}");
        }
    }
}

/// The rows of the fit itself, at the capacity of the fit, are where the fit put them.
#[test]
fn the_report_tells_sizes_and_the_proof() {
    let values = coarse_rows(1800, DIM, 0.0);
    let params = RqKMeans::new(2, [6, 4]).balanced().metric(Metric::Cosine).normalize_residuals(true);
    let (model, _) = fit(&params.max_iter(4), &values, DIM, &Device::cpu()).unwrap();
    let rows = Matrix::new(&values, DIM).unwrap();
    let mut seen = 0;
    let report = model.encoder().capacity(450).encode_with(&rows, &Device::cpu(), |first, codes| {
        assert_eq!(first, 0);
        seen += codes.len();
        Ok(())
    });
    let report = report.unwrap();
    assert_eq!((seen, report.rows, report.balance.len()), (3600, 1800, 2));
    assert_eq!((report.balance[1].smallest, report.balance[1].largest), (450, 450));
    assert!(report.balance.iter().all(|level| level.optimality_gap == Some(0.0) && level.gap == Some(0)));
}

#[test]
fn what_cannot_be_is_refused() {
    let values = coarse_rows(60, DIM, 0.0);
    let rows = Matrix::new(&values, DIM).unwrap();
    let (plain, _) = fit(&RqKMeans::new(2, [4, 6]), &values, DIM, &Device::cpu()).unwrap();
    assert!(matches!(plain.encoder().priced().unwrap_err().kind(), ErrorKind::NoPrices));
    assert_eq!(plain.encoder().capacity(15).encode(&rows, &Device::cpu()).unwrap().len(), 60);
    let error = plain.encoder().capacity(14).encode(&rows, &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Sizes { level: 0, rows: 60, clusters: 4, min: 0, max: 14 }), "{error}");
    let narrow = Matrix::new(&values, 2).unwrap();
    let error = plain.encoder().capacity(60).encode(&narrow, &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DimMismatch { .. }), "{error}");
    let none = Matrix::new(&[], DIM).unwrap();
    assert!(plain.encoder().capacity(0).encode(&none, &Device::cpu()).unwrap().is_empty());
    let huge = plain.with_prices(vec![vec![i64::MIN, 0, 0, i64::MAX], vec![0; 6]]).unwrap();
    let error = huge.encoder().priced().unwrap().capacity(60).encode(&rows, &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Range { level: 0, .. }), "{error}");
    assert_eq!(huge.encoder().priced().unwrap().encode(&rows, &Device::cpu()).unwrap().values()[0], 0);
}

/// A prepared encoder, a few rows at a time, on all devices and all units of the CPU.
#[test]
fn prepared_encoders_give_the_codes_of_an_encode() {
    let dim = 37;
    let values = rows(400, dim, 5.0);
    let all = Matrix::new(&values, dim).unwrap();
    let units = ["cpu:8bit", "cpu:16bit", "cpu:f32", "cpu:portable"].map(|name| Device::named(name).unwrap());
    let params = RqKMeans::new(3, [70, 9, 16]).max_iter(2);
    for params in [params.clone(), params.clone().metric(Metric::Cosine), params.normalize_residuals(true)] {
        let (model, _) = fit(&params, &values, dim, &Device::cpu()).unwrap();
        let expected = model.encode(&all, &Device::reference()).unwrap();
        for device in units.iter().chain(devices()).chain([&Device::reference()]) {
            let mut encoder = model.encoder().prepare(device).unwrap();
            for (count, first) in [(1, 0), (1, 399), (16, 30), (2, 7), (300, 100)] {
                let mut codes = vec![u32::MAX; 3 * count];
                encoder.encode_into(&values[first * dim..(first + count) * dim], &mut codes).unwrap();
                assert_eq!(codes, expected.values()[3 * first..3 * (first + count)], "{device:?}, {count} rows");
                encoder = encoder.clone();
            }
        }
    }
}

#[test]
fn prepared_encoders_keep_to_their_settings_and_refuse_what_does_not_fit() {
    let values = coarse_rows(150, DIM, 0.0);
    let model = balanced(&values);
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    let mut codes = vec![0; 300];
    let mut priced = model.encoder().prepare(&device).unwrap().priced().unwrap();
    priced.encode_into(&values, &mut codes).unwrap();
    assert_eq!(codes, priced.encode(&rows, &device).unwrap().values());
    assert_ne!(codes, model.encode(&rows, &device).unwrap().values());
    let mut encoder = model.encoder();
    encoder.encode_into(&[], &mut []).unwrap();
    let kind = |result: crate::Result<()>| result.unwrap_err().into_kind();
    assert!(matches!(kind(encoder.encode_into(&values[..4], &mut codes)), ErrorKind::Length { len: 4, dim: DIM }));
    assert!(matches!(kind(encoder.encode_into(&values[..3], &mut codes)), ErrorKind::Parameter { .. }));
    let bad = [0.0, 1.0, 2.0, 3.0, f32::NAN, 5.0];
    let found = kind(encoder.encode_into(&bad, &mut codes[..4]));
    assert!(matches!(found, ErrorKind::NotFinite { row: 1, column: 1, .. }), "{found:?}");
}

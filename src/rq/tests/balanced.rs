//! Balanced fits: the same on every device, sizes as asked for, prices that explain the codes.

use super::{coarse_rows, fit, same_everywhere};
use crate::rq::{Algorithm, Init, MiniBatch};
use crate::{Device, ErrorKind, Matrix, Metric, RqKMeans, RqKMeansModel};

fn sizes(report: &crate::rq::FitReport) -> Vec<(u64, u64)> {
    report.levels.iter().map(|level| level.balance.unwrap()).map(|b| (b.smallest, b.largest)).collect()
}

#[test]
fn every_level_is_balanced_on_every_device() {
    let values = coarse_rows(203, 4, 0.0);
    let base = RqKMeans::new(3, [8, 5, 7]).balanced().max_iter(6);
    let variants = [
        base.clone(),
        base.clone().n_init(3).init(Init::Random),
        base.clone().metric(Metric::Cosine),
        base.clone().normalize_residuals(true),
    ];
    for params in variants {
        let (model, report) = same_everywhere(&params, &values, 4);
        assert_eq!(sizes(&report), [(25, 26), (40, 41), (29, 29)], "{params:?}");
        assert!(report.levels.iter().all(|level| level.balance.unwrap().gap == Some(0)));
        assert!(report.levels.iter().all(|level| level.balance.unwrap().optimality_gap == Some(0.0)));
        assert!(report.levels.iter().all(|level| level.empty_reseeded == 0));
        assert_eq!(model.prices().unwrap().iter().map(Vec::len).collect::<Vec<_>>(), [8, 5, 7]);
    }
    let (_, report) = same_everywhere(&base.clone().sample(100), &values, 4);
    assert_eq!(sizes(&report), [(12, 13), (20, 20), (14, 15)]);
    let (_, report) = same_everywhere(&base.sizes(10, 60), &values, 4);
    assert!(sizes(&report).iter().all(|(smallest, largest)| *smallest >= 10 && *largest <= 60));
}

/// So many rows that prices are looked for in a sample first, with clusters of very different density.
#[test]
fn many_rows_are_balanced_on_every_device() {
    let mut values = coarse_rows(1900, 3, 0.0);
    values.iter_mut().take(2400).for_each(|value| *value = *value / 16.0 + 9.0);
    let base = RqKMeans::new(2, [7, 3]).max_iter(2);
    let (_, report) = same_everywhere(&base.clone().balanced(), &values, 3);
    assert_eq!(sizes(&report), [(271, 272), (633, 634)]);
    let all = base.clone().balanced().metric(Metric::Cosine).normalize_residuals(true).n_init(2).sample(1850);
    let (_, report) = same_everywhere(&all, &values, 3);
    assert_eq!(sizes(&report), [(264, 265), (616, 617)]);
    let (_, report) = same_everywhere(&base.sizes(100, 1300), &values, 3);
    assert!(report.levels.iter().all(|level| level.balance.unwrap().gap == Some(0)));
}

/// Bounds that allow everything are no bounds.
#[test]
fn loose_sizes_change_nothing() {
    let values = coarse_rows(150, 3, 0.0);
    let base = RqKMeans::new(2, 6).max_iter(9);
    let (plain, expected) = fit(&base, &values, 3, &Device::cpu()).unwrap();
    let (model, report) = fit(&base.sizes(0, 150), &values, 3, &Device::cpu()).unwrap();
    assert_eq!(model.levels(), plain.levels());
    assert!(model.prices().unwrap().iter().flatten().all(|price| *price == 0));
    let errors =
        |report: &crate::rq::FitReport| report.levels.iter().map(|level| level.squared_error).collect::<Vec<_>>();
    assert_eq!(errors(&report), errors(&expected));
}

/// The prices of the model put every row of the first level where a cluster of the right size has it.
#[test]
fn prices_explain_the_sizes() {
    let values = coarse_rows(120, 3, 0.0);
    let (model, _) = fit(&RqKMeans::new(1, 7).balanced(), &values, 3, &Device::cpu()).unwrap();
    let mut q = vec![0; values.len()];
    model.grid().quantize(&values, &mut q);
    let (codebook, prices) = (&model.levels()[0], &model.prices().unwrap()[0]);
    let (mut surely, mut perhaps) = ([0; 7], [0; 7]);
    for row in q.chunks_exact(3) {
        let priced = |k: usize| {
            let codeword = codebook.codeword(k).unwrap();
            let distance: i64 = row.iter().zip(codeword).map(|(q, c)| i64::from(q - c).pow(2)).sum();
            distance + prices[k]
        };
        let least = (0..7).map(priced).min().unwrap();
        let cheapest: Vec<usize> = (0..7).filter(|k| priced(*k) == least).collect();
        cheapest.iter().for_each(|k| perhaps[*k] += 1);
        if let [only] = cheapest[..] {
            surely[only] += 1;
        }
    }
    assert!(surely.iter().all(|size| *size <= 18) && perhaps.iter().all(|size| *size >= 17), "{surely:?} {perhaps:?}");
}

#[test]
fn duplicates_are_spread() {
    let values = [7.25, 1.0].repeat(45);
    let (model, report) = same_everywhere(&RqKMeans::new(2, 6).balanced(), &values, 2);
    assert_eq!(sizes(&report), [(7, 8), (7, 8)]);
    assert!(report.levels.iter().all(|level| level.squared_error == 0.0));
    assert!(model.to_bytes().is_ok());
}

#[test]
fn what_does_not_go_together_is_refused() {
    let values = coarse_rows(50, 2, 0.0);
    let refused = |params: RqKMeans| fit(&params, &values, 2, &Device::cpu()).unwrap_err().into_kind();
    let base = RqKMeans::new(2, [4, 6]);
    let kind = refused(base.clone().sizes(9, 13));
    assert!(matches!(kind, ErrorKind::Sizes { level: 1, rows: 50, clusters: 6, min: 9, max: 13 }), "{kind:?}");
    let kind = refused(base.clone().balanced().algorithm(Algorithm::MiniBatch(MiniBatch::default())));
    assert!(matches!(kind, ErrorKind::Parameter { name: "algorithm", .. }), "{kind:?}");
    let kind = refused(RqKMeans::new(1, 51).balanced());
    assert!(matches!(kind, ErrorKind::TooFewRows { rows: 50, .. }), "{kind:?}");
    let kind = refused(RqKMeans::new(1, 5000).balanced());
    assert!(matches!(kind, ErrorKind::Parameter { name: "clusters", .. }), "{kind:?}");
}

#[test]
fn prices_are_saved_and_part_of_the_fingerprint() {
    let values = coarse_rows(60, 2, 0.0);
    let (model, _) = fit(&RqKMeans::new(2, [5, 3]).balanced(), &values, 2, &Device::cpu()).unwrap();
    let bytes = model.to_bytes().unwrap();
    let again = RqKMeansModel::from_bytes(&bytes).unwrap();
    assert_eq!((&again, again.to_bytes().unwrap()), (&model, bytes));
    let plain = model.clone().with_prices(Vec::new()).unwrap();
    assert_ne!(plain.fingerprint(), model.fingerprint());
    assert_eq!(RqKMeansModel::from_bytes(&plain.to_bytes().unwrap()).unwrap().prices(), None);
    let rows = Matrix::new(&values, 2).unwrap();
    assert_eq!(plain.encode(&rows, &Device::cpu()).unwrap(), model.encode(&rows, &Device::cpu()).unwrap());
    let mut other = model.prices().unwrap().to_vec();
    other[1][2] += 1;
    assert_ne!(model.clone().with_prices(other.clone()).unwrap().fingerprint(), model.fingerprint());
    other[0].pop();
    assert!(model.with_prices(other).is_err());
}

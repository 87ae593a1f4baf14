//! Beams follow their rule on every device, and no wider beam gives a row codes that are farther.

use super::{coarse_rows, devices, fit};
use crate::quantizer::Candidates;
use crate::rq::RowDistances;
use crate::{Device, ErrorKind, Matrix, Metric, Quantizer, RqKMeans, RqKMeansModel};

/// A place of a beam: codes and their distance.
type Place = (u64, Vec<u32>);

/// All extensions of some codes, by the scalar kernels.
fn extensions(distances: &RowDistances<'_>, row: usize, codes: &[u32]) -> Vec<Place> {
    let found = distances.distances(row, codes).unwrap();
    let extend = |(code, distance)| (distance, [codes, &[code]].concat());
    (0..).zip(found).map(extend).collect()
}

/// The rule as it is written, one place after the other.
fn by_the_rule(distances: &RowDistances<'_>, row: usize, levels: usize, width: usize, count: usize) -> Vec<Place> {
    let mut places: Vec<Place> = vec![(0, Vec::new())];
    for _ in 1..levels {
        let all: Vec<Vec<Place>> = places.iter().map(|(_, codes)| extensions(distances, row, codes)).collect();
        let mut next: Vec<Place> = Vec::new();
        for j in 1..=width {
            let open = all.iter().take(j).flatten().filter(|place| !next.contains(place));
            next.extend(open.min().cloned().into_iter().collect::<Vec<_>>());
        }
        places = next;
    }
    let mut all: Vec<Place> = places.iter().flat_map(|(_, codes)| extensions(distances, row, codes)).collect();
    all.sort_unstable();
    all.truncate(count);
    all
}

fn found(candidates: &Candidates, row: usize) -> Vec<Place> {
    candidates.row(row).map(|(codes, distance)| (distance, codes.to_vec())).collect()
}

/// Models whose codewords repeat, of one codeword, with few codewords on the first level, and on the unit grid.
fn models() -> Vec<(RqKMeansModel, Vec<f32>)> {
    let values = coarse_rows(150, 5, 3.0);
    let few: Vec<f32> = values.iter().map(|value| value.round() / 16.0).collect();
    let all = [
        (RqKMeans::new(3, [7, 5, 6]), values.clone()),
        (RqKMeans::new(4, [2, 9, 1, 4]), values.clone()),
        (RqKMeans::new(3, 6).metric(Metric::Cosine), values.clone()),
        (RqKMeans::new(1, 9), values),
        (RqKMeans::new(3, 16).max_iter(2), few),
    ];
    let mut models: Vec<_> =
        all.map(|(params, values)| (fit(&params, &values, 5, &Device::cpu()).unwrap().0, values)).into();
    // Equal codewords, rows between two codewords, and rows beyond the grid.
    let levels: [&[f32]; 3] = [&[0.0, 0.0, 4.0, 0.0, 4.0, 0.0], &[1.0, 1.0, -1.0, 1.0, 1.0, 1.0], &[0.0; 6]];
    let ties = RqKMeansModel::from_codewords(&levels, 2).unwrap();
    models.push((ties, vec![2.0, 0.0, 2.0, 1.0, 1e30, -1e30, 0.0, 0.0, 5.0, 1.0]));
    models
}

#[test]
fn every_device_follows_the_rule() {
    for (model, values) in models() {
        let (dim, levels) = (model.dim(), model.clusters().len());
        let rows = Matrix::new(&values, dim).unwrap();
        let distances = RowDistances::new(&model, &rows).unwrap();
        for (width, count) in [(1, 1), (2, 1), (3, 4), (8, 8), (40, 5)] {
            let encoder = model.encoder().beam(width);
            let expected: Vec<_> =
                (0..values.len() / dim).map(|row| by_the_rule(&distances, row, levels, width, count)).collect();
            for device in devices().iter().chain([&Device::reference()]) {
                let candidates = encoder.candidates(count, &rows, device).unwrap();
                for (row, expected) in expected.iter().enumerate() {
                    assert_eq!(&found(&candidates, row), expected, "row {row}, {width} {count} {device:?}");
                }
                let best: Vec<u32> = expected.iter().flat_map(|places| places[0].1.clone()).collect();
                assert_eq!(encoder.encode(&rows, device).unwrap().values(), best, "{width} {device:?}");
            }
        }
    }
}

#[test]
fn one_place_gives_the_nearest_codeword_of_every_level() {
    let (values, device) = (coarse_rows(300, 5, 3.0), Device::cpu());
    let rows = Matrix::new(&values, 5).unwrap();
    for normalize in [false, true] {
        let (model, _) = fit(&RqKMeans::new(3, 8).normalize_residuals(normalize), &values, 5, &device).unwrap();
        let beam = model.encoder().beam(1).encode(&rows, &device).unwrap();
        assert_eq!(beam, model.encode(&rows, &device).unwrap());
    }
}

#[test]
fn no_wider_beam_is_farther_for_any_row() {
    let (values, device) = (coarse_rows(400, 5, 3.0), Device::cpu());
    let rows = Matrix::new(&values, 5).unwrap();
    let (model, _) = fit(&RqKMeans::new(4, 6).max_iter(3), &values, 5, &device).unwrap();
    let mut before: Option<Candidates> = None;
    let mut nearer = 0;
    for width in 1..=24 {
        let now = model.encoder().beam(width).candidates(3, &rows, &device).unwrap();
        for (old, new) in before.iter().flat_map(|before| before.distances().iter().zip(now.distances())) {
            assert!(new <= old, "width {width}");
            nearer += usize::from(new < old);
        }
        before = Some(now);
    }
    assert!(nearer > 400, "{nearer}");
}

/// A beam with room for all prefixes finds the nearest of all codes.
#[test]
fn a_beam_of_all_prefixes_finds_the_nearest_codes() {
    let (values, device) = (coarse_rows(60, 4, 1.0), Device::cpu());
    let rows = Matrix::new(&values, 4).unwrap();
    let (model, _) = fit(&RqKMeans::new(3, [4, 3, 5]), &values, 4, &device).unwrap();
    let candidates = model.encoder().beam(12).candidates(60, &rows, &device).unwrap();
    let mut q = vec![0; values.len()];
    model.grid().quantize(&values, &mut q);
    let all: Vec<Vec<u32>> = (0..60).map(|code: u32| vec![code / 15, code / 5 % 3, code % 5]).collect();
    for (row, q) in q.chunks_exact(4).enumerate() {
        let distance = |codes: &Vec<u32>| {
            let point = model.point(codes).unwrap();
            let distance = q.iter().zip(point).map(|(q, c)| (i64::from(*q) - c).pow(2) as u64).sum::<u64>();
            (distance, codes.clone())
        };
        let mut expected: Vec<Place> = all.iter().map(distance).collect();
        expected.sort_unstable();
        assert_eq!(found(&candidates, row), expected, "row {row}");
    }
}

#[test]
fn candidates_do_not_depend_on_other_rows() {
    let (values, device) = (coarse_rows(3000, 3, 0.0), Device::reference());
    let (model, _) = fit(&RqKMeans::new(3, 7).sample(200), &values, 3, &Device::cpu()).unwrap();
    let encoder = model.encoder().beam(5);
    let all = encoder.candidates(2, &Matrix::new(&values, 3).unwrap(), &device).unwrap();
    let mut apart = Vec::new();
    for piece in values.chunks(3 * 70) {
        apart.extend_from_slice(encoder.candidates(2, &Matrix::new(piece, 3).unwrap(), &device).unwrap().codes());
    }
    assert_eq!(all.codes(), apart);
    let mut next = 0;
    let report = encoder.candidates_with(2, &Matrix::new(&values, 3).unwrap(), &Device::cpu(), |first, found| {
        assert_eq!(first, next);
        next += found.len();
        Ok(())
    });
    assert_eq!((report.unwrap().rows, next), (3000, 3000));
    let none = encoder.candidates(2, &Matrix::new(&[], 3).unwrap(), &device).unwrap();
    assert!(none.is_empty() && none.count() == 2);
}

#[test]
fn beams_that_make_no_sense_are_refused() {
    let (values, device) = (coarse_rows(100, 5, 0.0), Device::cpu());
    let rows = Matrix::new(&values, 5).unwrap();
    let model = |params: RqKMeans| fit(&params, &values, 5, &device).unwrap().0;
    let (plain, balanced) = (model(RqKMeans::new(2, [3, 4])), model(RqKMeans::new(2, 4).balanced()));
    let normalized = model(RqKMeans::new(2, 4).normalize_residuals(true));
    let refused = [
        plain.encoder().beam(0).encode(&rows, &device),
        plain.encoder().beam(1025).encode(&rows, &device),
        balanced.encoder().priced().unwrap().beam(2).encode(&rows, &device),
        balanced.encoder().capacity(30).beam(2).encode(&rows, &device),
        normalized.encoder().beam(2).encode(&rows, &device),
    ];
    for refused in refused {
        assert!(matches!(refused.unwrap_err().kind(), ErrorKind::Parameter { name: "beam", .. }));
    }
    for (width, count) in [(1, 0), (1, 5), (2, 9), (8, 13)] {
        let refused = plain.encoder().beam(width).candidates(count, &rows, &device).unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Parameter { name: "candidates", .. }), "{refused}");
    }
    let refused = normalized.encoder().candidates(1, &rows, &device).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Parameter { name: "beam", .. }), "{refused}");
    let mut bad = values.clone();
    bad[12] = f32::NAN;
    let refused = plain.encoder().beam(3).encode(&Matrix::new(&bad, 5).unwrap(), &device).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::NotFinite { row: 2, column: 2, .. }), "{refused}");
}

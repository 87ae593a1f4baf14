//! Drift against its formulas, and on every device.

use super::devices::devices;
use crate::metrics::{BeforeAfter, Drift, DriftLimits, DriftMeasure, drift};
use crate::rng::Stream;
use crate::{Device, ErrorKind, Matrix, Metric, PqKMeans, Quantizer, RqKMeans, RqKMeansModel};

fn between(model: &dyn Quantizer, new: &[f32], old: &[f32], dim: usize) -> Drift {
    let (new, old) = (Matrix::new(new, dim).unwrap(), Matrix::new(old, dim).unwrap());
    drift(model, &new, &old, 10_000, 42, &Device::cpu()).unwrap()
}

fn crossed(drift: &Drift) -> Vec<(DriftMeasure, Option<usize>)> {
    let all = drift.crossings(&DriftLimits::default()).unwrap();
    all.into_iter().map(|crossing| (crossing.measure, crossing.level)).collect()
}

/// Rows around a few centres, from integers alone.
fn rows(count: usize, dim: usize, seed: u64, shift: f32) -> Vec<f32> {
    let mut stream = Stream::new("drift", seed, 0, 0);
    let value = |_| {
        let center = stream.below(9) as f32 * 8.0;
        (0..dim).map(|d| center * (d % 3) as f32 + stream.below(1000) as f32 / 150.0 + shift).collect::<Vec<_>>()
    };
    (0..count).flat_map(value).collect()
}

#[test]
fn measures_are_those_of_their_formulas() {
    let model = RqKMeansModel::from_codewords(&[&[0.0, 10.0, 99.0]], 1).unwrap();
    let found = between(&model, &[10.0, 9.0, 8.0, 1.0], &[0.0, 1.0, 2.0, 0.0, 12.0], 1);
    let level = &found.levels[0];
    assert_eq!((found.rows, found.values), (BeforeAfter { baseline: 5, new: 4 }, BeforeAfter { baseline: 5, new: 4 }));
    assert_eq!((level.clusters, level.used_codes), (3, BeforeAfter { baseline: 2, new: 2 }));
    // Of the baseline, 4 rows of 5 have code 0; of the new rows, 1 of 4. Code 2 has none.
    let (p, q) = ([4.5 / 6.0, 1.5 / 6.0], [1.5 / 5.0, 3.5 / 5.0_f64]);
    let psi: f64 = p.iter().zip(q).map(|(p, q): (&f64, f64)| (q - p) * (q / p).ln()).sum();
    assert!((level.psi - psi).abs() < 1e-12 && (level.psi_by_chance - 0.45).abs() < 1e-12, "{level:?}");
    assert!((level.moved - 0.55).abs() < 1e-12, "{level:?}");
    let entropy = -(0.8 * 0.8_f64.ln() + 0.2 * 0.2_f64.ln());
    assert!((level.entropy.baseline - entropy).abs() < 1e-12);
    assert!((level.perplexity.baseline - entropy.exp()).abs() < 1e-12);
    let error = level.squared_error.unwrap();
    assert!((error.baseline - 9.0 / 5.0).abs() < 1e-9 && (error.new - 6.0 / 4.0).abs() < 1e-9, "{error:?}");
    // Squared distance to the second nearest less that to the nearest: 100, 80, 60, 100, 140, and 100, 80, 60, 80.
    assert!((level.median_margin.baseline - 100.0).abs() < 1e-3, "{level:?}");
    assert!((level.median_margin.new - 80.0).abs() < 1e-3 && (level.low_margin.new - 60.0).abs() < 1e-3, "{level:?}");
}

#[test]
fn rows_drawn_alike_have_not_drifted_and_shifted_ones_have() {
    let (old, alike) = (rows(600, 4, 1, 0.0), rows(250, 4, 2, 0.0));
    for params in [RqKMeans::new(2, 32), RqKMeans::new(2, 16).metric(Metric::Cosine)] {
        let model = params.fit(&Matrix::new(&old, 4).unwrap(), &Device::cpu()).unwrap();
        assert_eq!(crossed(&between(&model, &old, &old, 4)), []);
        let found = between(&model, &alike, &old, 4);
        assert!(found.levels.iter().all(|level| level.psi > 0.02 && level.psi_by_chance > 0.02), "{found:?}");
        let usage = |(measure, _): &(DriftMeasure, _)| *measure == DriftMeasure::Psi;
        assert!(!crossed(&found).iter().any(usage), "{found:?}");
        let shifted: Vec<f32> = alike.iter().map(|x| 40.0 - x * 0.5).collect();
        let found = between(&model, &shifted, &old, 4);
        assert_eq!(crossed(&found)[0], (DriftMeasure::Psi, Some(0)), "{found:?}");
    }
}

/// What counts as chance is twice what rows lose where their codewords are the means of the other rows, whether the
/// baseline has all rows of the fit, a part of them, or none. Fresh rows lose that and more, as no fit chose codewords
/// for them.
#[test]
fn chance_is_what_rows_owe_to_their_own_part_in_the_codewords() {
    let (dim, clusters) = (16, 24);
    let (fitted, apart, fresh) = (noise(2400, dim, 1), noise(1200, dim, 2), noise(6000, dim, 3));
    let rows = Matrix::new(&fitted, dim).unwrap();
    let model = RqKMeans::new(1, clusters).fit(&rows, &Device::cpu()).unwrap();
    let codes = model.encode(&rows, &Device::cpu()).unwrap();
    let decoded = model.decode(&codes).unwrap();
    let mut sizes = vec![0.0; clusters];
    codes.values().iter().for_each(|code| sizes[*code as usize] += 1.0);
    let (mut with, mut without) = (0.0, 0.0);
    for ((x, y), code) in fitted.chunks_exact(dim).zip(decoded.chunks_exact(dim)).zip(codes.values()) {
        let square: f64 = x.iter().zip(y).map(|(x, y)| f64::from(x - y).powi(2)).sum();
        // The mean of the others is farther by n / (n - 1).
        let n: f64 = sizes[*code as usize];
        (with, without) = (with + square, without + square * (n / (n - 1.0)).powi(2));
    }
    let owed = without / with - 1.0;
    assert!(owed > 0.02, "{owed}: too easy");
    let part = &fitted[..800 * dim];
    // A third of the rows says it three times less exactly.
    for (baseline, expected, within) in [(&fitted[..], owed, 0.1), (part, owed, 0.4), (&apart[..], 0.0, 0.1)] {
        let found = between(&model, &fresh, baseline, dim);
        let level = &found.levels[0];
        let (error, chance) = (level.squared_error.unwrap(), level.error_rise_by_chance);
        assert!((chance / 2.0 - expected).abs() < within * owed, "{chance} by chance, not twice {expected}");
        assert!(error.new / error.baseline - 1.0 > chance / 2.0 - 0.01, "{error:?}, {chance} by chance");
        let per_row = level.margin_loss_by_chance * level.median_margin.baseline;
        assert!((per_row / (chance * error.baseline).max(1e-9) - 1.0).abs() < 1e-3 || expected == 0.0, "{per_row}");
    }
}

/// Rows that differ from those of the fit by chance alone have not drifted, whatever the levels are: slices, residuals
/// of unit length, refined together, or fitted to a sample. Rows that do differ have.
#[test]
fn fresh_rows_are_no_drift_for_any_kind() {
    let (dim, clusters) = (16, 48);
    let (fitted, fresh) = (noise(2400, dim, 1), noise(2400, dim, 2));
    let other: Vec<f32> = fresh.iter().map(|value| (value - 20.0) * 1.3 + 20.0).collect();
    let rows = Matrix::new(&fitted, dim).unwrap();
    let plain = RqKMeans::new(3, clusters);
    let k_means = [
        plain.clone(),
        plain.clone().metric(Metric::Cosine),
        plain.clone().normalize_residuals(true),
        plain.clone().refine(6),
        plain.clone().refine(6).refine_beam(3),
        plain.clone().sample(1200),
        plain.sample(400),
    ];
    let slices = PqKMeans::new(4, clusters);
    let products = [slices.clone(), slices.clone().sample(1200), slices.residual_levels(2)];
    let mut models: Vec<Box<dyn Quantizer>> = Vec::new();
    for params in k_means {
        models.push(Box::new(params.fit(&rows, &Device::cpu()).unwrap()));
    }
    for params in products {
        models.push(Box::new(params.fit(&rows, &Device::cpu()).unwrap()));
    }
    for (number, model) in models.iter().enumerate() {
        let found = between(&**model, &fresh, &fitted, dim);
        assert_eq!(crossed(&found), [], "{number}: {:?}", found.levels);
        assert!(found.levels.iter().all(|level| level.margin_loss_by_chance > 0.05), "{number}: {:?}", found.levels);
        // Rows of unit length know no lengths.
        let differs = !crossed(&between(&**model, &other, &fitted, dim)).is_empty();
        assert!(differs || model.metric() == Metric::Cosine || !model.reconstructs(), "{number}");
    }
}

/// Rows without any clusters, so that those of a fit take their codewords along.
fn noise(count: usize, dim: usize, seed: u64) -> Vec<f32> {
    let mut stream = Stream::new("drift", seed, 1, 0);
    let sum = |_| (0..4).map(|_| stream.below(1000) as f32 / 100.0).sum::<f32>();
    (0..count * dim).map(sum).collect()
}

#[test]
fn every_measure_has_its_limit_and_its_words() {
    let model = RqKMeansModel::from_codewords(&[&[0.0, 10.0]], 1).unwrap();
    let old = [0.0, 1.0, 9.0, 10.0];
    let said = |new: &[f32]| {
        let found = between(&model, new, &old, 1);
        let all = found.crossings(&DriftLimits::default()).unwrap();
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(said(&old), "");
    assert!(
        said(&[0.0, 2.0, 8.0, 10.0])
            .contains("level 1: the squared error has risen by 300.0 % beyond chance, more than 10 %")
    );
    assert!(
        said(&[4.0, 4.0, 6.0, 6.0]).contains("the median margin has fallen by 80.0 % beyond chance, more than 25 %")
    );
    assert!(said(&[0.0, 0.0, 0.0, 1.0].repeat(50)).contains("level 1: codes are used in other proportions"));
    assert!(
        said(&[0.0, 1.0, 9.0, 1e9])
            .contains("values lie beyond the grid: 25.000 percentage points of the values more than before")
    );
    // From nothing, there is no share by which an error rises.
    let exact = RqKMeansModel::from_codewords(&[&[0.0, 10.0]], 1).unwrap();
    let risen = between(&exact, &[0.0, 9.0], &[0.0, 10.0], 1).crossings(&DriftLimits::default()).unwrap();
    assert_eq!(risen[0].to_string(), "level 1: the squared error has risen from 0, more than 10 %");
    // Exactly at the limit, nothing is crossed.
    let found = between(&model, &[0.0, 2.0, 8.0, 10.0], &old, 1);
    let mut limits = DriftLimits::default();
    limits.error_rise = found.crossings(&limits).unwrap()[0].value;
    assert_eq!(found.crossings(&limits).unwrap(), []);
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        limits.saturated = bad;
        let error = found.crossings(&limits).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "saturated", .. }), "{error}");
    }
}

#[test]
fn every_device_measures_the_same_drift() {
    let (old, new) = (rows(300, 5, 3, 0.0), rows(200, 5, 4, 1.5));
    let [old, new] = [&old, &new].map(|values| Matrix::new(values, 5).unwrap());
    for params in [RqKMeans::new(2, 9), RqKMeans::new(2, 9).normalize_residuals(true)] {
        let model = params.fit(&old, &Device::cpu()).unwrap();
        let expected = drift(&model, &new, &old, 120, 7, &Device::reference()).unwrap();
        assert_eq!(expected.levels[0].squared_error.is_none(), model.normalize_residuals());
        for device in devices() {
            assert_eq!(drift(&model, &new, &old, 120, 7, &device).unwrap(), expected, "{device:?}");
        }
    }
}

#[test]
fn rows_have_to_be_there_and_of_the_model() {
    let model = RqKMeansModel::from_codewords(&[&[0.0, 10.0]], 1).unwrap();
    let (some, none, wide) = ([1.0], [], [1.0, 2.0]);
    let [some, none] = [&some[..], &none].map(|values| Matrix::new(values, 1).unwrap());
    let wide = Matrix::new(&wide, 2).unwrap();
    let error =
        |new: &Matrix<'_>, old: &Matrix<'_>| drift(&model, new, old, 10, 1, &Device::cpu()).unwrap_err().into_kind();
    assert!(matches!(error(&none, &some), ErrorKind::Empty) && matches!(error(&some, &none), ErrorKind::Empty));
    assert!(matches!(error(&wide, &some), ErrorKind::DimMismatch { expected: 1, found: 2 }));
}

//! Parameters and options that make no sense, and what the kind does not have.

use super::fit;
use crate::quantizer::{EncodeOptions, TrainOption, TrainOptions, Trainer};
use crate::rq::tests::rows;
use crate::rq::{Algorithm, MiniBatch};
use crate::{Device, ErrorKind, Labels, Matrix, PqKMeans, Quantizer, RqKMeans};
use serde_json::json;
use std::ops::ControlFlow;

#[test]
fn files_of_parameters_are_read_as_they_are_meant() {
    let read = |value| serde_json::from_value::<PqKMeans>(value);
    assert_eq!(read(json!({ "kind": "pq" })).unwrap(), PqKMeans::new(8, 256));
    assert_eq!(read(json!({ "kind": "rq+pq" })).unwrap(), PqKMeans::new(9, 256).residual_levels(1));
    let three = PqKMeans::new(3, [7, 8, 9]).residual_levels(2);
    assert_eq!(read(json!({ "kind": "rq+pq", "clusters": [7, 8, 9], "residual_levels": 2 })).unwrap(), three);
    assert!(serde_json::to_value(PqKMeans::default()).unwrap().get("residual_levels").is_none());
    for (fields, word) in [
        (json!({ "kind": "pq", "residual_levels": 1 }), "rq+pq"),
        (json!({ "kind": "rq+pq", "residual_levels": 0 }), "at least 1"),
        (json!({ "kind": "rq+pq", "residual_levels": 3, "levels": 3 }), "at least 4"),
        (json!({ "kind": "pq", "levels": 0 }), "levels"),
        (json!({ "kind": "pq", "clusters": [1, 2], "levels": 3 }), "clusters"),
        (json!({ "kind": "pq", "sizes": {} }), "unknown field `sizes`"),
        (json!({ "kind": "pq", "normalize_residuals": true }), "unknown field `normalize_residuals`"),
        (json!({ "kind": "rq-kmeans" }), "unknown variant"),
        (json!({ "kind": "pq", "version": 2 }), "version"),
        (json!({ "kind": "pq", "tol": -1.0 }), "tol"),
    ] {
        let error = read(fields.clone()).unwrap_err().to_string();
        assert!(error.contains(word), "{fields}: {error}");
    }
}

#[test]
fn fits_that_cannot_be_are_refused_before_they_start() {
    let values = rows(40, 4, 0.0);
    let matrix = Matrix::new(&values, 4).unwrap();
    let refused = |params: &PqKMeans| {
        let fitted = params.fit(&matrix, &Device::cpu()).unwrap_err().into_kind();
        let checked = Trainer::check(params, 40, 4).unwrap_err().into_kind();
        assert_eq!(fitted.to_string(), checked.to_string());
        fitted
    };
    let levels = |kind| matches!(kind, ErrorKind::Parameter { name: "levels", .. });
    assert!(levels(refused(&PqKMeans::new(5, 4))), "5 slices of 4 dimensions");
    assert!(levels(refused(&PqKMeans::new(7, 4).residual_levels(2))));
    assert!(levels(refused(&PqKMeans::new(2, 4).residual_levels(2))), "no slice");
    assert!(levels(refused(&PqKMeans::new(1, 4).residual_levels(usize::MAX))));
    assert!(levels(refused(&PqKMeans::new(0, 4))));
    let few = refused(&PqKMeans::new(3, [4, 4, 41]));
    assert!(matches!(few, ErrorKind::TooFewRows { rows: 40, clusters: 41, level: 2 }), "{few}");
    // One slice per dimension is as fine as it gets.
    assert_eq!(PqKMeans::new(4, 3).fit(&matrix, &Device::cpu()).unwrap().ranges(), [0..1, 1..2, 2..3, 3..4]);
    let mut nan = values.clone();
    nan[4 * 7 + 2] = f32::INFINITY;
    let error = PqKMeans::new(2, 3).fit(&Matrix::new(&nan, 4).unwrap(), &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFinite { row: 7, column: 2, .. }));
}

#[test]
fn options_that_other_kinds_take_are_refused() {
    let values = rows(40, 4, 0.0);
    let matrix = Matrix::new(&values, 4).unwrap();
    let device = Device::cpu();
    let (model, _) = fit(&PqKMeans::new(2, 3), &values, 4, &device).unwrap();
    let labels = Labels::new(vec![("kind".to_owned(), vec![None::<&str>; 40])]);
    let encode = |options: &EncodeOptions| model.encode_by(&matrix, &device, options).map_err(|e| e.into_kind());
    let options = EncodeOptions::default;
    assert!(matches!(encode(&EncodeOptions { priced: true, ..options() }), Err(ErrorKind::NoPrices)));
    for (wanted, name) in [
        (EncodeOptions { capacity: Some(20), ..options() }, "capacity"),
        (EncodeOptions { beam: Some(4), ..options() }, "beam"),
        (EncodeOptions { beam: Some(0), ..options() }, "beam"),
        (EncodeOptions { labels: labels.ok(), ..options() }, "labels"),
    ] {
        let error = encode(&wanted).unwrap_err();
        assert!(matches!(&error, ErrorKind::Parameter { name: found, .. } if *found == name), "{name}: {error}");
    }
    // Of slices alone, the nearest codewords are the best; after residual levels they need not be.
    let (tail, _) = fit(&PqKMeans::new(3, 3).residual_levels(1), &values, 4, &device).unwrap();
    for (model, why) in [(&model, "the best"), (&tail, "may leave less")] {
        let error = model.encode_by(&matrix, &device, &EncodeOptions { beam: Some(4), ..options() }).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    let batches = Algorithm::MiniBatch(MiniBatch { batch: 20, init_buffer: 20, layer_wise: false });
    let joint = PqKMeans::new(3, 3).algorithm(batches);
    for (params, is_refused) in
        [(joint.clone(), true), (joint.clone().residual_levels(1), true), (joint.residual_levels(2), false)]
    {
        let found = params.fit(&matrix, &device).map_err(|error| error.into_kind());
        let refused = matches!(found, Err(ErrorKind::Parameter { name: "layer_wise", .. }));
        assert_eq!((refused, found.is_ok()), (is_refused, !is_refused), "{params:?}");
    }
    let one = encode(&EncodeOptions { beam: Some(1), ..options() });
    assert_eq!(one.unwrap(), model.encode(&matrix, &device).unwrap());
    assert!(matches!(
        model.encoder().candidates(2, &matrix, &device).unwrap_err().kind(),
        ErrorKind::Unsupported { kind: "pq", .. }
    ));

    let params = PqKMeans::new(2, 3);
    let older = RqKMeans::new(2, 3).fit(&matrix, &device).unwrap();
    let start = TrainOptions { warm_start: Some(&older), ..TrainOptions::default() };
    let error = params.begin(&matrix, &device, &start, &mut |_| ControlFlow::Continue(())).err().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Unsupported { kind: "pq", .. }), "{error}");
    let takes = [TrainOption::WarmStart, TrainOption::Labels, TrainOption::Balance, TrainOption::Checkpoint];
    assert!(takes.into_iter().all(|option| !params.takes(option)));
}

#[test]
fn rows_of_another_width_are_refused() {
    let values = rows(40, 4, 0.0);
    let (model, _) = fit(&PqKMeans::new(2, 3), &values, 4, &Device::cpu()).unwrap();
    let error = model.encode(&Matrix::new(&values, 5).unwrap(), &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DimMismatch { expected: 4, found: 5 }));
}

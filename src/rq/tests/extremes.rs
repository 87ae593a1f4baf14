//! Data at the ends of f32: a model or an error that says why, the same on every device, never a panic.

use super::{devices, fit};
use crate::rq::{Algorithm, Init, MiniBatch};
use crate::{Device, Error, ErrorKind, Matrix, Metric, Quantizer, RqKMeans, RqKMeansModel};

fn data() -> Vec<Vec<f32>> {
    let (max, tiny, small) = (f32::MAX, f32::from_bits(1), f32::MIN_POSITIVE);
    let cycle = |values: &[f32]| values.iter().cycle().take(36).copied().collect();
    vec![
        cycle(&[max, -max, 0.0, max, max]),
        cycle(&[max]),
        cycle(&[-max, 1.0, 2.0, 3.0, 4.0]),
        cycle(&[tiny, -tiny, 0.0, 3.0 * tiny, small]),
        cycle(&[tiny, 2.0 * tiny]),
        cycle(&[max, tiny, -small, 1.0, -1e-30, 1e30, 0.0]),
        cycle(&[1.0, 1.0 + f32::EPSILON, 1.0, 1.0 - f32::EPSILON / 2.0]),
        cycle(&[max, f32::from_bits(max.to_bits() - 1), max]),
        // One far outlier, and neighbours that fall onto one grid value.
        (0..36).map(|i| if i == 20 { 1e9 } else { 1e-3 * (i % 5) as f32 }).collect(),
    ]
}

/// The fingerprint, or the kind of error without its numbers.
fn kind(result: &Result<RqKMeansModel, Error>) -> String {
    match result {
        Ok(model) => model.fingerprint(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn extreme_data_give_a_model_or_a_typed_error() {
    let base = RqKMeans::new(3, [4, 3, 5]).max_iter(6);
    let small = MiniBatch { batch: 5, init_buffer: 6, layer_wise: false };
    let variants = [
        base.clone(),
        base.clone().center(false).init(Init::Random),
        base.clone().metric(Metric::Cosine),
        base.clone().normalize_residuals(true),
        base.algorithm(Algorithm::MiniBatch(small)),
    ];
    let (mut models, mut undecodable) = (0, 0);
    for values in data() {
        let rows = Matrix::new(&values, 3).unwrap();
        for params in &variants {
            let fitted = |device: &Device| fit(params, &values, 3, device).map(|(model, _)| model);
            let expected = fitted(&Device::reference());
            for device in devices() {
                assert_eq!(kind(&fitted(device)), kind(&expected), "{params:?} on {device:?}: {values:?}");
            }
            match expected {
                Ok(model) => {
                    models += 1;
                    let codes = model.encode(&rows, &Device::reference()).unwrap();
                    for device in devices() {
                        assert_eq!(model.encode(&rows, device).unwrap(), codes, "{params:?} on {device:?}: {values:?}");
                    }
                    match model.decode(&codes) {
                        Ok(decoded) => assert!(decoded.iter().all(|value| value.is_finite())),
                        Err(error) => {
                            undecodable += 1;
                            assert!(matches!(error.kind(), ErrorKind::Undecodable { .. }), "{error}");
                            let values = Quantizer::decode_saturated(&model, &codes, 3, &Device::reference()).unwrap();
                            assert!(values.iter().all(|value| value.is_finite()) && values.contains(&f32::MAX));
                        }
                    }
                    assert_eq!(RqKMeansModel::from_bytes(&model.to_bytes().unwrap()).unwrap(), model);
                }
                Err(error) => assert!(matches!(error.kind(), ErrorKind::Range { .. }), "{params:?}: {error}"),
            }
        }
    }
    assert!(models > 30 && undecodable > 0, "{models} models, {undecodable} that decode beyond f32");
}

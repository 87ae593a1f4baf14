//! Models decode to numbers, or say that they do not.

use super::rows;
use crate::rng::row_hash;
use crate::vae::Keep;
use crate::{Codes, Device, ErrorKind, Matrix, RqVae, RqVaeModel};

fn params() -> RqVae {
    RqVae::new(2, 4).hidden([8]).latent(3).epochs(2).batch(43).held_out(0.0)
}

/// All pairs of codes, and all first ones.
fn all_codes() -> [Codes; 2] {
    let pairs = (0..16).flat_map(|i| [i / 4, i % 4]).collect();
    [Codes::new(pairs, 2).unwrap(), Codes::new((0..4).collect(), 1).unwrap()]
}

fn is_finite(values: &[f32]) -> bool {
    values.iter().all(|x| x.is_finite())
}

/// Decodes, and insists on numbers or the error for codes that have none.
fn decodes(model: &RqVaeModel, codes: &Codes) -> bool {
    match model.decode(codes, &Device::cpu()) {
        Ok(values) => {
            assert!(is_finite(&values));
            true
        }
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Undecodable { .. }), "{error}");
            false
        }
    }
}

#[test]
fn trainings_end_with_numbers_or_the_error_for_divergence() {
    let device = Device::cpu();
    let (mut models, mut diverged) = (0, 0);
    for case in 0..300 {
        let hash = |purpose: u64| row_hash(1000 + purpose, case);
        let scale = [1.0, 1e18, 1e30, 1e36, 1e38][hash(0) as usize % 5];
        let values: Vec<f32> = rows(43, 6).iter().map(|x| x * 0.3 * scale).collect();
        let rows = Matrix::new(&values, 6).unwrap();
        let rate = 10.0_f64.powi([(hash(1) % 6) as i32 - 4, (hash(1) % 40) as i32][hash(8) as usize % 2]);
        let params = params()
            .lr(rate)
            .epochs(1 + (hash(2) % 3) as usize)
            .keep([Keep::Loss, Keep::Collisions, Keep::Last][hash(3) as usize % 3])
            .standardize(hash(4) % 4 > 0)
            .batch_norm(hash(5) % 3 == 0)
            .slope([0.0, 0.1, 3.0][hash(6) as usize % 3])
            .seed(hash(7));
        match params.fit(&rows, &device) {
            Ok(model) => {
                models += 1;
                let codes = model.encode(&rows, &device).unwrap();
                assert!(decodes(&model, &codes), "{params:?} of rows x {scale}");
                assert!(is_finite(&model.decode_levels(&codes, 1, &device).unwrap()), "{params:?} of rows x {scale}");
                assert!(all_codes().iter().filter(|codes| decodes(&model, codes)).count() <= 2);
                assert!(RqVaeModel::from_bytes(&model.to_bytes().unwrap()).unwrap() == model);
            }
            Err(error) => {
                let too_large = matches!(error.kind(), ErrorKind::Parameter { name: "standardize", .. });
                diverged += usize::from(!too_large);
                assert!(too_large || matches!(error.kind(), ErrorKind::Diverged { .. }), "{error}: {params:?}");
            }
        }
    }
    assert!(models > 50 && diverged > 50, "{models} models, {diverged} diverged");
}

/// Weights that grow until decoding overflows: what the bound proves must hold for all codes.
#[test]
fn a_bound_holds_for_every_code() {
    let values = rows(43, 6);
    let rows = Matrix::new(&values, 6).unwrap();
    let (mut proved, mut decoded, mut refused) = (0, 0, 0);
    for width in [crate::vae::MatmulWidth::Eight, crate::vae::MatmulWidth::Sixteen] {
        let trained = params().width(width).slope(2.0).lr(1e-2).fit(&rows, &Device::cpu()).unwrap();
        for exponent in 0..130 {
            let mut model = trained.clone();
            let factor = 2.0_f32.powi(exponent);
            let last = model.decoder.last_mut().unwrap();
            last.weight.iter_mut().for_each(|w| *w *= factor);
            last.bias.iter_mut().for_each(|b| *b *= factor);
            let is_bounded = model.is_bounded();
            let finite = all_codes().iter().all(|codes| decodes(&model, codes));
            assert!(finite || !is_bounded, "2^{exponent}: the bound promised finite values");
            proved += usize::from(is_bounded);
            decoded += usize::from(finite);
            refused += usize::from(!finite);
        }
    }
    // The bound is loose by some powers of two, but no more.
    assert!(proved > 200 && refused > 4 && decoded - proved < 30, "{proved} proved, {decoded} finite, {refused} not");
}

/// The checksum is right, the numbers are none: a file that was made on purpose.
#[test]
fn a_model_with_numbers_that_are_none_is_refused() {
    let values = rows(43, 6);
    let model = params().fit(&Matrix::new(&values, 6).unwrap(), &Device::cpu()).unwrap();
    let poisons: [fn(&mut RqVaeModel, f32); 5] = [
        |model, x| model.encoder[0].weight[3] = x,
        |model, x| model.encoder[1].bias[0] = x,
        |model, x| model.decoder[1].weight[1] = x,
        |model, x| model.standard.offset[2] = x,
        |model, x| model.standard.scale[2] = x,
    ];
    for (i, poison) in poisons.into_iter().enumerate() {
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut poisoned = model.clone();
            poison(&mut poisoned, x);
            let error = RqVaeModel::from_bytes(&poisoned.to_bytes().unwrap()).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Damaged { .. }), "{i} {x}: {error}");
        }
    }
}

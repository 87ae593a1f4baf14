//! Golden fingerprints of trained models. They must never change; if this test fails, it is the code that is wrong.

use super::rows;
use crate::vae::{Estimator, Loss, MatmulWidth, Schedule};
use crate::{Device, Matrix, RqVae};

#[test]
fn trainings_end_where_they_always_did() {
    let base = RqVae::new(3, [16, 8, 8]).hidden([32, 16]).latent(8).epochs(3).batch(64).lr(1e-3);
    let cases = [
        (base.clone().width(MatmulWidth::Sixteen), "16 bits"),
        (base.clone().width(MatmulWidth::Eight).schedule(Schedule::Cosine).warmup(1), "8 bits"),
        (
            base.clone()
                .width(MatmulWidth::Sixteen)
                .batch_norm(true)
                .dropout(0.1)
                .loss(Loss::L1)
                .clip(1.0)
                .estimator(Estimator::Rotation),
            "all",
        ),
        (base.width(MatmulWidth::Sixteen).kmeans_init(false).standardize(false).slope(0.01).seed(7), "random"),
    ];
    let values = rows(400, 12);
    let rows = Matrix::new(&values, 12).unwrap();
    let found = cases.map(|(params, name)| (name, params.fit(&rows, &Device::cpu()).unwrap().fingerprint()));
    let expected = [
        ("16 bits", "e91297993f09429c5ff72b712653cfff2cbcd3762f886b51cdd039f6187e3e23"),
        ("8 bits", "95a4f1983b309edd94d1dae417488f898d5b907a295c4a84c8f4e6c4cf6f6105"),
        ("all", "8f6a894168098e2c0e5cff8855fdb38cb9c5b7b531c68dc512eb4255feb60f86"),
        ("random", "5d5576663ef00f8ed16864b6544888018e2e150b10aaef57bcd4a0d51700d5d9"),
    ];
    assert_eq!(found, expected.map(|(name, fingerprint)| (name, fingerprint.to_owned())));
}

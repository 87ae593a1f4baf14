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
        ("16 bits", "cce75d9805abd9f87aba3948099d9451c83aa26e919370ff91982b66f6930788"),
        ("8 bits", "6d06682522df7619de9280fa68959891719114b291b560eb4c2a754702f70ee5"),
        ("all", "30924e24d1b6f18437cf2d30a23ce6aba523b8328b086b37d1c44b51bb01a456"),
        ("random", "5d5576663ef00f8ed16864b6544888018e2e150b10aaef57bcd4a0d51700d5d9"),
    ];
    assert_eq!(found, expected.map(|(name, fingerprint)| (name, fingerprint.to_owned())));
}

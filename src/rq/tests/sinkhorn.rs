//! Soft balance in a fit: the same on every device, nearly even, and refused where it makes no sense.

use super::{coarse_rows, fit, same_everywhere};
use crate::rq::{Algorithm, MiniBatch};
use crate::{Device, ErrorKind, Metric, RqKMeans};

#[test]
fn sinkhorn_fits_are_the_same_on_every_device() {
    let values = coarse_rows(700, 3, 0.0);
    let base = RqKMeans::new(2, [9, 5]).max_iter(3);
    let (model, report) = same_everywhere(&base.clone().sinkhorn(0.01, 60), &values, 3);
    assert_eq!(model.prices(), None);
    let plain = fit(&base, &values, 3, &Device::cpu()).unwrap().0;
    assert_ne!(plain.fingerprint(), model.fingerprint());
    for (level, even) in report.levels.iter().zip([700 / 9, 700 / 5]) {
        let balance = level.balance.unwrap();
        assert_eq!((balance.gap, balance.optimality_gap), (None, None));
        assert!(balance.smallest * 2 > even && balance.largest * 2 < even * 3, "{balance:?}");
    }
    let all = base.sinkhorn(0.05, 20).metric(Metric::Cosine).normalize_residuals(true).n_init(2).sample(300);
    same_everywhere(&all, &values, 3);
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    let values = coarse_rows(50, 2, 0.0);
    let base = RqKMeans::new(1, 5);
    let cases = [
        (base.clone().sinkhorn(0.0029, 10), "sinkhorn_epsilon"),
        (base.clone().sinkhorn(f64::NAN, 10), "sinkhorn_epsilon"),
        (base.clone().sinkhorn(f64::INFINITY, 10), "sinkhorn_epsilon"),
        (base.clone().sinkhorn(0.01, 0), "sinkhorn_iterations"),
        (base.clone().sinkhorn(0.01, 10).balanced(), "sinkhorn_epsilon"),
        (base.sinkhorn(0.01, 10).algorithm(Algorithm::MiniBatch(MiniBatch::default())), "algorithm"),
    ];
    for (params, expected) in cases {
        let kind = fit(&params, &values, 2, &Device::cpu()).unwrap_err().into_kind();
        assert!(matches!(kind, ErrorKind::Parameter { name, .. } if name == expected), "{kind:?}");
    }
}

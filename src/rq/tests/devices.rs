//! Fits and encodes on every device of this machine give the same bits.

use super::{coarse_rows, rows, same_everywhere};
use crate::rq::{Algorithm, Hierarchical, Init, MiniBatch};
use crate::{Metric, RqKMeans};

#[test]
fn every_device_fits_and_encodes_the_same() {
    let values = rows(1500, 100, 0.0);
    let base = RqKMeans::new(2, [70, 9]).max_iter(12);
    let small = MiniBatch { batch: 200, init_buffer: 300, layer_wise: true };
    let variants = [
        base.clone(),
        base.clone().init(Init::Random).n_init(2).seed(3),
        base.clone().metric(Metric::Cosine),
        base.clone().normalize_residuals(true),
        base.clone().sample(700).tol(0.0),
        base.clone().algorithm(Algorithm::MiniBatch(small)),
        base.clone().algorithm(Algorithm::MiniBatch(MiniBatch { layer_wise: false, ..small })),
        base.clone().algorithm(Algorithm::Hierarchical(Hierarchical::default())),
        base.clone().init(Init::Hierarchical).metric(Metric::Cosine).normalize_residuals(true),
    ];
    for params in variants {
        same_everywhere(&params, &values, 100);
    }
}

/// A common offset changes the grid's offset and nothing else.
#[test]
fn a_common_offset_changes_no_codeword() {
    let (plain, shifted) = (coarse_rows(150, 5, 0.0), coarse_rows(150, 5, 300.0));
    assert!(plain.iter().zip(&shifted).all(|(a, b)| b - a == 300.0));
    for params in [RqKMeans::new(3, [6, 4, 9]), RqKMeans::new(2, 8).normalize_residuals(true)] {
        let (a, report) = same_everywhere(&params, &plain, 5);
        let (b, shifted_report) = same_everywhere(&params, &shifted, 5);
        assert_eq!((a.levels(), report), (b.levels(), shifted_report));
        assert_eq!(a.grid().exponent(), b.grid().exponent());
        assert!(a.grid().offset().iter().zip(b.grid().offset()).all(|(a, b)| b - a == 300.0));
        assert_ne!(a.fingerprint(), b.fingerprint());
    }
}

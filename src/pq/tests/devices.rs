//! Fits and encodes on every engine give the same bits.

use super::fit;
use crate::rq::tests::{devices, rows};
use crate::rq::{Algorithm, Hierarchical, Init, MiniBatch};
use crate::{Device, Matrix, Metric, PqKMeans};

#[test]
fn every_engine_fits_and_encodes_the_same() {
    // 96 dimensions in slices of 14 and 13: neither is a multiple of any tile.
    let (dim, values) = (96, rows(700, 96, 0.0));
    let matrix = Matrix::new(&values, dim).unwrap();
    let base = PqKMeans::new(7, [40, 9, 40, 17, 40, 3, 64]).max_iter(6);
    let small = MiniBatch { batch: 100, init_buffer: 150, layer_wise: false };
    let variants = [
        base.clone(),
        base.clone().residual_levels(2),
        base.clone().metric(Metric::Cosine).init(Init::Random),
        base.clone().residual_levels(1).metric(Metric::Cosine).n_init(2),
        base.clone().residual_levels(2).algorithm(Algorithm::MiniBatch(small)).sample(400),
        base.clone().residual_levels(1).algorithm(Algorithm::Hierarchical(Hierarchical::default())),
    ];
    // Every unit of the CPU, and what tests of residual k-means run on.
    let named = Device::list().into_iter().filter(|info| info.name.starts_with("cpu:"));
    let named: Vec<Device> = named.map(|info| Device::named(&info.name).unwrap()).collect();
    assert!(named.len() >= 3);
    for params in variants {
        let (model, report) = fit(&params, &values, dim, &Device::reference()).unwrap();
        let codes = model.encode(&matrix, &Device::reference()).unwrap();
        for device in named.iter().chain(devices()) {
            let (other, told) = fit(&params, &values, dim, device).unwrap();
            assert_eq!((other.fingerprint(), told), (model.fingerprint(), report.clone()), "{params:?} on {device:?}");
            assert_eq!(other.encode(&matrix, device).unwrap(), codes, "{params:?} on {device:?}");
        }
    }
}

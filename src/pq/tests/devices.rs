//! Fits and encodes on every engine give the same bits.

use super::fit;
use crate::rq::tests::{devices, rows};
use crate::rq::{Algorithm, Hierarchical, Init, MiniBatch};
use crate::{Device, Matrix, Metric, PqKMeans};

#[test]
fn every_engine_fits_and_encodes_the_same() {
    // Slices of 13 and 12 dimensions: neither is a multiple of any tile.
    let (dim, values) = (38, rows(260, 38, 0.0));
    let matrix = Matrix::new(&values, dim).unwrap();
    let base = PqKMeans::new(3, [12, 5, 40]).max_iter(3);
    let small = MiniBatch { batch: 60, init_buffer: 90, layer_wise: false };
    let variants = [
        base.clone(),
        base.clone().metric(Metric::Cosine).init(Init::Random),
        base.clone().residual_levels(1).metric(Metric::Cosine).n_init(2),
        base.clone().residual_levels(2).algorithm(Algorithm::MiniBatch(small)).sample(200),
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

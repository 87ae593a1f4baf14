//! Golden fingerprints. They pin the algorithm: the data are made of integers by IEEE divisions, so that no platform
//! can make them differ. They must never change; if one of these tests fails, it is the code that is wrong.

use super::{even_rows, fit};
use crate::{Device, Metric, PqKMeans};

fn fingerprint(params: PqKMeans) -> String {
    fit(&params, &even_rows(300, 11), 11, &Device::cpu()).unwrap().0.fingerprint()
}

#[test]
fn slices_alone() {
    let found = fingerprint(PqKMeans::new(4, [16, 8, 4, 9]));
    assert_eq!(found, "42bce910dd8dc1da54e1c9d3f6486588f63e1a5f0968387846efd74527e7ab96");
}

#[test]
fn slices_after_residual_levels() {
    let found = fingerprint(PqKMeans::new(5, 8).residual_levels(2).seed(7).n_init(2));
    assert_eq!(found, "622e3d88fbccb34d1a6671e7b542decd40c9be789d5732c677b85a5895a807a6");
}

#[test]
fn slices_of_directions() {
    let found = fingerprint(PqKMeans::new(3, 12).metric(Metric::Cosine));
    assert_eq!(found, "a8a388fb07dc540c498b61a942e5a315dd34616a620a2ec659b8f66ac32746a2");
}

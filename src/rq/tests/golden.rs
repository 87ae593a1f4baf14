//! Golden fingerprints. They pin the algorithm: data made of integers, so that no platform can make them differ. They
//! must never change within a format version; if one of these tests fails, it is the code that is wrong.

use super::{coarse_rows, rows, same_everywhere};
use crate::{Algorithm, Metric, MiniBatch, RqKMeans};

#[test]
fn grouped_rows() {
    let (model, _) = same_everywhere(&RqKMeans::new(3, [16, 8, 4]), &coarse_rows(400, 6, 0.0), 6);
    assert_eq!(model.fingerprint(), "GOLD1");
}

#[test]
fn squares_by_cosine_with_normalized_residuals() {
    let values: Vec<f32> = (0..300 * 4).map(|i: i32| (i * i % 251 - 125) as f32).collect();
    let params = RqKMeans::new(2, 12).metric(Metric::Cosine).normalize_residuals(true).seed(7).n_init(2);
    let (model, _) = same_everywhere(&params, &values, 4);
    assert_eq!(model.fingerprint(), "GOLD2");
}

#[test]
fn batches_of_a_sample() {
    let small = MiniBatch { batch: 100, init_buffer: 120, layer_wise: true };
    let params = RqKMeans::new(2, [20, 10]).algorithm(Algorithm::MiniBatch(small)).sample(250).max_iter(10);
    let (model, _) = same_everywhere(&params, &rows(300, 5, 0.0), 5);
    assert_eq!(model.fingerprint(), "GOLD3");
}

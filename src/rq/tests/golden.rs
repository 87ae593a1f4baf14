//! Golden fingerprints. They pin the algorithm: the data are made of integers by IEEE divisions, so that no platform
//! can make them differ. They must never change; if one of these tests fails, it is the code that is wrong.

use super::{coarse_rows, rows, same_everywhere};
use crate::rq::{Algorithm, Hierarchical, MiniBatch};
use crate::{Metric, RqKMeans};

#[test]
fn grouped_rows() {
    let (model, _) = same_everywhere(&RqKMeans::new(3, [16, 8, 4]), &coarse_rows(400, 6, 0.0), 6);
    assert_eq!(model.fingerprint(), "ee42a814f361dd4918577ef79f36d898aabec11fa239601a9471c9147c53b16f");
}

#[test]
fn squares_by_cosine_with_normalized_residuals() {
    let values: Vec<f32> = (0..300 * 4).map(|i: i32| (i * i % 251 - 125) as f32).collect();
    let params = RqKMeans::new(2, 12).metric(Metric::Cosine).normalize_residuals(true).seed(7).n_init(2);
    let (model, _) = same_everywhere(&params, &values, 4);
    assert_eq!(model.fingerprint(), "dab552ebf94e797604b65464c01aad1121f9bae48a6b366c6d82b6a02018a687");
}

#[test]
fn batches_of_a_sample() {
    let small = MiniBatch { batch: 100, init_buffer: 120, layer_wise: true };
    let params = RqKMeans::new(2, [20, 10]).algorithm(Algorithm::MiniBatch(small)).sample(250).max_iter(10);
    let (model, _) = same_everywhere(&params, &rows(300, 5, 0.0), 5);
    assert_eq!(model.fingerprint(), "090f54cb2587348a2357d828487c2c66812a54c3b2b79fd535dbb1bb67d2d69f");
}

#[test]
fn a_hierarchy_of_a_part_of_the_rows() {
    let params = RqKMeans::new(2, [6, 20]).algorithm(Algorithm::Hierarchical(Hierarchical { full_iter: 3 }));
    let (model, _) = same_everywhere(&params, &rows(700, 5, 0.0), 5);
    assert_eq!(model.fingerprint(), "827b27f0e934aadae6d40d33fe65ca62001f79c21c60389abc507bf51ceb5be3");
}

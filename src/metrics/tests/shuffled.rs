//! Random parts are functions of the seed, and near the truth.

use crate::metrics::{Evaluation, prefix_purity};
use crate::rng::row_hash;
use crate::{Codes, Device, Matrix, RqKMeans};

#[test]
fn samples_cover_the_truth_as_often_as_they_claim() {
    let values: Vec<f32> = (0..1500 * 4).map(|i| (row_hash(9, i) % 1000) as f32).collect();
    let rows = Matrix::new(&values, 4).unwrap();
    let device = Device::cpu();
    let model = RqKMeans::new(2, 12).max_iter(5).fit(&rows, &device).unwrap();
    let of = |evaluation: Evaluation| evaluation.run(&model, &rows, &device).unwrap().neighbors.unwrap();
    let all = of(Evaluation::new().pairs(2_000_000));
    let recall = all.recall_at_k.decoded;
    assert!(recall.low == recall.value && recall.high == recall.value && recall.samples == 1500);
    let correlation = all.distance_correlation.decoded.unwrap();
    assert_eq!((correlation.low, correlation.samples), (correlation.value, 1500 * 1499 / 2));
    let (mut covered, runs) = ([0; 2], 40);
    for seed in 0..runs {
        let some = of(Evaluation::new().sample(300).pairs(2000).seed(seed));
        let found = [some.recall_at_k.decoded, some.distance_correlation.decoded.unwrap()];
        for (covered, (found, truth)) in covered.iter_mut().zip(found.iter().zip([recall, correlation])) {
            assert!(found.low < found.value && found.value < found.high);
            *covered += usize::from(found.low <= truth.value && truth.value <= found.high);
        }
    }
    // 38 are expected; the probability of 33 or fewer is one in 300.
    assert!(covered.iter().all(|covered| *covered >= 34), "{covered:?} of {runs}");
}

#[test]
fn the_seed_decides() {
    let codes = Codes::new((0..600).map(|i| (row_hash(1, i) % 4) as u32).collect(), 2).unwrap();
    let labels: Vec<Option<u64>> = (0..300).map(|i| Some(row_hash(2, i) % 5)).collect();
    let purity = |seed| prefix_purity(&codes, &labels, seed).unwrap();
    assert_eq!(purity(1), purity(1));
    assert_ne!(purity(1), purity(2));
}

//! One search for many k gives the same as a search for each of them.

use crate::metrics::Evaluation;
use crate::{Device, Matrix, RqKMeans};

#[test]
fn a_curve_has_the_bits_of_evaluations_one_by_one() {
    // There are few distinct values, so rows and IDs tie at almost every rank.
    let values: Vec<f32> = (0..900).map(|i| ((i * i * 7) % 5) as f32).collect();
    let (rows, device) = (Matrix::new(&values, 3).unwrap(), Device::cpu());
    let model = RqKMeans::new(2, 6).fit(&rows, &device).unwrap();
    let ks = [40, 1, 3, 299];
    let at = |k: usize, evaluation: Evaluation| {
        evaluation.k(k).sample(100).pairs(10).run(&model, &rows, &device).unwrap().neighbors.unwrap()
    };
    let both = at(7, Evaluation::new().recall_curve(ks));
    assert_eq!(both.recall_curve.iter().map(|at| at.k).collect::<Vec<_>>(), ks);
    for of_k in &both.recall_curve {
        assert_eq!(of_k.recall, at(of_k.k, Evaluation::new()).recall_at_k, "{}", of_k.k);
    }
    let alone = at(7, Evaluation::new());
    assert_eq!((both.recall_at_k, both.ndcg_at_k), (alone.recall_at_k, alone.ndcg_at_k));
    assert!(alone.recall_curve.is_empty());
    // With all other rows as neighbours, everything is found.
    assert!((both.recall_curve[3].recall.prefix.value - 1.0).abs() < 1e-12);
}

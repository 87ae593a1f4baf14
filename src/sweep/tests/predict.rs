//! Predicted collisions against draws, and against a recurrence.

use crate::metrics::{CodeMetrics, code_metrics};
use crate::rng::Stream;
use crate::{Codes, PredictedCollisions};
use std::collections::HashSet;

/// Codes in which every pair of `a` x `b` is there once.
fn uniform(a: u32, b: u32) -> CodeMetrics {
    let codes = (0..a).flat_map(|x| (0..b).flat_map(move |y| [x, y])).collect();
    code_metrics(&Codes::new(codes, 2).unwrap(), &[a as usize, b as usize]).unwrap()
}

#[test]
fn uniform_codes_have_the_expected_number_of_different_ones() {
    for (a, b) in [(1, 1), (1, 3), (4, 4), (16, 8), (64, 64)] {
        let (metrics, m) = (uniform(a, b), f64::from(a * b));
        // One more draw is a new one with the probability of those not drawn yet.
        let mut expected = 0.0;
        for rows in 1..=3000_u64 {
            expected += 1.0 - expected / m;
            let found = PredictedCollisions::of(&metrics, rows);
            let close = |x: f64, y: f64| (x - y).abs() <= 1e-9 * y.abs().max(1e-3);
            assert!(close(found.distinct_ids, expected), "{a} x {b}, {rows}: {found:?}, {expected}");
            assert!(close(found.collision_rate, 1.0 - expected / rows as f64), "{a} x {b}, {rows}: {found:?}");
        }
    }
}

#[test]
fn drawn_codes_collide_as_predicted() {
    let (a, b, rows, trials) = (20, 30, 500, 200);
    let predicted = PredictedCollisions::of(&uniform(a, b), rows);
    let mut stream = Stream::new("test", 3, 0, 0);
    let mut trial = || (0..rows).map(|_| stream.below(u128::from(a * b))).collect::<HashSet<_>>().len() as f64;
    let mean = (0..trials).map(|_| trial()).sum::<f64>() / f64::from(trials);
    // The standard deviation of the mean is below sqrt(500 / 4 / 200) = 0.8.
    assert!((mean - predicted.distinct_ids).abs() < 3.0, "{mean} {predicted:?}");
}

#[test]
fn the_ends_are_finite() {
    let many = Codes::new((0..200).flat_map(|row| vec![row; 256]).collect(), 256).unwrap();
    let many = code_metrics(&many, &[200; 256]).unwrap();
    for rows in [0, 1, 2, 1 << 40, u64::MAX] {
        let found = PredictedCollisions::of(&many, rows);
        assert_eq!((found.distinct_ids, found.collision_rate), (rows as f64, 0.0));
        let one = PredictedCollisions::of(&uniform(1, 1), rows);
        assert_eq!(one.distinct_ids, if rows == 0 { 0.0 } else { 1.0 });
    }
    let most = PredictedCollisions::of(&uniform(4, 4), u64::MAX);
    assert!((most.distinct_ids - 16.0).abs() < 1e-9 && most.collision_rate <= 1.0, "{most:?}");
}

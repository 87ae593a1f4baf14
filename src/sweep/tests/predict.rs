//! Predicted collisions against draws, and against a recurrence.

use crate::Codes;
use crate::metrics::{CodeMetrics, code_metrics};
use crate::rng::Stream;
use crate::sweep::PredictedCollisions;
use crate::sweep::predict::distinct;
use std::collections::HashSet;

/// Codes in which every pair of `a` x `b` is there once.
fn uniform(a: u32, b: u32) -> CodeMetrics {
    let codes = (0..a).flat_map(|x| (0..b).flat_map(move |y| [x, y])).collect();
    code_metrics(&Codes::new(codes, 2).unwrap(), &[a as usize, b as usize]).unwrap()
}

#[test]
fn equally_frequent_ids_have_the_expected_number_of_different_ones() {
    for m in [1.0_f64, 3.0, 16.0, 128.0, 4096.0] {
        // One more draw is a new one with the probability of those not drawn yet.
        let mut expected = 0.0;
        for rows in 1..=3000 {
            expected += 1.0 - expected / m;
            let found = distinct(libm::log(m), f64::from(rows));
            assert!((found - expected).abs() <= 1e-9 * expected, "{m}, {rows}: {found}, {expected}");
        }
    }
}

/// A row of `a` x `b` levels, the second of which is often the first one's.
fn draw(stream: &mut Stream, dependent: bool) -> [u32; 2] {
    let first = stream.below(20) as u32;
    let own = stream.below(30) as u32;
    [first, if dependent && stream.below(4) > 0 { first } else { own }]
}

#[test]
fn more_draws_collide_as_predicted_from_fewer() {
    for dependent in [false, true] {
        let mut stream = Stream::new("test", 3, 0, 0);
        let (mut predicted, mut by_entropies, mut found) = (0.0, 0.0, 0.0);
        for _ in 0..200 {
            let rows: Vec<[u32; 2]> = (0..800).map(|_| draw(&mut stream, dependent)).collect();
            let codes = Codes::new(rows.iter().take(400).flatten().copied().collect(), 2).unwrap();
            let metrics = code_metrics(&codes, &[20, 30]).unwrap();
            predicted += PredictedCollisions::of(&metrics, 800).distinct_ids;
            by_entropies += distinct(metrics.levels.iter().map(|level| level.entropy).sum(), 800.0);
            found += rows.iter().collect::<HashSet<_>>().len() as f64;
        }
        let [error, of_entropies] = [predicted, by_entropies].map(|of| (of / found - 1.0).abs());
        let limit = if dependent { 0.5 * of_entropies } else { 0.04 };
        assert!(error < limit, "{dependent}: {error} {of_entropies}");
    }
}

#[test]
fn what_was_measured_stays() {
    // The second level says nothing new.
    let codes = Codes::new((0..500).flat_map(|row| [row % 20, row % 20]).collect(), 2).unwrap();
    let same = code_metrics(&codes, &[20, 20]).unwrap();
    let found = PredictedCollisions::of(&same, 500);
    assert_eq!(found.distinct_ids, 20.0);
    assert!((PredictedCollisions::of(&same, 1000).distinct_ids - 20.0).abs() < 1e-6);
    // One ID of most rows, and many of one each.
    let codes = Codes::new((0..1000).map(|row: u32| row.saturating_sub(900)).collect(), 1).unwrap();
    let rare = code_metrics(&codes, &[100]).unwrap();
    for (rows, fewest, most) in [(1000, 100.0, 100.0), (1001, 100.0, 101.0), (1500, 100.0, 600.0), (950, 50.0, 100.0)] {
        let found = PredictedCollisions::of(&rare, rows).distinct_ids;
        assert!((fewest..=most).contains(&found), "{rows}: {found}");
    }
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

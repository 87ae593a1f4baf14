//! Tests steps of k-means++ against the twin: blocks of rows, draws on both sides of every kind of border, ties, and
//! sums at the limits of 96 bits.

use super::cpu::{Cpu, Unit};
use super::tests::Random;
use super::{Engine, MAX_VALUES, Purpose};
use crate::kernel::seed::{self, Seed};
use crate::rng::Stream;

/// The most rows by weight for which every engine has steps of its own.
const MOST: u64 = 1 << 32;

pub(super) struct Case {
    pub(super) rows: usize,
    pub(super) dim: usize,
    /// Rows are within it.
    limit: i64,
    /// What the weights may add up to.
    weight: u64,
    /// How many starts there are, and draws after each.
    starts: usize,
    draws: usize,
    /// The number of steps after these draws, and that of the values of each step.
    steps: usize,
    values: usize,
}

pub(super) const CASES: [Case; 6] = [
    Case { rows: 1, dim: 3, limit: 5, weight: 1, starts: 2, draws: 4, steps: 3, values: 2 },
    Case { rows: 255, dim: 5, limit: 1, weight: 255, starts: 2, draws: 4, steps: 70, values: 4 },
    Case { rows: 256, dim: 1, limit: 1 << 24, weight: MOST - 1, starts: 2, draws: 4, steps: 80, values: 9 },
    Case { rows: 513, dim: 40, limit: 1 << 20, weight: 5000, starts: 2, draws: 4, steps: 70, values: 3 },
    Case { rows: 11, dim: 8192, limit: (1 << 24) - 1, weight: MOST - 1, starts: 2, draws: 4, steps: 20, values: 16 },
    // More blocks than a workgroup has invocations: a software adapter takes seconds for a draw.
    Case { rows: 66_000, dim: 1, limit: 3, weight: 99_000, starts: 1, draws: 2, steps: 2, values: 2 },
];

/// Rows, a fifth of which repeat others, and weights, a quarter of which are zero.
fn data(case: &Case, random: &mut Random) -> (Vec<i32>, Vec<u64>) {
    let Case { rows, dim, limit, weight, .. } = *case;
    let mut values: Vec<i32> =
        (0..rows * dim).map(|_| (random.next() % (2 * limit as u64 + 1)) as i64 - limit).map(|q| q as i32).collect();
    if limit == (1 << 24) - 1 {
        // Opposite corners.
        let side = |i: usize| if (i / dim).is_multiple_of(2) { limit as i32 } else { -limit as i32 };
        values.iter_mut().enumerate().filter(|(i, _)| i / dim % 5 < 3).for_each(|(i, value)| *value = side(i));
    }
    for row in (5..rows).step_by(5) {
        let from = random.next() as usize % row;
        values.copy_within(from * dim..(from + 1) * dim, row * dim);
    }
    let most = weight / rows as u64;
    let mut weights: Vec<u64> = (0..rows).map(|_| random.next() % (most + 1) * (random.next() % 4).min(1)).collect();
    weights[rows / 2] = most;
    (values, weights)
}

/// Values below the potential: its limits, both sides of the ends of rows and blocks, and any.
fn draws(weights: &[u64], closest: &[u64], potential: u128, random: &mut Random) -> Vec<u128> {
    let sum = |rows: usize| -> u128 {
        weights.iter().zip(closest).take(rows).map(|(w, d)| u128::from(*w) * u128::from(*d)).sum()
    };
    let row = random.next() as usize % weights.len();
    let any = (u128::from(random.next()) << 64 | u128::from(random.next())) % potential;
    let borders = [row, row / 256 * 256, weights.len() / 2 + 1].map(sum);
    let all = borders.into_iter().flat_map(|end| [end, end.saturating_sub(1)]).chain([any, 0, potential - 1]);
    all.filter(|value| *value < potential).take(MAX_VALUES).collect()
}

/// Returns the step at which the engine differs from the twin.
pub(super) fn difference(engine: &dyn Engine, case: &Case) -> Option<usize> {
    let mut random = Random((case.rows * 31 + case.dim) as u64);
    let (values, weights) = data(case, &mut random);
    let mut table = engine.table(case.rows, case.dim, Purpose::Encode).expect("a table");
    table.upload(0, &values).expect("upload");
    let mut seeding = table.seeding(&weights).expect("seeding").expect("a table that small");
    // The second start has to forget the first.
    for start in [case.rows - 1, case.rows / 3].into_iter().take(case.starts) {
        let mut closest = vec![u64::MAX; case.rows];
        let mut last = seed::best_of(&values, case.dim, &weights, &mut closest, &[start]);
        if seeding.start(start).expect("start") != last {
            return Some(0);
        }
        for step in 1..=case.draws {
            if last.potential == 0 {
                break;
            }
            let mut drawn = draws(&weights, &closest, last.potential, &mut random);
            // Of several rows only the best is seen.
            if step.is_multiple_of(2) {
                drawn = vec![last.potential - 1];
            }
            let found: Seed = seeding.draw(&drawn).expect("draw");
            last = seed::seed(&values, case.dim, &weights, &mut closest, &drawn);
            if found != last {
                return Some(step);
            }
        }
        // As many steps as are left, in parts that the engine chooses, and one value after them.
        let (mut stream, mut of_twin) =
            (Stream::new("cases", 1, case.rows, start), Stream::new("cases", 1, case.rows, start));
        let mut left = case.steps;
        while left > 0 && last.potential > 0 {
            let found = seeding.steps(last.potential, left, case.values, &mut stream).expect("steps");
            assert!((1..=left).contains(&found.len()), "{} steps of {left}", found.len());
            left -= found.len();
            for seed in found {
                let drawn: Vec<u128> = (0..case.values).map(|_| of_twin.below(last.potential)).collect();
                last = seed::seed(&values, case.dim, &weights, &mut closest, &drawn);
                if seed != last {
                    return Some(case.draws + case.steps - left);
                }
            }
        }
        if stream.next_u64() != of_twin.next_u64() {
            return Some(usize::MAX);
        }
    }
    None
}

#[test]
fn steps_of_the_cpu_are_those_of_the_twin() {
    for unit in Unit::all() {
        let cpu = Cpu::with_unit(format!("cpu, {unit:?}"), unit);
        for case in &CASES {
            let Case { rows, dim, .. } = case;
            assert_eq!(difference(&cpu, case), None, "{rows} x {dim} on {unit:?}");
        }
    }
}

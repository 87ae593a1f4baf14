//! Steps of k-means++ that go by lists of neighbours, beside the twin.

use super::*;
use crate::kernel::seed;
use crate::rng::{Stream, row_hash};

const DIM: usize = 6;
const ROWS: usize = 2421;

/// Rows in `groups` groups, a tenth of them doubled, within `spread` of the middle of their group.
fn values(groups: usize, spread: u64) -> Vec<i32> {
    let value = |row: usize, d: usize| {
        let row = if row.is_multiple_of(10) { row / 2 } else { row };
        let middle = row_hash(1, (row % groups * DIM + d) as u64) % (1 << 18);
        (middle + row_hash(2, (row * DIM + d) as u64) % spread) as i32
    };
    (0..ROWS).flat_map(|row| (0..DIM).map(move |d| value(row, d))).collect()
}

fn held(unit: Unit, values: &[i32], pool: &Pool) -> TableRows {
    let mut rows = TableRows::new(values.len() / DIM, DIM).unwrap();
    rows.change().iter_mut().zip(values).for_each(|(value, q)| *value = *q as f32);
    rows.measure(pool, unit).unwrap();
    rows
}

/// Takes `steps` steps beside the twin; returns whether lists were made.
fn steps(values: &[i32], steps: usize) -> bool {
    let pool = Pool(None);
    let weights: Vec<u64> = (0..ROWS as u64).map(|row| row_hash(3, row) % 5).collect();
    let mut listed = true;
    for unit in Unit::all() {
        let rows = held(unit, values, &pool);
        let mut seeding = CpuSeeding::new(&pool, unit, &rows, &weights).unwrap();
        let mut stream = Stream::new("k-means++", 1, 0, 0);
        // The second start has to forget the lists of the first.
        for start in [5, 1301] {
            let mut closest = vec![u64::MAX; ROWS];
            let mut last = seed::best_of(values, DIM, &weights, &mut closest, &[start]);
            assert_eq!(seeding.start(start).unwrap(), last, "{unit:?}");
            assert!(seeding.neighbours.is_none());
            for step in 0..steps {
                if last.potential == 0 {
                    break;
                }
                let drawn: Vec<u128> = (0..8).map(|_| stream.below(last.potential)).collect();
                last = seed::seed(values, DIM, &weights, &mut closest, &drawn);
                assert_eq!(seeding.draw(&drawn).unwrap(), last, "{unit:?}, step {step}");
            }
            listed &= seeding.neighbours.is_some();
        }
    }
    listed
}

#[test]
fn steps_by_lists_are_those_of_the_twin() {
    assert!(steps(&values(40, 1 << 12), 150));
}

#[test]
fn steps_over_few_different_rows_are_those_of_the_twin() {
    assert!(steps(&values(80, 1), 150));
}

#[test]
fn steps_over_rows_without_groups_are_those_of_the_twin() {
    steps(&values(ROWS, 1 << 18), 60);
}

#[test]
fn lists_have_all_rows_that_may_come_nearer() {
    let (pool, values) = (Pool(None), values(40, 1 << 12));
    for unit in Unit::all() {
        let rows = held(unit, &values, &pool);
        let closest: Vec<u64> = (0..ROWS as u64).map(|row| row_hash(4, row) % (1 << 26)).collect();
        let neighbours = Neighbours::of(unit, &rows, &closest, &pool).unwrap().unwrap();
        let distance = |a: usize, b: usize| {
            let [a, b] = [a, b].map(|row| &values[row * DIM..][..DIM]);
            crate::kernel::assign::squared_distance(a, b)
        };
        for p in (0..ROWS).step_by(13) {
            let nearer = (0..ROWS).filter(|i| distance(*i, p) < closest[*i]);
            let missing = nearer.filter(|i| !neighbours.of_row(p).contains(&(*i as u32))).count();
            assert_eq!(missing, 0, "{unit:?}, row {p}");
        }
    }
}

#[test]
fn lists_that_are_too_long_are_given_up() {
    let (pool, rows) = (Pool(None), 4200);
    let values = vec![0; rows * DIM];
    let held = held(Unit::all()[0], &values, &pool);
    let closest = vec![u64::MAX; rows];
    assert!(Neighbours::of(Unit::all()[0], &held, &closest, &pool).unwrap().is_none());
}

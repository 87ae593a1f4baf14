//! Assignments that go by the codes of the last one, beside the reference.

use crate::codebook::Codebook;
use crate::device::cpu::{Cpu, Unit};
use crate::device::{Engine, NO_CODE, Purpose};
use crate::kernel::assign::assign;
use crate::rng::row_hash;

const ROWS: usize = 4900;
const CLUSTERS: usize = 600;

/// Dimensions, the spread of a group, and groups; of the last, a group has more codewords than are compared one by one.
const DATA: [(usize, u64, usize); 3] = [(5, 3, 211), (40, 900, 211), (40, 900, 12)];

fn number(seed: u64, at: usize, below: u64) -> i32 {
    (row_hash(seed, at as u64) % below) as i32
}

/// Rows in groups that lie far apart, a third of them doubled, with few different values, so that many are as near to
/// one codeword as to another; every 50th row lies anywhere.
fn rows(dim: usize, spread: u64, groups: usize) -> Vec<i32> {
    let value = |row: usize, d: usize| {
        let group = row % groups * dim + d;
        if row % 50 == 7 {
            return number(1, row * dim + d, 2 << 16) - (1 << 16);
        }
        let row = if row.is_multiple_of(3) { row / 2 } else { row };
        (number(2, group, 1 << 10) << 7) - (1 << 16) + number(3, row * dim + d, spread)
    };
    (0..ROWS).flat_map(|row| (0..dim).map(move |d| value(row, d))).collect()
}

/// Assigns the rows on every unit to one codebook after the other; returns how many rows a few codewords decided on the
/// unit that decided fewest so.
fn decided(rows: &[i32], dim: usize, codebooks: &[Vec<i32>]) -> u64 {
    let truth = |codewords: &Vec<i32>| {
        let mut codes = vec![0; ROWS];
        assign(rows, codewords, dim, &mut codes);
        codes
    };
    let truths: Vec<Vec<u32>> = codebooks.iter().map(truth).collect();
    let mut least = u64::MAX;
    for unit in Unit::all() {
        let cpu = Cpu::with_unit("cpu".into(), unit);
        let mut table = cpu.table(ROWS, dim, Purpose::Fit).unwrap();
        table.upload(0, rows).unwrap();
        let (mut codes, mut before) = (vec![0; ROWS], vec![NO_CODE; ROWS]);
        for (step, (codewords, truth)) in codebooks.iter().zip(&truths).enumerate() {
            let assigned = table.assign_and_codes(&Codebook::new(codewords.clone(), dim), &mut codes).unwrap();
            assert_eq!(&codes, truth, "{unit:?}, step {step}");
            let changed = truth.iter().zip(&before).filter(|(now, before)| now != before).count();
            assert_eq!(assigned.changed, changed as u64, "{unit:?}, step {step}");
            before.copy_from_slice(truth);
        }
        least = least.min(cpu.filter_counts().listed);
    }
    least
}

/// Codewords that are rows, as seeding has them.
fn first(rows: &[i32], dim: usize, clusters: usize) -> Vec<i32> {
    rows.chunks_exact(dim).step_by(7).take(clusters).flatten().copied().collect()
}

/// Codewords of which about one in `share` is moved by less than `by`.
fn moved(codewords: &[i32], dim: usize, (share, by): (u64, u64), seed: u64) -> Vec<i32> {
    let value = |(at, value): (usize, &i32)| match row_hash(seed, (at / dim) as u64).is_multiple_of(share) {
        true => value + number(seed + 1, at, 2 * by + 1) - by as i32,
        false => *value,
    };
    codewords.iter().enumerate().map(value).collect()
}

#[test]
fn few_codewords_that_changed_decide() {
    for (dim, spread, groups) in DATA {
        let rows = rows(dim, spread, groups);
        let mut codebooks = vec![first(&rows, dim, CLUSTERS)];
        for (step, change) in [(8, 40), (8, 400), (64, 4), (600, 1), (6, 1), (8, 1 << 16)].into_iter().enumerate() {
            codebooks.push(moved(&codebooks[step], dim, change, 10 * step as u64));
            // Nothing changes.
            if step == 3 {
                codebooks.push(codebooks[step + 1].clone());
            }
        }
        let decided = decided(&rows, dim, &codebooks);
        assert!(decided > 4 * ROWS as u64, "{decided} of {}", ROWS * codebooks.len());
    }
}

#[test]
fn the_codewords_around_decide_where_all_move() {
    for (dim, spread, groups) in DATA {
        let rows = rows(dim, spread, groups);
        let mut codebooks = vec![first(&rows, dim, CLUSTERS)];
        for (step, by) in [(0, 1), (1, 60), (2, 2), (3, 300), (4, 1)] {
            codebooks.push(moved(&codebooks[step], dim, (1, by), 20 * step as u64));
        }
        let decided = decided(&rows, dim, &codebooks);
        assert!(decided > 3 * ROWS as u64, "{decided} of {}", ROWS * codebooks.len());
    }
}

#[test]
fn rows_without_structure_are_compared_with_all() {
    let dim = 24;
    let rows: Vec<i32> = (0..ROWS * dim).map(|at| number(5, at, 1 << 18) - (1 << 17)).collect();
    let mut codebooks = vec![first(&rows, dim, CLUSTERS)];
    for step in 0..3 {
        codebooks.push(moved(&codebooks[step], dim, (1, 1 << 14), step as u64));
    }
    decided(&rows, dim, &codebooks);
}

#[test]
fn new_codewords_join_those_that_are_known() {
    for (dim, spread, groups) in DATA {
        let rows = rows(dim, spread, groups);
        let sizes = [1, 70, 250, 560, 700, 701];
        let all: Vec<Vec<i32>> = sizes.map(|clusters| first(&rows, dim, clusters)).into();
        let decided = decided(&rows, dim, &all);
        assert!(decided > 2 * ROWS as u64, "{decided}");
        let cpu = Cpu::with_unit("cpu".into(), Unit::all()[0]);
        let mut table = cpu.table(ROWS, dim, Purpose::Fit).unwrap();
        table.upload(0, &rows).unwrap();
        let [few, more] = [&all[1], &all[3]].map(|values| Codebook::new(values.clone(), dim));
        assert!(!table.extends(&few, 560), "nothing is assigned yet");
        table.assign(&few).unwrap();
        assert!(table.extends(&few, 560) && !table.extends(&more, 700));
        table.set_codes(&vec![0; ROWS]).unwrap();
        assert!(!table.extends(&few, 560), "the codes are others");
    }
}

#[test]
fn codes_from_elsewhere_say_nothing() {
    let dim = 5;
    let rows = rows(dim, 3, 211);
    let codewords = first(&rows, dim, CLUSTERS);
    for unit in Unit::all() {
        let mut table = Cpu::with_unit("cpu".into(), unit).table(ROWS, dim, Purpose::Fit).unwrap();
        table.upload(0, &rows).unwrap();
        let codebook = Codebook::new(codewords.clone(), dim);
        let (mut codes, mut truth) = (vec![0; ROWS], vec![0; ROWS]);
        table.assign(&codebook).unwrap();
        table.set_codes(&vec![3; ROWS]).unwrap();
        table.assign_and_codes(&codebook, &mut codes).unwrap();
        assign(&rows, &codewords, dim, &mut truth);
        assert_eq!(codes, truth, "{unit:?}");
    }
}

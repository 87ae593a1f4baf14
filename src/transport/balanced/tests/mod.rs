//! Compares the solver with independent ones: a textbook flow, enumeration, and golden optima of another program.

pub(crate) mod flow;
mod golden;
mod rule;

use super::candidates::ListedClusters;
use super::costs::Costs;
use super::groups::Groups;
use super::sizes::Sizes;
use super::solve::{Solution, Start, solve};
use crate::ErrorKind;
use crate::error::Result;
use crate::kernel::range_search::RangeMatches;
use crate::rng::row_hash;

/// A matrix of costs (N, K).
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) costs: Vec<u64>,
    pub(crate) clusters: usize,
}

impl Costs for Matrix {
    fn range_search(&mut self, prices: &[i128], limits: &[i128]) -> Result<RangeMatches> {
        let mut near = RangeMatches::new();
        for (row, limit) in self.costs.chunks_exact(self.clusters).zip(limits) {
            let listed = |(_, (cost, price)): &(usize, (&u64, &i128))| i128::from(**cost) + **price < *limit;
            row.iter().zip(prices).enumerate().filter(listed).for_each(|(k, (cost, _))| near.push(k as u32, *cost));
            near.end_row();
        }
        Ok(near)
    }
}

impl Matrix {
    fn rows(&self) -> usize {
        self.costs.len() / self.clusters
    }

    fn cost(&self, codes: &[u32]) -> u128 {
        let rows = self.costs.chunks_exact(self.clusters);
        rows.zip(codes).map(|(row, code)| u128::from(row[*code as usize])).sum()
    }

    fn sizes(&self, codes: &[u32]) -> Vec<usize> {
        (0..self.clusters).map(|k| codes.iter().filter(|code| **code as usize == k).count()).collect()
    }

    /// Starts from given prices, with lists of a given length.
    fn solve_from(&self, sizes: Sizes, prices: &[i128], margin: i128) -> Solution {
        self.solve_by(&Groups::of_distinct_rows(self.rows()), sizes, prices, margin)
    }

    fn solve_by(&self, kinds: &Groups, sizes: Sizes, prices: &[i128], margin: i128) -> Solution {
        let first = |row: &[u64]| i128::from(row[0]) + prices[0];
        let bounds = self.costs.chunks_exact(self.clusters).map(first).collect();
        solve(&mut self.clone(), sizes, Start { kinds, prices: prices.to_vec(), bounds, margin }).unwrap()
    }

    /// The kinds of equal rows; every `apart`-th row is a kind of its own.
    fn kinds(&self, apart: usize) -> Groups {
        let row = |row: usize| &self.costs[row * self.clusters..][..self.clusters];
        let merges = |of: usize| !of.is_multiple_of(apart);
        let first = |i: usize| (0..i).find(|j| merges(i) && merges(*j) && row(*j) == row(i)).unwrap_or(i);
        Groups::of_equal_rows((0..self.rows()).map(|i| first(i) as u32))
    }

    fn solve(&self, sizes: Sizes) -> Solution {
        self.solve_from(sizes, &vec![0; self.clusters], 1)
    }
}

/// Makes the `i`-th random problem of a kind, with costs up to `most`, of which small ones cause ties; some rows are
/// duplicates.
fn problem(i: u64, rows: usize, clusters: usize, most: u64) -> Matrix {
    let cost = |at: usize| {
        let row = if (at / clusters).is_multiple_of(5) { at / clusters / 10 } else { at / clusters };
        row_hash(i, (row * clusters + at % clusters) as u64) % (most + 1)
    };
    Matrix { costs: (0..rows * clusters).map(cost).collect(), clusters }
}

/// Makes a random problem in which about `share` of 10 rows are one row, and the others are of few kinds.
fn repeated(i: u64, rows: usize, clusters: usize, most: u64, share: u64) -> Matrix {
    let kind = |row: usize| match row_hash(i + 1, row as u64) % 10 < share {
        true => 0,
        false => 1 + row_hash(i + 2, row as u64) % (rows as u64 / 4 + 2),
    };
    let cost = |at: usize| row_hash(i, kind(at / clusters) * clusters as u64 + (at % clusters) as u64) % (most + 1);
    Matrix { costs: (0..rows * clusters).map(cost).collect(), clusters }
}

/// Returns bounds that can be kept: balanced ones, equal ones where possible, loose ones, and very loose ones.
fn bounds(i: u64, rows: usize, clusters: usize) -> Sizes {
    let balanced = Sizes::balanced(rows, clusters);
    let hash = |salt: u64, most: usize| (row_hash(i, salt) % (most as u64 + 1)) as usize;
    match i % 4 {
        0 | 1 => balanced,
        2 => Sizes { min: balanced.min - hash(1, balanced.min), max: balanced.max + hash(2, 5) },
        _ => [Sizes { min: 0, max: rows }, Sizes { min: balanced.min, max: rows }, Sizes { min: 0, max: balanced.max }]
            [hash(3, 2)],
    }
}

/// Asserts what must hold for every solution, from costs and sizes alone.
fn check(problem: &Matrix, sizes: Sizes, solution: &Solution) {
    let found = problem.sizes(&solution.codes);
    assert!(found.iter().all(|size| (sizes.min..=sizes.max).contains(size)), "{found:?} {sizes:?}");
    assert_eq!(problem.cost(&solution.codes), solution.cost);
    assert_eq!(solution.gap, 0);
    for (row, code) in problem.costs.chunks_exact(problem.clusters).zip(&solution.codes) {
        let priced = |k: usize| i128::from(row[k]) + solution.prices[k];
        assert!((0..problem.clusters).all(|k| priced(*code as usize) <= priced(k)), "prices certify every row");
    }
    let tight = problem.rows() == sizes.min * problem.clusters || problem.rows() == sizes.max * problem.clusters;
    for (price, size) in solution.prices.iter().zip(found).filter(|_| !tight) {
        assert!(*price <= 0 || size == sizes.max, "only a full cluster costs something");
        assert!(*price >= 0 || size == sizes.min, "only a cluster at its minimum is cheap");
    }
}

#[test]
fn random_problems_cost_what_a_textbook_flow_costs() {
    for i in 0..240 {
        let clusters = 1 + (row_hash(7, i) % 20) as usize;
        let rows = clusters + (row_hash(8, i) % if i % 24 == 0 { 480 } else { 90 }) as usize;
        let most = [1, 3, 50, 1 << 20, (1 << 63) - 1][(i % 5) as usize];
        let problem = problem(i, rows, clusters, most);
        let sizes = bounds(i, rows, clusters);
        let solution = problem.solve(sizes);
        check(&problem, sizes, &solution);
        assert_eq!(solution.cost, flow::optimum(&problem, sizes), "problem {i}: {rows} x {clusters}, {sizes:?}");
    }
}

#[test]
fn problems_of_many_equal_rows_cost_what_a_textbook_flow_costs() {
    for i in 0..80 {
        let clusters = 1 + (row_hash(17, i) % 20) as usize;
        let rows = clusters + (row_hash(18, i) % if i % 16 == 0 { 480 } else { 90 }) as usize;
        let problem = repeated(i, rows, clusters, [0, 1, 50, 1 << 20][(i % 4) as usize], [5, 7, 10][i as usize % 3]);
        let sizes = bounds(i, rows, clusters);
        let solution = problem.solve(sizes);
        check(&problem, sizes, &solution);
        assert_eq!(solution.cost, flow::optimum(&problem, sizes), "problem {i}: {rows} x {clusters}, {sizes:?}");
        let again = problem.solve_from(sizes, &vec![3; clusters], 1 << 62);
        assert_eq!((&again.codes, &again.prices), (&solution.codes, &solution.prices), "problem {i}");
        // Whether equal rows are known to be equal, all of them or some, changes nothing.
        for (apart, margin) in [(rows + 1, 1), (rows + 1, 1 << 62), (3, 20)] {
            let kinds = problem.kinds(apart);
            assert!(kinds.len() < rows || rows < 20, "problem {i}");
            let merged = problem.solve_by(&kinds, sizes, &vec![0; clusters], margin);
            let Solution { codes, prices, cost, gap, .. } = merged;
            let expected = (&solution.codes, &solution.prices, solution.cost, 0);
            assert_eq!((&codes, &prices, cost, gap), expected, "problem {i}, {apart}");
        }
    }
}

/// The result depends only on costs and sizes; neither the prices at the start nor the length of lists matter.
#[test]
fn the_start_does_not_matter() {
    for i in 0..40 {
        let problem = problem(i, 120, 9, [2, 1000, 1 << 40][(i % 3) as usize]);
        let sizes = bounds(i, 120, 9);
        let expected = problem.solve(sizes);
        for (shift, margin) in [(0, 1 << 62), (1_i128 << 30, 7), (1 << 70, 1 << 20), (5, 0)] {
            let prices: Vec<i128> = (0..9).map(|k| i128::from(row_hash(k, i) % 97) * shift).collect();
            let found = problem.solve_from(sizes, &prices, margin);
            assert_eq!((found.codes, found.prices), (expected.codes.clone(), expected.prices.clone()), "problem {i}");
        }
    }
}

/// A solution that is not optimal gets no proof: the gap is at least its excess cost.
#[test]
fn the_gap_finds_planted_faults() {
    let mut planted = 0;
    for i in 0..20 {
        let problem = problem(i, 60, 5, 1 << 30);
        let sizes = Sizes::balanced(60, 5);
        let solution = problem.solve(sizes);
        let (kinds, limit) = (Groups::of_distinct_rows(60), super::candidates::NO_LIMIT);
        let candidates = ListedClusters::new(&mut problem.clone(), &[0; 5], &kinds, &[limit; 60], limit).unwrap();
        let mut codes = solution.codes.clone();
        codes.swap(i as usize, 30 + i as usize);
        let gap = |prices: &[i128], codes: &[u32]| super::proof::prove(&candidates, sizes, prices, codes);
        assert_eq!(gap(&solution.prices, &solution.codes), (solution.cost, 0));
        assert_eq!(gap(&solution.prices, &codes).1, (problem.cost(&codes) - solution.cost) as i128);
        planted += u32::from(codes != solution.codes);
        let mut prices = solution.prices.clone();
        prices[2] += 1 << 29;
        assert!(gap(&prices, &solution.codes).1 > 0, "wrong prices prove nothing");
    }
    assert!(planted > 10);
}

#[test]
fn bounds_that_cannot_be_kept_are_refused_with_the_numbers() {
    let refused = [(10, 3, 4, 5), (10, 3, 0, 3), (10, 3, 5, 4), (1, 2, usize::MAX, usize::MAX)];
    for (rows, clusters, min, max) in refused {
        let error = Sizes { min, max }.check(2, rows, clusters).unwrap_err();
        let ErrorKind::Sizes { level: 2, rows: r, clusters: c, min: a, max: b } = *error.kind() else {
            panic!("{error}")
        };
        assert_eq!((r, c, a, b), (rows, clusters, min, max));
    }
    let message = Sizes { min: 4, max: 5 }.check(0, 10, 3).unwrap_err().to_string();
    assert!(["10 rows", "3 clusters", "4 to 5", "at most 3", "at least 4"].iter().all(|part| message.contains(part)));
    for (rows, clusters, min, max) in [(10, 3, 3, 4), (10, 3, 0, usize::MAX), (9, 3, 3, 3), (10, 3, 2, 4)] {
        assert!(Sizes { min, max }.check(0, rows, clusters).is_ok());
    }
}

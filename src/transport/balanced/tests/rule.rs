//! Checks which optimum is returned, by enumeration of all assignments and by the constraints of optimal prices.

use super::{Matrix, Sizes, bounds, problem, repeated};
use crate::rng::row_hash;

/// Returns the lexicographically first of all cheapest assignments.
fn first_optimum(problem: &Matrix, sizes: Sizes) -> Vec<u32> {
    let (rows, clusters) = (problem.rows(), problem.clusters);
    let digit = |number: usize, row: usize| (number / clusters.pow((rows - 1 - row) as u32) % clusters) as u32;
    let all = (0..clusters.pow(rows as u32)).map(|number| (0..rows).map(|row| digit(number, row)).collect::<Vec<_>>());
    let kept = all.filter(|codes| problem.sizes(codes).iter().all(|size| (sizes.min..=sizes.max).contains(size)));
    kept.min_by_key(|codes| problem.cost(codes)).unwrap()
}

/// Returns the largest prices at which `codes` are cheapest and the sizes are explained; it lowers prices to the bounds
/// that they put on each other, until none is broken.
fn largest_prices(problem: &Matrix, sizes: Sizes, codes: &[u32]) -> Vec<i128> {
    const FAR: i128 = 1 << 100;
    let clusters = problem.clusters;
    let found = problem.sizes(codes);
    let tight = found.iter().all(|size| *size == sizes.max) || found.iter().all(|size| *size == sizes.min);
    let mut prices = vec![FAR; clusters];
    if tight {
        prices[0] = 0;
    }
    // A cluster that is not full has a price of at most 0. (The bound of a cluster above its minimum is from below and
    // follows from the others.)
    for (price, size) in prices.iter_mut().zip(&found).filter(|_| !tight) {
        *price = if *size < sizes.max { 0 } else { FAR };
    }
    for _ in 0..=clusters {
        for (row, code) in problem.costs.chunks_exact(clusters).zip(codes) {
            let a = *code as usize;
            for k in 0..clusters {
                prices[a] = prices[a].min(prices[k] + i128::from(row[k]) - i128::from(row[a]));
            }
        }
    }
    prices
}

#[test]
fn codes_are_the_first_optimum_and_prices_the_largest() {
    for i in 0..300 {
        let clusters = 1 + (row_hash(3, i) % 4) as usize;
        let rows = clusters + (row_hash(4, i) % (8 - clusters as u64)) as usize;
        let problem = problem(i, rows, clusters, [0, 1, 2, 9][(row_hash(5, i) % 4) as usize]);
        let sizes = bounds(i, rows, clusters);
        let solution = problem.solve(sizes);
        assert_eq!(solution.codes, first_optimum(&problem, sizes), "{problem:?} {sizes:?}");
        assert_eq!(solution.prices, largest_prices(&problem, sizes, &solution.codes), "{problem:?} {sizes:?}");
    }
}

#[test]
fn equal_rows_get_the_first_optimum_too() {
    for i in 0..300 {
        let clusters = 1 + (row_hash(13, i) % 4) as usize;
        let rows = clusters + (row_hash(14, i) % (8 - clusters as u64)) as usize;
        let problem = repeated(i, rows, clusters, [0, 1, 2, 9][(row_hash(15, i) % 4) as usize], 3 + i % 8);
        let sizes = bounds(i, rows, clusters);
        let solution = problem.solve(sizes);
        assert_eq!(solution.codes, first_optimum(&problem, sizes), "{problem:?} {sizes:?}");
        assert_eq!(solution.prices, largest_prices(&problem, sizes, &solution.codes), "{problem:?} {sizes:?}");
    }
}

/// In larger problems full of ties, no row can have a lower code while all rows before it keep theirs. The test asks
/// another solver: costs that forbid all else must add up to more.
#[test]
fn no_code_can_be_lower_in_problems_full_of_ties() {
    for i in 0..12 {
        let (rows, clusters) = (24, 4);
        let problem = match i % 3 {
            0 => repeated(i, rows, clusters, 1 + i % 2, 6),
            _ => problem(i, rows, clusters, 1 + i % 2),
        };
        let sizes = bounds(i, rows, clusters);
        let solution = problem.solve(sizes);
        let mut forced = problem.clone();
        for (row, code) in solution.codes.iter().enumerate() {
            let own = row * clusters..(row + 1) * clusters;
            let before = forced.costs[own.clone()].to_vec();
            for k in 0..clusters {
                forced.costs[row * clusters + k] = if k < *code as usize { before[k] } else { 1 << 50 };
            }
            assert!(super::flow::optimum(&forced, sizes) > solution.cost, "row {row} of {problem:?} {sizes:?}");
            for k in 0..clusters {
                forced.costs[row * clusters + k] = if k == *code as usize { before[k] } else { 1 << 50 };
            }
        }
        assert_eq!(super::flow::optimum(&forced, sizes), solution.cost);
    }
}

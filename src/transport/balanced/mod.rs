//! Balanced assignment: gives every row one cluster, and every cluster a number of rows within bounds, at the smallest
//! total cost.
//!
//! # The problem
//! Given are N rows, K clusters, costs `c(i, k)` below 2^63, and sizes `min <= size(k) <= max` with `K min <= N <= K
//! max`. The solver finds the exact optimum of this transport problem: codes with the smallest sum of `c(i, code(i))`.
//!
//! # Which optimum
//! Codes and prices are functions of the costs and sizes alone; the start of the search, its course and the device do
//! not matter:
//!
//! - **Codes**: of all optimal assignments, the one whose codes, read row by row, are lexicographically smallest.
//! - **Prices**: of all optimal prices the largest, for every cluster at once; they exist because optimal prices form a
//!   lattice. Every row is in a cluster with its smallest `cost + price`; a cluster with a positive price is full, and
//!   one with a negative price has `min` rows. Where the sizes leave no choice (`N = K min` or `N = K max`), only
//!   differences of prices have a meaning, and the price of cluster 0 is 0.
//!
//! # How
//! [`candidates::ListedClusters`] holds, per row, the clusters below a limit with their exact costs, and a proved bound
//! on all others. [`sweep::sweep`] brings prices near the optimum, and [`flow::Flow`] solves the problem over the
//! candidates exactly by successive shortest paths on the graph of the clusters. Rows whose bound does not prove that
//! no other cluster could matter get longer lists, until no such row is left. This is column generation, which ends at
//! the optimum over all clusters. Then [`smallest::smallest`] picks the codes among the optimal ones.
//!
//! Equal rows count as one row with a weight: those that the caller knows to be equal (the kinds of
//! [`Groups`]), such as zeros or the rows of a coarse grid, have one list, and whatever has equal lists moves together
//! ([`classes::classes`]). A search along the clusters takes K^2 steps; it runs once per group of rows that move, not
//! once per row.
//!
//! # Why nothing overflows
//! Costs are below 2^63, so their differences are exact in i64 and the total of up to 2^38 rows in u128. Prices are
//! i128: a path over K <= 2^16 clusters adds up to less than 2^80, and a path raises a price to at most its own length
//! above a price that was never raised (see [`flow::Flow`]). So a solution's prices are within 2^80 of those at the
//! start.
//!
//! # References
//! R. K. Ahuja, T. L. Magnanti, J. B. Orlin, Network Flows, 1993, chapters 9 (successive shortest paths) and 17.
//! P. S. Bradley, K. P. Bennett, A. Demiriz, Constrained K-Means Clustering, MSR-TR-2000-65.

mod candidates;
mod classes;
mod cluster_counts;
mod costs;
mod flow;
mod groups;
mod paths;
mod proof;
mod sizes;
mod smallest;
mod solve;
mod sweep;
#[cfg(test)]
pub(crate) mod tests;
mod width;

pub(crate) use costs::Costs;
pub(crate) use groups::Groups;
pub(crate) use sizes::Sizes;
pub(crate) use solve::{Solution, Start, solve};

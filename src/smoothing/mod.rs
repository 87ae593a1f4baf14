//! Rows that are mixed with those of the items that they occur with.
//!
//! Items that are bought, watched or read together belong together, even where their embeddings do not say so.
//! [`Partners`] has the pairs of such items, and [`Smoothed`] mixes every row with the mean of the rows of its
//! partners, before a fit and, if that is wanted, before an encode.

mod exact_sum;
mod pairs;
mod rows;
#[cfg(test)]
mod tests;

pub use pairs::{PairCounts, Partners};
pub use rows::Smoothed;

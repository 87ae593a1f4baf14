//! The figures of a report.

mod collisions;
mod errors;
mod lorenz;
mod purity;
mod recall;
mod sweep;
mod tree;
mod usage;

pub(super) use collisions::collisions;
pub(super) use errors::errors;
pub(super) use lorenz::lorenz;
pub(super) use purity::purity;
pub(super) use recall::recall;
pub(super) use sweep::sweep;
pub(super) use tree::{heat_names, tree};
pub(super) use usage::usage;

use super::chart::{Series, SeriesShape};
use super::theme::Ink;

/// How many series a chart has at most; readers could not tell more apart.
const LINES: usize = 12;

/// Makes a series of the levels' values, as a line with dots.
fn of_levels(name: Option<&str>, series: usize, values: impl IntoIterator<Item = f64>) -> Series {
    let points = values.into_iter().zip(1_u32..).map(|(value, level)| (f64::from(level), value)).collect();
    Series { name: name.map(str::to_owned), ink: Ink::Series(series), shape: SeriesShape::Dots, points }
}

/// Returns `1`, `2`, ... up to the number of levels.
fn level_names(levels: usize) -> Vec<String> {
    (1..=levels).map(|level| level.to_string()).collect()
}

#[cfg(test)]
mod tests;

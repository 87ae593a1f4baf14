//! Names of items and labels of their groups.

use super::numbers::short;
use std::collections::BTreeMap;

/// Longest name that is written out.
pub(super) const LONGEST: usize = 80;

/// Names of the rows, or their numbers.
#[derive(Clone, Copy)]
pub(super) struct Names<'a>(pub(super) Option<&'a [String]>);

impl Names<'_> {
    /// The name of a row, cut where it is long.
    pub(super) fn of(&self, row: usize) -> String {
        match self.0.and_then(|names| names.get(row)) {
            Some(name) => short(name, LONGEST),
            None => format!("row {row}"),
        }
    }

    /// The names of some rows in one text, and how many more there are.
    pub(super) fn list(&self, rows: &[usize], most: usize) -> String {
        let names: Vec<String> = rows.iter().take(most).map(|row| self.of(*row)).collect();
        match rows.len().saturating_sub(most) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

/// Labels of the rows, each once.
pub(super) struct Captions {
    labels: Vec<String>,
    of_row: Vec<usize>,
}

impl Captions {
    pub(super) fn new(labels: &[String]) -> Self {
        let mut numbers: BTreeMap<&str, usize> = labels.iter().map(|label| (label.as_str(), 0)).collect();
        numbers.values_mut().zip(0..).for_each(|(number, i)| *number = i);
        let of_row = labels.iter().filter_map(|label| numbers.get(label.as_str()).copied()).collect();
        Self { labels: numbers.keys().map(|label| short(label, LONGEST)).collect(), of_row }
    }

    /// A label by its number.
    pub(super) fn label(&self, number: usize) -> Option<&str> {
        self.labels.get(number).map(String::as_str)
    }

    /// The number of the label that most of these rows have, the first one on a tie.
    pub(super) fn most(&self, rows: &[usize]) -> Option<usize> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for label in rows.iter().filter_map(|row| self.of_row.get(*row)) {
            *counts.entry(*label).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(label, count)| (*count, std::cmp::Reverse(*label))).map(|(label, _)| label)
    }
}

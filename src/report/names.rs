//! Names of items and labels of their groups.

use super::numbers::short;
use std::collections::BTreeMap;

/// How many characters of a name are written.
pub(super) const LONGEST: usize = 80;

/// The names of the rows, or none where rows are called by their numbers.
#[derive(Clone, Copy)]
pub(super) struct Names<'a>(pub(super) Option<&'a [String]>);

impl Names<'_> {
    /// Returns the name of a row, cut if it is long.
    pub(super) fn of(&self, row: usize) -> String {
        match self.0.and_then(|names| names.get(row)) {
            Some(name) => short(name, LONGEST),
            None => format!("row {row}"),
        }
    }

    /// Returns the names of some rows in one text, with the number of those left out.
    pub(super) fn list(&self, rows: &[usize], most: usize) -> String {
        let names: Vec<String> = rows.iter().take(most).map(|row| self.of(*row)).collect();
        match rows.len().saturating_sub(most) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

/// The labels of the rows; an empty label is none.
pub(super) fn known(labels: &[String]) -> impl Iterator<Item = Option<&str>> {
    labels.iter().map(|label| Some(label.as_str()).filter(|label| !label.is_empty()))
}

/// The labels of the rows; each label is stored once.
pub(super) struct Captions {
    labels: Vec<String>,
    of_row: Vec<Option<usize>>,
}

impl Captions {
    pub(super) fn new(labels: &[String]) -> Self {
        let mut numbers: BTreeMap<&str, usize> = known(labels).flatten().map(|label| (label, 0)).collect();
        numbers.values_mut().zip(0..).for_each(|(number, i)| *number = i);
        let of_row = known(labels).map(|label| numbers.get(label?).copied()).collect();
        Self { labels: numbers.keys().map(|label| short(label, LONGEST)).collect(), of_row }
    }

    /// Returns the label with that number.
    pub(super) fn label(&self, number: usize) -> Option<&str> {
        self.labels.get(number).map(String::as_str)
    }

    /// Returns the number of the label that most of these rows have; on a tie, the lowest number.
    pub(super) fn most(&self, rows: &[usize]) -> Option<usize> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for label in rows.iter().filter_map(|row| *self.of_row.get(*row)?) {
            *counts.entry(label).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(label, count)| (*count, std::cmp::Reverse(*label))).map(|(label, _)| label)
    }
}

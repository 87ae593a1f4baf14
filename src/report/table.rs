//! Tables: the numbers behind a figure.

/// Rows of texts; the first text of a row names it.
#[derive(Clone, Debug)]
pub(super) struct FigureTable {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl FigureTable {
    pub(super) fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    pub(super) fn push<const N: usize>(&mut self, row: [String; N]) {
        self.rows.push(row.to_vec());
    }

    /// Puts each row into words: its first text, and those of some other columns.
    pub(super) fn said(&self, columns: &[usize]) -> String {
        let row = |row: &Vec<String>| {
            let values: Vec<&str> = columns.iter().filter_map(|column| row.get(*column)).map(String::as_str).collect();
            format!("{}: {}", row.first().map_or("", String::as_str), values.join(", "))
        };
        self.rows.iter().map(row).collect::<Vec<_>>().join("; ")
    }
}

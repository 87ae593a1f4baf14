//! The length of a row, where rows of a file may differ in length.

/// How many rows with values are asked for their length.
const ASKED: usize = 15;

/// The lengths of the first rows that have values.
///
/// A single bad row at the head of a file must not make all others bad, so the length that most of the first rows have
/// is that of a row, and the first of those on a tie.
#[derive(Default)]
pub(super) struct FirstRows(Vec<usize>);

impl FirstRows {
    /// Adds a length above 0; returns whether there are enough.
    pub(super) fn add(&mut self, len: usize) -> bool {
        self.0.push(len);
        self.0.len() >= ASKED
    }

    /// Returns the length that most of them have.
    pub(super) fn width(&self) -> Option<usize> {
        let rows_of = |len: usize| self.0.iter().filter(|other| **other == len).count();
        // `max_by_key` would take the last one on a tie.
        self.0.iter().copied().rev().max_by_key(|len| rows_of(*len))
    }
}

#[cfg(test)]
mod tests {
    use super::FirstRows;

    #[test]
    fn most_of_the_first_rows_decide() {
        for (lens, width) in [
            (&[][..], None),
            (&[4], Some(4)),
            (&[2, 8, 8], Some(8)),
            (&[8, 2], Some(8)),
            (&[2, 8, 3, 8, 2], Some(2)),
            (&[1, 3, 3, 1, 3], Some(3)),
        ] {
            let mut first = FirstRows::default();
            assert!(!lens.iter().any(|len| first.add(*len)));
            assert_eq!(first.width(), width, "{lens:?}");
        }
        let mut first = FirstRows::default();
        assert_eq!((0..).find(|_| first.add(3)), Some(14));
    }
}

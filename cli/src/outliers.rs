//! Warns about values for which the grid has no room.

use semid::rq::Outlier;

/// Returns one sentence about the values beyond the grid and their worst rows, if there are any; `number` gives the
/// number of a row in the input.
pub(crate) fn warnings(values: u64, worst: &[Outlier], number: impl Fn(usize) -> usize) -> Vec<String> {
    if values == 0 {
        return Vec::new();
    }
    let (are, largest) = if values == 1 { ("value lies", "it was") } else { ("values lie", "they were") };
    let named: Vec<String> = worst
        .iter()
        .map(|at| format!("row {} column {}: {:e}", number(at.row as usize), at.column, at.value))
        .collect();
    vec![format!(
        "{values} {are} far beyond all others, and {largest} cut off at the end of the grid; \
         the worst rows, counted from 0: {}; leave them out if they are wrong",
        named.join(", ")
    )]
}

#[cfg(test)]
mod tests {
    use super::warnings;
    use semid::{Device, Matrix, RqKMeans};
    use std::ops::ControlFlow;

    #[test]
    fn the_worst_rows_are_named() {
        assert!(warnings(0, &[], |row| row).is_empty());
        let mut rows: Vec<f32> = (0..200).map(|i| (i % 17) as f32).collect();
        (rows[8], rows[21]) = (1e30, -1e20);
        let rows = Matrix::new(&rows, 4).unwrap();
        let going = |_: &_| ControlFlow::Continue(());
        let (_, report) = RqKMeans::new(1, 4).fit_with(&rows, &Device::cpu(), going).unwrap();
        let found = warnings(report.saturated_values, &report.outliers, |row| row);
        let expected = "2 values lie far beyond all others, and they were cut off at the end of the grid; \
                        the worst rows, counted from 0: row 2 column 0: 1e30, row 5 column 1: -1e20; \
                        leave them out if they are wrong";
        assert_eq!(found, [expected]);
    }
}

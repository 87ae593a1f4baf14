//! Warns about values for which the grid has no room.

use semid::rq::Outlier;

/// The farthest value of a row, as far from the offset of the grid.
pub(crate) struct Far {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) value: f32,
    pub(crate) distance: f64,
}

/// The values that an encode or a fit reports.
pub(crate) fn reported(values: u64, worst: &[Outlier], number: impl Fn(usize) -> usize) -> Vec<String> {
    let far = |at: &Outlier| Far { row: at.row as usize, column: at.column, value: at.value, distance: 0.0 };
    warnings(values, &worst.iter().map(far).collect::<Vec<_>>(), number)
}

/// Returns one sentence about rows whose latents, which a network made of their values, lie beyond the grid, if there
/// are any. Columns of latents say nothing about the input, so only rows are named.
pub(crate) fn latents(values: u64, worst: &[Outlier], number: impl Fn(usize) -> usize) -> Vec<String> {
    if values == 0 {
        return Vec::new();
    }
    let (are, were) = if values == 1 { ("latent lies", "it was") } else { ("latents lie", "they were") };
    let named: Vec<String> = worst.iter().map(|at| format!("row {}", number(at.row as usize))).collect();
    vec![format!(
        "{values} {are} far beyond those that the network was trained on, and {were} cut off at the end of their grid; \
         the worst rows, counted from 0: {}; look for far values in them, and leave them out if they are wrong",
        named.join(", ")
    )]
}

/// Returns one sentence about the values beyond the grid and their worst rows, if there are any; `number` gives the
/// number of a row in the input.
pub(crate) fn warnings(values: u64, worst: &[Far], number: impl Fn(usize) -> usize) -> Vec<String> {
    if values == 0 {
        return Vec::new();
    }
    let (are, largest) = if values == 1 { ("value lies", "it was") } else { ("values lie", "they were") };
    let named: Vec<String> =
        worst.iter().map(|at| format!("row {} column {}: {:e}", number(at.row), at.column, at.value)).collect();
    vec![format!(
        "{values} {are} far beyond all others, and {largest} cut off at the end of the grid; \
         the worst rows, counted from 0: {}; leave them out if they are wrong",
        named.join(", ")
    )]
}

#[cfg(test)]
mod tests {
    use super::reported;
    use semid::{Device, Matrix, RqKMeans};
    use std::ops::ControlFlow;

    #[test]
    fn the_worst_rows_are_named() {
        assert!(reported(0, &[], |row| row).is_empty());
        let mut rows: Vec<f32> = (0..200).map(|i| (i % 17) as f32).collect();
        (rows[8], rows[21]) = (1e30, -1e20);
        let rows = Matrix::new(&rows, 4).unwrap();
        let going = |_: &_| ControlFlow::Continue(());
        let (_, report) = RqKMeans::new(1, 4).fit_with(&rows, &Device::cpu(), going).unwrap();
        let found = reported(report.saturated_values, &report.outliers, |row| row);
        let expected = "2 values lie far beyond all others, and they were cut off at the end of the grid; \
                        the worst rows, counted from 0: row 2 column 0: 1e30, row 5 column 1: -1e20; \
                        leave them out if they are wrong";
        assert_eq!(found, [expected]);
    }
}

//! Warns about values that models cut off.

use semid::Model;
use semid::rq::{Grid, Outlier};

const GRID: &str = "the end of the grid";
const OTHERS: &str = "the farthest of these";

/// Where values end for a model.
pub(crate) enum Ends {
    Grid(Grid),
    /// The smallest and the largest value of every dimension.
    Limits([Vec<f32>; 2]),
}

/// The farthest value of a row, and how far it is from the offset of the grid or beyond a limit.
pub(crate) struct Far {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) value: f32,
    pub(crate) distance: f64,
}

impl Ends {
    /// Finds where a model cuts values off, if it does.
    pub(crate) fn of(model: &Model) -> Option<Self> {
        let grid = model.grid().cloned().map(Self::Grid);
        grid.or_else(|| model.input_limits().map(|limits| Self::Limits(limits.map(<[f32]>::to_vec))))
    }

    /// Names the place where values are cut off.
    pub(crate) fn place(&self) -> &'static str {
        match self {
            Self::Grid(_) => GRID,
            Self::Limits(_) => OTHERS,
        }
    }

    /// Returns the number of far values of a row, and the farthest of them. For a network, a value is far when it lies
    /// farther beyond a limit than the limits are apart.
    pub(crate) fn beyond(&self, row: usize, values: &[f32]) -> Option<(u64, Far)> {
        let far = |(column, distance): (usize, f64)| {
            let value = values.get(column).copied().unwrap_or_default();
            Far { row, column, value, distance }
        };
        let farthest = |best: (usize, f64), at: (usize, f64)| if at.1 > best.1 { at } else { best };
        match self {
            Self::Grid(grid) => {
                let beyond = grid.quantize(values, &mut vec![0; values.len()]);
                let pairs = values.iter().zip(grid.offset());
                let distances = pairs.map(|(x, offset)| (f64::from(*x) - f64::from(*offset)).abs());
                (beyond > 0).then(|| (beyond, far(distances.enumerate().fold((0, 0.0), farthest))))
            }
            Self::Limits([low, high]) => {
                let widths = |((x, low), high): ((&f32, &f32), &f32)| {
                    let [x, low, high] = [*x, *low, *high].map(f64::from);
                    (low - x).max(x - high) / (high - low)
                };
                let widths = values.iter().zip(low).zip(high).map(widths).enumerate();
                let beyond: Vec<(usize, f64)> = widths.filter(|(_, widths)| *widths > 1.0).collect();
                let count = beyond.len() as u64;
                beyond.into_iter().reduce(farthest).map(|farthest| (count, far(farthest)))
            }
        }
    }
}

/// The values that an encode or a fit of k-means reports.
pub(crate) fn reported(values: u64, worst: &[Outlier], number: impl Fn(usize) -> usize) -> Vec<String> {
    told(values, worst, GRID, number)
}

/// The values that the fit of a network reports.
pub(crate) fn cut(values: u64, worst: &[Outlier], number: impl Fn(usize) -> usize) -> Vec<String> {
    told(values, worst, OTHERS, number)
}

fn told(values: u64, worst: &[Outlier], place: &str, number: impl Fn(usize) -> usize) -> Vec<String> {
    let far = |at: &Outlier| Far { row: at.row as usize, column: at.column, value: at.value, distance: 0.0 };
    warnings(values, &worst.iter().map(far).collect::<Vec<_>>(), place, number)
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

/// Returns one sentence about far values and their worst rows, if there are any; `place` is where they were cut off,
/// and `number` gives the number of a row in the input.
pub(crate) fn warnings(values: u64, worst: &[Far], place: &str, number: impl Fn(usize) -> usize) -> Vec<String> {
    if values == 0 {
        return Vec::new();
    }
    let (are, largest) = if values == 1 { ("value lies", "it was") } else { ("values lie", "they were") };
    let named: Vec<String> =
        worst.iter().map(|at| format!("row {} column {}: {:e}", number(at.row), at.column, at.value)).collect();
    vec![format!(
        "{values} {are} far beyond all others, and {largest} cut off at {place}; \
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

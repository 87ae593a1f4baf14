//! Shows the squared error that is left after each level.

use super::{level_names, of_levels};
use crate::error::Result;
use crate::metrics::ErrorMetrics;
use crate::report::chart::{Axis, Chart};
use crate::report::figure::Figure;
use crate::report::numbers::{percent, real, reals};
use crate::report::table::FigureTable;

/// Draws the squared error after every level.
pub(in crate::report) fn errors(errors: &ErrorMetrics) -> Result<Figure> {
    let values = &errors.squared_error_per_level;
    let first = values.first().copied().unwrap_or(0.0);
    let mut table = FigureTable::new(&["Codes", "Squared error per item", "Of that after the first code"]);
    for (i, (value, written)) in values.iter().zip(reals(values)).enumerate() {
        let share = value / first;
        let share = if share.is_finite() { percent(share) } else { "-".to_owned() };
        table.push([(i + 1).to_string(), written, share]);
    }
    let said = table.said(&[1]);
    let chart = Chart {
        x: Axis::places("codes decoded", &level_names(values.len())),
        y: Axis::from_zero("squared error per item", values.iter().copied().fold(0.0, f64::max), real),
        series: vec![of_levels(None, 0, values.iter().copied())],
    };
    let figure = Figure::chart("errors", "Error after every level", &chart, table)?;
    Ok(figure
        .note(
            "This is the mean squared distance between an item's embedding and the point that its first codes decode \
             to. A level that hardly lowers it adds little.",
        )
        .text(format!("Squared error per item by number of codes decoded. {said}.")))
}

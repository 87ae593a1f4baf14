//! Shows whether items with a common prefix have a common label.

use super::{level_names, of_levels};
use crate::error::Result;
use crate::metrics::PrefixPurity;
use crate::report::chart::{Axis, Chart};
use crate::report::figure::Figure;
use crate::report::numbers::percent;
use crate::report::table::FigureTable;

/// Draws purity by length of the prefix, beside the purity of shuffled labels.
pub(in crate::report) fn purity(purity: &[PrefixPurity]) -> Result<Figure> {
    let mut table = FigureTable::new(&["Codes", "Purity", "With labels shuffled"]);
    for (i, of) in purity.iter().enumerate() {
        table.push([(i + 1).to_string(), percent(of.purity), percent(of.shuffled.value)]);
    }
    let said = table.said(&[1, 2]);
    let chart = Chart {
        x: Axis::places("codes of the prefix", &level_names(purity.len())),
        y: Axis::share("purity"),
        series: vec![
            of_levels(Some("purity"), 0, purity.iter().map(|of| of.purity)),
            of_levels(Some("labels shuffled"), 1, purity.iter().map(|of| of.shuffled.value)),
        ],
    };
    let figure = Figure::chart("purity", "Labels of items with a common prefix", &chart, table)?;
    Ok(figure
        .note(
            "Purity is the share of items that have the most frequent label of their prefix. What counts is the \
             distance from shuffled labels, because small groups are pure by chance.",
        )
        .text(format!("Purity by number of codes. {said}.")))
}

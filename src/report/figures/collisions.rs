//! Collisions of the first codes.

use super::{level_names, of_levels};
use crate::error::Result;
use crate::metrics::CodeMetrics;
use crate::report::chart::{Axis, Chart};
use crate::report::figure::Figure;
use crate::report::numbers::{count, percent};
use crate::report::table::FigureTable;

/// Draws the collision rate of the first 1, 2, ... levels.
pub(in crate::report) fn collisions(codes: &CodeMetrics) -> Result<Figure> {
    let rates = codes.levels.iter().map(|level| level.prefix_collision_rate);
    let mut table = FigureTable::new(&["Codes", "Clusters of the last one", "Different prefixes", "Collision rate"]);
    for (i, level) in codes.levels.iter().enumerate() {
        let rate = percent(level.prefix_collision_rate);
        table.push([(i + 1).to_string(), count(level.clusters), count(level.prefixes), rate]);
    }
    let said = table.said(&[3]);
    let chart = Chart {
        x: Axis::places("codes of an ID", &level_names(codes.levels.len())),
        y: Axis::share("collision rate"),
        series: vec![of_levels(None, 0, rates)],
    };
    let figure = Figure::chart("collisions", "Collisions by length of the ID", &chart, table)?;
    Ok(figure
        .note(
            "The collision rate is the share of items that would have to move for every item to be alone. The chart \
             shows what it would be if IDs ended after that many codes.",
        )
        .text(format!("Collision rate by number of codes. {said}.")))
}

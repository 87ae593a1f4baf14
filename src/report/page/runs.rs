//! Shows the runs of a sweep side by side.

use super::section::{section, table};
use crate::report::numbers::{items, percent, reals_or_none};
use crate::report::table::FigureTable;
use crate::sweep::{SweepMetric, SweepRecord};
use maud::{Markup, html};

/// Metrics that always have a column.
const SHOWN: [&str; 5] = [
    "collision_rate",
    "collided_item_rate",
    "squared_error_per_row",
    "recall_at_k.decoded",
    "predicted_collision_rate",
];

/// Lists all runs, the best first.
pub(super) fn runs(records: &[SweepRecord], metric: SweepMetric) -> Markup {
    if records.is_empty() {
        return html! {};
    }
    let other = (!SHOWN.contains(&metric.name())).then_some(metric.name());
    let mut head = vec!["Run"];
    head.extend(other);
    let recall = recall_name(records);
    head.extend(["Collision rate", "Items sharing", "Squared error", &recall]);
    let expected = Expected::of(records);
    head.extend(expected.as_ref().map(|expected| expected.head.as_str()));
    let mut of = FigureTable::new(&head);
    let ranked = metric.rank(records);
    let error = |record: &&SweepRecord| record.metrics.errors.as_ref().map(|errors| errors.squared_error_per_row);
    let errors = reals_or_none(&ranked.iter().map(error).collect::<Vec<_>>());
    let values = reals_or_none(&ranked.iter().map(|record| metric.value(record)).collect::<Vec<_>>());
    for ((record, error), value) in ranked.into_iter().zip(errors).zip(values) {
        let ids = &record.metrics.codes.ids;
        let recall = record.metrics.neighbors.as_ref().map(|of| percent(of.recall_at_k.decoded.value));
        let mut row = vec![record.parameters.name()];
        row.extend(other.map(|_| value));
        row.extend([percent(ids.collision_rate), percent(ids.collided_item_rate)]);
        row.extend([error, recall.unwrap_or_else(|| "-".to_owned())]);
        row.extend(expected.as_ref().map(|expected| expected.value(record)));
        of.rows.push(row);
    }
    let best = if metric.less_is_better() { "less" } else { "more" };
    let about = if expected.is_some() { EXPECTED } else { "" };
    let name = metric.name();
    let intro = format!("The runs are ranked by {name}: {best} is better. Recall is by decoded distance.{about}");
    section("runs-section", "Runs of the sweep", &intro, table("Runs", &of))
}

/// Explains expected collision rates.
const EXPECTED: &str = " Expected collision rates are an approximation, based on how evenly these items use the codes \
                        of every level and on how many of them share an ID.";

/// The column of the collision rates that are expected for some number of items.
struct Expected {
    head: String,
    /// Whether all runs have the same number of items; the head of the column then says it.
    same: bool,
}

impl Expected {
    /// Returns the column; none if no run has a prediction.
    fn of(records: &[SweepRecord]) -> Option<Self> {
        let mut rows = records.iter().filter_map(|record| Some(record.predicted?.rows));
        let first = rows.next()?;
        let same = rows.all(|rows| rows == first);
        let of = if same { format!(" of {}", items(first)) } else { String::new() };
        Some(Self { head: format!("Collision rate expected{of}"), same })
    }

    fn value(&self, record: &SweepRecord) -> String {
        match &record.predicted {
            Some(of) if self.same => percent(of.collision_rate),
            Some(of) => format!("{} of {}", percent(of.collision_rate), items(of.rows)),
            None => "-".to_owned(),
        }
    }
}

/// Names the recall column, with its k if all runs have the same.
fn recall_name(records: &[SweepRecord]) -> String {
    let mut ks = records.iter().filter_map(|record| record.metrics.neighbors.as_ref()).map(|of| of.k);
    match ks.next() {
        Some(first) if ks.all(|k| k == first) => format!("Recall@{first}"),
        _ => "Recall@k".to_owned(),
    }
}

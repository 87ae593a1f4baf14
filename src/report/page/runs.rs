//! The runs of a sweep side by side.

use super::section::{section, table};
use crate::report::numbers::{percent, real};
use crate::report::table::Table;
use crate::sweep::SweepRecord;
use maud::{Markup, html};

/// All runs, fewest collisions first.
pub(super) fn runs(records: &[SweepRecord]) -> Markup {
    if records.is_empty() {
        return html! {};
    }
    let rate = |record: &SweepRecord| record.metrics.codes.ids.collision_rate;
    let mut sorted: Vec<&SweepRecord> = records.iter().collect();
    sorted.sort_by(|a, b| rate(a).total_cmp(&rate(b)).then_with(|| a.parameters.name().cmp(&b.parameters.name())));
    let mut of =
        Table::new(&["Run", "Collision rate", "Items sharing", "Squared error", "Recall@k", "Expected for more"]);
    for record in sorted {
        let (ids, errors) = (&record.metrics.codes.ids, &record.metrics.errors);
        let recall = record.metrics.neighbors.as_ref().map(|of| percent(of.recall_at_k.decoded.value));
        let error = errors.as_ref().map(|errors| real(errors.squared_error_per_row));
        let expected = record.predicted.map(|of| percent(of.collision_rate));
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        of.push([
            record.parameters.name(),
            percent(rate(record)),
            percent(ids.collided_item_rate),
            or_none(error),
            or_none(recall),
            or_none(expected),
        ]);
    }
    section(
        "runs-section",
        "Runs of the sweep",
        "Fewest collisions first; recall by decoded distance.",
        table("Runs", &of),
    )
}

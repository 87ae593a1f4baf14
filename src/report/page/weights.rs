//! Shows what is measured by the weights of items.

use super::section::{section, table};
use crate::metrics::{ByDistance, ErrorMetrics, Estimate, Quality};
use crate::report::facts::ByWeight;
use crate::report::numbers::{percent, real};
use crate::report::table::FigureTable;
use maud::Markup;

/// Shows measures by weight, beside those in which all items count alike.
pub(super) fn weights(by_weight: &ByWeight, alike: &Quality) -> Markup {
    let mut of = FigureTable::new(&["Measure", "By weight", "All items alike"]);
    if let (Some(weighted), Some(errors)) = (&by_weight.errors, &alike.errors) {
        let mut line = |name: &str, part: fn(&ErrorMetrics) -> f64| {
            of.push([name.to_owned(), real(part(weighted)), real(part(errors))]);
        };
        line("Squared error per item", |errors| errors.squared_error_per_row);
        line("Squared error per item and dimension", |errors| errors.mse);
        line("Relative error", |errors| errors.relative_l1);
    }
    let (collisions, ids) = (&by_weight.collisions, &alike.codes.ids);
    let mut share = |name: &str, weighted, alike| of.push([name.to_owned(), percent(weighted), percent(alike)]);
    share("Share of items whose ID another item has too", collisions.collided_weight_rate, ids.collided_item_rate);
    share("Share lost if an ID stands for its heaviest item", collisions.lost_weight_rate, ids.collision_rate);
    if let Some(near) = &alike.neighbors {
        let mut line = |name: &str, weighted: &Option<ByDistance<Estimate>>, alike: &ByDistance<Estimate>| {
            let Some(weighted) = weighted else { return };
            share(&format!("{name}@{} by decoded distance", near.k), weighted.decoded.value, alike.decoded.value);
            share(&format!("{name}@{} by shared prefix", near.k), weighted.prefix.value, alike.prefix.value);
        };
        line("Recall", &near.weighted_recall_at_k, &near.recall_at_k);
        line("NDCG", &near.weighted_ndcg_at_k, &near.ndcg_at_k);
    }
    let intro =
        "An item counts as often as its weight says: for errors, in its ID, and as a query for the items like it.";
    section("weights-section", "Weights", intro, table("Weights", &of))
}

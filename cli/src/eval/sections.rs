//! Writes the sections that evaluations of models and of IDs share.

use crate::output::{numbers, things};
use semid::mapping::{CoOccurrence, WeightedCollisions};
use semid::metrics::{CodeMetrics, Estimate, PrefixPurity};

/// Writes a heading, and lines with a name, a value and its meaning.
pub(super) fn section(heading: &str, lines: &[(&str, String, &str)]) -> String {
    let line = |(name, value, meaning): &(&str, String, &str)| format!("  {name:<22}{value:>12}   {meaning}\n");
    format!("{heading}\n{}", lines.iter().map(line).collect::<String>())
}

pub(super) fn collisions(codes: &CodeMetrics) -> String {
    let ids = &codes.ids;
    let mut text = section(
        "Collisions: items with the same ID",
        &[
            ("distinct_ids", ids.distinct_ids.to_string(), "number of different IDs, U, of N rows"),
            (
                "collision_rate",
                number(ids.collision_rate),
                "1 - U/N: share of items that would have to move for all to be alone",
            ),
            ("collided_item_rate", number(ids.collided_item_rate), "share of items whose ID another item has too"),
            ("max_bucket", ids.max_bucket.to_string(), "number of items of the most shared ID"),
            ("entropy_ratio", number(ids.entropy_ratio), "1 if every possible ID were equally frequent"),
            ("perplexity", number(ids.perplexity), "number of equally frequent IDs with the same entropy"),
            ("gini", number(ids.gini), "0 if all IDs that occur have equally many items, near 1 if a few have most"),
            ("imbalance", number(ids.imbalance), "1 if all IDs that occur have equally many items"),
        ],
    );
    let largest = codes.largest_buckets.iter().map(|bucket| {
        let codes: Vec<String> = bucket.codes.iter().map(u32::to_string).collect();
        format!("{} ({})", codes.join("-"), things(bucket.items as usize, "item"))
    });
    let largest: Vec<String> = largest.take(3).collect();
    if !largest.is_empty() {
        text += &format!("  most shared: {}\n", largest.join(", "));
    }
    text
}

pub(super) fn weighted(weighted: &WeightedCollisions) -> String {
    section(
        "Collisions by weight",
        &[
            (
                "collided_weight_rate",
                number(weighted.collided_weight_rate),
                "share of the weight of items whose ID another item has too",
            ),
            (
                "lost_weight_rate",
                number(weighted.lost_weight_rate),
                "share of the weight lost if an ID stands for its heaviest item only",
            ),
        ],
    )
}

pub(super) fn levels(codes: &CodeMetrics) -> String {
    let mut text = "\
Levels: used and dead codes; perplexity, at best the clusters; gini, at best 0; imbalance, at best 1; 1 - prefixes/N
   level clusters   used   dead  perplexity  entropy   gini  imbalance  prefix_collision_rate
"
    .to_owned();
    for (i, level) in codes.levels.iter().enumerate() {
        text += &format!(
            "  {:>6} {:>8} {:>6} {:>6} {:>11.2} {:>8.4} {:>6.3} {:>10.3} {:>22.4}\n",
            i + 1,
            level.clusters,
            level.used_codes,
            level.dead_codes,
            level.perplexity,
            level.entropy,
            level.gini,
            level.imbalance,
            level.prefix_collision_rate
        );
    }
    text
}

pub(super) fn purity(purity: &[PrefixPurity]) -> String {
    let rows = purity.first().map_or(0, |of| of.rows);
    let mut text = format!(
        "\
Purity: the share of {} with a label that have the most frequent one of their prefix, beside shuffled labels
    codes      purity            shuffled
",
        things(rows as usize, "item")
    );
    for (i, PrefixPurity { purity, shuffled, .. }) in purity.iter().enumerate() {
        text += &format!("  {:>7}{:>12.4}{:>20}\n", i + 1, purity, estimate(Some(*shuffled)));
    }
    text
}

/// What co-occurrence says.
pub(super) const COMES: &str = "Co-occurrence: what a prefix says about that of a partner, from 0 to 1";

pub(super) fn co_occurrence(measured: &CoOccurrence, heading: &str) -> String {
    let (pairs, left_out) = (things(measured.pairs as usize, "pair"), measured.left_out);
    let mut text = format!(
        "\
{heading}; {pairs}, {left_out} left out
    codes  information            shuffled   same prefix
"
    );
    for (i, level) in measured.levels.iter().enumerate() {
        let information =
            level.normalized_information.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.4}"));
        text +=
            &format!("  {:>7}{information:>13}{:>20}{:>14.4}\n", i + 1, estimate(level.shuffled), level.same_prefix);
    }
    text
}

pub(super) fn number(value: f64) -> String {
    numbers(&[value]).concat()
}

/// Writes a value, with half of its confidence interval if it has one.
pub(super) fn estimate(estimate: Option<Estimate>) -> String {
    match estimate {
        None => "undefined".to_owned(),
        Some(Estimate { value, low, high, .. }) if low < high => format!("{value:.4} +- {:.4}", (high - low) / 2.0),
        Some(Estimate { value, .. }) => format!("{value:.4}"),
    }
}

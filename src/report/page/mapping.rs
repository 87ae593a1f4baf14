//! Shows what only reports on a mapping have: its fan-out, the ceiling of recall, and findings.

use super::section::{section, table};
use crate::mapping::{Churn, CoOccurrence, FanOut, Mapping, WeightedCollisions};
use crate::metrics::{CollisionKinds, Estimate, IdNeighborMetrics};
use crate::report::MappingFindings;
use crate::report::names::LONGEST;
use crate::report::numbers::{about, count, items, percent, real, short};
use crate::report::table::FigureTable;
use maud::{Markup, html};

/// How many conflicts are listed.
const LISTED: usize = 12;

/// Shows everything about a mapping that no other part of the page shows; `k` is the length of a recommender's list.
pub(super) fn parts(mapping: &Mapping, findings: &MappingFindings, k: u64) -> Markup {
    html! {
        (ceiling(mapping, findings.weighted.as_ref(), k))
        (fan_out(&mapping.fan_out()))
        @if let Some(of) = &findings.churn { (churn(of)) }
        @if let Some((kinds, keys)) = &findings.collisions { (collisions(kinds, keys)) }
        @if let Some(of) = &findings.neighbors { (neighbors(of)) }
        @if let Some(of) = &findings.co_occurrence { (co_occurrence(of, None)) }
    }
}

fn ceiling(mapping: &Mapping, weighted: Option<&WeightedCollisions>, k: u64) -> Markup {
    let sizes = mapping.sizes();
    let mut ks = vec![1, k.max(1)];
    ks.dedup();
    let mut of = FigureTable::new(&["Measure", "Value"]);
    for k in ks {
        of.push([format!("Best recall@{k}"), percent(sizes.recall_ceiling(k))]);
    }
    if let Some(weighted) = weighted {
        let share = "Share of the weight of items";
        of.push([format!("{share} whose ID another item has too"), percent(weighted.collided_weight_rate)]);
        of.push([format!("{share} lost if an ID stands for its heaviest item"), percent(weighted.lost_weight_rate)]);
    }
    let intro = "The best that any recommender can reach that answers with these IDs, as it tells items of one ID \
                 apart by chance only.";
    section("ceiling-section", "The ceiling", intro, table("The ceiling", &of))
}

fn fan_out(levels: &[FanOut]) -> Markup {
    let mut of = FigureTable::new(&["Codes of the prefix", "Prefixes", "Mean", "Median", "Most"]);
    for (length, level) in levels.iter().enumerate() {
        let FanOut { prefixes, mean, median, max, .. } = level;
        of.push([length.to_string(), count(*prefixes), about(*mean), count(*median), count(*max)]);
    }
    let intro = "How many different codes follow a prefix: where it is one, the next code says nothing.";
    section("fan-out-section", "Fan-out", intro, table("Fan-out", &of))
}

fn churn(churn: &Churn) -> Markup {
    let mut of = FigureTable::new(&["Level", "Items with the same code", "Items with the same codes up to here"]);
    let levels = churn.stability.unchanged_codes.iter().zip(&churn.stability.unchanged_prefixes);
    for (i, (codes, prefixes)) in levels.enumerate() {
        of.push([(i + 1).to_string(), percent(*codes), percent(*prefixes)]);
    }
    let intro = format!(
        "Of {} that both mappings have, {} changed their IDs; {} were added and {} removed. Items are found by their \
         keys.",
        items(churn.stability.rows),
        count(churn.changed_items),
        count(churn.added_items),
        count(churn.removed_items)
    );
    section("churn-section", "Churn", &intro, table("Churn", &of))
}

fn collisions(kinds: &CollisionKinds, keys: &[String]) -> Markup {
    let mut of = FigureTable::new(&["Kind", "IDs", "Items"]);
    for (name, kind) in [
        ("exact duplicates", &kinds.exact_duplicates),
        ("near duplicates", &kinds.near_duplicates),
        ("conflicts", &kinds.conflicts),
    ] {
        of.push([name.to_owned(), count(kind.groups), count(kind.items)]);
    }
    let mut conflicts = FigureTable::new(&["ID", "Items", "Largest distance", "Between"]);
    for conflict in kinds.largest_conflicts.iter().take(LISTED) {
        let id: Vec<String> = conflict.codes.iter().map(u32::to_string).collect();
        let names = conflict.rows.map(|row| keys.get(row).map_or_else(String::new, |key| short(key, LONGEST)));
        conflicts.push([id.join("-"), count(conflict.items), real(conflict.largest_distance), names.join(", ")]);
    }
    let intro = format!(
        "Items that share an ID are equal, near (up to {} apart, which {} of {} pairs are), or in conflict.",
        real(kinds.near_distance),
        percent(kinds.quantile),
        if kinds.near_is_exact { "all".to_owned() } else { format!("{} drawn", count(kinds.pairs)) }
    );
    section(
        "kinds-section",
        "Kinds of collisions",
        &intro,
        html! {
            (table("Kinds of collisions", &of))
            @if !conflicts.rows.is_empty() {
                h3 { "Largest conflicts" }
                (table("Largest conflicts", &conflicts))
            }
        },
    )
}

fn neighbors(metrics: &IdNeighborMetrics) -> Markup {
    let mut of = FigureTable::new(&["Measure", "By shared prefix", "By Hamming distance"]);
    let (recall, ndcg, rank) = (&metrics.recall_at_k, &metrics.ndcg_at_k, &metrics.distance_correlation);
    let k = metrics.k;
    of.push([format!("Recall@{k}"), estimate(&recall.prefix), estimate(&recall.hamming)]);
    of.push([format!("NDCG@{k}"), estimate(&ndcg.prefix), estimate(&ndcg.hamming)]);
    let correlation = |of: &Option<Estimate>| of.as_ref().map_or_else(|| "-".to_owned(), |of| real(of.value));
    of.push(["Rank correlation of distances".to_owned(), correlation(&rank.prefix), correlation(&rank.hamming)]);
    let intro = format!(
        "Whether near items have near IDs, for {} among all; ties count by expectation.",
        items(metrics.queries as u64)
    );
    section("neighbors-section", "Neighbours", &intro, table("Neighbours", &of))
}

/// Shows whether items that are used together share prefixes; `unmixed` is about rows that are not mixed with those of
/// their partners, where `measured` is about rows that are.
pub(super) fn co_occurrence(measured: &CoOccurrence, unmixed: Option<&CoOccurrence>) -> Markup {
    let of = table_of(measured);
    let intro = format!(
        "What the prefix of an item says about that of an item used together with it, from 0 to 1, over {} pairs; {} \
         were left out. What counts is the distance from shuffled partners.",
        count(measured.pairs),
        count(measured.left_out)
    );
    let body = html! {
        (table("Items used together", &of))
        @if let Some(unmixed) = unmixed {
            h3 { "The same for codes of the rows as they are, without those of their partners" }
            (table("Items used together, rows as they are", &table_of(unmixed)))
        }
    };
    section("co-occurrence-section", "Items used together", &intro, body)
}

fn table_of(measured: &CoOccurrence) -> FigureTable {
    let mut of = FigureTable::new(&["Codes of the prefix", "Information", "With partners shuffled", "Same prefix"]);
    for (i, level) in measured.levels.iter().enumerate() {
        let information = level.normalized_information.map_or_else(|| "-".to_owned(), real);
        let shuffled = level.shuffled.as_ref().map_or_else(|| "-".to_owned(), |of| real(of.value));
        of.push([(i + 1).to_string(), information, shuffled, percent(level.same_prefix)]);
    }
    of
}

/// Writes a share, with half of its interval if it has one.
fn estimate(of: &Estimate) -> String {
    match of.high - of.low {
        width if width > 0.0 => format!("{:.1} \u{b1} {:.1} %", 100.0 * of.value, 50.0 * width),
        _ => percent(of.value),
    }
}

//! Writes an evaluation for people: aligned numbers, each with its meaning.

use super::against::Unchanged;
use super::co_occurrence::Together;
use super::ids_text;
use super::{Evaluated, Margins};
use crate::output::{numbers, things};
use semid::mapping::CoOccurrence;
use semid::metrics::{ByDistance, CodeMetrics, ErrorMetrics, Estimate, NeighborMetrics, PrefixPurity};

/// Returns the whole result as text.
pub(super) fn text(evaluated: &Evaluated) -> String {
    let Evaluated { dim, kind, metric, device, seconds, quality, .. } = evaluated;
    let clusters: Vec<String> = quality.codes.levels.iter().map(|level| level.clusters.to_string()).collect();
    let (rows, clusters) = (quality.codes.rows, clusters.join(", "));
    let (rows, dim) = (things(rows as usize, "row"), things(*dim, "dimension"));
    let head = format!("{rows} of {dim}; {kind}, {metric}; clusters per level: {clusters}\n");
    let sections = [
        Some(collisions(&quality.codes)),
        evaluated.weighted_collisions.as_ref().map(ids_text::weighted),
        Some(levels(&quality.codes)),
        Some(quality.errors.as_ref().map_or_else(no_errors, |of| errors(of, ERRORS))),
        evaluated.weighted.as_ref().map(|of| errors(of, WEIGHTED)),
        quality.neighbors.as_ref().map(neighbors),
        evaluated.prefix_purity.as_deref().map(purity),
        evaluated.co_occurrence.as_ref().map(together),
        evaluated.stability.as_ref().map(stability),
        evaluated.margins.as_ref().map(margins),
    ];
    let body: Vec<String> = sections.into_iter().flatten().collect();
    format!(
        "{head}\n{}\nMeasured on {device} in {seconds:.2} s; the numbers are the same on every device.\n",
        body.join("\n")
    )
}

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

const ERRORS: &str = "Errors: rows compared with what their IDs decode to";
const WEIGHTED: &str = "Weighted errors: the same, where every row counts by its weight";

fn errors(errors: &ErrorMetrics, heading: &str) -> String {
    let per_level = numbers(&errors.squared_error_per_level);
    let lines = [
        ("squared_error_per_row", errors.squared_error_per_row, "mean squared distance"),
        ("mse", errors.mse, "the same per dimension"),
        ("relative_l1", errors.relative_l1, "mean of |x - y| / (max(|x|, |y|) + 0.0001)"),
    ];
    let values = numbers(&lines.map(|(_, value, _)| value));
    let lines = lines.iter().zip(values).map(|((name, _, meaning), value)| (*name, value, *meaning));
    let mut text = section(heading, &lines.collect::<Vec<_>>());
    text += &format!("  squared error after each level: {}\n", per_level.join(", "));
    text
}

fn no_errors() -> String {
    "Errors: not measured, because residuals of unit length do not add up to rows\n".to_owned()
}

fn neighbors(metrics: &NeighborMetrics) -> String {
    let NeighborMetrics { k, queries, .. } = metrics;
    let line = |name: &str, of: ByDistance<Option<Estimate>>| {
        format!("  {name:<22}{:>20}{:>20}{:>20}\n", estimate(of.prefix), estimate(of.decoded), estimate(of.hamming))
    };
    let (recall, ndcg) = (metrics.recall_at_k, metrics.ndcg_at_k);
    let some = |of: ByDistance<Estimate>| of.map(|estimate| Some(*estimate));
    let weighted = [("recall by weight", metrics.weighted_recall_at_k), ("ndcg by weight", metrics.weighted_ndcg_at_k)];
    let weighted: String = weighted.into_iter().filter_map(|(name, of)| Some(line(name, some(of?)))).collect();
    format!(
        "\
Neighbours: rows nearest by ID compared with the {k} nearest rows, for {queries} rows; 1 is best
  nearest by ID             shared prefix    decoded distance    Hamming distance
{}{}{weighted}{}  recall: the share of true neighbours found; ndcg: the same, where the first ones count more;
  correlation: Spearman's, of the distances between rows and between their IDs, over pairs of rows. Tied items count by
  expectation.
",
        line("recall_at_k", some(recall)),
        line("ndcg_at_k", some(ndcg)),
        line("distance_correlation", metrics.distance_correlation),
    )
}

pub(super) fn purity(purity: &[PrefixPurity]) -> String {
    let mut text = "\
Purity: the share of items that have the most frequent label of their prefix, and the same with shuffled labels
    codes      purity            shuffled
"
    .to_owned();
    for (i, PrefixPurity { purity, shuffled, .. }) in purity.iter().enumerate() {
        text += &format!("  {:>7}{:>12.4}{:>20}\n", i + 1, purity, estimate(Some(*shuffled)));
    }
    text
}

fn together(measured: &Together) -> String {
    let mut text = co_occurrence(&measured.co_occurrence, COMES);
    if let Some(unmixed) = &measured.co_occurrence_unmixed {
        text += "\n";
        text += &co_occurrence(unmixed, "The same without --smooth-pairs");
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

fn stability(unchanged: &Unchanged) -> String {
    let Unchanged { levels, stability } = unchanged;
    let mut text = format!(
        "\
Stability: the share of rows with the same code as before, and with the same codes up to it; levels compared: {levels}
   level   unchanged_codes   unchanged_prefixes
"
    );
    let levels = stability.unchanged_codes.iter().zip(&stability.unchanged_prefixes);
    for (i, (codes, prefixes)) in levels.enumerate() {
        let level = i + 1;
        text += &format!("  {level:>6}{codes:>18.4}{prefixes:>21.4}\n");
    }
    text
}

fn margins(margins: &Margins) -> String {
    let sizes: String = margins.noise.iter().map(|noise| format!("{:>14}", format!("noise {noise}"))).collect();
    let mut text = format!(
        "\
Margins: squared distance to the second nearest codeword less that to the nearest; share of codes that noise can change
   level     ties   5 % of rows        median{sizes}
"
    );
    for (i, level) in margins.levels.iter().enumerate() {
        let [low, median] = [level.low_margin, level.median_margin].map(number);
        let fragile: String = level.fragile.iter().map(|share| format!("{share:>14.4}")).collect();
        text += &format!("  {:>6}{:>9.4}{low:>14}{median:>14}{fragile}\n", i + 1, level.ties);
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

//! Writes an evaluation for people: aligned numbers, each with its meaning.

use super::Evaluated;
use super::against::Unchanged;
use super::co_occurrence::Together;
use super::coded::Margins;
use super::sections::{COMES, co_occurrence, collisions, estimate, levels, number, purity, section, weighted};
use crate::output::{numbers, things};
use semid::metrics::{ByDistance, ErrorMetrics, Estimate, NeighborMetrics};

/// Returns the whole result as text.
pub(super) fn text(evaluated: &Evaluated) -> String {
    let Evaluated { dim, kind, metric, device, seconds, quality, .. } = evaluated;
    let clusters: Vec<String> = quality.codes.levels.iter().map(|level| level.clusters.to_string()).collect();
    let (rows, clusters) = (quality.codes.rows, clusters.join(", "));
    let (rows, dim) = (things(rows as usize, "row"), things(*dim, "dimension"));
    let head = format!("{rows} of {dim}; {kind}, {metric}; clusters per level: {clusters}\n");
    let sections = [
        Some(collisions(&quality.codes)),
        evaluated.weighted_collisions.as_ref().map(weighted),
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

fn together(measured: &Together) -> String {
    let mut text = co_occurrence(&measured.co_occurrence, COMES);
    if let Some(unmixed) = &measured.co_occurrence_unmixed {
        text += "\n";
        text += &co_occurrence(unmixed, "The same without --smooth-pairs");
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

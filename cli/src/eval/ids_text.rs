//! Writes the judgement of IDs as text for people.

use super::sections::{COMES, co_occurrence, collisions, estimate, levels, number, purity, weighted};
use crate::judge::{Embedded, Judged, Kinds};
use crate::output::things;
use semid::mapping::{Churn, FanOut};
use semid::metrics::{ByCodes, Estimate, IdNeighborMetrics};

/// Returns the whole result as text.
pub(super) fn text(judged: &Judged) -> String {
    let items = things(judged.codes.rows as usize, "item");
    let head = format!("{items} with IDs of up to {}\n", things(judged.codes.levels.len(), "code"));
    let sections = [
        Some(collisions(&judged.codes)),
        judged.weighted.as_ref().map(weighted),
        Some(ceiling(judged)),
        Some(levels(&judged.codes)),
        Some(fan_out(&judged.fan_out)),
        judged.embeddings.as_ref().map(kinds),
        judged.embeddings.as_ref().and_then(|embedded| embedded.neighbors.as_ref()).map(neighbors),
        judged.embeddings.as_ref().and_then(|embedded| embedded.prefix_purity.as_deref()).map(purity),
        judged.co_occurrence.as_ref().map(|of| co_occurrence(of, COMES)),
        judged.churn.as_ref().map(churn),
    ];
    let body: Vec<String> = sections.into_iter().flatten().collect();
    format!("{head}\n{}", body.join("\n"))
}

fn ceiling(judged: &Judged) -> String {
    let lines = judged.recall_ceiling.iter().map(|ceiling| {
        let name = format!("recall_ceiling at {}", ceiling.k);
        format!(
            "  {name:<22}{:>12}   best recall at {} of any recommender that answers with these IDs\n",
            number(ceiling.recall),
            ceiling.k
        )
    });
    format!("Ceiling: items of one ID are told apart by chance only\n{}", lines.collect::<String>())
}

fn fan_out(levels: &[FanOut]) -> String {
    let mut text = "\
Fan-out: different codes that follow a prefix
  prefix of  prefixes      mean    median       max
"
    .to_owned();
    for (length, FanOut { prefixes, mean, median, max, .. }) in levels.iter().enumerate() {
        text += &format!("  {length:>9}{prefixes:>10}{mean:>10.2}{median:>10}{max:>10}\n");
    }
    text
}

fn kinds(embedded: &Embedded) -> String {
    let Kinds {
        quantile,
        near_distance,
        pairs,
        near_is_exact,
        exact_duplicates,
        near_duplicates,
        conflicts,
        largest_conflicts,
    } = &embedded.collisions;
    let percent = 100.0 * quantile;
    let of_pairs = match near_is_exact {
        true => format!("which {percent} % of all {pairs} pairs are"),
        false => format!("as {percent} % of {pairs} pairs drawn by the seed are: an estimate"),
    };
    let mut text = format!(
        "\
Embeddings: {} of {}; {} without an ID, {} without a row
Kinds of collisions by {} distance: near is up to {},
  {of_pairs}
                        groups       items
  exact duplicates{:>12}{:>12}
  near duplicates {:>12}{:>12}
  conflicts       {:>12}{:>12}
",
        things(embedded.rows, "row"),
        things(embedded.dim, "dimension"),
        things(embedded.rows_without_id, "row"),
        things(embedded.items_without_row, "item"),
        embedded.metric,
        number(*near_distance),
        exact_duplicates.groups,
        exact_duplicates.items,
        near_duplicates.groups,
        near_duplicates.items,
        conflicts.groups,
        conflicts.items
    );
    for conflict in largest_conflicts.iter().take(5) {
        let codes: Vec<String> = conflict.codes.iter().map(u32::to_string).collect();
        let [a, b] = conflict.between.each_ref().map(|key| shown(key));
        text += &format!(
            "  {} ({}): {a} and {b} are {} apart\n",
            codes.join("-"),
            things(conflict.items as usize, "item"),
            number(conflict.largest_distance)
        );
    }
    text
}

/// Shortens a key to fit into a line, and escapes control characters.
fn shown(key: &str) -> String {
    let shown: String = key.chars().take(40).flat_map(char::escape_debug).collect();
    if key.chars().nth(40).is_some() { format!("{shown}...") } else { shown }
}

fn neighbors(metrics: &IdNeighborMetrics) -> String {
    let line = |name: &str, of: ByCodes<Option<Estimate>>| {
        format!("  {name:<22}{:>20}{:>20}\n", estimate(of.prefix), estimate(of.hamming))
    };
    let some = |of: ByCodes<Estimate>| of.map(|estimate| Some(*estimate));
    format!(
        "\
Neighbours: items nearest by ID compared with the {} nearest rows, for {} rows; 1 is best
  nearest by ID             shared prefix    Hamming distance
{}{}{}",
        metrics.k,
        metrics.queries,
        line("recall_at_k", some(metrics.recall_at_k)),
        line("ndcg_at_k", some(metrics.ndcg_at_k)),
        line("distance_correlation", metrics.distance_correlation),
    )
}

fn churn(churn: &Churn) -> String {
    let mut text = format!(
        "\
Churn: {} of {} that both have changed their IDs; {} added, {} removed
   level   unchanged_codes   unchanged_prefixes
",
        churn.changed_items,
        things(churn.stability.rows as usize, "item"),
        churn.added_items,
        churn.removed_items
    );
    let levels = churn.stability.unchanged_codes.iter().zip(&churn.stability.unchanged_prefixes);
    for (i, (codes, prefixes)) in levels.enumerate() {
        text += &format!("  {:>6}{codes:>18.4}{prefixes:>21.4}\n", i + 1);
    }
    text
}

//! Says the most important things in plain words.

use crate::metrics::Quality;
use crate::report::facts::Facts;
use crate::report::numbers::{about, capital, count, items, percent, real, things};
use maud::{Markup, html};

/// How many factors of a product are written out.
const FACTORS: usize = 6;

/// Shows some numbers in large letters, and sentences.
pub(super) fn summary(facts: &Facts<'_>) -> Markup {
    let quality = &facts.quality;
    let sentences = [
        Some(ids(quality)),
        super::model::sentence(facts),
        Some(collisions(facts)),
        Some(usage(quality)),
        errors(quality),
        neighbors(quality),
        distances(quality),
        purity(facts),
    ];
    html! {
        section aria-labelledby="summary" {
            h2 id="summary" { "In short" }
            dl class="tiles" {
                @for (name, value) in tiles(quality) { div { dt { (name) } dd { (value) } } }
            }
            ul class="short" {
                @for sentence in sentences.into_iter().flatten() { li { (sentence) } }
                @if quality.codes.ids.max_bucket > 1 { (advice(facts.model.takes_balance)) }
            }
        }
    }
}

fn tiles(quality: &Quality) -> Vec<(String, String)> {
    let (codes, ids) = (&quality.codes, &quality.codes.ids);
    let tile = |name: &str, value| (name.to_owned(), value);
    let mut tiles = vec![
        tile("items", count(codes.rows)),
        tile("different IDs", count(ids.distinct_ids)),
        tile("collision rate", percent(ids.collision_rate)),
        tile("items of the most shared ID", count(ids.max_bucket)),
    ];
    if let Some(errors) = &quality.errors {
        tiles.push(tile("squared error per item", real(errors.squared_error_per_row)));
    }
    if let Some(of) = &quality.neighbors {
        tiles.push(tile(&format!("recall@{} by decoded distance", of.k), percent(of.recall_at_k.decoded.value)));
    }
    tiles
}

fn ids(quality: &Quality) -> String {
    let (codes, ids) = (&quality.codes, &quality.codes.ids);
    let clusters: Vec<u64> = codes.levels.iter().map(|level| level.clusters).collect();
    let (rows, levels) = (items(codes.rows), things(clusters.len() as u64, "code"));
    let have = if codes.rows == 1 { "has" } else { "have" };
    format!("{rows} {have} {} of {levels}, out of {}.", things(ids.distinct_ids, "different ID"), possible(&clusters))
}

/// Says how many IDs are possible: the product of the clusters, as long as that is readable.
fn possible(clusters: &[u64]) -> String {
    match clusters {
        [1] => "1 possible one".to_owned(),
        _ if clusters.len() <= FACTORS => {
            let factors: Vec<String> = clusters.iter().map(|clusters| count(*clusters)).collect();
            format!("{} possible ones", factors.join(" \u{d7} "))
        }
        [first, rest @ ..] if rest.iter().all(|clusters| clusters == first) => {
            format!("{}^{} possible ones", count(*first), clusters.len())
        }
        _ => {
            let digits: f64 = clusters.iter().map(|clusters| libm::log10(*clusters as f64)).sum();
            format!("about 10^{digits:.0} possible ones")
        }
    }
}

fn collisions(facts: &Facts<'_>) -> String {
    let ids = &facts.quality.codes.ids;
    if ids.max_bucket < 2 {
        return "No two items share an ID.".to_owned();
    }
    let (shared, most) = (capital(&percent(ids.collided_item_rate)), items(ids.max_bucket));
    format!("{shared} of the items share their ID with another one; the most shared ID has {most}.")
}

fn usage(quality: &Quality) -> String {
    let dead = |(number, level): (usize, &crate::metrics::LevelMetrics)| {
        (level.dead_codes > 0)
            .then(|| format!("{} of {} codes of level {number}", count(level.dead_codes), count(level.clusters)))
    };
    let dead: Vec<String> = (1..).zip(&quality.codes.levels).filter_map(dead).collect();
    let even = |level: &crate::metrics::LevelMetrics| level.perplexity / level.clusters.max(1) as f64;
    let least = (1..).zip(&quality.codes.levels).min_by(|a, b| even(a.1).total_cmp(&even(b.1)));
    let least = least.map_or_else(String::new, |(number, level): (usize, _)| {
        format!(
            " Level {number} is the least even: as if {} of its {} codes were used equally.",
            about(level.perplexity),
            count(level.clusters)
        )
    });
    match dead.as_slice() {
        [] => format!("Every code of every level is used.{least}"),
        dead => format!("Unused: {}.{least}", dead.join(", ")),
    }
}

fn errors(quality: &Quality) -> Option<String> {
    later_codes(&quality.errors.as_ref()?.squared_error_per_level)
}

/// Says how the codes after the first one change the squared error, if it was measured.
fn later_codes(per_level: &[f64]) -> Option<String> {
    let (first, last) = (*per_level.first()?, *per_level.last()?);
    let less = (first - last) / first;
    (per_level.len() > 1 && less.is_finite() && last.is_finite()).then(|| {
        let (does, by) = (if less < 0.0 { "raise" } else { "lower" }, percent(less.abs()));
        format!("The codes after the first one {does} the squared error by {by}, to {} per item.", real(last))
    })
}

fn neighbors(quality: &Quality) -> Option<String> {
    let of = quality.neighbors.as_ref()?;
    let found = |share: f64| format!("{:.1}", share * of.k as f64);
    let (decoded, prefix) = (found(of.recall_at_k.decoded.value), found(of.recall_at_k.prefix.value));
    let chance = of.k as f64 * of.k as f64 / quality.codes.rows.saturating_sub(1).max(1) as f64;
    Some(format!(
        "Of the {} most like it, an item's ID finds {decoded} by decoded distance and {prefix} by shared prefix; \
         chance would find {}.",
        items(of.k as u64),
        if chance < 0.01 { "next to none".to_owned() } else { format!("{chance:.2}") }
    ))
}

fn distances(quality: &Quality) -> Option<String> {
    let of = &quality.neighbors.as_ref()?.distance_correlation;
    let (decoded, prefix) = (real(of.decoded?.value), real(of.prefix?.value));
    Some(format!(
        "Distances between items and between their IDs have a rank correlation of {decoded} by decoded distance and \
         {prefix} by shared prefix."
    ))
}

fn purity(facts: &Facts<'_>) -> Option<String> {
    let first = facts.purity.as_ref()?.first()?;
    Some(format!(
        "{} of {} have the most frequent label among those with the same first code; with \
         shuffled labels it would be {}.",
        percent(first.purity),
        match first.rows == facts.quality.codes.rows {
            true => "the items".to_owned(),
            false => format!("the {} with a label", items(first.rows)),
        },
        percent(first.shuffled.value)
    ))
}

/// Advises what to do about collisions.
fn advice(takes_balance: bool) -> Markup {
    let balanced = ", more clusters or balanced clusters";
    html! {
        li {
            "More levels" (if takes_balance { balanced } else { " or more clusters" })
            " give fewer collisions: " code { "semid sweep" }
            " compares them. " code { "semid assign" } " gives every item a unique ID in any case."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{later_codes, possible};

    #[test]
    fn long_products_are_powers() {
        assert_eq!(possible(&[1]), "1 possible one");
        assert_eq!(possible(&[1000, 8]), "1,000 \u{d7} 8 possible ones");
        assert_eq!(possible(&[2; 6]), "2 \u{d7} 2 \u{d7} 2 \u{d7} 2 \u{d7} 2 \u{d7} 2 possible ones");
        assert_eq!(possible(&[2; 256]), "2^256 possible ones");
        // The product has 7 factors of 100 and 3 of 10.
        assert_eq!(possible(&[100, 10, 100, 10, 100, 10, 100, 100, 100, 100]), "about 10^17 possible ones");
    }

    #[test]
    fn later_codes_lower_or_raise_the_error() {
        let said = |per_level: &[f64]| later_codes(per_level).unwrap_or_default();
        let is = |does: &str, to: &str| format!("The codes after the first one {does}, to {to} per item.");
        assert_eq!(said(&[8.0, 5.0, 2.0]), is("lower the squared error by 75.0 %", "2"));
        assert_eq!(said(&[2.0, 2.01]), is("raise the squared error by 0.5 %", "2.01"));
        assert_eq!(said(&[2.0, 2.0]), is("lower the squared error by 0 %", "2"));
        let unsaid: [&[f64]; 7] =
            [&[], &[1.0], &[0.0, 0.0], &[0.0, 1.0], &[f64::NAN, 1.0], &[1.0, f64::INFINITY], &[f64::INFINITY, 1.0]];
        unsaid.iter().for_each(|per_level| assert_eq!(said(per_level), "", "{per_level:?}"));
    }
}

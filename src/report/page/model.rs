//! Shows how a model was made, as far as it differs from plain levels, and what its caller found out.

use super::mapping::co_occurrence;
use super::section::{section, table};
use super::weights::weights;
use crate::labels::LabelTable;
use crate::metrics::ErrorMetrics;
use crate::report::ModelFindings;
use crate::report::facts::Facts;
use crate::report::model::ModelFacts;
use crate::report::names::LONGEST;
use crate::report::numbers::{count, percent, real, short, things};
use crate::report::table::FigureTable;
use maud::{Markup, html};
use std::cmp::Reverse;

/// How many labels of a level are listed.
const LISTED: usize = 30;

/// Shows everything about a model that no other part of the page shows.
pub(super) fn parts(facts: &Facts<'_>, findings: &ModelFindings) -> Markup {
    let model = &facts.model;
    let made = made(model, findings, facts.quality.errors.as_ref());
    html! {
        @if !made.rows.is_empty() {
            (section("model-section", "How the model was made",
                "What the fit did besides fitting one level after the other.", table("How the model was made", &made)))
        }
        @if let Some(blocks) = blocks(model, findings) { (blocks) }
        @for (level, labels) in model.tables.iter().enumerate() {
            (label_level(level, labels, facts.usage.get(level).map_or(&[], Vec::as_slice)))
        }
        @if let Some(by_weight) = &facts.by_weight { (weights(by_weight, &facts.quality)) }
        @if let Some(of) = &findings.co_occurrence { (co_occurrence(of, findings.co_occurrence_unmixed.as_ref())) }
    }
}

/// Lists the refinement, the beam with its errors, the pairs and the warm start.
fn made(model: &ModelFacts, findings: &ModelFindings, errors: Option<&ErrorMetrics>) -> FigureTable {
    let mut of = FigureTable::new(&["Part", "What it was"]);
    let mut line = |name: &str, text: String| of.push([name.to_owned(), text]);
    if let Some(rounds) = model.number("refine") {
        let beam = model.number("refine_beam").unwrap_or(1);
        line("Refinement", format!("all levels together, in {}, by a beam of {beam}", things(rounds, "round")));
    }
    let given = findings.beam.map(|width| width as u64);
    match (given.or(model.beam), given.is_some()) {
        (Some(1), true) if model.beam.is_some() => {
            line("Beam of these codes", "none: the nearest codeword of every level".to_owned());
        }
        (Some(width), is_given) if width > 1 => {
            let of_model = if is_given { "" } else { ", which the model keeps" };
            line("Beam of these codes", format!("{width} codes per row and level{of_model}"));
        }
        _ => {}
    }
    if let (Some(nearest), Some(errors)) = (&findings.nearest, errors) {
        let (nearest, found) = (nearest.squared_error_per_row, errors.squared_error_per_row);
        let text = format!(
            "{} per item by the beam, {} by the nearest codeword of every level: {} less",
            real(found),
            real(nearest),
            percent(if nearest > 0.0 { 1.0 - found / nearest } else { 0.0 })
        );
        line("Squared error", text);
    }
    if let Some(weight) = model.pair_weight() {
        line("Pairs of items", format!("the rows of the fit had {weight} of the mean of their partners"));
    }
    if let Some(fingerprint) = model.warm_start() {
        let kept = match model.number("freeze_levels") {
            None => String::new(),
            Some(1) => "; the first level kept its codewords".to_owned(),
            Some(levels) => format!("; the first {levels} levels kept their codewords"),
        };
        line("Warm start", format!("from the model {fingerprint}{kept}"));
    }
    of
}

/// Shows the embeddings that a row consists of.
fn blocks(model: &ModelFacts, findings: &ModelFindings) -> Option<Markup> {
    let blocks = model.blocks.as_ref()?;
    let mut of = FigureTable::new(&["Embedding", "Dimensions", "Mean square", "Scaled by", "Items without it"]);
    for (i, block) in blocks.iter().enumerate() {
        let missing = findings.imputed.get(i).map_or_else(|| "-".to_owned(), |missing| count(*missing));
        let (name, dim) = (short(block.name(), LONGEST), count(block.width() as u64));
        of.push([name, dim, real(block.weight()), real(block.scale()), missing]);
    }
    let intro = "Every item has several embeddings side by side. Each is scaled to its mean square, so that none \
                 drowns the others; the mean of all items takes the place of one that is missing.";
    Some(section("blocks-section", "Embeddings of an item", intro, table("Embeddings of an item", &of)))
}

/// Shows the labels of a level, those of most items first.
fn label_level(level: usize, labels: &LabelTable, usage: &[u64]) -> Markup {
    let items_of = |code: u64| usage.get(code as usize).copied().unwrap_or(0);
    let mut codes: Vec<(u64, Option<&str>)> = (0..).zip(labels.labels()).collect();
    codes.sort_by_key(|(code, _)| (Reverse(items_of(*code)), *code));
    let all = usage.iter().sum::<u64>().max(1) as f64;
    let mut of = FigureTable::new(&["Label", "Code", "Items", "Share"]);
    for (code, label) in codes.iter().take(LISTED) {
        let label = label.map_or_else(|| "(no known label)".to_owned(), |label| short(label, LONGEST));
        of.push([label, code.to_string(), count(items_of(*code)), percent(items_of(*code) as f64 / all)]);
    }
    let more = match codes.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" {} with fewer items are not listed.", things(more as u64, "label")),
    };
    let unknown = match labels.reserved() {
        Some(code) => format!("the reserved code {code}"),
        None => "the code of the label whose mean is nearest".to_owned(),
    };
    let (column, number) = (short(labels.column(), LONGEST), level + 1);
    let intro = format!(
        "The codes of level {number} are the {} of the column \"{column}\"; an item without a known one has \
         {unknown}.{more}",
        things(labels.labels().flatten().count() as u64, "label")
    );
    let title = format!("Labels of level {number}");
    section(&format!("labels-{number}-section"), &title, &intro, table(&title, &of))
}

/// Says, for the first part of the page, how many of the levels are what.
pub(super) fn sentence(facts: &Facts<'_>) -> Option<String> {
    let (tables, levels) = (facts.model.tables.len() as u64, facts.usage.len() as u64);
    (tables > 0).then(|| {
        let columns: Vec<String> = facts.model.tables.iter().map(|of| short(of.column(), LONGEST)).collect();
        let (first, come) = match tables {
            1 => ("The first code".to_owned(), "comes"),
            many => (format!("The first {many} codes"), "come"),
        };
        let rest = things(levels.saturating_sub(tables), "code");
        format!("{first} of an ID {come} from labels ({}), and {rest} from the embeddings.", columns.join(", "))
    })
}

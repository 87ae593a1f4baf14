//! The page.

mod collisions;
mod frame;
mod map;
mod mapping;
mod model;
mod runs;
mod section;
mod summary;
mod weights;

use super::facts::Facts;
use super::figure::Figure;
use super::figures;
use super::{MappingFindings, Report, ReportFigure, ReportPage};
use crate::error::Result;
use crate::mapping::Mapping;
use maud::{Markup, html};
use section::{figure, section};

/// Returns the page about a model.
pub(super) fn of_model(report: &Report, facts: &Facts<'_>) -> Result<ReportPage> {
    page(report, facts, model::parts(facts, &report.findings))
}

/// Returns the page about IDs that any tool made.
pub(super) fn of_mapping(
    report: &Report,
    facts: &Facts<'_>,
    mapping: &Mapping,
    findings: &MappingFindings,
) -> Result<ReportPage> {
    let k = report.k.unwrap_or(super::K) as u64;
    page(report, facts, mapping::parts(mapping, findings, k))
}

/// Returns the page with these parts besides those that every page has.
fn page(report: &Report, facts: &Facts<'_>, more: Markup) -> Result<ReportPage> {
    let codes = &facts.quality.codes;
    let collisions = [figures::sweep(&report.sweep)?, Some(figures::collisions(codes)?)];
    let collisions: Vec<Figure> = collisions.into_iter().flatten().collect();
    let tree = figures::tree(facts)?;
    let levels = codes.levels.iter().zip(&facts.usage).enumerate();
    let mut usage = levels
        .map(|(level, (metrics, counts))| figures::usage(level, metrics, counts))
        .collect::<Result<Vec<Figure>>>()?;
    usage.push(figures::lorenz(&codes.levels, &facts.usage)?);
    let recall = facts.quality.neighbors.as_ref().map(|of| figures::recall(of, codes.rows)).transpose()?.flatten();
    let purity = facts.purity.as_deref().map(figures::purity).transpose()?;
    let errors = facts.quality.errors.as_ref().map(figures::errors).transpose()?;
    let alike: Vec<Figure> = [recall, purity, errors].into_iter().flatten().collect();

    let body = html! {
        (summary::summary(facts))
        (section("collisions-section", "Collisions", "Items collide where they share their whole ID.", html! {
            div class="beside" {
                div { @for of in &collisions { (figure(of)) } }
                (collisions::largest(facts))
            }
        }))
        (section("tree-section", "The tree of IDs", &map::intro(facts), map::map(&tree, facts)))
        (section("usage-section", "Use of the codes",
            "A code that few items have is wasted; a code that many items have says little.", grid(&usage)))
        @if !alike.is_empty() {
            (section("alike-section", "Likeness",
                "These figures show how much of the embeddings' likeness the IDs keep.", grid(&alike)))
        }
        (more)
        (runs::runs(&report.sweep, report.rank_by))
        (frame::details(report))
    };
    let all = collisions.iter().chain([&tree]).chain(&usage).chain(&alike);
    Ok(finish(report, body, all))
}

fn grid(figures: &[Figure]) -> Markup {
    html! { div class="grid" { @for of in figures { (figure(of)) } } }
}

fn finish<'a>(report: &Report, body: Markup, figures: impl Iterator<Item = &'a Figure>) -> ReportPage {
    let alone =
        |figure: &Figure| ReportFigure { name: figure.name.clone(), title: figure.title.clone(), svg: figure.alone() };
    ReportPage { html: frame::frame(&report.title, body), figures: figures.map(alone).collect() }
}

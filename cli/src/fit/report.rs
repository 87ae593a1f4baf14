//! Tells of a fit, as `--json` and as text: there is a function for every kind that has more to tell than its rows.

use crate::balance::{self, Balance};
use crate::outliers;
use crate::output::{Failure, numbers, things};
use crate::warnings;
use semid::Model;
use semid::quantizer::TrainingReport;
use semid::rq::{FitReport, LevelReport, Refinement};
use semid::vae::{EpochReport, RqVaeReport};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The words and fields in which a kind tells of a fit.
#[derive(Default)]
pub(super) struct Told {
    pub(super) fields: Map<String, Value>,
    pub(super) text: String,
    pub(super) warnings: Vec<String>,
}

/// Tells of a fit of any kind; `number` is the number that a row has in the input.
pub(super) fn told(report: &TrainingReport, model: &Model, number: impl Fn(usize) -> usize) -> Result<Told, Failure> {
    if let Some(report) = report.details.downcast_ref() {
        k_means(report, model, number)
    } else if let Some(report) = report.details.downcast_ref() {
        network(report, &model.clusters(), number)
    } else {
        Ok(Told::default())
    }
}

/// One level of a fit.
#[derive(Serialize)]
struct Level {
    clusters: usize,
    iterations: usize,
    squared_error: f64,
    empty_reseeded: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Balance>,
}

impl From<&LevelReport> for Level {
    fn from(level: &LevelReport) -> Self {
        Self {
            clusters: level.clusters,
            iterations: level.iterations,
            squared_error: level.squared_error,
            empty_reseeded: level.empty_reseeded,
            balance: level.balance.map(Balance::from),
        }
    }
}

fn k_means(report: &FitReport, model: &Model, number: impl Fn(usize) -> usize) -> Result<Told, Failure> {
    let levels: Vec<Level> = report.levels.iter().map(Level::from).collect();
    let mut fields = Map::from_iter([
        ("levels".to_owned(), value(&levels)?),
        ("saturated_values".to_owned(), json!(report.saturated_values)),
    ]);
    // The largest of the levels' gaps, where they were proved.
    let gap = balance::gap(report.levels.iter().filter_map(|level| level.balance.as_ref()));
    fields.extend(gap.map(|gap| ("optimality_gap".to_owned(), json!(gap))));
    fields.extend(report.refinement.as_ref().map(|refinement| ("refinement".to_owned(), refined(refinement))));
    let mut text = levels_table(&report.levels);
    text.push_str(&report.refinement.as_ref().map(refined_text).unwrap_or_default());
    let balances = report.levels.iter().enumerate().filter_map(|(i, level)| Some((i, level.balance.as_ref()?)));
    text.push_str(&balance::text(balances));
    let codebooks = (0..model.levels()).filter_map(|level| model.codebook(level));
    let equal = warnings::codewords(codebooks, &report.levels, model.label_tables().len());
    let far = outliers::reported(report.saturated_values, &report.outliers, number);
    let warnings = [far, warnings::narrow(&report.narrow, report.dim), equal].concat();
    Ok(Told { fields, text, warnings })
}

fn refined(Refinement { beam, rounds, before, squared_error, .. }: &Refinement) -> Value {
    json!({ "beam": beam, "rounds": rounds, "squared_error_before": before, "squared_error": squared_error })
}

fn refined_text(Refinement { beam, rounds, before, squared_error, .. }: &Refinement) -> String {
    let (errors, less) = (numbers(&[*before, *squared_error]), 100.0 * (1.0 - squared_error / before));
    let [before, after] = errors.as_slice() else { return String::new() };
    let by = if *beam > 1 { format!(" by a beam of {beam}") } else { String::new() };
    match rounds {
        0 => format!("not refined{by}: no round lowers the squared error of {before}\n"),
        rounds => {
            let (rounds, less) = (things(*rounds, "round"), numbers(&[less]).concat());
            format!("refined in {rounds}{by}: squared error {before} before, {after} after, {less} % less\n")
        }
    }
}

fn levels_table(levels: &[LevelReport]) -> String {
    let mut out = String::from("level  clusters  iterations  squared error  empty reseeded\n");
    let errors = numbers(&levels.iter().map(|level| level.squared_error).collect::<Vec<_>>());
    for (i, (level, error)) in levels.iter().zip(errors).enumerate() {
        let LevelReport { clusters, iterations, empty_reseeded, .. } = level;
        let level = i + 1;
        let _ = writeln!(out, "{level:>5}  {clusters:>8}  {iterations:>10}  {error:>13}  {empty_reseeded:>14}");
    }
    out
}

/// Most epochs that the text lists.
const LISTED: usize = 10;

fn network(report: &RqVaeReport, clusters: &[usize], number: impl Fn(usize) -> usize) -> Result<Told, Failure> {
    let fields = Map::from_iter([
        ("best_epoch".to_owned(), json!(report.best_epoch)),
        ("history".to_owned(), value(&report.epochs)?),
        ("saturated_values".to_owned(), json!(report.saturated_values)),
    ]);
    let mut text = String::from("epoch      loss  reconstruction  held-out loss  collisions  used codes\n");
    let step = report.epochs.len().div_ceil(LISTED).max(1);
    let listed = |epoch: &&EpochReport| epoch.epoch.is_multiple_of(step) || epoch.epoch == report.best_epoch;
    let listed: Vec<&EpochReport> = report.epochs.iter().filter(listed).collect();
    let losses = listed.iter().flat_map(|epoch| [epoch.loss, epoch.reconstruction, epoch.held_out_loss]);
    let losses = numbers(&losses.collect::<Vec<_>>());
    for (epoch, losses) in listed.into_iter().zip(losses.as_chunks::<3>().0) {
        let (EpochReport { epoch, collision_rate, used, .. }, [loss, reconstruction, held_out]) = (epoch, losses);
        let used: Vec<String> = used.iter().map(usize::to_string).collect();
        let (collisions, used) = (format!("{:.2} %", 100.0 * collision_rate), used.join(" / "));
        let line = format!("{epoch:>5}  {loss:>8}  {reconstruction:>14}  {held_out:>13}  {collisions:>10}");
        let _ = writeln!(text, "{line}  {used}");
    }
    match report.best_epoch {
        0 => text.push_str("not trained\n"),
        epoch => drop(writeln!(text, "kept epoch {epoch}")),
    }
    let best = report.epochs.iter().find(|epoch| epoch.epoch == report.best_epoch);
    let used = best.map(|epoch| epoch.used.iter().copied().zip(clusters.iter().copied()).collect::<Vec<_>>());
    let far = outliers::cut(report.saturated_values, &report.outliers, number);
    let warnings = [far, warnings::usage(used.unwrap_or_default(), report.rows)].concat();
    Ok(Told { fields, text, warnings })
}

fn value(of: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(of).map_err(|error| Failure::Error(error.to_string()))
}

//! Collisions against levels and clusters.

use super::level_names;
use crate::error::Result;
use crate::report::chart::{Axis, Chart, Series, Shape, whole_percent};
use crate::report::figure::Figure;
use crate::report::numbers::percent;
use crate::report::table::Table;
use crate::report::theme::Ink;
use crate::sweep::{SweepParameters, SweepRecord};
use std::collections::BTreeMap;

/// Lines that are drawn at most.
const LINES: usize = 12;

/// Runs that differ in their levels and seeds alone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    /// Clusters of every level; 0 where they differ.
    clusters: usize,
    kind: String,
    balanced: bool,
    /// Clusters of the levels where they differ.
    mixed: Vec<usize>,
}

impl Group {
    fn new(parameters: &SweepParameters) -> Self {
        let SweepParameters { kind, clusters, balanced, .. } = parameters;
        let first = clusters.first().copied().unwrap_or(0);
        let same = clusters.iter().all(|clusters| *clusters == first);
        Self {
            clusters: if same { first } else { 0 },
            kind: kind.clone(),
            balanced: *balanced,
            mixed: if same { Vec::new() } else { clusters.clone() },
        }
    }

    fn name(&self, kinds: bool) -> String {
        let clusters = match self.mixed.as_slice() {
            [] => format!("{} clusters", self.clusters),
            mixed => mixed.iter().map(usize::to_string).collect::<Vec<_>>().join("-"),
        };
        let kind = if kinds { format!(", {}", self.kind) } else { String::new() };
        format!("{clusters}{kind}{}", if self.balanced { ", balanced" } else { "" })
    }
}

/// Collision rate against levels, a line for each number of clusters: the mean over the seeds.
pub(in crate::report) fn sweep(records: &[SweepRecord]) -> Result<Option<Figure>> {
    let mut groups: BTreeMap<Group, BTreeMap<usize, Vec<f64>>> = BTreeMap::new();
    for record in records {
        let levels = groups.entry(Group::new(&record.parameters)).or_default();
        levels.entry(record.parameters.levels).or_default().push(record.metrics.codes.ids.collision_rate);
    }
    if groups.is_empty() {
        return Ok(None);
    }
    let kinds = groups.keys().any(|group| Some(&group.kind) != groups.keys().next().map(|first| &first.kind));
    let levels = records.iter().map(|record| record.parameters.levels).max().unwrap_or(1);
    let mut table = Table::new(&["Clusters", "Levels", "Collision rate", "Seeds"]);
    let mut series = Vec::new();
    for (i, (group, of_levels)) in groups.iter().enumerate() {
        let mean = |rates: &[f64]| rates.iter().sum::<f64>() / rates.len().max(1) as f64;
        for (levels, rates) in of_levels {
            table.push([group.name(kinds), levels.to_string(), percent(mean(rates)), rates.len().to_string()]);
        }
        let points = of_levels.iter().map(|(levels, rates)| (*levels as f64, mean(rates))).collect();
        series.push(Series { name: Some(group.name(kinds)), ink: Ink::Series(i), shape: Shape::Dots, points });
    }
    let left_out = series.len().saturating_sub(LINES);
    series.truncate(LINES);
    let most = series.iter().flat_map(|series| &series.points).map(|point| point.1).fold(0.01, f64::max);
    let said = table.said(&[1, 2]);
    let chart = Chart {
        x: Axis::places("levels", &level_names(levels)),
        y: Axis::from_zero("collision rate", most, whole_percent),
        series,
    };
    let figure = Figure::chart("sweep", "Collisions by levels and clusters", &chart, table)?;
    let more = if left_out > 0 { format!(" {left_out} more groups are in the table only.") } else { String::new() };
    Ok(Some(
        figure
            .note(format!(
                "Mean over the seeds of a sweep's runs. Lower is better; more levels or clusters make longer IDs.{more}"
            ))
            .text(format!("Collision rate by levels and clusters. {said}.")),
    ))
}

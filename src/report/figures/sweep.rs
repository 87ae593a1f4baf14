//! Shows collisions by levels and clusters.

use super::{LINES, level_names};
use crate::error::Result;
use crate::report::chart::{Axis, Chart, Series, SeriesShape, whole_percent};
use crate::report::figure::Figure;
use crate::report::numbers::{percent, short, things};
use crate::report::table::FigureTable;
use crate::report::theme::Ink;
use crate::sweep::{SweepParameters, SweepRecord};
use std::collections::{BTreeMap, BTreeSet};

/// How many characters of the name of a kind are shown.
const LONGEST: usize = 30;

/// Runs that differ only in their levels and seeds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RunGroup {
    /// The clusters of every level of the longest IDs.
    clusters: Vec<usize>,
    kind: String,
    balanced: bool,
    frozen: usize,
}

impl RunGroup {
    fn new(parameters: &SweepParameters) -> Self {
        let SweepParameters { kind, clusters, balanced, frozen, .. } = parameters;
        Self { clusters: clusters.clone(), kind: kind.clone(), balanced: *balanced, frozen: *frozen }
    }

    /// Returns whether the runs of `other` are those of this group with fewer levels.
    fn continues(&self, other: &Self) -> bool {
        let own = |group: &Self| (group.kind.clone(), group.balanced, group.frozen);
        own(self) == own(other) && self.clusters.starts_with(&other.clusters)
    }

    fn name(&self, kinds: bool) -> String {
        let first = self.clusters.first().copied().unwrap_or(0);
        let clusters = match self.clusters.iter().all(|clusters| *clusters == first) {
            true => things(first as u64, "cluster"),
            false => self.clusters.iter().map(usize::to_string).collect::<Vec<_>>().join("-"),
        };
        let kind = if kinds { format!(", {}", short(&self.kind, LONGEST)) } else { String::new() };
        let frozen = if self.frozen > 0 { format!(", {} frozen", self.frozen) } else { String::new() };
        format!("{clusters}{kind}{}{frozen}", if self.balanced { ", balanced" } else { "" })
    }
}

/// For every number of levels of a group, the collision rates of its runs.
type Rates = BTreeMap<usize, Vec<f64>>;

/// Returns the longest lists of clusters with the rates of every list that they begin with: for `32-16-8` also those of
/// `32-16` and `32`.
fn groups(records: &[SweepRecord]) -> BTreeMap<RunGroup, Rates> {
    let all: BTreeSet<RunGroup> = records.iter().map(|record| RunGroup::new(&record.parameters)).collect();
    let is_longest = |group: &&RunGroup| !all.iter().any(|other| other != *group && other.continues(group));
    let mut groups: BTreeMap<RunGroup, Rates> =
        all.iter().filter(is_longest).map(|group| (group.clone(), Rates::new())).collect();
    for record in records {
        let of = RunGroup::new(&record.parameters);
        for (_, rates) in groups.iter_mut().filter(|(group, _)| group.continues(&of)) {
            rates.entry(record.parameters.levels).or_default().push(record.metrics.codes.ids.collision_rate);
        }
    }
    groups
}

/// Draws the collision rate by levels, with a line for each number of clusters; a point is the mean over the seeds.
pub(in crate::report) fn sweep(records: &[SweepRecord]) -> Result<Option<Figure>> {
    let groups = groups(records);
    if groups.is_empty() {
        return Ok(None);
    }
    let kinds = groups.keys().any(|group| Some(&group.kind) != groups.keys().next().map(|first| &first.kind));
    let levels = records.iter().map(|record| record.parameters.levels).max().unwrap_or(1);
    let mut table = FigureTable::new(&["Clusters", "Levels", "Collision rate", "Seeds"]);
    let mut series = Vec::new();
    for (i, (group, of_levels)) in groups.iter().enumerate() {
        let mean = |rates: &[f64]| rates.iter().sum::<f64>() / rates.len().max(1) as f64;
        for (levels, rates) in of_levels {
            table.push([group.name(kinds), levels.to_string(), percent(mean(rates)), rates.len().to_string()]);
        }
        let points = of_levels.iter().map(|(levels, rates)| (*levels as f64, mean(rates))).collect();
        series.push(Series { name: Some(group.name(kinds)), ink: Ink::Series(i), shape: SeriesShape::Dots, points });
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
    let more = match left_out {
        0 => String::new(),
        1 => " 1 more group is in the table only.".to_owned(),
        _ => format!(" {left_out} more groups are in the table only."),
    };
    Ok(Some(
        figure
            .note(format!(
                "A point is the mean over the seeds of a sweep's runs. Lower is better; more levels or clusters make \
                 longer IDs.{more}"
            ))
            .text(format!("Collision rate by levels and clusters. {said}.")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Evaluation;
    use crate::{Device, Matrix, Sweep};

    /// Returns the rows of the table: name, levels, seeds.
    fn lines(lists: &[&[usize]], levels: &[usize]) -> Vec<(String, String, String)> {
        let values: Vec<f32> = (0..120).map(|i| (i * i % 37) as f32).collect();
        let (rows, folder) = (Matrix::new(&values, 2).unwrap(), tempfile::tempdir().unwrap());
        let lists = lists.iter().map(|list| list.to_vec());
        let grid = Sweep::new(levels.to_vec(), lists).seeds([1, 2]).evaluation(Evaluation::new().k(0));
        let records = grid.run(&rows, &Device::cpu(), folder.path().join("sweep.jsonl")).unwrap();
        let rows = sweep(&records).unwrap().unwrap().table.rows;
        rows.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[3].clone())).collect()
    }

    fn line(name: &str, levels: usize) -> (String, String, String) {
        (name.to_owned(), levels.to_string(), "2".to_owned())
    }

    #[test]
    fn shorter_lists_of_clusters_belong_to_the_longest() {
        let one = [1, 2, 3].map(|levels| line("8-4-2", levels));
        assert_eq!(lines(&[&[8, 4, 2]], &[3, 1, 2]), one);
        assert_eq!(lines(&[&[4, 4, 4]], &[1, 3]), [line("4 clusters", 1), line("4 clusters", 3)]);
        // Runs with which several lists begin belong to each of these lists.
        let both = [line("8-2", 1), line("8-2", 2), line("8-4", 1), line("8-4", 2)];
        assert_eq!(lines(&[&[8, 4], &[8, 2]], &[1, 2]), both);
    }
}

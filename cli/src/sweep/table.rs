//! Writes the ranking of a sweep for people.

use super::{Ranked, Swept};
use crate::output::{numbers, things};
use semid::sweep::SweepMetric;
use std::fmt::Write;

/// How many runs are listed at most.
const LISTED: usize = 30;

/// Returns the whole result as text.
pub(super) fn text(metric: &SweepMetric, swept: &Swept<'_>) -> String {
    let Swept { runs, kept, device, seconds, output, .. } = swept;
    let again = if *kept > 0 { format!(", {kept} of them before") } else { String::new() };
    let runs = things(*runs, "run");
    let mut out = format!("{runs} on {device} in {seconds:.2} s{again}\n");
    let best = if metric.less_is_better() { "less" } else { "more" };
    let _ = writeln!(out, "ranked by {}: {best} is better\n", metric.name());
    out.push_str(&table(metric, &swept.ranking));
    if let Some(more) = swept.ranking.len().checked_sub(LISTED + 1) {
        let _ = writeln!(out, "... and {} more", more + 1);
    }
    let _ = writeln!(out, "\nsaved {}", output.display());
    if let (Some(report), Some(run)) = (swept.report, &swept.reported) {
        let _ = writeln!(out, "saved {}, a page about {run}", report.display());
    }
    out
}

/// Columns that are always there, beside that of the metric of the ranking.
const ALWAYS: [&str; 4] = ["collision_rate", "mse", "recall_at_k.decoded", "predicted_collision_rate"];

fn table(metric: &SweepMetric, ranking: &[Ranked<'_>]) -> String {
    let others = ALWAYS.into_iter().filter(|name| *name != metric.name());
    let mut columns = vec![*metric];
    columns.extend(others.filter_map(|name| SweepMetric::named(name).ok()));
    columns.retain(|column| ranking.iter().any(|run| column.value(run.record).is_some()));
    let listed = || ranking.iter().take(LISTED);
    let width = listed().map(|run| run.name.len()).max().unwrap_or(0).max(3);
    let cells: Vec<Vec<String>> =
        columns.iter().map(|column| cells(listed().map(|run| column.value(run.record)))).collect();
    let mut out = format!("{:>4}  {:<width$}", "rank", "run");
    columns.iter().for_each(|column| out.push_str(&format!("  {:>12}", column.name())));
    out.push_str("     fit s\n");
    for (i, run) in listed().enumerate() {
        let _ = write!(out, "{:>4}  {:<width$}", i + 1, run.name);
        for (column, cells) in columns.iter().zip(&cells) {
            let value = cells.get(i).map_or("-", String::as_str);
            let _ = write!(out, "  {value:>0$}", column.name().len().max(12));
        }
        let _ = writeln!(out, "  {:>8.2}", run.record.seconds.fit);
    }
    out
}

/// Writes the cells of a column in one format.
fn cells(values: impl Iterator<Item = Option<f64>>) -> Vec<String> {
    let values: Vec<Option<f64>> = values.collect();
    let mut texts = numbers(&values.iter().flatten().copied().collect::<Vec<_>>()).into_iter();
    values.iter().map(|value| value.and_then(|_| texts.next()).unwrap_or_else(|| "-".to_owned())).collect()
}

//! Shows how often the codes of a level are used.

use crate::error::Result;
use crate::metrics::LevelMetrics;
use crate::report::chart::{Axis, Chart, Series, SeriesShape};
use crate::report::figure::Figure;
use crate::report::numbers::{about, count, real};
use crate::report::table::FigureTable;
use crate::report::theme::Ink;

/// How many steps a chart has at most.
const STEPS: usize = 190;
/// How many ranks the table has at most.
const RANKS: usize = 10;

/// Draws the items per code of a level, most used first; `counts` has all codes of the level.
pub(in crate::report) fn usage(level: usize, metrics: &LevelMetrics, counts: &[u64]) -> Result<Figure> {
    let mut counts = counts.to_vec();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let most = counts.first().copied().unwrap_or(0);
    let even = counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64;
    let codes = counts.len() as f64;
    let series = |name: &str, ink, shape, points| Series { name: Some(name.to_owned()), ink, shape, points };
    let chart = Chart {
        x: Axis::from_zero_to("codes, most used first", codes, |value| count(value as u64)),
        y: Axis::from_zero("items", (most as f64).max(1.0), |value| {
            if value.fract() == 0.0 { count(value as u64) } else { real(value) }
        }),
        series: vec![
            series("items of a code", Ink::Series(level), SeriesShape::Area, steps(&counts)),
            series("if all were equal", Ink::Muted, SeriesShape::Line, vec![(0.0, even), (codes, even)]),
        ],
    };
    let mut table = FigureTable::new(&["Code, most used first", "Items"]);
    let every = counts.len().div_ceil(RANKS).max(1);
    let last = counts.len().checked_sub(1).filter(|last| last % every != 0);
    for rank in (0..counts.len()).step_by(every).chain(last) {
        table.push([format!("no. {}", count(rank as u64 + 1)), count(counts.get(rank).copied().unwrap_or(0))]);
    }
    let number = level + 1;
    let figure =
        Figure::chart(&format!("usage-{number}"), &format!("Use of the codes of level {number}"), &chart, table)?;
    let LevelMetrics { used_codes, clusters, perplexity, .. } = metrics;
    let (used, all, perplexity) = (count(*used_codes), count(*clusters), about(*perplexity));
    Ok(figure
        .note(format!("{used} of {all} codes are used, as evenly as {perplexity} equally frequent ones (perplexity)."))
        .text(format!(
            "Items per code, most used first: from {} down to {}; {} if all were equal. {used} of {all} codes are \
             used.",
            count(most),
            count(counts.last().copied().unwrap_or(0)),
            about(even)
        )))
}

/// Returns the outline of the bars; where there are many, neighbours share a bar with their mean height.
fn steps(counts: &[u64]) -> Vec<(f64, f64)> {
    let mut points = vec![(0.0, 0.0)];
    let mut before = 0;
    for part in counts.chunks(counts.len().div_ceil(STEPS).max(1)) {
        let height = part.iter().sum::<u64>() as f64 / part.len() as f64;
        points.extend([(before as f64, height), ((before + part.len()) as f64, height)]);
        before += part.len();
    }
    points.push((before as f64, 0.0));
    points
}

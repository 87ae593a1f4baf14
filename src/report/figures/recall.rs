//! Shows how many true neighbours the IDs find.

use crate::error::Result;
use crate::metrics::{ByDistance, Estimate, NeighborMetrics};
use crate::report::chart::{Axis, Chart, Series, SeriesShape};
use crate::report::figure::Figure;
use crate::report::numbers::{count, items, percent};
use crate::report::table::FigureTable;
use crate::report::theme::Ink;

/// A distance between IDs: its name, and a function that picks its value.
type Distance = (&'static str, fn(&ByDistance<Estimate>) -> Estimate);

const DISTANCES: [Distance; 3] =
    [("decoded distance", |of| of.decoded), ("shared prefix", |of| of.prefix), ("Hamming distance", |of| of.hamming)];

/// Draws recall at several k, for each distance between IDs.
pub(in crate::report) fn recall(metrics: &NeighborMetrics, rows: u64) -> Result<Option<Figure>> {
    let curve = &metrics.recall_curve;
    if curve.is_empty() {
        return Ok(None);
    }
    let place = |k: usize| libm::log10(k as f64);
    let mut series = Vec::new();
    for (i, (name, pick)) in DISTANCES.iter().enumerate() {
        let of = |which: fn(&Estimate) -> f64| curve.iter().map(move |at| (place(at.k), which(&pick(&at.recall))));
        let band = of(|at| at.low).chain(of(|at| at.high).rev()).collect();
        series.push(Series { name: None, ink: Ink::Series(i), shape: SeriesShape::Band, points: band });
        let points = of(|at| at.value).collect();
        series.push(Series { name: Some((*name).to_owned()), ink: Ink::Series(i), shape: SeriesShape::Dots, points });
    }
    let mut table =
        FigureTable::new(&["k", "By decoded distance", "By shared prefix", "By Hamming distance", "By chance"]);
    for at in curve {
        let [decoded, prefix, hamming] = DISTANCES.map(|(_, pick)| estimate(&pick(&at.recall)));
        let chance = percent(at.k as f64 / rows.saturating_sub(1).max(1) as f64);
        table.push([count(at.k as u64), decoded, prefix, hamming, chance]);
    }
    let ks: Vec<usize> = curve.iter().map(|at| at.k).collect();
    let most = series.iter().flat_map(|series| &series.points).map(|point| point.1).fold(0.01, f64::max);
    let chart = Chart {
        x: Axis::logarithmic("k, neighbours looked for", &ks),
        y: Axis::from_zero("recall@k", most, crate::report::chart::whole_percent),
        series,
    };
    let said = table.said(&[1, 2, 3]);
    let figure = Figure::chart("recall", "Neighbours that IDs find (recall@k)", &chart, table)?;
    let queries = items(metrics.queries as u64);
    Ok(Some(
        figure
            .note(format!(
                "Recall is the share of an item's k nearest items that are also among the k with the nearest IDs; ties \
                 count by expectation. It is measured for {queries} among all. Pale bands are 95 % confidence \
                 intervals."
            ))
            .text(format!("Recall at k by decoded distance, shared prefix and Hamming distance. {said}.")),
    ))
}

/// Writes a value, with half of its interval if it has one.
fn estimate(of: &Estimate) -> String {
    match of.high - of.low {
        width if width > 0.0 => format!("{:.1} \u{b1} {:.1} %", 100.0 * of.value, 50.0 * width),
        _ => percent(of.value),
    }
}

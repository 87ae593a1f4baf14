//! Shows how unevenly items are spread over codes.

use super::LINES;
use crate::error::Result;
use crate::metrics::LevelMetrics;
use crate::report::chart::{Axis, Chart, Series, SeriesShape};
use crate::report::figure::Figure;
use crate::report::numbers::percent;
use crate::report::table::FigureTable;
use crate::report::theme::Ink;

/// How many points a curve has.
const POINTS: usize = 100;

/// Draws Lorenz curves of the codes that occur, one per level.
pub(in crate::report) fn lorenz(levels: &[LevelMetrics], usage: &[Vec<u64>]) -> Result<Figure> {
    let even = Series {
        name: Some("equal".to_owned()),
        ink: Ink::Muted,
        shape: SeriesShape::Line,
        points: vec![(0.0, 0.0), (1.0, 1.0)],
    };
    let mut table = FigureTable::new(&["Level", "Gini", "The least used half of the codes", "The most used tenth"]);
    let mut series = vec![even];
    for (i, (metrics, counts)) in levels.iter().zip(usage).enumerate() {
        let curve = Curve::new(counts);
        let (half, tenth) = (curve.share(0.5), 1.0 - curve.share(0.9));
        let of_items = |share: f64| format!("{} of the items", percent(share));
        table.push([(i + 1).to_string(), format!("{:.3}", metrics.gini), of_items(half), of_items(tenth)]);
        series.push(Series {
            name: Some(format!("level {}", i + 1)),
            ink: Ink::Series(i),
            shape: SeriesShape::Line,
            points: curve.points(),
        });
    }
    series.truncate(1 + LINES);
    let said = table.said(&[1]);
    let chart = Chart { x: Axis::share("used codes, least used first"), y: Axis::share("share of the items"), series };
    let figure = Figure::chart("lorenz", "Evenness (Lorenz curves)", &chart, table)?;
    let more = match levels.len().saturating_sub(LINES) {
        0 => String::new(),
        1 => format!(" Level {} is in the table only.", levels.len()),
        _ => format!(" Levels {} to {} are in the table only.", LINES + 1, levels.len()),
    };
    Ok(figure
        .note(format!(
            "The further a curve hangs below the straight line, the more items lie on few codes. Codes that no item \
             has are left out; the Gini coefficient is twice the area between.{more}"
        ))
        .text(format!(
            "Share of the items by share of the used codes, least used first. Gini coefficients by level: {said}."
        )))
}

/// The items of the first codes, in ascending order of the codes' items.
struct Curve {
    /// The number of items of the first 0, 1, 2, ... codes.
    sums: Vec<u64>,
}

impl Curve {
    fn new(counts: &[u64]) -> Self {
        let mut counts: Vec<u64> = counts.iter().copied().filter(|count| *count > 0).collect();
        counts.sort_unstable();
        let sums = counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        Self { sums: std::iter::once(0).chain(sums).collect() }
    }

    fn codes(&self) -> usize {
        self.sums.len() - 1
    }

    /// Returns the share of the items that the first codes have, with straight lines between whole codes.
    fn share(&self, codes: f64) -> f64 {
        let all = self.sums.last().copied().unwrap_or(0).max(1) as f64;
        let place = codes * self.codes() as f64;
        let sum = |place: f64| self.sums.get(place as usize).or(self.sums.last()).copied().unwrap_or(0) as f64 / all;
        let (below, above) = (sum(place.floor()), sum(place.ceil()));
        below + (above - below) * place.fract()
    }

    fn points(&self) -> Vec<(f64, f64)> {
        let steps = self.codes().clamp(1, POINTS);
        (0..=steps).map(|i| i as f64 / steps as f64).map(|codes| (codes, self.share(codes))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codes;
    use crate::metrics::{Sizes, code_metrics};

    #[test]
    fn curves_of_the_first_levels_are_drawn_and_those_of_all_listed() {
        for (levels, curves, note) in [
            (12, 12, "the area between."),
            (13, 12, "between. Level 13 is in the table only."),
            (24, 12, "between. Levels 13 to 24 are in the table only."),
        ] {
            let codes = Codes::new((0..levels * 4).map(|i| i as u32 % 3).collect(), levels).unwrap();
            let metrics = code_metrics(&codes, &vec![3; levels]).unwrap();
            let figure = lorenz(&metrics.levels, &vec![vec![2, 1, 1]; levels]).unwrap();
            // Each curve is in the legend and in the frame.
            assert_eq!(figure.body.matches("class=\"l-s").count(), 2 * curves, "{levels}");
            assert_eq!(figure.table.rows.len(), levels);
            assert!(figure.note.ends_with(note), "{}", figure.note);
        }
    }

    #[test]
    fn the_area_between_is_half_of_gini() {
        for counts in [vec![1, 2, 3], vec![0, 5, 5, 5], vec![100, 1, 1, 7, 0], vec![9], (1..90).collect()] {
            let points = Curve::new(&counts).points();
            assert_eq!((points[0], *points.last().unwrap()), ((0.0, 0.0), (1.0, 1.0)));
            let below: f64 = points.windows(2).map(|ab| (ab[1].0 - ab[0].0) * (ab[0].1 + ab[1].1) / 2.0).sum();
            let gini = counts.iter().copied().collect::<Sizes>().gini();
            assert!((1.0 - 2.0 * below - gini).abs() < 1e-12, "{counts:?}: {below} {gini}");
        }
    }
}

//! Shows the names of the series of a chart, above its frame.

use super::backend::text_width;
use super::{Area, Drawn, LETTERS, SIZE, Series, SeriesShape, px, words};
use crate::report::numbers::short;
use crate::report::theme::Ink;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// Space to the left and right of every line, in pixels.
const SIDE: i32 = 8;
/// Width of the sample of a series, and distance from its start to the name, in pixels.
const SAMPLE: (i32, i32) = (20, 26);
/// Distance from one line to the next, in pixels.
const LINE: i32 = 17;
/// How many characters of a name fit on a line.
const LONGEST: usize = 40;

/// A series that has a name, and its upper left corner in units.
struct LegendEntry<'a> {
    series: &'a Series,
    name: String,
    at: (i32, i32),
}

/// The places of all names.
pub(super) struct Legend<'a>(Vec<LegendEntry<'a>>);

impl<'a> Legend<'a> {
    /// Puts as many names on a line as there is room for.
    pub(super) fn new(series: &'a [Series]) -> Self {
        let (mut x, mut y) = (px(SIDE), px(26));
        let named = series.iter().filter_map(|series| Some((series, short(series.name.as_deref()?, LONGEST))));
        let place = |(series, name): (&'a Series, String)| {
            let width = px(SAMPLE.1 + 4) + text_width(&name, f64::from(px(LETTERS))) as i32;
            if x > px(SIDE) && x + width > px(SIZE.0 as i32 - SIDE) {
                (x, y) = (px(SIDE), y + px(LINE));
            }
            let at = (x, y);
            x += width + px(12);
            LegendEntry { series, name, at }
        };
        Self(named.map(place).collect())
    }

    /// Returns where the frame may begin, in units.
    pub(super) fn bottom(&self) -> i32 {
        self.0.last().map_or(px(32), |entry| entry.at.1 + px(24))
    }

    /// Returns how many pixels a chart needs in addition to its size for its frame to be as high as with one line of
    /// names.
    pub(super) fn more(&self) -> u32 {
        let lines = self.0.last().zip(self.0.first()).map_or(0, |(last, first)| last.at.1 - first.at.1);
        lines.unsigned_abs() / px(1).unsigned_abs()
    }

    pub(super) fn draw(&self, area: &Area<'_>) -> Drawn {
        self.0.iter().try_for_each(|LegendEntry { series, name, at: (x, y) }| {
            let (right, middle) = (x + px(SAMPLE.0), y + px(LETTERS) / 2);
            match series.shape {
                SeriesShape::Area => {
                    let corners = [(*x, *y), (right, y + px(LETTERS))];
                    area.draw(&Rectangle::new(corners, series.ink.colour().filled()))?;
                }
                _ => area.draw(&PathElement::new(vec![(*x, middle), (right, middle)], series.stroke()))?,
            }
            area.draw(&words(name, (x + px(SAMPLE.1), *y), Ink::Text, HPos::Left))
        })
    }
}

//! Charts of series in one frame.

mod axis;
mod backend;
mod cells;
mod legend;

pub(super) use axis::{Axis, whole_percent};
pub(super) use cells::{Cell, MAP_SIZE, cells};

use super::theme::Ink;
use crate::error::{Error, Result};
use backend::{Svg, UNITS, text_width};
use legend::Legend;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::convert::Infallible;

/// The size of a chart in pixels: as wide as a telephone. A legend with more than one line makes the chart higher.
const SIZE: (u32, u32) = (340, 256);
/// The size of letters in pixels.
const LETTERS: i32 = 13;

/// A chart with two axes and some series.
pub(super) struct Chart {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
}

/// Points that are drawn together.
pub(super) struct Series {
    /// The name in the legend; none for a series without an entry there.
    pub(super) name: Option<String>,
    pub(super) ink: Ink,
    pub(super) shape: SeriesShape,
    pub(super) points: Vec<(f64, f64)>,
}

/// The way in which points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeriesShape {
    /// A line.
    Line,
    /// A line with a dot at every point.
    Dots,
    /// An area; the points are its outline.
    Area,
    /// A pale area, behind the line that it belongs to.
    Band,
}

type Drawn = Result<(), DrawingAreaErrorKind<Infallible>>;
type Area<'a> = DrawingArea<Svg<'a>, Shift>;
type SvgContext<'a, 'b> = ChartContext<'a, Svg<'b>, Cartesian2d<Axis, Axis>>;

impl Chart {
    /// Returns the elements of the SVG, without its outer element, and its size in pixels.
    ///
    /// # Errors
    /// No input is known to cause one.
    pub(super) fn draw(&self) -> Result<(String, (u32, u32))> {
        let mut out = String::new();
        let legend = Legend::new(&self.series);
        let size = (SIZE.0, SIZE.1 + legend.more());
        let area = Svg { size, out: &mut out }.into_drawing_area();
        let drawn = self.draw_on(&area, &legend);
        drop(area);
        drawn.map(|()| (out, size)).map_err(|error| Error::format("figure", error.to_string()))
    }

    fn draw_on(&self, area: &Area<'_>, legend: &Legend<'_>) -> Drawn {
        area.fill(&Ink::Card.colour())?;
        area.draw(&words(&self.y.name, (px(8), px(6)), Ink::Muted, HPos::Left))?;
        legend.draw(area)?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(legend.bottom())
            .margin_right(px(22))
            .margin_left(px(4))
            .x_label_area_size(px(49))
            .y_label_area_size(text_width(&self.y.longest(), f64::from(px(LETTERS))) as i32 + px(8))
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        self.mesh(&mut chart)?;
        let behind = |series: &&Series| matches!(series.shape, SeriesShape::Band | SeriesShape::Area);
        self.series.iter().filter(behind).try_for_each(|series| series.draw(&mut chart))?;
        self.series.iter().filter(|series| !behind(series)).try_for_each(|series| series.draw(&mut chart))
    }

    fn mesh(&self, chart: &mut SvgContext<'_, '_>) -> Drawn {
        let font = |ink: Ink| letters().color(&ink.colour());
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(Ink::Grid.colour().stroke_width(px(1) as u32))
            .light_line_style(Ink::Grid.colour().stroke_width(px(1) as u32))
            .axis_style(Ink::Grid.colour().stroke_width(px(1) as u32))
            .x_desc(self.x.name.as_str())
            .label_style(font(Ink::Muted))
            .axis_desc_style(font(Ink::Muted))
            .set_all_tick_mark_size(px(3))
            // This moves the first mark down, so that it does not meet the lowest mark of the other axis.
            .set_tick_mark_size(LabelAreaPosition::Bottom, px(8))
            .draw()
    }
}

impl Series {
    fn stroke(&self) -> ShapeStyle {
        self.ink.colour().stroke_width(px(2) as u32)
    }

    fn draw(&self, chart: &mut SvgContext<'_, '_>) -> Drawn {
        let points = || self.points.clone();
        match self.shape {
            SeriesShape::Area => chart.draw_series([Polygon::new(points(), self.ink.colour().filled())]).map(drop),
            SeriesShape::Band => {
                chart.draw_series([Polygon::new(points(), self.ink.colour().mix(0.18).filled())]).map(drop)
            }
            SeriesShape::Line => chart.draw_series([PathElement::new(points(), self.stroke())]).map(drop),
            SeriesShape::Dots => {
                chart.draw_series([PathElement::new(points(), self.stroke())])?;
                let dot = |at: &(f64, f64)| Circle::new(*at, px(7) / 2, self.ink.colour().filled());
                chart.draw_series(self.points.iter().map(dot)).map(drop)
            }
        }
    }
}

/// Converts pixels to units of the plotting library.
fn px(pixels: i32) -> i32 {
    pixels * UNITS
}

fn letters_of(weight: FontStyle) -> FontDesc<'static> {
    ("sans-serif", f64::from(px(LETTERS))).into_font().style(weight)
}

fn letters() -> FontDesc<'static> {
    letters_of(FontStyle::Normal)
}

/// Makes a text in one colour, whose upper corner is at `at`.
fn words<'a>(text: &'a str, at: (i32, i32), ink: Ink, side: HPos) -> Text<'a, (i32, i32), &'a str> {
    Text::new(text, at, letters().color(&ink.colour()).pos(Pos::new(side, VPos::Top)))
}

#[cfg(test)]
mod tests;

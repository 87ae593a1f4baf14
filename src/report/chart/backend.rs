//! A backend of the plotting library that writes SVG with classes instead of colours, so that the page chooses the
//! colours.

use crate::report::theme::Ink;
use maud::PreEscaped;
use maud::Render;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle};
use plotters_backend::{DrawingBackend, DrawingErrorKind, FontStyle};
use std::convert::Infallible;
use std::fmt::Write as _;

/// How many units of the plotting library make a pixel; the library knows only integers.
pub(super) const UNITS: i32 = 10;

type Done = Result<(), DrawingErrorKind<Infallible>>;

/// Writes the elements of an SVG into a string.
pub(super) struct Svg<'a> {
    /// The size in pixels.
    pub(super) size: (u32, u32),
    pub(super) out: &'a mut String,
}

impl Svg<'_> {
    fn put(&mut self, element: std::fmt::Arguments<'_>) -> Done {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(element);
        Ok(())
    }

    fn shape(&mut self, element: &str, colour: BackendColor, width: u32, fill: bool) -> Done {
        let ink = Ink::of_colour(colour.rgb);
        let class = if fill { ink.fill() } else { ink.line() };
        let width = if fill { String::new() } else { format!(" stroke-width=\"{}\"", Pixels(width as i32)) };
        let opacity = if colour.alpha < 1.0 { format!(" opacity=\"{:.2}\"", colour.alpha) } else { String::new() };
        self.put(format_args!("<{element} class=\"{class}\"{width}{opacity}/>\n"))
    }

    fn path(&mut self, points: impl IntoIterator<Item = BackendCoord>, end: &str, style: &impl BackendStyle) -> Done {
        let mut d = String::new();
        let mut before = None;
        for (x, y) in points {
            if before != Some((x, y)) {
                let _ = write!(d, "{}{} {}", if before.is_none() { "M" } else { "L" }, Pixels(x), Pixels(y));
            }
            before = Some((x, y));
        }
        self.shape(&format!("path d=\"{d}{end}\""), style.color(), style.stroke_width(), end == "Z")
    }
}

/// A length in units, which is written in pixels.
struct Pixels(i32);

impl std::fmt::Display for Pixels {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / UNITS as u32, self.0.unsigned_abs() % UNITS as u32);
        if rest == 0 { write!(out, "{sign}{whole}") } else { write!(out, "{sign}{whole}.{rest}") }
    }
}

/// Estimates the width of a text in units; the font of the reader is not known.
pub(super) fn text_width(text: &str, size: f64) -> u32 {
    (text.chars().count() as f64 * size * 0.56) as u32
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.size.0 * UNITS as u32, self.size.1 * UNITS as u32)
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, colour: BackendColor) -> Done {
        self.draw_circle(at, UNITS as u32 / 2, &colour, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Done {
        self.path([from, to], "", style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Done {
        self.path(path, "", style)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Done {
        self.path(path, "Z", style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Done {
        let (x, y, width, height) = (Pixels(from.0), Pixels(from.1), Pixels(to.0 - from.0), Pixels(to.1 - from.1));
        let rect = format!("rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
        self.shape(&rect, style.color(), style.stroke_width(), fill)
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Done {
        let circle = format!("circle cx=\"{}\" cy=\"{}\" r=\"{}\"", Pixels(at.0), Pixels(at.1), Pixels(radius as i32));
        self.shape(&circle, style.color(), style.stroke_width(), fill)
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Done {
        let (size, anchor) = (style.size(), style.anchor());
        let place = match anchor.h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        // The library gives a point, and SVG places text by its baseline.
        let down = match anchor.v_pos {
            VPos::Top => 0.8,
            VPos::Center => 0.35,
            VPos::Bottom => -0.2,
        };
        let (x, y) = (Pixels(at.0), Pixels(at.1 + (down * size) as i32));
        let (class, size) = (Ink::of_colour(style.color().rgb).fill(), Pixels(size as i32));
        let bold = if matches!(style.style(), FontStyle::Bold) { " font-weight=\"600\"" } else { "" };
        let PreEscaped(text) = text.render();
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" class=\"{class}\" font-size=\"{size}\" text-anchor=\"{place}\"{bold}>\
             {text}</text>\n"
        ))
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((text_width(text, style.size()), style.size() as u32))
    }
}

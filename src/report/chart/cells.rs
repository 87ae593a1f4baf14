//! Maps of cells whose areas show how many items they hold.

use super::backend::{Svg, text_width};
use super::{Area, Drawn, LETTERS, letters_of, px};
use crate::error::{Error, Result};
use crate::report::numbers::short;
use crate::report::theme::Ink;
use crate::report::tree::{Rect, squarify};
use plotters::prelude::*;

/// The size of a map in pixels.
pub(in crate::report) const MAP_SIZE: (u32, u32) = (760, 480);

/// Parts of a cell with sides shorter than this, in units, are not drawn: nobody would see them, and there are many.
const PART: f64 = 80.0;

/// A cell: how large and how dark it is, the text it shows first, the texts beneath if there is room, and its parts.
pub(in crate::report) struct Cell {
    pub(in crate::report) items: u64,
    pub(in crate::report) heat: usize,
    pub(in crate::report) name: String,
    pub(in crate::report) beneath: Vec<String>,
    pub(in crate::report) parts: Vec<u64>,
}

/// Returns the elements of the SVG of a map of cells, the largest first.
///
/// # Errors
/// As for [`Chart::draw`](super::Chart::draw).
pub(in crate::report) fn cells(cells: &[Cell]) -> Result<String> {
    let mut out = String::new();
    let area = Svg { size: MAP_SIZE, out: &mut out }.into_drawing_area();
    let drawn = draw(&area, cells);
    drop(area);
    drawn.map(|()| out).map_err(|error| Error::format("figure", error.to_string()))
}

fn draw(area: &Area<'_>, cells: &[Cell]) -> Drawn {
    area.fill(&Ink::Card.colour())?;
    let (width, height) = area.dim_in_pixel();
    let all = Rect { x: 0.0, y: 0.0, width: f64::from(width), height: f64::from(height) };
    let items: Vec<u64> = cells.iter().map(|cell| cell.items).collect();
    for (cell, place) in cells.iter().zip(squarify(&items, all)) {
        let (x, y) = (place.x as i32, place.y as i32);
        let (right, bottom) = ((place.x + place.width) as i32, (place.y + place.height) as i32);
        let rectangle = |style: ShapeStyle| Rectangle::new([(x, y), (right, bottom)], style);
        area.draw(&rectangle(Ink::Heat(cell.heat).colour().filled()))?;
        for part in squarify(&cell.parts, place).filter(|part| part.width.min(part.height) > PART) {
            let corners =
                [(part.x as i32, part.y as i32), ((part.x + part.width) as i32, (part.y + part.height) as i32)];
            area.draw(&Rectangle::new(corners, Ink::Card.colour().mix(0.5).stroke_width(px(1) as u32 / 2)))?;
        }
        area.draw(&rectangle(Ink::Card.colour().stroke_width(px(2) as u32)))?;
        for (i, text) in (0..).zip(std::iter::once(&cell.name).chain(&cell.beneath)) {
            let down = y + px(4) + i * px(LETTERS + 3);
            let letters = (right - x - px(8)).max(0) as u32 * 10 / text_width("0123456789", f64::from(px(LETTERS)));
            if down + px(LETTERS + 2) <= bottom && letters >= 3.min(text.chars().count() as u32) {
                let (text, at) = (short(text, letters as usize), (x + px(5), down));
                let weight = if i == 0 { FontStyle::Bold } else { FontStyle::Normal };
                area.draw(&Text::new(text, at, letters_of(weight).color(&Ink::Text.colour())))?;
            }
        }
    }
    Ok(())
}

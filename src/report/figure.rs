//! A figure: a drawing, its meaning in words, and the numbers behind it.

use super::chart::Chart;
use super::table::FigureTable;
use super::theme;
use crate::error::Result;
use maud::{Markup, PreEscaped, html};

/// A drawing with its title, texts and numbers.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// The name of the file, without extension, and of the element.
    pub(super) name: String,
    pub(super) title: String,
    /// An explanation of how to read the figure.
    pub(super) note: String,
    /// A description for readers who do not see the drawing.
    pub(super) text: String,
    /// The elements of the SVG.
    pub(super) body: String,
    pub(super) size: (u32, u32),
    pub(super) table: FigureTable,
}

impl Figure {
    pub(super) fn chart(name: &str, title: &str, chart: &Chart, table: FigureTable) -> Result<Self> {
        let (body, size) = chart.draw()?;
        Ok(Self {
            name: name.to_owned(),
            title: title.to_owned(),
            note: String::new(),
            text: String::new(),
            body,
            size,
            table,
        })
    }

    /// Sets the explanation of how to read the figure.
    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Sets the description for readers who do not see the drawing.
    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// Returns the drawing as a part of a page.
    pub(super) fn inline(&self) -> Markup {
        let (name, (width, height)) = (&self.name, self.size);
        html! {
            svg viewBox=(format!("0 0 {width} {height}")) role="img"
                aria-labelledby=(format!("{name}-title")) aria-describedby=(format!("{name}-text")) {
                title id=(format!("{name}-title")) { (self.title) }
                desc id=(format!("{name}-text")) { (self.text) }
                (PreEscaped(&self.body))
            }
        }
    }

    /// Returns the drawing as a separate file, with its title above.
    pub(super) fn alone(&self) -> String {
        let (width, height) = self.size;
        let above = 34;
        let (outer, view) = (height + above, format!("0 -{above} {width} {}", height + above));
        let svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(outer) viewBox=(view) role="img"
                aria-labelledby="title" aria-describedby="text" {
                title id="title" { (self.title) }
                desc id="text" { (self.text) }
                style { (PreEscaped(theme::figure_style())) }
                rect class="f-card" y=(format!("-{above}")) width=(width) height=(outer) {}
                text class="f-ink" x="8" y="-12" font-size="15" font-weight="600" { (self.title) }
                (PreEscaped(&self.body))
            }
        };
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", svg.into_string())
    }
}

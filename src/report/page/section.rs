//! Builds the parts of pages.

use crate::report::figure::Figure;
use crate::report::table::FigureTable;
use maud::{Markup, html};

/// Makes a part of the page with a heading.
pub(super) fn section(id: &str, title: &str, intro: &str, body: Markup) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            p class="intro" { (intro) }
            (body)
        }
    }
}

/// Shows a figure with its explanation and its numbers.
pub(super) fn figure(figure: &Figure) -> Markup {
    html! {
        figure id=(figure.name) {
            h3 { (figure.title) }
            (figure.inline())
            figcaption { (figure.note) }
            (numbers(&figure.title, &figure.table))
        }
    }
}

/// Shows the numbers of a figure, folded.
pub(super) fn numbers(title: &str, of: &FigureTable) -> Markup {
    html! {
        details {
            summary { "Numbers" span class="hidden" { " of: " (title) } }
            (table(title, of))
        }
    }
}

/// Makes a table, which scrolls by itself if it is wider than the page.
pub(super) fn table(caption: &str, table: &FigureTable) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            // The roles are those of the elements; stated here, they remain where a narrow screen shows a table as a
            // list.
            table role="table" {
                caption class="hidden" { (caption) }
                thead role="rowgroup" {
                    tr role="row" { @for name in &table.head { th scope="col" role="columnheader" { (name) } } }
                }
                tbody role="rowgroup" {
                    @for row in &table.rows {
                        tr role="row" {
                            @for (i, text) in row.iter().enumerate() {
                                @if i == 0 {
                                    th scope="row" role="rowheader" { (text) }
                                } @else {
                                    td role="cell" { (text) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

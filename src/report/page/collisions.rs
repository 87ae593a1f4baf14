//! Lists the IDs that most items share.

use super::section::table;
use crate::report::facts::Facts;
use crate::report::numbers::count;
use crate::report::table::FigureTable;
use crate::report::tree::Tree;
use maud::{Markup, html};
use std::cmp::Reverse;

/// How many IDs are listed, and how many names for each.
const LISTED: usize = 12;
const NAMES: usize = 8;

/// Shows the largest collisions with the names of their items.
pub(super) fn largest(facts: &Facts<'_>) -> Markup {
    let mut of = FigureTable::new(&["ID", "Items", "Names"]);
    for (id, rows) in shared(&facts.tree) {
        of.push([id, count(rows.len() as u64), facts.names.list(rows, NAMES)]);
    }
    html! {
        div class="panel" {
            h3 { "Largest collisions" }
            @if of.rows.is_empty() {
                p class="empty" { "None: no two items share an ID." }
            } @else {
                (table("Largest collisions", &of))
            }
        }
    }
}

/// Returns the IDs that most items share, with their rows; on a tie the smaller ID comes first.
fn shared<'a>(tree: &'a Tree<'_>) -> Vec<(String, &'a [usize])> {
    let mut shared: Vec<(String, &[usize])> = tree.ids().filter(|(_, rows)| rows.len() > 1).collect();
    shared.sort_by_key(|(_, rows)| Reverse(rows.len()));
    shared.truncate(LISTED);
    shared
}

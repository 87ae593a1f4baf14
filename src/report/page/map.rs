//! Shows the tree of IDs as a map to zoom into.

use super::section::numbers;
use crate::report::facts::Facts;
use crate::report::figure::Figure;
use crate::report::figures::heat_names;
use maud::{Markup, PreEscaped, html};

/// Says what items in a cell have in common.
pub(super) fn intro(facts: &Facts<'_>) -> String {
    let same = "Items in the same cell have IDs that begin with the same codes";
    let rest = "do not build on each other, so sharing them says little about items";
    match (facts.hierarchical, facts.usage.len()) {
        (first, all) if first >= all => format!("{same}, so they should be alike."),
        (0, _) => format!("{same}. The codes of this model {rest}."),
        (1, _) => format!("{same}. Items that share the first code should be alike; the codes after it {rest}."),
        (first, _) => {
            format!("{same}. Items that share the first {first} codes should be alike; the codes after these {rest}.")
        }
    }
}

/// Returns the map; the script of the page lets readers zoom into it.
pub(super) fn map(tree: &Figure, facts: &Facts<'_>) -> Markup {
    html! {
        figure id="tree" class="wide" {
            div class="bar" {
                nav aria-label="Place in the tree" { ol id="path" {} }
                form id="find" hidden {
                    label for="find-text" class="hidden" { "Find an item" }
                    input id="find-text" type="search" placeholder="Find an item" autocomplete="off" spellcheck="false";
                    button { "Find" }
                }
            }
            p id="said" class="said" role="status" {}
            div id="map" { (tree.inline()) }
            figcaption {
                (tree.note)
                " A cell shows the words that set its names apart and "
                (if facts.has_centres { "the items nearest to its centre" } else { "the first of its items" })
                ". Click a cell to look inside. By keyboard, arrows move, Enter looks inside, Escape goes back."
            }
            ul class="legend" {
                li { "Items that share their whole ID:" }
                @for (i, name) in heat_names().into_iter().enumerate() {
                    li { span class=(format!("swatch b-{i}")) aria-hidden="true" {} (name) }
                }
            }
            (numbers(&tree.title, &tree.table))
        }
        script type="application/json" id="tree-data" {
            (PreEscaped(facts.tree.json(&facts.names, &facts.captions, &facts.words)))
        }
    }
}

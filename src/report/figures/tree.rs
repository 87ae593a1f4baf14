//! The first level of the tree of prefixes as a map.

use crate::error::Result;
use crate::report::chart::{Cell, MAP_SIZE, cells};
use crate::report::figure::Figure;
use crate::report::names::{Captions, Names};
use crate::report::numbers::{count, items, percent, things};
use crate::report::table::Table;
use crate::report::tree::{Node, Tree};

/// Cells that are drawn, and rows of the table, at most.
const CELLS: usize = 400;
const ROWS: usize = 50;
/// Names of items beneath a code.
const EXAMPLES: usize = 3;

/// Upper ends of the shares of collided items that the colours of cells stand for.
const HEAT: [f64; 4] = [0.0, 0.1, 0.25, 0.5];

/// How dark a prefix is of whose items so many share their ID.
fn heat(collided: usize, items: usize) -> usize {
    let share = collided as f64 / items.max(1) as f64;
    HEAT.iter().filter(|end| share > **end).count()
}

/// What the colours of cells mean.
pub(in crate::report) fn heat_names() -> [&'static str; 5] {
    ["none", "up to 10 %", "up to 25 %", "up to 50 %", "more"]
}

/// A map of the codes of the first level.
pub(in crate::report) fn tree(tree: &Tree<'_>, names: &Names<'_>, captions: &Captions) -> Result<Figure> {
    let children = &tree.root.children;
    let cell = |node: &Node| Cell {
        items: node.items.len() as u64,
        heat: heat(node.collided, node.items.len()),
        name: node.code.to_string(),
        beneath: beneath(tree, node, names, captions),
        parts: node.children.iter().map(|child| child.items.len() as u64).collect(),
    };
    let drawn: Vec<Cell> = children.iter().take(CELLS).map(cell).collect();
    let mut table = Table::new(&["First code", "Items", "Sharing their ID", "For example"]);
    for node in children.iter().take(ROWS) {
        let collided = percent(node.collided as f64 / node.items.len() as f64);
        let examples = beneath(tree, node, names, captions).join(", ");
        table.push([node.code.to_string(), count(node.items.len() as u64), collided, examples]);
    }
    let largest: Vec<String> =
        children.iter().take(5).map(|node| format!("{} ({})", node.code, items(node.items.len() as u64))).collect();
    let text = format!(
        "Map of {} in {} with the same first code. The largest: {}.",
        items(tree.root.items.len() as u64),
        things(children.len() as u64, "group"),
        largest.join(", ")
    );
    Ok(Figure {
        name: "tree".to_owned(),
        title: "The tree of IDs".to_owned(),
        note: "Every cell is a prefix; its area is the number of its items.".to_owned(),
        text,
        body: cells(&drawn)?,
        size: MAP_SIZE,
        table,
    })
}

/// The label of a prefix, if there are labels, and some of its items.
fn beneath(tree: &Tree<'_>, node: &Node, names: &Names<'_>, captions: &Captions) -> Vec<String> {
    let label = captions.most(tree.rows(node)).and_then(|label| captions.label(label)).map(str::to_owned);
    let examples = tree.first_rows(node, EXAMPLES).into_iter().map(|row| names.of(row));
    label.into_iter().chain(examples).collect()
}

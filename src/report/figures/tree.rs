//! Shows the first level of the tree of prefixes as a map.

use crate::error::Result;
use crate::report::chart::{Cell, MAP_SIZE, cells};
use crate::report::facts::Facts;
use crate::report::figure::Figure;
use crate::report::names::LONGEST;
use crate::report::numbers::{count, items, percent, short, things};
use crate::report::table::FigureTable;
use crate::report::tree::Node;

/// How many cells are drawn, and how many rows the table has, at most.
const CELLS: usize = 400;
const ROWS: usize = 50;
/// How many names of items stand beneath a code.
const EXAMPLES: usize = 3;

/// The upper ends of the shares of collided items that the colours of cells show.
const HEAT: [f64; 4] = [0.0, 0.1, 0.25, 0.5];

/// Returns how dark the cell of a prefix is, by the share of its items that share their ID.
fn heat(collided: usize, items: usize) -> usize {
    let share = collided as f64 / items.max(1) as f64;
    HEAT.iter().filter(|end| share > **end).count()
}

/// Names the colours of cells: the share of items that share their whole ID.
pub(in crate::report) fn heat_names() -> [&'static str; 5] {
    ["none", "up to 10 %", "up to 25 %", "up to 50 %", "more"]
}

/// Draws a map of the codes of the first level.
pub(in crate::report) fn tree(facts: &Facts<'_>) -> Result<Figure> {
    let tree = &facts.tree;
    let children = &tree.root.children;
    let cell = |node: &Node| Cell {
        items: node.items.len() as u64,
        heat: heat(node.collided, node.items.len()),
        name: node.code.to_string(),
        beneath: beneath(facts, node),
        parts: node.children.iter().map(|child| child.items.len() as u64).collect(),
    };
    let drawn: Vec<Cell> = children.iter().take(CELLS).map(cell).collect();
    let (labels, words) = (facts.label(&tree.root).is_some(), facts.names.0.is_some());
    let mut table = FigureTable::new(&["First code", "Items", "Sharing their ID"]);
    table.head.extend(labels.then(|| "Most frequent label".to_owned()));
    table.head.extend(words.then(|| "Words that set names apart".to_owned()));
    table.head.push(if facts.has_centres { "Nearest to the centre" } else { "First items" }.to_owned());
    for node in children.iter().take(ROWS) {
        let items = node.items.len();
        let mut row = vec![node.code.to_string(), count(items as u64), percent(node.collided as f64 / items as f64)];
        row.extend(labels.then(|| facts.label(node).unwrap_or_default().to_owned()));
        row.extend(words.then(|| facts.words_of(node)));
        row.push(facts.examples(node).join(", "));
        table.rows.push(row);
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
        note: "Every cell is a prefix of IDs; its area is the number of its items.".to_owned(),
        text,
        body: cells(&drawn)?,
        size: MAP_SIZE,
        table,
    })
}

/// Lists the texts beneath the code of a prefix: its label, its words and some of its items, if they are known.
fn beneath(facts: &Facts<'_>, node: &Node) -> Vec<String> {
    let words = Some(facts.words_of(node)).filter(|words| !words.is_empty());
    facts.label(node).map(str::to_owned).into_iter().chain(words).chain(facts.examples(node)).collect()
}

impl Facts<'_> {
    /// Returns the label that most items of a prefix have.
    fn label(&self, node: &Node) -> Option<&str> {
        self.captions.most(self.tree.rows(node)).and_then(|label| self.captions.label(label))
    }

    /// Returns the words that set the names of a prefix apart.
    fn words_of(&self, node: &Node) -> String {
        let words = self.words.of(self.tree.rows(node));
        words.into_iter().map(|word| short(word, LONGEST)).collect::<Vec<String>>().join(" \u{b7} ")
    }

    /// Returns the names of the items nearest to the centre of a prefix.
    fn examples(&self, node: &Node) -> Vec<String> {
        self.tree.examples(node, EXAMPLES).into_iter().map(|row| self.names.of(row)).collect()
    }
}

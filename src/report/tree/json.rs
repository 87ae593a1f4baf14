//! Writes the tree as data for the script of the page.

use super::{Node, Tree};
use crate::report::names::{Captions, LONGEST, Names};
use crate::report::numbers::short;
use crate::report::words::Words;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many labels are written at most.
const LABELS: usize = 2000;

impl Tree<'_> {
    /// `{levels, names, more, labels, words, root}`.
    ///
    /// A prefix is `[code, items, collided, inside, label, nearest, words]`. `inside` has longer prefixes or, for a
    /// whole ID, the names of its items; `nearest` has the items nearest to its centre. Unknown values at the end are
    /// left out, and an unknown label is -1. Names, labels and words are indices into their lists. `names` are those of
    /// the whole IDs for which there is room, in the order of the rows; `more` are further names, and their numbers
    /// continue.
    pub(in crate::report) fn json(&self, names: &Names<'_>, captions: &Captions, words: &Words) -> String {
        let mut listed = Vec::new();
        self.listed(&self.root, 0, &mut listed);
        listed.sort_unstable();
        let texts = |rows: &[usize]| rows.iter().map(|row| names.of(*row)).collect::<Vec<String>>();
        let labels = TreeLabels { captions, used: BTreeMap::new() };
        let mut lists = TreeLists { listed: &listed, more: Numbered::new(), labels, words, texts: Numbered::new() };
        let root = self.value(&self.root, 0, &mut lists);
        let tree = json!({
            "levels": self.codes.levels(),
            "names": texts(&listed),
            "more": texts(&lists.more.things),
            "labels": lists.labels.texts(),
            "words": lists.texts.things,
            "root": root,
        });
        // No text may end the element that contains it.
        tree.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    }

    /// Collects the rows of the whole IDs for which there is room.
    fn listed(&self, node: &Node, depth: usize, rows: &mut Vec<usize>) {
        match depth == self.codes.levels() {
            true => rows.extend(self.rows(node)),
            false => node.children.iter().for_each(|child| self.listed(child, depth + 1, rows)),
        }
    }

    fn value(&self, node: &Node, depth: usize, lists: &mut TreeLists<'_>) -> Value {
        let mut value = vec![json!(node.code), json!(node.items.len()), json!(node.collided)];
        let (rows, whole) = (self.rows(node), depth == self.codes.levels());
        if whole {
            value.push(rows.iter().filter_map(|row| lists.listed.binary_search(row).ok()).collect());
        } else if !node.children.is_empty() {
            let label = lists.labels.most(rows);
            value.push(node.children.iter().map(|child| self.value(child, depth + 1, lists)).collect());
            value.extend(label.map(|label| json!(label)));
        }
        if !node.central.is_empty() {
            // These fill the places before, whose values are not known.
            value.extend([json!([]), json!(-1)].into_iter().skip(value.len() - 3));
            value.push(node.central.iter().map(|row| lists.name(*row)).collect());
            let words = if whole { Vec::new() } else { lists.words(rows) };
            value.extend((!words.is_empty()).then(|| json!(words)));
        }
        Value::Array(value)
    }
}

/// The lists of texts to which the tree refers.
struct TreeLists<'a> {
    listed: &'a [usize],
    /// Rows of items that are named but not listed, in the order of their first use.
    more: Numbered<usize>,
    labels: TreeLabels<'a>,
    words: &'a Words,
    texts: Numbered<String>,
}

/// Different things, numbered in the order of their first use.
struct Numbered<T> {
    numbers: BTreeMap<T, usize>,
    things: Vec<T>,
}

impl<T: Ord + Clone> Numbered<T> {
    fn new() -> Self {
        Self { numbers: BTreeMap::new(), things: Vec::new() }
    }

    fn number(&mut self, thing: T) -> usize {
        let next = self.things.len();
        match self.numbers.get(&thing) {
            Some(number) => *number,
            None => {
                self.numbers.insert(thing.clone(), next);
                self.things.push(thing);
                next
            }
        }
    }
}

impl TreeLists<'_> {
    /// Returns the number of an item's name.
    fn name(&mut self, row: usize) -> usize {
        match self.listed.binary_search(&row) {
            Ok(number) => number,
            Err(_) => self.listed.len() + self.more.number(row),
        }
    }

    /// Returns the numbers of the words that set these rows apart.
    fn words(&mut self, rows: &[usize]) -> Vec<usize> {
        self.words.of(rows).into_iter().map(|word| self.texts.number(short(word, LONGEST))).collect()
    }
}

/// The labels, numbered in the order of their first use.
struct TreeLabels<'a> {
    captions: &'a Captions,
    used: BTreeMap<usize, usize>,
}

impl TreeLabels<'_> {
    fn most(&mut self, rows: &[usize]) -> Option<usize> {
        let (label, next) = (self.captions.most(rows)?, self.used.len());
        match self.used.get(&label) {
            None if next < LABELS => self.used.insert(label, next).or(Some(next)),
            known => known.copied(),
        }
    }

    fn texts(&self) -> Vec<&str> {
        let mut texts: Vec<(usize, &str)> =
            self.used.iter().filter_map(|(label, place)| Some((*place, self.captions.label(*label)?))).collect();
        texts.sort_unstable();
        texts.into_iter().map(|(_, text)| text).collect()
    }
}

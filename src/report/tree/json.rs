//! The tree as data for the script of the page.

use super::{Node, Tree};
use crate::report::names::{Captions, Names};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Most labels that are written out.
const LABELS: usize = 2000;

impl Tree<'_> {
    /// `{levels, names, labels, root}`.
    ///
    /// A prefix is `[code, items, collided, longer prefixes, label]`, a whole ID `[code, items, collided, [names]]`; the
    /// last place is left out where nothing is known. Names and labels are numbers in their lists; names are in the order
    /// of the rows.
    pub(in crate::report) fn json(&self, names: &Names<'_>, captions: &Captions) -> String {
        let mut listed = Vec::new();
        self.listed(&self.root, 0, &mut listed);
        listed.sort_unstable();
        let texts: Vec<String> = listed.iter().map(|row| names.of(*row)).collect();
        let mut labels = Labels { captions, used: BTreeMap::new() };
        let root = self.value(&self.root, 0, &listed, &mut labels);
        let tree = json!({ "levels": self.codes.levels(), "names": texts, "labels": labels.texts(), "root": root });
        // Nothing in the text may end the element that it stands in.
        tree.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    }

    /// Rows of the whole IDs that there is room for.
    fn listed(&self, node: &Node, depth: usize, rows: &mut Vec<usize>) {
        match depth == self.codes.levels() {
            true => rows.extend(self.rows(node)),
            false => node.children.iter().for_each(|child| self.listed(child, depth + 1, rows)),
        }
    }

    fn value(&self, node: &Node, depth: usize, listed: &[usize], labels: &mut Labels<'_>) -> Value {
        let mut value = vec![json!(node.code), json!(node.items.len()), json!(node.collided)];
        if depth == self.codes.levels() {
            let place = |row: &usize| listed.binary_search(row).ok();
            value.push(self.rows(node).iter().filter_map(place).collect());
        } else if !node.children.is_empty() {
            let label = labels.most(self.rows(node));
            value.push(node.children.iter().map(|child| self.value(child, depth + 1, listed, labels)).collect());
            value.extend(label.map(|label| json!(label)));
        }
        Value::Array(value)
    }
}

/// Labels in the order of their first use.
struct Labels<'a> {
    captions: &'a Captions,
    used: BTreeMap<usize, usize>,
}

impl Labels<'_> {
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

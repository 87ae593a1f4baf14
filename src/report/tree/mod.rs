//! The tree of prefixes, which shows which items begin with which codes.

mod central;
mod json;
mod squarify;

pub(super) use squarify::{Rect, squarify};

use crate::codes::Codes;
use std::cmp::Reverse;
use std::ops::Range;

/// A prefix and its items.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The last code of the prefix.
    pub(super) code: u32,
    /// The places of its items in the order of the tree.
    pub(super) items: Range<usize>,
    /// How many of its items share their whole ID with another item.
    pub(super) collided: usize,
    /// The longer prefixes, most items first; none for whole IDs and where there is too little room.
    pub(super) children: Vec<Node>,
    /// The rows nearest to its centre, nearest first; none until they are searched, and where the first rows are used
    /// instead.
    pub(super) central: Vec<usize>,
}

/// All prefixes for which there is room.
pub(super) struct Tree<'a> {
    codes: &'a Codes,
    pub(super) root: Node,
    /// The rows, sorted by their codes and then by their number.
    order: Vec<usize>,
    /// For every whole ID, the places of its rows in `order`.
    ids: Vec<Range<usize>>,
}

/// About how many bytes a prefix takes.
const NODE_BYTES: usize = 16;

impl<'a> Tree<'a> {
    /// Makes the tree of codes (N, L) in about `room` bytes; `bytes_of` says how many bytes a row takes in a whole ID.
    pub(super) fn new(codes: &'a Codes, room: usize, bytes_of: impl Fn(usize) -> usize) -> Self {
        let levels = codes.levels();
        let row = |row: usize| codes.values().get(row * levels..(row + 1) * levels).unwrap_or_default();
        let mut order: Vec<usize> = (0..codes.len()).collect();
        order.sort_by(|a, b| row(*a).cmp(row(*b)));
        let sorted = Sorted { order: &order, row: &row, levels };
        let mut room = room;
        let mut root = sorted.node(0, 0..order.len(), 0);
        for depth in 0..levels {
            // Of the prefixes with one length, the largest are divided first.
            let mut nodes = at_depth(&mut root, depth);
            nodes.sort_by_key(|node| Reverse(node.items.len()));
            for node in nodes {
                let children = sorted.children(node.items.clone(), depth);
                let rows = |range: Range<usize>| order.get(range).unwrap_or_default().iter().map(|row| bytes_of(*row));
                let names: usize = if depth + 1 == levels { rows(node.items.clone()).sum() } else { 0 };
                if let Some(left) = room.checked_sub(children.len() * NODE_BYTES + names) {
                    (room, node.children) = (left, children);
                }
            }
        }
        let ids = sorted.groups(0..order.len(), levels);
        Self { codes, root, order, ids }
    }

    /// Returns the rows of a prefix; those of a whole ID ascend.
    pub(super) fn rows(&self, node: &Node) -> &[usize] {
        self.order.get(node.items.clone()).unwrap_or_default()
    }

    /// Iterates over the whole IDs, ascending, with their rows.
    pub(super) fn ids(&self) -> impl Iterator<Item = (String, &[usize])> {
        let rows = self.ids.iter().filter_map(|range| self.order.get(range.clone()));
        rows.map(|rows| (rows.first().map_or_else(String::new, |row| self.id(*row)), rows))
    }

    /// Returns the codes of a row as text: `12-5-33`.
    fn id(&self, row: usize) -> String {
        let codes = self.codes.rows().nth(row).unwrap_or_default();
        codes.iter().map(u32::to_string).collect::<Vec<_>>().join("-")
    }

    /// Returns the rows by which a prefix is named: those nearest to its centre, or its first ones.
    pub(super) fn examples(&self, node: &Node, most: usize) -> Vec<usize> {
        match node.central.is_empty() {
            true => self.first_rows(node, most),
            false => node.central.iter().copied().take(most).collect(),
        }
    }

    /// Returns the first rows of a prefix, ascending.
    pub(super) fn first_rows(&self, node: &Node, most: usize) -> Vec<usize> {
        let mut rows = self.rows(node).to_vec();
        let most = most.min(rows.len());
        if most < rows.len() {
            rows.select_nth_unstable(most);
            rows.truncate(most);
        }
        rows.sort_unstable();
        rows
    }
}

/// Returns the prefixes with one length.
fn at_depth(node: &mut Node, depth: usize) -> Vec<&mut Node> {
    match depth {
        0 => vec![node],
        _ => node.children.iter_mut().flat_map(|child| at_depth(child, depth - 1)).collect(),
    }
}

/// Rows in the order of their codes.
struct Sorted<'a, F> {
    order: &'a [usize],
    row: &'a F,
    levels: usize,
}

impl<'a, F: Fn(usize) -> &'a [u32]> Sorted<'a, F> {
    fn codes(&self, place: usize) -> &'a [u32] {
        self.order.get(place).map(|row| (self.row)(*row)).unwrap_or_default()
    }

    /// Divides `items` into ranges of places whose rows have the same first `length` codes.
    fn groups(&self, items: Range<usize>, length: usize) -> Vec<Range<usize>> {
        let prefix = |place: usize| self.codes(place).get(..length);
        let mut groups: Vec<Range<usize>> = Vec::new();
        for place in items {
            match groups.last_mut().filter(|group| prefix(group.start) == prefix(place)) {
                Some(group) => group.end = place + 1,
                None => groups.push(place..place + 1),
            }
        }
        groups
    }

    fn node(&self, code: u32, items: Range<usize>, length: usize) -> Node {
        let collided = match length == self.levels {
            true => {
                if items.len() > 1 {
                    items.len()
                } else {
                    0
                }
            }
            false => self.groups(items.clone(), self.levels).iter().map(Range::len).filter(|items| *items > 1).sum(),
        };
        Node { code, items, collided, children: Vec::new(), central: Vec::new() }
    }

    /// Returns the prefixes that are longer by one, most items first; on a tie the smaller code comes first.
    fn children(&self, items: Range<usize>, depth: usize) -> Vec<Node> {
        let groups = self.groups(items, depth + 1).into_iter();
        let code = |place: usize| self.codes(place).get(depth).copied().unwrap_or(0);
        let mut children: Vec<Node> = groups.map(|items| self.node(code(items.start), items, depth + 1)).collect();
        children.sort_by_key(|child| Reverse(child.items.len()));
        children
    }
}

#[cfg(test)]
mod tests;

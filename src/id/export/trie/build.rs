//! Builds a trie from sorted paths.

use crate::error::{Error, Result};
use crate::id::export::WATCHED;
use std::collections::VecDeque;
use std::ops::Range;

/// The codes, suffixes and keys of all items, in the order of their IDs.
pub(super) struct Paths {
    levels: usize,
    codes: Vec<u32>,
    suffixes: Vec<Option<u64>>,
    /// The offset at which each key begins, and the end of the last key.
    offsets: Vec<i64>,
    keys: Vec<u8>,
}

/// The arrays of the file; [`Export::trie`](crate::registry::Export::trie) describes them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Trie {
    pub(super) indptr: Vec<i64>,
    pub(super) tokens: Vec<i64>,
    pub(super) children: Vec<i64>,
    pub(super) items: Vec<i64>,
}

impl Paths {
    pub(super) fn new(levels: usize) -> Self {
        Self { levels, codes: Vec::new(), suffixes: Vec::new(), offsets: vec![0], keys: Vec::new() }
    }

    /// Appends an item, whose ID must be greater than those of all items before it.
    pub(super) fn push(&mut self, item: &str, codes: &[u32], suffix: Option<u64>) -> Result<()> {
        if codes.len() != self.levels {
            return Err(Error::damaged_registry(format!("item {item:?} has {} codes", codes.len())));
        }
        self.codes.extend(codes);
        self.suffixes.push(suffix);
        self.keys.extend(item.as_bytes());
        self.offsets.push(self.keys.len() as i64);
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.suffixes.len()
    }

    /// Returns the offsets and bytes of the item keys.
    pub(super) fn into_keys(self) -> (Vec<i64>, Vec<u8>) {
        (self.offsets, self.keys)
    }

    /// Returns the code of an item at a depth, or its suffix; none where its path has ended.
    fn code(&self, item: usize, depth: usize) -> Option<u64> {
        match depth < self.levels {
            true => self.codes.get(item * self.levels + depth).map(|code| u64::from(*code)),
            false if depth == self.levels => self.suffixes.get(item).copied().flatten(),
            false => None,
        }
    }

    /// Builds the trie, with the token that `token` gives for each (depth, code).
    ///
    /// Calls `watch` now and then; an error that it returns ends the work.
    pub(super) fn trie(
        &self,
        token: &dyn Fn(usize, u64) -> Result<i64>,
        watch: &dyn Fn() -> Result<()>,
    ) -> Result<Trie> {
        let mut trie = Trie { indptr: vec![0], ..Trie::default() };
        // The items below each node that comes next. As items are sorted, those below one node are consecutive.
        let mut nodes = VecDeque::from([(0..self.len(), 0)]);
        while let Some((Range { start, end }, depth)) = nodes.pop_front() {
            if (trie.items.len() as u64).is_multiple_of(WATCHED) {
                watch()?;
            }
            let mut item = start;
            // A path that ends at this node sorts before those that go on.
            let ends = item < end && self.code(item, depth).is_none();
            trie.items.push(if ends { item as i64 } else { -1 });
            item += usize::from(ends);
            while item < end {
                let code = self.code(item, depth);
                let first = item;
                while item < end && self.code(item, depth) == code {
                    item += 1;
                }
                let code = code.ok_or_else(|| Error::damaged_registry("two items have the same ID"))?;
                trie.tokens.push(token(depth, code)?);
                trie.children.push(trie.children.len() as i64 + 1); // breadth first: every edge leads to a new node
                nodes.push_back((first..item, depth + 1));
            }
            trie.indptr.push(trie.tokens.len() as i64);
        }
        Ok(trie)
    }
}

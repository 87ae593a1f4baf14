//! Iterates over the items of a registry.

use super::semantic_id::SemanticId;
use super::shape::Shape;
use super::store::{Entry, PAGE, Record, Store};
use crate::error::Result;
use std::fmt;

/// An item and its ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRecord {
    /// The item key.
    pub item: String,
    /// Its ID, and the codes that the encoder gave.
    pub entry: Entry,
}

/// Iterates over the items below a prefix, in the order of their IDs, as they were when the iterator was made.
///
/// It reads a page at a time from a snapshot, which lives as long as the iterator.
pub struct Records {
    /// The snapshot; none after a failure and at the end.
    store: Option<Result<Box<dyn Store>>>,
    shape: Shape,
    prefix: Vec<u32>,
    after: Option<SemanticId>,
    page: std::vec::IntoIter<Record>,
}

impl Records {
    pub(super) fn new(store: Result<Box<dyn Store>>, shape: Shape, prefix: &[u32]) -> Self {
        let page = Vec::new().into_iter();
        Self { store: Some(store), shape, prefix: prefix.to_vec(), after: None, page }
    }

    /// Reads the next page; returns `false` at the end.
    fn next_page(&mut self) -> Result<bool> {
        let store = match self.store.take() {
            None => return Ok(false),
            Some(store) => store?,
        };
        let page = store.scan(&self.prefix, self.after.as_ref(), PAGE)?;
        self.shape.check_all(&page)?;
        let Some(last) = page.last() else { return Ok(false) };
        self.after = Some(last.entry.id.clone());
        self.page = page.into_iter();
        self.store = Some(Ok(store));
        Ok(true)
    }
}

impl Iterator for Records {
    type Item = Result<ItemRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let items = |record: Record| Some(ItemRecord { item: record.item?, entry: record.entry });
            if let Some(record) = self.page.find_map(items) {
                return Some(Ok(record));
            }
            match self.next_page() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

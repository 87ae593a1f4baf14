//! Iteration over the items of a registry.

use super::semantic_id::SemanticId;
use super::store::{Entry, PAGE, Store};
use crate::error::Result;

/// An item and its ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRecord {
    /// The item key.
    pub item: String,
    /// Its ID, and what the encoder gave.
    pub entry: Entry,
}

/// The items below a prefix, in the order of their IDs.
///
/// Read a page at a time: what others commit meanwhile may be among them or not.
pub struct Records<'a> {
    store: &'a dyn Store,
    prefix: Vec<u32>,
    after: Option<SemanticId>,
    page: std::vec::IntoIter<super::store::Record>,
    done: bool,
}

impl<'a> Records<'a> {
    pub(super) fn new(store: &'a dyn Store, prefix: &[u32]) -> Self {
        Self { store, prefix: prefix.to_vec(), after: None, page: Vec::new().into_iter(), done: false }
    }

    fn next_page(&mut self) -> Result<()> {
        let page = self.store.scan(&self.prefix, self.after.as_ref(), PAGE)?;
        self.done = page.is_empty();
        self.after = page.last().map(|last| last.entry.id.clone());
        self.page = page.into_iter();
        Ok(())
    }
}

impl Iterator for Records<'_> {
    type Item = Result<ItemRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let items = |record: super::store::Record| Some(ItemRecord { item: record.item?, entry: record.entry });
            if let Some(record) = self.page.find_map(items) {
                return Some(Ok(record));
            }
            if self.done {
                return None;
            }
            if let Err(error) = self.next_page() {
                self.done = true;
                return Some(Err(error));
            }
        }
    }
}

//! What stores keep.

use crate::id::semantic_id::SemanticId;

/// The ID of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its ID.
    pub id: SemanticId,
    /// The codes that the encoder gave, where they are not those of the ID.
    pub encoded: Option<Vec<u32>>,
}

impl Entry {
    /// The entry of an item that has its own codes.
    pub fn new(id: SemanticId) -> Self {
        Self { id, encoded: None }
    }

    /// The codes that the encoder gave when the item was registered.
    pub fn encoded(&self) -> &[u32] {
        self.encoded.as_deref().unwrap_or(&self.id.codes)
    }
}

/// An ID that was given once, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The item key; none for a retired ID.
    pub item: Option<String>,
    /// The ID; `encoded` is none for a retired one.
    pub entry: Entry,
    /// The key of the item that a retired ID was taken from; none where that was never known.
    pub former: Option<String>,
}

impl Record {
    /// The record of an item.
    pub fn new(item: impl Into<String>, entry: Entry) -> Self {
        Self { item: Some(item.into()), entry, former: None }
    }

    /// The record of a retired ID, and of the item it was taken from if that is known.
    pub fn retired(id: SemanticId, former: Option<String>) -> Self {
        Self { item: None, entry: Entry::new(id), former }
    }
}

/// What an ID is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// It was never given.
    Free,
    /// An item has it.
    Item(String),
    /// An item had it; nobody gets it again.
    Retired,
}

/// Codes that were given, and one more than the largest suffix that was ever given with them.
pub type UsedCodes = (Vec<u32>, u64);

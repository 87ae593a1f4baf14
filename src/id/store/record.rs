//! The records that stores keep.

use crate::id::semantic_id::SemanticId;

/// The ID of an item, and the codes that the encoder gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The ID.
    pub id: SemanticId,
    /// The codes that the encoder gave; none where they are those of the ID.
    pub encoded: Option<Vec<u32>>,
}

impl Entry {
    /// Makes the entry of an item that has its encoded codes.
    pub fn new(id: SemanticId) -> Self {
        Self { id, encoded: None }
    }

    /// Returns the codes that the encoder gave when the item was registered.
    pub fn encoded(&self) -> &[u32] {
        self.encoded.as_deref().unwrap_or(&self.id.codes)
    }
}

/// An ID that was given once, and the item that has or had it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The item key; none for a retired ID.
    pub item: Option<String>,
    /// The ID; its `encoded` is none for a retired ID.
    pub entry: Entry,
    /// The key of the item that a retired ID was taken from; none where that was never known.
    pub former: Option<String>,
}

impl Record {
    /// Makes the record of an item.
    pub fn new(item: impl Into<String>, entry: Entry) -> Self {
        Self { item: Some(item.into()), entry, former: None }
    }

    /// Makes the record of a retired ID, with the item that it was taken from if that is known.
    pub fn retired(id: SemanticId, former: Option<String>) -> Self {
        Self { item: None, entry: Entry::new(id), former }
    }
}

/// Whether an ID was ever given, and who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The ID was never given.
    Free,
    /// This item has it.
    Item(String),
    /// An item had it; no item gets it again.
    Retired,
}

/// Codes that were given, and one more than the largest suffix that was ever given with them.
pub type UsedCodes = (Vec<u32>, u64);

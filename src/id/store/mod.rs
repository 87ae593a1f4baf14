//! Where registered IDs are kept: one small trait, in memory and in SQLite.

pub mod conformance;
mod manifest;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(test)]
mod tests;

pub use manifest::Manifest;
pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::has_log;

use super::semantic_id::SemanticId;
use crate::error::Result;
use std::any::Any;

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

/// A place for registered IDs, which anybody can implement.
///
/// A store is a table of [`Record`]s with two unique keys, the ID and the item, and beside it a [`Manifest`] and the
/// bytes of a model file. It decides nothing: [`Registry`](crate::registry::Registry) gives IDs. All IDs of a store have the same
/// number of codes.
///
/// # For implementers
/// - The methods with `&mut self` other than `begin` are called between `begin` and `commit` or `rollback` only. What
///   `commit` acknowledged is durable and visible to every other reader; until then others see nothing of it. A `begin`
///   without end, after a failure, is rolled back by the next one.
/// - Between `begin` and its end there is no other writer, in this process or another: `begin` waits for it, and fails
///   with [`ErrorKind::Locked`](crate::ErrorKind::Locked) after a while. A store that cannot lock has to refuse in `commit`
///   what another writer has made stale.
/// - Reading methods may be called at any time; between `begin` and its end they see the changes made so far.
/// - Failures that fit no other kind are [`ErrorKind::Store`](crate::ErrorKind::Store).
/// - [`conformance`] has the tests that every store must pass.
pub trait Store: Any + Send {
    /// The manifest, if there is a registry.
    ///
    /// # Errors
    /// Whatever reading can meet; [`Manifest::from_map`].
    fn manifest(&self) -> Result<Option<Manifest>>;

    /// The bytes of the model file, if there is a registry.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn model(&self) -> Result<Option<Vec<u8>>>;

    /// Makes the store a registry of that manifest and model.
    ///
    /// # Errors
    /// Whatever writing can meet.
    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()>;

    /// Begins changes, alone.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`](crate::ErrorKind::Locked), [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly).
    fn begin(&mut self) -> Result<()>;

    /// Makes all changes since `begin` durable at once.
    ///
    /// # Errors
    /// Whatever writing can meet; no change is kept then, and `rollback` follows.
    fn commit(&mut self) -> Result<()>;

    /// Forgets all changes since `begin`.
    ///
    /// # Errors
    /// Whatever the store can meet.
    fn rollback(&mut self) -> Result<()>;

    /// The entry of an item.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn entry(&self, item: &str) -> Result<Option<Entry>>;

    /// Who has an ID.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn holder(&self, id: &SemanticId) -> Result<Holder>;

    /// Records an ID as an item's or, without an item, as retired.
    ///
    /// # Errors
    /// [`ErrorKind::Taken`](crate::ErrorKind::Taken) where the ID was given before, or the item has one.
    fn insert(&mut self, item: Option<&str>, entry: &Entry) -> Result<()>;

    /// Takes the ID from an item and marks it retired, of that item; `None` for an unknown item.
    ///
    /// # Errors
    /// Whatever writing can meet.
    fn retire(&mut self, item: &str) -> Result<Option<SemanticId>>;

    /// The first `limit` records whose codes begin with `prefix` and whose ID comes after `after`, retired ones too, in
    /// the order of the IDs.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>>;

    /// One more than the largest suffix that was ever given with these codes; 0 if none was.
    ///
    /// Called for every new item; what is provided reads all records with these codes.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn used(&self, codes: &[u32]) -> Result<u64> {
        Ok(self.used_below(codes)?.first().map_or(0, |(_, used)| *used))
    }

    /// The suffixes of the retired IDs with these codes that were taken from an item, in order.
    ///
    /// What is provided reads all records with these codes.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn retired(&self, codes: &[u32], item: &str) -> Result<Vec<u64>> {
        let mut suffixes = Vec::new();
        each_record(self, codes, &mut |record| {
            suffixes.extend((record.former.as_deref() == Some(item)).then_some(record.entry.id.suffix));
            Ok(())
        })?;
        Ok(suffixes)
    }

    /// [`Store::used`] of all codes that begin with `prefix` and were ever given, in order.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn used_below(&self, prefix: &[u32]) -> Result<Vec<(Vec<u32>, u64)>> {
        let mut all: Vec<(Vec<u32>, u64)> = Vec::new();
        each_record(self, prefix, &mut |record| {
            let SemanticId { codes, suffix } = record.entry.id;
            let used = suffix.saturating_add(1);
            match all.last_mut() {
                Some((last, most)) if *last == codes => *most = used,
                _ => all.push((codes, used)),
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Number of items whose codes begin with `prefix`.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn count(&self, prefix: &[u32]) -> Result<u64> {
        let mut count = 0;
        each_record(self, prefix, &mut |record| {
            count += u64::from(record.item.is_some());
            Ok(())
        })?;
        Ok(count)
    }

    /// The codes that follow `prefix` in IDs of items, each with its number of items, in order.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn children(&self, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        let mut all: Vec<(u32, u64)> = Vec::new();
        each_record(self, prefix, &mut |record| {
            let code = record.entry.id.codes.get(prefix.len()).filter(|_| record.item.is_some());
            match (code, all.last_mut()) {
                (Some(code), Some((last, count))) if last == code => *count += 1,
                (Some(code), _) => all.push((*code, 1)),
                (None, _) => {}
            }
            Ok(())
        })?;
        Ok(all)
    }
}

/// Records read at a time.
pub(crate) const PAGE: usize = 4096;

/// Calls `visit` with every record below `prefix`, retired ones too, in order and a page at a time.
pub(crate) fn each_record<S: Store + ?Sized>(
    store: &S,
    prefix: &[u32],
    visit: &mut dyn FnMut(Record) -> Result<()>,
) -> Result<()> {
    let mut after: Option<SemanticId> = None;
    loop {
        let page = store.scan(prefix, after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.entry.id.clone());
        page.into_iter().try_for_each(&mut *visit)?;
    }
}

/// Runs `change` between `begin` and `commit`, or `rollback` where anything fails.
pub(crate) fn transaction<T>(store: &mut dyn Store, change: impl FnOnce(&mut dyn Store) -> Result<T>) -> Result<T> {
    store.begin()?;
    let result = change(store).and_then(|value| store.commit().map(|()| value));
    if result.is_err() {
        // The first failure is the one to tell; what cannot be rolled back now is rolled back by the next `begin`.
        let _ = store.rollback();
    }
    result
}

/// Copies all of a registry, as of one moment, into an empty store.
#[cfg(feature = "sqlite")]
pub(crate) fn copy(from: &mut dyn Store, to: &mut dyn Store) -> Result<()> {
    from.begin()?; // nobody writes meanwhile
    let copied = transaction(to, |to| {
        if let (Some(manifest), Some(model)) = (from.manifest()?, from.model()?) {
            to.set_manifest(&manifest, &model)?;
        }
        // Retired IDs first, as long as nobody else has the keys of their items.
        each_record(from, &[], &mut |record| copy_retired(&record, to))?;
        each_record(from, &[], &mut |record| match &record.item {
            Some(item) => to.insert(Some(item), &record.entry),
            None => Ok(()),
        })
    });
    from.rollback()?;
    copied
}

#[cfg(feature = "sqlite")]
fn copy_retired(record: &Record, to: &mut dyn Store) -> Result<()> {
    match (&record.item, &record.former) {
        (Some(_), _) => Ok(()),
        (None, None) => to.insert(None, &record.entry),
        (None, Some(former)) => {
            to.insert(Some(former), &record.entry)?;
            to.retire(former).map(|_| ())
        }
    }
}

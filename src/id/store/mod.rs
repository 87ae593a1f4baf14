//! Where registered IDs are kept: one small trait, in memory and in SQLite.

pub mod conformance;
mod manifest;
mod memory;
mod record;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(test)]
mod tests;

pub use manifest::Manifest;
pub use memory::MemoryStore;
pub use record::{Entry, Holder, Record, UsedCodes};
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::has_log;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};

use super::semantic_id::SemanticId;
use crate::error::{ErrorKind, Result};
use std::any::Any;

/// A place for registered IDs, which anybody can implement.
///
/// A store is a table of [`Record`]s with two unique keys, the ID and the item, and beside it a [`Manifest`] and the
/// bytes of a model file. It decides nothing: [`Registry`](crate::registry::Registry) gives IDs. All IDs of a store
/// have the same number of codes.
///
/// Methods that take a slice answer for each of its elements, in their order. A registry asks for a whole batch at a
/// time, so a store behind a network needs a few round trips per batch, whatever the number of items.
///
/// # For implementers
/// - The methods with `&mut self` other than `begin` are called between `begin` and `commit` or `rollback` only. What
///   `commit` acknowledged is durable and visible to every other reader; until then others see nothing of it. A `begin`
///   without end, after a failure, is rolled back by the next one.
/// - Between `begin` and its end there is no other writer, in this process or another: `begin` waits for it, and fails
///   with [`ErrorKind::Locked`](crate::ErrorKind::Locked) after a while. A store that cannot lock has to refuse in
///   `commit` what another writer has made stale.
/// - Reading methods may be called at any time, by several threads at once; between `begin` and its end they see the
///   changes made so far. Two calls may be answered from different moments; what needs one moment takes a
///   [`snapshot`](Store::snapshot).
/// - Failures that fit no other kind are [`ErrorKind::Store`](crate::ErrorKind::Store).
/// - [`conformance`] has the tests that every store must pass.
pub trait Store: Any + Send + Sync {
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

    /// All that is committed now, as a store that only reads and never changes, whoever writes meanwhile.
    ///
    /// A snapshot outlives the store that it was taken of. Writers go on beside it; what it costs them is for a store
    /// to say. Its `begin` fails with [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly). It is not asked for between
    /// `begin` and its end.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn snapshot(&self) -> Result<Box<dyn Store>>;

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

    /// The entry of every item, if it has one.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>>;

    /// Who has every ID.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>>;

    /// Adds records: IDs of items, and retired ones.
    ///
    /// # Errors
    /// None is added then. [`ErrorKind::Taken`](crate::ErrorKind::Taken) where an ID was given before or an item has
    /// one, also by another of these records.
    fn insert(&mut self, records: &[Record]) -> Result<()>;

    /// Takes the ID from every item and marks it retired, of that item; `None` for an unknown item.
    ///
    /// # Errors
    /// Whatever writing can meet.
    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>>;

    /// The first `limit` records whose codes begin with `prefix` and whose ID comes after `after`, retired ones too, in
    /// the order of the IDs.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>>;

    /// One more than the largest suffix that was ever given with each of these codes; 0 if none was.
    ///
    /// The registry asks once per batch; what is provided reads all records with these codes.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn used(&self, codes: &[&[u32]]) -> Result<Vec<u64>> {
        let used = |below: Vec<UsedCodes>| below.first().map_or(0, |(_, used)| *used);
        Ok(self.used_below(codes)?.into_iter().map(used).collect())
    }

    /// For each pair of codes and an item, the suffixes of the retired IDs with these codes that were taken from the
    /// item, in order.
    ///
    /// What is provided reads all records with these codes.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn retired(&self, pairs: &[(&[u32], &str)]) -> Result<Vec<Vec<u64>>> {
        let retired = |(codes, item): &(&[u32], &str)| {
            let mut suffixes = Vec::new();
            each_record(self, codes, &mut |record| {
                suffixes.extend((record.former.as_deref() == Some(item)).then_some(record.entry.id.suffix));
                Ok(())
            })?;
            Ok(suffixes)
        };
        pairs.iter().map(retired).collect()
    }

    /// For each prefix, [`Store::used`] of all codes that begin with it and were ever given, in order.
    ///
    /// # Errors
    /// Whatever reading can meet.
    fn used_below(&self, prefixes: &[&[u32]]) -> Result<Vec<Vec<UsedCodes>>> {
        let below = |prefix: &&[u32]| {
            let mut all: Vec<UsedCodes> = Vec::new();
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
        };
        prefixes.iter().map(below).collect()
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

/// The answer of a store to a single question.
pub(crate) fn single<T>(answers: Vec<T>) -> Result<T> {
    let [answer] = <[T; 1]>::try_from(answers).map_err(|answers| wrong_number(answers.len(), 1))?;
    Ok(answer)
}

/// The answers of a store to `asked` questions.
pub(crate) fn answers<T>(answers: Vec<T>, asked: usize) -> Result<Vec<T>> {
    if answers.len() == asked { Ok(answers) } else { Err(wrong_number(answers.len(), asked)) }
}

fn wrong_number(answers: usize, asked: usize) -> crate::Error {
    ErrorKind::Store { reason: format!("it gave {answers} answers to {asked} questions") }.into()
}

/// Records read at a time.
pub(crate) const PAGE: usize = 4096;

/// Calls `visit` with every record below `prefix`, retired ones too, in order and a page at a time.
///
/// The pages are of one moment on a snapshot, or between `begin` and its end.
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

/// Copies all of a snapshot into an empty store.
#[cfg(feature = "sqlite")]
pub(crate) fn copy(from: &dyn Store, to: &mut dyn Store) -> Result<()> {
    transaction(to, |to| {
        if let (Some(manifest), Some(model)) = (from.manifest()?, from.model()?) {
            to.set_manifest(&manifest, &model)?;
        }
        let mut after: Option<SemanticId> = None;
        loop {
            let page = from.scan(&[], after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.entry.id.clone());
            to.insert(&page)?;
        }
    })
}

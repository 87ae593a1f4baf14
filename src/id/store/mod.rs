//! Stores of registered IDs: one small trait, implemented in memory and with SQLite.

mod boxed;
pub mod conformance;
mod manifest;
mod memory;
mod namespace_name;
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

/// A place that keeps registered IDs; anybody can implement it.
///
/// A store is a table of [`Record`]s with two unique keys, the ID and the item, together with a [`Manifest`] and the
/// bytes of a model file. It decides nothing: [`Registry`](crate::registry::Registry) chooses the IDs. All IDs of a
/// store have the same number of codes.
///
/// A store may have several *namespaces*: each has a manifest and records of its own, and all have the same model. An
/// item key and an ID are unique within a namespace. Every store begins in the namespace with the empty name, and is
/// about one namespace at a time; see [`Store::in_namespace`].
///
/// Methods that take a slice return one answer per element, in the order of the elements. A registry asks about a whole
/// batch at a time, so a store behind a network needs a few round trips per batch, however many items it has.
///
/// # For implementers
/// - The registry calls the methods with `&mut self`, other than `begin`, only between `begin` and `commit` or
///   `rollback`. When `commit` returns, the changes are durable and every other reader sees them; until then no other
///   reader sees any of them. If a failure leaves a `begin` without its end, the next `begin` rolls it back.
/// - Between `begin` and its end there is no other writer, in this process or another: `begin` waits for other writers,
///   and fails with [`ErrorKind::Locked`](crate::ErrorKind::Locked) after a while. A store that cannot lock has to
///   check in `commit` whether another writer has changed what was read, and refuse then.
/// - Any thread may call reading methods at any time, also several threads at once; between `begin` and its end they
///   see the changes made so far. Two calls may show different moments; a caller that needs one moment takes a
///   [`snapshot`](Store::snapshot).
/// - Failures that fit no other kind are [`ErrorKind::Store`](crate::ErrorKind::Store).
/// - [`conformance`] has the tests that every store must pass.
pub trait Store: Any + Send + Sync {
    /// Returns the manifest; none if there is no registry.
    ///
    /// # Errors
    /// Any error of reading, and the errors of [`Manifest::from_map`].
    fn manifest(&self) -> Result<Option<Manifest>>;

    /// Returns the bytes of the model file; none if there is no registry.
    ///
    /// # Errors
    /// Any error of reading.
    fn model(&self) -> Result<Option<Vec<u8>>>;

    /// Returns the name of the namespace that the store is in; empty in the one in which it begins.
    fn namespace(&self) -> &str {
        ""
    }

    /// Turns to a namespace: from now on `manifest` and the methods about records are about this one. A namespace
    /// without a manifest is like an empty store, but for its model. Any unfinished transaction is rolled back.
    ///
    /// The provided method is that of a store without namespaces. Callers use [`Store::in_namespace`], which checks the
    /// name.
    ///
    /// # Errors
    /// Any error of the store; [`ErrorKind::Store`](crate::ErrorKind::Store) where it has no namespaces.
    fn use_namespace(&mut self, name: &str) -> Result<()> {
        match name {
            "" => Ok(()),
            _ => Err(ErrorKind::Store { reason: "this kind of store has no namespaces".to_owned() }.into()),
        }
    }

    /// Returns the manifests of all namespaces that have one, each with the name of its namespace, in the order of the
    /// names.
    ///
    /// # Errors
    /// As for [`Store::manifest`].
    fn namespaces(&self) -> Result<Vec<(String, Manifest)>> {
        Ok(self.manifest()?.map(|manifest| (String::new(), manifest)).into_iter().collect())
    }

    /// Returns the store, turned to a namespace; an empty name stands for the one in which every store begins.
    ///
    /// ```
    /// use semid::registry::{Manifest, MemoryStore, Registry, Resolver, Store};
    /// use semid::{Codes, IdFormat};
    ///
    /// let manifest = Manifest::new("any model", 2, Resolver::default(), IdFormat::plain("-"))?;
    /// let mut registry = Registry::new(MemoryStore::new().in_namespace("goods")?, manifest, b"")?;
    /// registry.assign(&["7"], &Codes::new(vec![12, 5], 2)?)?;
    /// assert_eq!(registry.namespace(), "goods");
    /// assert_eq!(registry.namespaces()?, ["goods"]);
    /// # Ok::<(), semid::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a name that has other characters than ASCII letters,
    /// digits, `_`, `-` and `.`, or more than 64 of them; the errors of [`Store::use_namespace`].
    fn in_namespace(mut self, name: &str) -> Result<Self>
    where
        Self: Sized,
    {
        namespace_name::check_name(name)?;
        self.use_namespace(name)?;
        Ok(self)
    }

    /// Returns everything committed by now as a store that only reads and never changes, even while others write.
    ///
    /// A snapshot begins in the namespace of the store, and can be turned to the others as of the same moment. It may
    /// outlive the store that it was taken from. Writers go on beside it; each store documents what that
    /// costs them. The snapshot's `begin` fails with [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly). The registry
    /// takes no snapshot between `begin` and its end.
    ///
    /// # Errors
    /// Any error of reading.
    fn snapshot(&self) -> Result<Box<dyn Store>>;

    /// Makes the namespace a registry with this manifest, and gives the store this model.
    ///
    /// # Errors
    /// Any error of writing.
    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()>;

    /// Gives the store another model, and these manifests to all of its namespaces, which name that model. The registry
    /// calls it between `begin` and `commit`, with every namespace that has a manifest.
    ///
    /// The provided method is that of a store with one namespace.
    ///
    /// # Errors
    /// Any error of writing; [`ErrorKind::Store`](crate::ErrorKind::Store) where the store cannot write to several
    /// namespaces at once.
    fn replace_model(&mut self, manifests: &[(String, Manifest)], model: &[u8]) -> Result<()> {
        match manifests {
            [(name, manifest)] if name == self.namespace() => self.set_manifest(manifest, model),
            _ => {
                let reason = "this kind of store cannot change the model of several namespaces".to_owned();
                Err(ErrorKind::Store { reason }.into())
            }
        }
    }

    /// Begins changes, and keeps other writers out until `commit` or `rollback`.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`](crate::ErrorKind::Locked), [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly).
    fn begin(&mut self) -> Result<()>;

    /// Makes all changes since `begin` durable, all or none.
    ///
    /// # Errors
    /// Any error of writing; no change is kept then, and the registry calls `rollback`.
    fn commit(&mut self) -> Result<()>;

    /// Undoes all changes since `begin`.
    ///
    /// # Errors
    /// Any error of the store.
    fn rollback(&mut self) -> Result<()>;

    /// Returns the entry of every item; none for an item without one.
    ///
    /// # Errors
    /// Any error of reading.
    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>>;

    /// Returns who has each ID.
    ///
    /// # Errors
    /// Any error of reading.
    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>>;

    /// Adds records of items and of retired IDs.
    ///
    /// # Errors
    /// No record is added then. [`ErrorKind::Taken`](crate::ErrorKind::Taken) where an ID was given before or an item
    /// already has one, be it by another of these records.
    fn insert(&mut self, records: &[Record]) -> Result<()>;

    /// Takes the ID from every item and marks it as retired from that item; returns `None` for an unknown item.
    ///
    /// # Errors
    /// Any error of writing.
    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>>;

    /// Returns the first `limit` records whose codes begin with `prefix` and whose ID comes after `after`, retired ones
    /// too, in the order of the IDs.
    ///
    /// # Errors
    /// Any error of reading.
    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>>;

    /// Returns one more than the largest suffix that was ever given with each of these codes; 0 if none was.
    ///
    /// The registry calls this once per batch. The provided method reads all records with these codes.
    ///
    /// # Errors
    /// Any error of reading.
    fn used(&self, codes: &[&[u32]]) -> Result<Vec<u64>> {
        let used = |below: Vec<UsedCodes>| below.first().map_or(0, |(_, used)| *used);
        Ok(self.used_below(codes)?.into_iter().map(used).collect())
    }

    /// Returns, for each pair of codes and an item, the suffixes of the retired IDs with these codes that were taken
    /// from the item, in order.
    ///
    /// The provided method reads all records with these codes.
    ///
    /// # Errors
    /// Any error of reading.
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

    /// Returns, for each prefix, [`Store::used`] of all codes that begin with it and were ever given, in order.
    ///
    /// # Errors
    /// Any error of reading.
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

    /// Returns the number of items whose codes begin with `prefix`.
    ///
    /// # Errors
    /// Any error of reading.
    fn count(&self, prefix: &[u32]) -> Result<u64> {
        let mut count = 0;
        each_record(self, prefix, &mut |record| {
            count += u64::from(record.item.is_some());
            Ok(())
        })?;
        Ok(count)
    }

    /// Returns the codes that follow `prefix` in IDs of items, each with its number of items, in order.
    ///
    /// # Errors
    /// Any error of reading.
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

/// Returns the answer of a store to a single question; refuses any other number of answers.
pub(crate) fn single<T>(answers: Vec<T>) -> Result<T> {
    let [answer] = <[T; 1]>::try_from(answers).map_err(|answers| wrong_number(answers.len(), 1))?;
    Ok(answer)
}

/// Returns the answers of a store to `asked` questions; refuses any other number of answers.
pub(crate) fn answers<T>(answers: Vec<T>, asked: usize) -> Result<Vec<T>> {
    if answers.len() == asked { Ok(answers) } else { Err(wrong_number(answers.len(), asked)) }
}

fn wrong_number(answers: usize, asked: usize) -> crate::Error {
    ErrorKind::Store { reason: format!("it gave {answers} answers to {asked} questions") }.into()
}

/// How many records are read at a time.
pub(crate) const PAGE: usize = 4096;

/// Calls `visit` with every record below `prefix`, retired ones too, in order; reads a page at a time.
///
/// All pages show the same moment only on a snapshot, or between `begin` and its end.
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

/// Runs `change` between `begin` and `commit`; if any of them fails, calls `rollback`.
pub(crate) fn transaction<T>(store: &mut dyn Store, change: impl FnOnce(&mut dyn Store) -> Result<T>) -> Result<T> {
    store.begin()?;
    let result = change(store).and_then(|value| store.commit().map(|()| value));
    if result.is_err() {
        // The caller gets the first failure. If `rollback` fails too, the next `begin` rolls back.
        let _ = store.rollback();
    }
    result
}

/// Copies all namespaces from a snapshot into an empty store.
#[cfg(feature = "sqlite")]
pub(crate) fn copy(from: &mut dyn Store, to: &mut dyn Store) -> Result<()> {
    for (name, _) in from.namespaces()? {
        from.use_namespace(&name)?;
        to.use_namespace(&name)?;
        copy_namespace(from, to)?;
    }
    Ok(())
}

#[cfg(feature = "sqlite")]
fn copy_namespace(from: &dyn Store, to: &mut dyn Store) -> Result<()> {
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

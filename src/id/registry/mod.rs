//! The registry gives every item one ID, which no other item ever gets.

mod refresh;

use super::assign::{self, Assigned, ItemBatch};
use super::namespace;
use super::records::Records;
use super::semantic_id::SemanticId;
use super::shape::Shape;
use super::store::{Entry, Holder, Manifest, Store, answers, single, transaction};
use super::text::{IdText, ParsedId};
use crate::codes::Codes;
use crate::error::{ErrorKind, Result};
use std::fmt;

pub(super) use refresh::Planned;

/// Item keys and their unique semantic IDs, in a [`Store`].
///
/// An item that has an ID keeps it, whatever is assigned later and in whatever order. An ID that was given once is
/// never given to another item, even after its item is removed. Several processes may assign in one store at once.
///
/// Threads may share a `&Registry` for reading without a lock. Assigning takes `&mut`; a server that does both keeps
/// one registry for its readers and opens another one, on the same store, for the writer. Two calls may show different
/// moments; the calls of one [`Registry::snapshot`] all show the same.
///
/// A store may have several namespaces, which keep catalogues with the same item keys apart: a registry is that of the
/// namespace which its store is in, see [`Store::in_namespace`]. Item keys and IDs are unique within a namespace; all
/// namespaces of a store have the same model. Namespaces whose IDs have the same token template share their tokens; a
/// template that contains the name of the namespace keeps them separate, and no ID of one can then be read as an ID of
/// the other.
///
/// ```
/// use semid::registry::{Manifest, MemoryStore, Registry, Resolver};
/// use semid::{Codes, IdFormat};
///
/// let manifest = Manifest::new("any model", 2, Resolver::default(), IdFormat::plain("-"))?;
/// let mut registry = Registry::new(MemoryStore::new(), manifest, b"")?;
/// let codes = Codes::new(vec![7, 1, 7, 1, 4, 0], 2)?;
/// let assigned = registry.assign(&["numpy", "scipy", "flask"], &codes)?;
/// assert_eq!((assigned.report.new, assigned.report.collisions), (3, 1));
///
/// let again = registry.assign(&["scipy", "numpy", "flask"], &codes)?;
/// assert_eq!((again.report.new, again.report.kept), (0, 3));
/// let id = registry.id("scipy")?.unwrap_or_default();
/// assert_eq!(registry.text(&id, "scipy"), "7-1-1");
/// # Ok::<(), semid::Error>(())
/// ```
pub struct Registry {
    store: Box<dyn Store>,
    manifest: Manifest,
    shape: Shape,
    update_changed: bool,
}

impl Registry {
    /// Opens the registry in `store`; in an empty store it makes a new one.
    ///
    /// `model` holds the bytes of the model file whose fingerprint is in the manifest; [`Registry::model`] returns
    /// them. A store has one model: where another namespace has a registry already, its model stays.
    ///
    /// # Errors
    /// [`ErrorKind::OtherModel`] and [`ErrorKind::OtherRegistry`] where the store has a registry with another manifest,
    /// or another namespace has another model; [`ErrorKind::Parameter`] for tokens that stand for other codes in
    /// another namespace; [`ErrorKind::NoNamespace`] for a new registry without a name beside namespaces with names;
    /// any error of the store.
    pub fn new(store: impl Store, manifest: Manifest, model: &[u8]) -> Result<Self> {
        let mut store: Box<dyn Store> = Box::new(store);
        if store.manifest()?.is_none() {
            transaction(&mut *store, |store| match store.manifest()? {
                None => {
                    namespace::check_beside(store, &manifest)?;
                    let kept = store.model()?;
                    store.set_manifest(&manifest, kept.as_deref().unwrap_or(model))
                }
                // Another process made the registry first.
                Some(_) => Ok(()),
            })?;
        }
        let registry = Self::from_box(store)?;
        manifest.check(&registry.manifest)?;
        Ok(registry)
    }

    /// Opens the registry that `store` has.
    ///
    /// # Errors
    /// [`ErrorKind::NoRegistry`] for an empty store, [`ErrorKind::NoNamespace`] where other namespaces have a registry;
    /// any error of the store.
    pub fn open(store: impl Store) -> Result<Self> {
        Self::from_box(Box::new(store))
    }

    pub(super) fn from_box(store: Box<dyn Store>) -> Result<Self> {
        let Some(manifest) = store.manifest()? else { return Err(namespace::no_registry(&*store)?) };
        let shape = Shape::new(manifest.levels());
        Ok(Self { store, manifest, shape, update_changed: false })
    }

    /// Sets the clusters of the model, so that codes read from the store can be checked against them.
    pub(super) fn set_clusters(&mut self, clusters: Vec<usize>) {
        self.shape = Shape::with(self.manifest.levels(), clusters);
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Returns the registry as it is now, to read from while others assign: it never changes, and refuses `assign`.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn snapshot(&self) -> Result<Self> {
        let store = self.store.snapshot()?;
        Ok(Self { store, manifest: self.manifest.clone(), shape: self.shape.clone(), update_changed: false })
    }

    /// Returns the registry of another namespace as it is now, as [`Registry::snapshot`] does; of a snapshot as it was
    /// then.
    ///
    /// # Errors
    /// [`ErrorKind::NoNamespace`]; any error of the store.
    pub fn snapshot_of(&self, namespace: &str) -> Result<Self> {
        let mut store = self.store.snapshot()?;
        store.use_namespace(namespace)?;
        let mut other = Self::from_box(store)?;
        // All namespaces have the same model.
        other.shape = self.shape.clone();
        Ok(other)
    }

    /// Returns the name of the namespace; empty for the one in which every store begins.
    pub fn namespace(&self) -> &str {
        self.store.namespace()
    }

    /// Returns the names of all namespaces of the store that have a registry, in order.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn namespaces(&self) -> Result<Vec<String>> {
        Ok(self.store.namespaces()?.into_iter().map(|(name, _)| name).collect())
    }

    /// Sets whether a known item whose codes have changed gets a new ID, which retires its old one. By default it keeps
    /// its ID.
    #[must_use]
    pub fn update_changed(mut self, update: bool) -> Self {
        self.update_changed = update;
        self
    }

    /// Returns the settings that the registry was made with.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the bytes of the model file.
    ///
    /// # Errors
    /// [`ErrorKind::DamagedRegistry`] where the store has lost the model; any error of the store.
    pub fn model(&self) -> Result<Vec<u8>> {
        let lost = || ErrorKind::DamagedRegistry { reason: "it has lost its model".to_owned() };
        Ok(self.store.model()?.ok_or_else(lost)?)
    }

    /// Returns the store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    #[cfg(all(test, feature = "sqlite"))]
    pub(crate) fn store_mut(&mut self) -> &mut dyn Store {
        &mut *self.store
    }

    /// Gives an ID to every item that has none, all in one transaction, and returns the IDs of all items.
    ///
    /// Items are taken in the order given, so that several calls with parts of the items give the same IDs as one call
    /// with all. [`Resolver::Reassign`](crate::registry::Resolver::Reassign) is the exception: it places the new items
    /// of a call together and needs the model; see [`SemanticIdEngine`](crate::SemanticIdEngine).
    ///
    /// # Shapes
    /// N item keys, codes (N, L).
    ///
    /// # Errors
    /// A call that fails changes nothing. [`ErrorKind::ItemKey`] for an item key that is empty or has a NUL,
    /// [`ErrorKind::RepeatedItem`] for an item with two rows of different codes, [`ErrorKind::RowCount`],
    /// [`ErrorKind::Parameter`] for a wrong number of levels, [`ErrorKind::OtherModel`] where the registry has been
    /// given another model since it was opened, and any error of the store.
    pub fn assign<S: AsRef<str>>(&mut self, items: &[S], codes: &Codes) -> Result<Assigned> {
        let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
        self.assign_batch(&ItemBatch { items: &items, codes, first_row: 0, geometry: None })
    }

    pub(crate) fn assign_batch(&mut self, batch: &ItemBatch<'_>) -> Result<Assigned> {
        let order = assign::check(&self.manifest, batch)?;
        let rules = assign::Rules { manifest: &self.manifest, shape: &self.shape, update_changed: self.update_changed };
        let plan = assign::plan(&*self.store, &rules, batch, &order)?;
        transaction(&mut *self.store, |store| {
            refresh::check_model(store, rules.manifest)?;
            assign::assign(store, &rules, batch, &order, plan.as_ref())
        })
    }

    /// Removes the IDs of items, all in one transaction, and returns the ID that each item had. The IDs are retired and
    /// never given again, not even to the same items; the store remembers whose they were.
    ///
    /// # Errors
    /// A call that fails changes nothing. Any error of the store.
    pub fn remove<S: AsRef<str>>(&mut self, items: &[S]) -> Result<Vec<Option<SemanticId>>> {
        let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
        transaction(&mut *self.store, |store| answers(store.retire(&items)?, items.len()))
    }

    /// Returns the ID of an item.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn id(&self, item: &str) -> Result<Option<SemanticId>> {
        Ok(self.entry(item)?.map(|entry| entry.id))
    }

    /// Returns the ID of an item, and the codes that the encoder gave where they differ.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn entry(&self, item: &str) -> Result<Option<Entry>> {
        let entry = single(self.store.entries(&[item])?)?;
        entry.iter().try_for_each(|entry| self.shape.check(entry))?;
        Ok(entry)
    }

    /// Returns the IDs of many items, for which it asks the store once.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn entries<S: AsRef<str>>(&self, items: &[S]) -> Result<Vec<Option<Entry>>> {
        let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
        let entries = answers(self.store.entries(&items)?, items.len())?;
        entries.iter().flatten().try_for_each(|entry| self.shape.check(entry))?;
        Ok(entries)
    }

    /// Returns the text of the ID of an item.
    pub fn text(&self, id: &SemanticId, item: &str) -> String {
        self.manifest.text().text(id, item)
    }

    /// Returns who has the ID that `text` names.
    ///
    /// # Errors
    /// [`ErrorKind::IdText`] for a text that no ID has; any error of the store.
    pub fn find(&self, text: &str) -> Result<Holder> {
        match self.manifest.text().parse(text, self.manifest.levels())? {
            ParsedId::Id(id) => single(self.store.holders(&[id])?),
            ParsedId::Item { codes, item, suffix } => self.find_named(&codes, item, suffix),
        }
    }

    /// Returns who has the ID whose text contains an item key, and a number if the text shows the suffix.
    fn find_named(&self, codes: &[u32], item: String, suffix: Option<u64>) -> Result<Holder> {
        let named = |of: u64| self.id_text().number(of).and(Some(of)) == suffix;
        if self.entry(&item)?.is_some_and(|entry| entry.id.codes == codes && named(entry.id.suffix)) {
            return Ok(Holder::Item(item));
        }
        let retired = single(self.store.retired(&[(codes, &item)])?)?.into_iter().any(named);
        Ok(if retired { Holder::Retired } else { Holder::Free })
    }

    /// Returns the codes that the beginning of an ID names: "12-5".
    ///
    /// # Errors
    /// [`ErrorKind::IdText`] for a text that no ID begins with.
    pub fn parse_prefix(&self, text: &str) -> Result<Vec<u32>> {
        self.manifest.text().parse_prefix(text, self.manifest.levels())
    }

    /// Returns the text form of the IDs.
    pub fn id_text(&self) -> &IdText {
        self.manifest.text()
    }

    /// Iterates over the items whose codes begin with `prefix`, in the order of their IDs and as of now; an empty
    /// prefix gives all.
    pub fn records(&self, prefix: &[u32]) -> Records {
        Records::new(self.store.snapshot(), self.shape.clone(), prefix)
    }

    /// Returns the number of items whose codes begin with `prefix`.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn count(&self, prefix: &[u32]) -> Result<u64> {
        self.store.count(prefix)
    }

    /// Returns the codes that follow `prefix`, each with its number of items.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn children(&self, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        self.store.children(prefix)
    }

    /// Returns the number of items.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn len(&self) -> Result<u64> {
        self.count(&[])
    }

    /// Returns whether the registry has no item.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.records(&[]).next().transpose()?.is_none())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;

//! The registry: every item one ID, every ID one item, for ever.

use super::assign::{self, Assigned, Batch};
use super::records::Records;
use super::semantic_id::SemanticId;
use super::shape::Shape;
use super::store::{Entry, Holder, Manifest, Store, answers, single, transaction};
use super::text::{IdText, ParsedId};
use crate::codes::Codes;
use crate::error::{ErrorKind, Result};
use std::fmt;

/// Item keys and their unique semantic IDs, in a [`Store`].
///
/// An item that has an ID keeps it, whatever is assigned later and in whatever order; an ID that was given once is
/// never given to another item, even after its item is removed. Several processes may assign into one store at once.
///
/// Threads may share a registry for reading, without a lock of their own: `&Registry` does. Assigning takes `&mut`; a
/// server that does both keeps one registry for its readers and opens another one, on the same store, for the writer.
/// What single calls read may be of different moments; [`Registry::snapshot`] stands still.
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
    /// The registry in `store`, made there if the store is empty.
    ///
    /// `model` are the bytes of the model file whose fingerprint the manifest has, which [`Registry::model`] gives
    /// back.
    ///
    /// # Errors
    /// [`ErrorKind::OtherModel`] and [`ErrorKind::OtherRegistry`] where the store has a registry with another manifest;
    /// what stores can meet.
    pub fn new(store: impl Store, manifest: Manifest, model: &[u8]) -> Result<Self> {
        let mut store: Box<dyn Store> = Box::new(store);
        if store.manifest()?.is_none() {
            transaction(&mut *store, |store| match store.manifest()? {
                None => store.set_manifest(&manifest, model),
                // Another process was faster.
                Some(_) => Ok(()),
            })?;
        }
        let registry = Self::from_box(store)?;
        manifest.check(&registry.manifest)?;
        Ok(registry)
    }

    /// The registry that `store` has.
    ///
    /// # Errors
    /// [`ErrorKind::NoRegistry`] for an empty store; what stores can meet.
    pub fn open(store: impl Store) -> Result<Self> {
        Self::from_box(Box::new(store))
    }

    pub(super) fn from_box(store: Box<dyn Store>) -> Result<Self> {
        let manifest = store.manifest()?.ok_or(ErrorKind::NoRegistry)?;
        let shape = Shape::new(manifest.levels());
        Ok(Self { store, manifest, shape, update_changed: false })
    }

    /// Knows the clusters of the model from now on, and with them the codes that there can be.
    pub(super) fn set_clusters(&mut self, clusters: Vec<usize>) {
        self.shape = Shape::with(self.manifest.levels(), clusters);
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The registry as it is now, to read from while others assign: it never changes, and its `assign` is refused.
    ///
    /// # Errors
    /// What stores can meet.
    pub fn snapshot(&self) -> Result<Self> {
        let store = self.store.snapshot()?;
        Ok(Self { store, manifest: self.manifest.clone(), shape: self.shape.clone(), update_changed: false })
    }

    /// Whether a known item whose codes have changed gets a new ID; its old one is retired. By default it keeps its ID.
    #[must_use]
    pub fn update_changed(mut self, update: bool) -> Self {
        self.update_changed = update;
        self
    }

    /// The settings it was made with.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The bytes of the model file.
    ///
    /// # Errors
    /// What stores can meet.
    pub fn model(&self) -> Result<Vec<u8>> {
        Ok(self.store.model()?.ok_or(ErrorKind::NoRegistry)?)
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    #[cfg(all(test, feature = "sqlite"))]
    pub(crate) fn store_mut(&mut self) -> &mut dyn Store {
        &mut *self.store
    }

    /// Gives an ID to every item that has none, all in one transaction, and returns the IDs of all.
    ///
    /// Items are taken in the order given, so that many calls with parts of the items give what one call gives, except
    /// with [`Resolver::Reassign`](crate::registry::Resolver::Reassign), which places the new items of a call together
    /// and needs the model: see [`SemanticIdEngine`](crate::SemanticIdEngine).
    ///
    /// # Shapes
    /// N item keys, codes (N, L).
    ///
    /// # Errors
    /// Nothing is changed then. [`ErrorKind::ItemKey`] for an item key that is empty or has a NUL,
    /// [`ErrorKind::RepeatedItem`] for one with two rows of different codes, [`ErrorKind::ItemCount`], a wrong number
    /// of levels, and what stores can meet.
    pub fn assign<S: AsRef<str>>(&mut self, items: &[S], codes: &Codes) -> Result<Assigned> {
        let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
        self.assign_batch(&Batch { items: &items, codes, first_row: 0, geometry: None })
    }

    pub(crate) fn assign_batch(&mut self, batch: &Batch<'_>) -> Result<Assigned> {
        let order = assign::check(&self.manifest, batch)?;
        let rules = assign::Rules { manifest: &self.manifest, shape: &self.shape, update_changed: self.update_changed };
        let plan = assign::plan(&*self.store, &rules, batch, &order)?;
        transaction(&mut *self.store, |store| assign::assign(store, &rules, batch, &order, plan.as_ref()))
    }

    /// Takes their IDs from items, all in one transaction; the IDs are retired and never given again, not to the same
    /// items either; the store remembers whose they were. Returns the ID each item had.
    ///
    /// # Errors
    /// Nothing is changed then. What stores can meet.
    pub fn remove<S: AsRef<str>>(&mut self, items: &[S]) -> Result<Vec<Option<SemanticId>>> {
        let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
        transaction(&mut *self.store, |store| answers(store.retire(&items)?, items.len()))
    }

    /// The ID of an item.
    ///
    /// # Errors
    /// What stores can meet.
    pub fn id(&self, item: &str) -> Result<Option<SemanticId>> {
        Ok(self.entry(item)?.map(|entry| entry.id))
    }

    /// The ID of an item, and what the encoder gave where that is something else.
    ///
    /// # Errors
    /// What stores can meet.
    pub fn entry(&self, item: &str) -> Result<Option<Entry>> {
        let entry = single(self.store.entries(&[item])?)?;
        entry.iter().try_for_each(|entry| self.shape.check(entry))?;
        Ok(entry)
    }

    /// The IDs of many items, which a store looks up together.
    ///
    /// # Errors
    /// What stores can meet.
    pub fn entries<S: AsRef<str>>(&self, items: &[S]) -> Result<Vec<Option<Entry>>> {
        let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
        let entries = answers(self.store.entries(&items)?, items.len())?;
        entries.iter().flatten().try_for_each(|entry| self.shape.check(entry))?;
        Ok(entries)
    }

    /// The text of the ID of an item.
    pub fn text(&self, id: &SemanticId, item: &str) -> String {
        self.manifest.text().text(id, item)
    }

    /// Who has the ID that `text` names.
    ///
    /// # Errors
    /// [`ErrorKind::IdText`] for a text that no ID has; what stores can meet.
    pub fn find(&self, text: &str) -> Result<Holder> {
        match self.manifest.text().parse(text, self.manifest.levels())? {
            ParsedId::Id(id) => single(self.store.holders(&[id])?),
            ParsedId::Item { codes, item, suffix } => self.find_named(&codes, item, suffix),
        }
    }

    /// Who has the ID whose text has an item key, and a number if it tells the suffix.
    fn find_named(&self, codes: &[u32], item: String, suffix: Option<u64>) -> Result<Holder> {
        let named = |of: u64| self.id_text().number(of).and(Some(of)) == suffix;
        if self.entry(&item)?.is_some_and(|entry| entry.id.codes == codes && named(entry.id.suffix)) {
            return Ok(Holder::Item(item));
        }
        let retired = single(self.store.retired(&[(codes, &item)])?)?.into_iter().any(named);
        Ok(if retired { Holder::Retired } else { Holder::Free })
    }

    /// The codes that the beginning of an ID names: "12-5".
    ///
    /// # Errors
    /// [`ErrorKind::IdText`] for a text that no ID begins with.
    pub fn parse_prefix(&self, text: &str) -> Result<Vec<u32>> {
        self.manifest.text().parse_prefix(text, self.manifest.levels())
    }

    /// The form of the texts.
    pub fn id_text(&self) -> &IdText {
        self.manifest.text()
    }

    /// The items whose codes begin with `prefix`, in the order of their IDs and as of now; an empty prefix gives all.
    pub fn records(&self, prefix: &[u32]) -> Records {
        Records::new(self.store.snapshot(), self.shape.clone(), prefix)
    }

    /// Number of items whose codes begin with `prefix`.
    ///
    /// # Errors
    /// What stores can meet.
    pub fn count(&self, prefix: &[u32]) -> Result<u64> {
        self.store.count(prefix)
    }

    /// The codes that follow `prefix`, each with its number of items.
    ///
    /// # Errors
    /// What stores can meet.
    pub fn children(&self, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        self.store.children(prefix)
    }

    /// Number of items.
    ///
    /// # Errors
    /// What stores can meet.
    pub fn len(&self) -> Result<u64> {
        self.count(&[])
    }

    /// Whether there is no item.
    ///
    /// # Errors
    /// What stores can meet.
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

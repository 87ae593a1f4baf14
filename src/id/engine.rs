//! The engine: a model and a registry.

use super::assign::{AssignReport, Assigned, Batch, Geometry};
use super::format::IdFormat;
use super::reassign::Costs;
use super::registry::Registry;
use super::resolver::Resolver;
use super::store::{Manifest, Store};
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::rows::Rows;
use crate::rq::{RqKMeans, RqKMeansModel};
use std::collections::HashMap;
use std::num::NonZeroUsize;

#[cfg(feature = "sqlite")]
mod file;
mod nearest;
#[cfg(test)]
mod tests;

pub use nearest::Neighbor;

/// Rows that are assigned together: a fixed number, so that no ID depends on the device or its memory.
const BATCH: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();

/// From embeddings to unique, stable IDs: a model, and the registry of the IDs it gave.
///
/// ```
/// use semid::{Device, IdFormat, Matrix, MemoryStore, Resolver, RqKMeans, SemanticIdEngine};
///
/// let values: Vec<f32> = (0..4000).map(|i| ((i * i) % 251) as f32).collect();
/// let rows = Matrix::new(&values, 8)?;
/// let items: Vec<String> = (0..500).map(|i| format!("item {i}")).collect();
/// let device = Device::cpu();
///
/// let fit = RqKMeans::new(3, 16);
/// let (resolver, format) = (Resolver::default(), IdFormat::plain("-"));
/// let mut engine = SemanticIdEngine::fit(&rows, &fit, &device, MemoryStore::new(), resolver, format)?;
/// let (ids, report) = engine.unique_ids(&rows, &items, &device)?;
/// assert_eq!((ids.len(), report.new), (500, 500));
/// assert_eq!(engine.unique_ids(&rows, &items, &device)?.0, ids);
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Debug)]
pub struct SemanticIdEngine {
    model: RqKMeansModel,
    registry: Registry,
    batch_rows: NonZeroUsize,
}

impl SemanticIdEngine {
    /// Fits a model to `rows` and makes a registry for it in `store`.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`] and [`SemanticIdEngine::new`].
    pub fn fit(
        rows: &dyn Rows,
        params: &RqKMeans,
        device: &Device,
        store: impl Store,
        resolver: Resolver,
        format: IdFormat,
    ) -> Result<Self> {
        Self::new(params.fit(rows, device)?, store, resolver, format)
    }

    /// The engine of `model` and the registry in `store`, which is made there if the store is empty.
    ///
    /// # Errors
    /// As for [`Registry::new`] and [`Manifest::new`].
    pub fn new(model: RqKMeansModel, store: impl Store, resolver: Resolver, format: IdFormat) -> Result<Self> {
        let manifest = Manifest::new(&model.fingerprint(), model.levels().len(), resolver, format)?;
        let registry = Registry::new(store, manifest, &model.to_bytes()?)?;
        Ok(Self { model, registry, batch_rows: BATCH })
    }

    /// The engine that `store` holds, model and all.
    ///
    /// # Errors
    /// As for [`Registry::open`] and [`RqKMeansModel::from_bytes`]; [`ErrorKind::DamagedRegistry`] where the model is not
    /// that of the registry.
    pub fn open(store: impl Store) -> Result<Self> {
        let registry = Registry::open(store)?;
        let model = RqKMeansModel::from_bytes(&registry.model()?)?;
        let fits = model.fingerprint() == registry.manifest().fingerprint()
            && model.levels().len() == registry.manifest().levels();
        match fits {
            true => Ok(Self { model, registry, batch_rows: BATCH }),
            false => Err(Error::damaged_registry("its model is not the one its manifest names")),
        }
    }

    /// See [`Registry::update_changed`].
    #[must_use]
    pub fn update_changed(mut self, update: bool) -> Self {
        self.registry = self.registry.update_changed(update);
        self
    }

    /// Rows per transaction, for tests: with [`Resolver::Reassign`] the IDs depend on it.
    #[doc(hidden)]
    #[must_use]
    pub fn batch_rows(mut self, rows: NonZeroUsize) -> Self {
        self.batch_rows = rows;
        self
    }

    /// The model.
    pub fn model(&self) -> &RqKMeansModel {
        &self.model
    }

    /// The registry.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The registry, to remove items.
    pub fn registry_mut(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The unique ID of every row's item; items that have none get one.
    ///
    /// # Shapes
    /// `rows` (N, D), N item keys, N texts.
    ///
    /// # Exactness
    /// The IDs depend on the model, what is registered already, the rows and their order: not on the device or on how
    /// often this was begun before and broken off.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::encode`] and [`Registry::assign`]. What earlier batches of 65,536 rows registered stays.
    pub fn unique_ids<S: AsRef<str>>(
        &mut self,
        rows: &dyn Rows,
        items: &[S],
        device: &Device,
    ) -> Result<(Vec<String>, AssignReport)> {
        let text = self.registry.id_text().clone();
        let mut ids = Vec::with_capacity(items.len());
        let report = self.unique_ids_with(rows, items, device, |first, assigned| {
            let of_batch = items.iter().skip(first).zip(&assigned.assignments);
            ids.extend(of_batch.map(|(item, assignment)| text.text(&assignment.id, item.as_ref())));
            Ok(())
        })?;
        Ok((ids, report))
    }

    /// [`SemanticIdEngine::unique_ids`] in constant memory besides the item keys: `sink` receives the number of the first
    /// row of a batch and its IDs, which are durable by then.
    ///
    /// # Errors
    /// As for [`SemanticIdEngine::unique_ids`], and whatever `sink` returns.
    pub fn unique_ids_with<S: AsRef<str>>(
        &mut self,
        rows: &dyn Rows,
        items: &[S],
        device: &Device,
        mut sink: impl FnMut(usize, &Assigned) -> Result<()>,
    ) -> Result<AssignReport> {
        if rows.len() != items.len() {
            return Err(ErrorKind::ItemCount { items: items.len(), rows: rows.len() }.into());
        }
        let mut repeated = Repeated::among(items);
        let mut report = AssignReport::default();
        for (batch, items) in items.chunks(self.batch_rows.get()).enumerate() {
            let first_row = batch.saturating_mul(self.batch_rows.get());
            let part = Part { rows, first: first_row, len: items.len() };
            let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
            let codes = self.model.encode(&part, device)?;
            repeated.check(first_row, &items, &codes)?;
            let costs = NoCosts;
            let step = crate::grid::pow2(-self.model.codebook_exponent());
            let geometry = Geometry { costs: &costs, clusters: &self.model.clusters(), squared_step: step * step };
            let batch = Batch { items: &items, codes: &codes, first_row, geometry: Some(geometry) };
            let assigned = self.registry.assign_batch(&batch)?;
            report += assigned.report;
            sink(first_row, &assigned)?;
        }
        Ok(report)
    }
}

/// Stands where the distances of the rows of a batch will.
struct NoCosts;

impl Costs for NoCosts {
    fn distances(&self, _item: usize, _prefix: &[u32]) -> Result<Vec<u64>> {
        Err(ErrorKind::Store { reason: "reassigning is not there yet".into() }.into())
    }
}

/// Some of the rows.
struct Part<'a> {
    rows: &'a dyn Rows,
    first: usize,
    len: usize,
}

impl Rows for Part<'_> {
    fn len(&self) -> usize {
        self.len
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.rows.read(self.first.saturating_add(first), out)
    }
}

/// Item keys that stand in several rows, with the first of them and its codes once they are known.
struct Repeated<'a>(HashMap<&'a str, Option<(usize, Vec<u32>)>>);

impl<'a> Repeated<'a> {
    fn among<S: AsRef<str>>(items: &'a [S]) -> Self {
        let mut seen = std::collections::HashSet::with_capacity(items.len());
        let again = items.iter().map(AsRef::as_ref).filter(|item| !seen.insert(*item));
        Self(again.map(|item| (item, None)).collect())
    }

    /// Refuses an item with other codes than in its first row.
    fn check(&mut self, first_row: usize, items: &[&'a str], codes: &crate::rq::Codes) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        for (row, (item, codes)) in items.iter().zip(codes.rows()).enumerate() {
            let row = first_row.saturating_add(row);
            match self.0.get_mut(item) {
                Some(Some((first, former))) if former != codes => {
                    return Err(ErrorKind::RepeatedItem { item: item.to_string(), first: *first, row }.into());
                }
                Some(place @ None) => *place = Some((row, codes.to_vec())),
                _ => {}
            }
        }
        Ok(())
    }
}

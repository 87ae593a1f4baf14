//! The engine joins a model and a registry.

use super::assign::{AssignReport, Assigned, Geometry, ItemBatch};
use super::format::IdFormat;
use super::reassign::FindCandidates;
use super::registry::Registry;
use super::resolver::Resolver;
use super::store::{Manifest, Store};
use crate::codes::Codes;
use crate::device::Device;
use crate::encoder::Encoder;
use crate::error::{Error, ErrorKind, Result};
use crate::labels::Labels;
use crate::model::Model;
use crate::quantizer::{EncodeOptions, TrainOptions, Trainer, collect, train};
use crate::rows::{Matrix, Rows};
use batch::{Repeated, RowsPart, in_memory};
use candidates::CandidateSearch;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

mod batch;
mod candidates;
#[cfg(feature = "sqlite")]
mod file;
mod nearest;
mod refresh;
#[cfg(test)]
mod tests;

pub use nearest::Neighbor;
pub use refresh::{Move, MoveLimits, MoveReport};

/// Rows that are assigned together. The number is fixed, so that no ID depends on the device or its memory.
const BATCH: usize = 65_536;

/// Turns embeddings into unique, stable IDs: it holds a model, and the registry of the IDs given with it.
///
/// ```
/// use semid::registry::{MemoryStore, Resolver};
/// use semid::{Device, IdFormat, Matrix, RqKMeans, SemanticIdEngine};
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
    model: Model,
    registry: Registry,
    /// Encodes small batches; it is prepared when the first one comes.
    encoder: Encoder,
    /// The width of the beam that encodes items; none leaves it to the model.
    beam: Option<usize>,
    /// How many candidates an item has whose codes are taken; none leaves it to the search of the resolver.
    candidates: Option<usize>,
    batch_rows: usize,
}

/// Most rows of a batch that are encoded on the thread of the caller.
const FEW: usize = 64;

impl SemanticIdEngine {
    /// Fits a model to `rows` and makes a registry for it in `store`.
    ///
    /// # Errors
    /// As for [`Trainer::begin`] and [`SemanticIdEngine::new`].
    pub fn fit(
        rows: &dyn Rows,
        params: &dyn Trainer,
        device: &Device,
        store: impl Store,
        resolver: Resolver,
        format: IdFormat,
    ) -> Result<Self> {
        let (model, _) = train(params, rows, device, &TrainOptions::default(), &mut |_| ControlFlow::Continue(()))?;
        Self::new(model, store, resolver, format)
    }

    /// Makes the engine of `model` and the registry in `store`; an empty store becomes a new registry.
    ///
    /// # Errors
    /// As for [`Registry::new`] and [`Manifest::new`].
    pub fn new(model: impl Into<Model>, store: impl Store, resolver: Resolver, format: IdFormat) -> Result<Self> {
        let model = model.into();
        let manifest = Manifest::new(&model.fingerprint(), model.levels(), resolver, format)?;
        let registry = Registry::new(store, manifest, &model.to_bytes()?)?;
        Ok(Self::of(model, registry))
    }

    fn of(model: Model, mut registry: Registry) -> Self {
        registry.set_clusters(model.clusters());
        Self { encoder: model.encoder(), model, registry, beam: None, candidates: None, batch_rows: BATCH }
    }

    /// Opens the engine whose model and registry `store` holds.
    ///
    /// # Errors
    /// As for [`Registry::open`] and [`Model::from_bytes`]; [`ErrorKind::DamagedRegistry`] where the model is not
    /// that of the registry.
    pub fn open(store: impl Store) -> Result<Self> {
        Self::from_registry(Registry::open(store)?)
    }

    /// Makes an engine of an open registry and the model that it holds; [`Registry::model`] says whether it holds one.
    ///
    /// # Errors
    /// As for [`Registry::model`] and [`Model::from_bytes`]; [`ErrorKind::DamagedRegistry`] where the model is not that
    /// of the registry.
    pub fn from_registry(registry: Registry) -> Result<Self> {
        let model = Model::from_bytes(&registry.model()?)?;
        let fits =
            model.fingerprint() == registry.manifest().fingerprint() && model.levels() == registry.manifest().levels();
        match fits {
            true => Ok(Self::of(model, registry)),
            false => Err(Error::damaged_registry("its model is not the one its manifest names")),
        }
    }

    /// See [`Registry::update_changed`].
    #[must_use]
    pub fn update_changed(mut self, update: bool) -> Self {
        self.registry = self.registry.update_changed(update);
        self
    }

    /// Encodes items by a beam of this width, see [`Encoder::beam`], and not by that of the model. The registry does
    /// not keep the width: items that have an ID keep it, whatever the width.
    ///
    /// ```
    /// use semid::registry::{MemoryStore, Resolver};
    /// use semid::{Device, IdFormat, Matrix, RqKMeansModel, SemanticIdEngine};
    ///
    /// let model = RqKMeansModel::from_codewords(&[&[0.0, 10.0], &[-8.0, 1.0]], 1)?;
    /// let (rows, device) = (Matrix::new(&[3.0], 1)?, Device::cpu());
    /// let engine = SemanticIdEngine::new(model, MemoryStore::new(), Resolver::default(), IdFormat::plain("-"))?;
    /// let (ids, _) = engine.beam(2).unique_ids(&rows, &["a"], &device)?;
    /// assert_eq!(ids, ["1-0"]); // 10 - 8 is nearer to 3 than 0 + 1 is
    /// # Ok::<(), semid::Error>(())
    /// ```
    #[must_use]
    pub fn beam(mut self, width: usize) -> Self {
        (self.beam, self.encoder) = (Some(width), self.encoder.beam(width));
        self
    }

    /// Lets [`Resolver::Reassign`] move an item whose codes are taken to one of its `count` candidates, the codes of
    /// the smallest total distances, see [`Encoder::candidates`]. They may differ from its codes at any level; without
    /// this call an item keeps all codes but the last as long as a code below them is free. Items that find no
    /// candidate free move as they do without this call. The registry does not keep the count: items that have an ID
    /// keep it.
    ///
    /// # Exactness
    /// Of the items that share codes with more items than there are places, up to 1,024 at a time, in the order of
    /// their codes and keys, are placed at the smallest possible increase of the sum of distances.
    ///
    /// # Errors
    /// [`SemanticIdEngine::unique_ids`] fails as [`Encoder::candidates`] does, and with [`ErrorKind::Parameter`] for
    /// another resolver, before any item gets an ID.
    ///
    /// ```
    /// use semid::registry::{MemoryStore, Resolver};
    /// use semid::{Device, IdFormat, Matrix, RqKMeansModel, SemanticIdEngine};
    ///
    /// let model = RqKMeansModel::from_codewords(&[&[0.0, 10.0], &[-8.0, 1.0]], 1)?;
    /// let (rows, device) = (Matrix::new(&[0.5, 0.5], 1)?, Device::cpu());
    /// let engine = |candidates: Option<usize>| {
    ///     let format = IdFormat::plain("-");
    ///     let engine = SemanticIdEngine::new(model.clone(), MemoryStore::new(), Resolver::reassign(), format)?;
    ///     Ok::<_, semid::Error>(match candidates {
    ///         Some(count) => engine.candidates(count),
    ///         None => engine,
    ///     })
    /// };
    /// // Of the points -8, 1, 2 and 11, 1 is nearest to 0.5, and 2 is next.
    /// assert_eq!(engine(None)?.unique_ids(&rows, &["a", "b"], &device)?.0, ["0-1", "0-0"]);
    /// assert_eq!(engine(Some(2))?.unique_ids(&rows, &["a", "b"], &device)?.0, ["0-1", "1-0"]);
    /// # Ok::<(), semid::Error>(())
    /// ```
    #[must_use]
    pub fn candidates(mut self, count: usize) -> Self {
        self.candidates = Some(count);
        self
    }

    /// Sets the rows per transaction, for tests: with [`Resolver::Reassign`] the IDs depend on it.
    #[doc(hidden)]
    #[must_use]
    pub fn batch_rows(mut self, rows: NonZeroUsize) -> Self {
        self.batch_rows = rows.get();
        self
    }

    /// Returns the engine as it is now, to read from while others assign: its registry is a [`Registry::snapshot`].
    ///
    /// # Errors
    /// Returns whatever the store's snapshot can fail with.
    pub fn snapshot(&self) -> Result<Self> {
        let (model, encoder, registry) = (self.model.clone(), self.encoder.clone(), self.registry.snapshot()?);
        let Self { beam, candidates, batch_rows, .. } = *self;
        Ok(Self { model, registry, encoder, beam, candidates, batch_rows })
    }

    /// Returns the model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Returns the registry.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Returns the registry for changes, such as removing items.
    pub fn registry_mut(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Returns the ID of every row's item as text; items without an ID get one.
    ///
    /// # Shapes
    /// `rows` (N, D), N item keys, N texts.
    ///
    /// # Exactness
    /// The IDs depend on the model, on what is registered already, and on the rows and their order. They do not depend
    /// on the device, nor, as every batch has 65,536 rows, on how often an earlier run was interrupted.
    ///
    /// # Errors
    /// As for [`Quantizer::encode`](crate::Quantizer::encode) and [`Registry::assign`]. IDs that earlier batches of
    /// 65,536 rows registered stay.
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

    /// Gives IDs as [`SemanticIdEngine::unique_ids`] does, but needs constant memory besides the item keys: calls
    /// `sink` with the number of the first row of each batch and the batch's IDs, which are durable before the call.
    ///
    /// # Errors
    /// As for [`SemanticIdEngine::unique_ids`], and whatever `sink` returns.
    pub fn unique_ids_with<S: AsRef<str>>(
        &mut self,
        rows: &dyn Rows,
        items: &[S],
        device: &Device,
        sink: impl FnMut(usize, &Assigned) -> Result<()>,
    ) -> Result<AssignReport> {
        self.unique_ids_labelled(rows, items, None, device, sink)
    }

    /// Gives IDs as [`SemanticIdEngine::unique_ids_with`] does, to rows with labels, which give the codes of the
    /// model's first levels.
    ///
    /// # Errors
    /// As for [`SemanticIdEngine::unique_ids_with`] and [`Encoder::labels`].
    pub fn unique_ids_labelled<S: AsRef<str>>(
        &mut self,
        rows: &dyn Rows,
        items: &[S],
        labels: Option<&Labels>,
        device: &Device,
        mut sink: impl FnMut(usize, &Assigned) -> Result<()>,
    ) -> Result<AssignReport> {
        if let Some(labels) = labels.filter(|labels| labels.len() != rows.len()) {
            let (found, rows) = (labels.len(), rows.len());
            return Err(ErrorKind::RowCount { what: "labels", found, rows }.into());
        }
        if rows.dim() != self.model.dim() {
            return Err(ErrorKind::DimMismatch { expected: self.model.dim(), found: rows.dim() }.into());
        }
        if rows.len() != items.len() {
            return Err(ErrorKind::RowCount { what: "item keys", found: items.len(), rows: rows.len() }.into());
        }
        let (clusters, fixed) = (self.model.clusters(), self.model.label_tables().len());
        let step = self.model.step();
        let moves = matches!(self.registry.manifest().resolver(), Resolver::Reassign { .. });
        let options = EncodeOptions { beam: self.beam, ..EncodeOptions::default() };
        let search = self.candidates.map(|count| CandidateSearch { model: &self.model, device, options, count });
        search.iter().try_for_each(|search| search.check(self.registry.manifest().resolver()))?;
        let mut repeated = Repeated::among(items)?;
        let mut report = AssignReport::default();
        for (batch, items) in items.chunks(self.batch_rows).enumerate() {
            let first_row = batch.saturating_mul(self.batch_rows);
            let part = RowsPart { rows, first: first_row, len: items.len() };
            let of_all = |error: Error| part.error_of_all(error);
            // A search asks about a row that may move again and again, so it stays quantized.
            let quantized = self.model.quantized_rows(&part, device).map_err(of_all)?;
            let values = if moves { in_memory(&*quantized).map_err(of_all)? } else { Vec::new() };
            let matrix = Matrix::new(&values, quantized.dim())?;
            // Reading `rows` hears of a cancellation; rows copied to memory do not.
            let source = rows;
            let rows: &dyn Rows = if moves { &matrix } else { &*quantized };
            let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
            let labels = labels.map(|labels| labels.part(first_row..first_row + items.len()));
            let few = if part.len <= FEW && labels.is_none() {
                self.encoder.encode_few(&part, device).map_err(of_all)?
            } else {
                None
            };
            let codes = match few {
                Some(few) => few,
                None => self.encode(rows, labels.clone(), device).map_err(of_all)?,
            };
            repeated.check(first_row, &items, &codes)?;
            let costs = if moves { Some(self.model.costs(rows, source)?) } else { None };
            let find = search.as_ref().map(|search| |rows: &[usize]| search.of(&matrix, labels.as_ref(), rows));
            let candidates = find.as_ref().map(|find| find as &FindCandidates<'_>);
            let of = |costs| Geometry { costs, clusters: &clusters, fixed, squared_step: step * step, candidates };
            let geometry = costs.as_deref().map(of);
            let assigned =
                self.registry.assign_batch(&ItemBatch { items: &items, codes: &codes, first_row, geometry })?;
            report += assigned.report;
            sink(first_row, &assigned)?;
        }
        Ok(report)
    }

    /// Encodes rows that [`Quantizer::quantized_rows`](crate::Quantizer::quantized_rows) returned.
    fn encode(&self, rows: &dyn Rows, labels: Option<Labels>, device: &Device) -> Result<Codes> {
        let options = EncodeOptions { labels, beam: self.beam, ..EncodeOptions::default() };
        collect(self.model.levels(), rows.len(), |sink| {
            self.model.encode_quantized(rows, device, &options, sink).map(drop)
        })
    }
}

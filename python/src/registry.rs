//! Registries of unique IDs, with or without a model, in memory or in a SQLite database.

use crate::codes::from_array;
use crate::devices::{Place, values_on};
use crate::errors::{OrRaise, parameter};
use crate::ids::Format;
use crate::input::{Input, PyRows};
use crate::labels::{self, Columns};
use crate::model::{Model, fresh};
use crate::work::run;
use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use semid::registry::{
    AssignReport, Assigned, BaseTokenizer, Export, Holder, Manifest, MemoryStore, Move, MoveLimits, MoveReport,
    Resolver, SidKey, SqliteStore, StaticSizes,
};
use semid::{Result, SemanticIdEngine, registry};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Item keys and their IDs; calls of several threads follow each other.
#[pyclass(frozen, module = "semid._semid")]
pub(crate) struct Registry(Mutex<Held>);

enum Held {
    Engine(Box<SemanticIdEngine>),
    /// A registry whose model is not known.
    Alone(Box<registry::Registry>),
}

impl Held {
    fn registry(&self) -> &registry::Registry {
        match self {
            Self::Engine(engine) => engine.registry(),
            Self::Alone(registry) => registry,
        }
    }

    fn registry_mut(&mut self) -> &mut registry::Registry {
        match self {
            Self::Engine(engine) => engine.registry_mut(),
            Self::Alone(registry) => registry,
        }
    }

    fn engine(&self) -> Result<&SemanticIdEngine> {
        match self {
            Self::Engine(engine) => Ok(engine),
            Self::Alone(_) => Err(without_model()),
        }
    }

    fn engine_mut(&mut self) -> Result<&mut SemanticIdEngine> {
        match self {
            Self::Engine(engine) => Ok(engine),
            Self::Alone(_) => Err(without_model()),
        }
    }

    /// An engine whose items may move to `candidates` candidates, and which encodes by a beam of the width `beam`.
    fn of(engine: SemanticIdEngine, candidates: Option<usize>, beam: Option<usize>) -> Self {
        let engine = match candidates {
            Some(count) => engine.candidates(count),
            None => engine,
        };
        Self::Engine(Box::new(match beam {
            Some(width) => engine.beam(width),
            None => engine,
        }))
    }

    fn open(path: &Path, read_only: bool, candidates: Option<usize>, beam: Option<usize>) -> Result<Self> {
        let store = if read_only { SqliteStore::open_read_only(path) } else { SqliteStore::open(path) };
        let registry = registry::Registry::open(store?)?;
        match registry.model()?.is_empty() {
            true => Ok(Self::Alone(Box::new(registry))),
            false => Ok(Self::of(SemanticIdEngine::from_registry(registry)?, candidates, beam)),
        }
    }
}

fn without_model() -> semid::Error {
    parameter("registry", "without a model", "must be a SemanticIdEngine")
}

/// The parameters of a new registry.
#[derive(FromPyObject)]
struct New {
    #[pyo3(item)]
    fingerprint: String,
    #[pyo3(item)]
    levels: usize,
    #[pyo3(item)]
    resolver: String,
    #[pyo3(item)]
    capacity: u32,
    #[pyo3(item)]
    format: Format,
    #[pyo3(item)]
    path: Option<PathBuf>,
    #[pyo3(item)]
    update_changed: bool,
    #[pyo3(item)]
    candidates: Option<usize>,
    #[pyo3(item)]
    beam: Option<usize>,
}

impl New {
    fn make(&self, model: Option<&semid::Model>) -> Result<Held> {
        let capacity = NonZeroU32::new(self.capacity).ok_or_else(|| parameter("capacity", 0, "must be at least 1"))?;
        let resolver = Resolver::from_name(&self.resolver, capacity)?;
        match &self.path {
            Some(path) => self.in_store(model, SqliteStore::open(path)?, resolver),
            None => self.in_store(model, MemoryStore::new(), resolver),
        }
    }

    fn in_store(&self, model: Option<&semid::Model>, store: impl registry::Store, resolver: Resolver) -> Result<Held> {
        let format = self.format.read()?;
        if let Some(model) = model {
            let engine = SemanticIdEngine::new(model.clone(), store, resolver, format)?;
            return Ok(Held::of(engine.update_changed(self.update_changed), self.candidates, self.beam));
        }
        let manifest = Manifest::new(&self.fingerprint, self.levels, resolver, format)?;
        let registry = registry::Registry::new(store, manifest, b"")?;
        Ok(Held::Alone(Box::new(registry.update_changed(self.update_changed))))
    }
}

/// An item that got a new ID: its key, the old and the new ID, and the squared distances to both.
type Moved = (String, String, String, f64, f64);

/// The texts of the IDs of items, and counts of what was done.
type Texts = (Vec<String>, AssignReport);

#[pymethods]
impl Registry {
    /// Makes a registry, or goes on in the one of the path.
    #[staticmethod]
    #[pyo3(signature = (new, model=None))]
    fn create(py: Python<'_>, new: New, model: Option<Bound<'_, Model>>) -> PyResult<Self> {
        let model = model.as_ref().map(|model| &model.get().0);
        py.detach(|| new.make(model)).or_raise(py).map(|held| Self(Mutex::new(held)))
    }

    /// Opens the registry of a path.
    #[staticmethod]
    #[pyo3(signature = (path, read_only, candidates=None, beam=None))]
    fn load(
        py: Python<'_>,
        path: PathBuf,
        read_only: bool,
        candidates: Option<usize>,
        beam: Option<usize>,
    ) -> PyResult<Self> {
        py.detach(|| Held::open(&path, read_only, candidates, beam)).or_raise(py).map(|held| Self(Mutex::new(held)))
    }

    /// Copies the registry to one SQLite database.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.with(|held| held.engine()?.save(&path))).or_raise(py)
    }

    /// The model; none for a registry alone.
    fn model(&self, py: Python<'_>) -> Option<Model> {
        py.detach(|| self.with(|held| held.engine().ok().map(|engine| Model(engine.model().clone()))))
    }

    /// The settings that never change.
    fn manifest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let map = py.detach(|| self.with(|held| held.registry().manifest().to_map()));
        let manifest = PyDict::new(py);
        map.into_iter().try_for_each(|(name, value)| manifest.set_item(name, value))?;
        Ok(manifest)
    }

    /// Gives IDs to items with these codes.
    fn assign<'py>(
        &self,
        py: Python<'py>,
        items: Vec<String>,
        codes: PyReadonlyArray2<'py, u32>,
    ) -> PyResult<(Vec<String>, Bound<'py, PyDict>)> {
        let codes = from_array(py, &codes)?;
        let texts = run(py, codes.values().len(), None, |_| {
            self.with(|held| {
                let Assigned { assignments, report } = held.registry_mut().assign(&items, &codes)?;
                let text = held.registry().id_text();
                let texts = assignments.iter().zip(&items).map(|(assigned, item)| text.text(&assigned.id, item));
                Ok((texts.collect(), report))
            })
        });
        told(py, texts?)
    }

    /// Encodes rows and gives IDs to their items.
    #[pyo3(signature = (rows, items, place, *, labels=None))]
    fn unique_ids<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        items: Vec<String>,
        place: Place,
        labels: Option<Columns>,
    ) -> PyResult<(Vec<String>, Bound<'py, PyDict>)> {
        let device = place.open(py)?;
        let input = Input::new(rows)?;
        let rows = self.rows(py, &input)?;
        let texts = run(py, values_on(&device, &*rows), None, |watch| {
            let (labels, rows) = (labels::labels(labels)?, watch.rows(&*rows));
            self.with(|held| {
                let engine = held.engine_mut()?;
                let (text, mut texts) = (engine.registry().id_text().clone(), Vec::with_capacity(items.len()));
                let report = engine.unique_ids_labelled(
                    &rows,
                    &items,
                    labels.as_ref(),
                    &device,
                    |first, Assigned { assignments, .. }| {
                        let of_batch = items.iter().skip(first).zip(assignments);
                        texts.extend(of_batch.map(|(item, assigned)| text.text(&assigned.id, item)));
                        Ok(())
                    },
                );
                Ok((texts, fresh(report)?))
            })
        });
        told(py, texts?)
    }

    /// Puts a newer model in the place of the engine's own.
    fn adopt_model(&self, py: Python<'_>, model: &Bound<'_, Model>) -> PyResult<()> {
        let model = model.get().0.clone();
        py.detach(|| self.with(|held| held.engine_mut()?.adopt_model(model))).or_raise(py)
    }

    /// Gives new IDs to the items that gain most: item, old ID, new ID, squared distances before and after.
    fn move_if_gain<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        items: Vec<String>,
        place: Place,
        gain: f64,
        at_most: u64,
    ) -> PyResult<(Vec<Moved>, Bound<'py, PyDict>)> {
        let device = place.open(py)?;
        let input = Input::new(rows)?;
        let rows = self.rows(py, &input)?;
        let limits = MoveLimits { gain, at_most };
        let (moves, report) = run(py, values_on(&device, &*rows), None, |watch| {
            self.with(|held| {
                let engine = held.engine_mut()?;
                let (text, mut moves) = (engine.registry().id_text().clone(), Vec::new());
                let report = fresh(engine.move_if_gain(&watch.rows(&*rows), &items, &device, &limits, |all| {
                    let moved = |of: &Move| {
                        let [from, to] = [&of.from, &of.to].map(|id| text.text(id, &of.item));
                        (of.item.clone(), from, to, of.before, of.after)
                    };
                    moves.extend(all.iter().map(moved));
                    watch.check()
                }))?;
                Ok((moves, report))
            })
        })?;
        let counts = PyDict::new(py);
        let MoveReport { items, unknown, changed, gaining, moved, .. } = report;
        let named = [("items", items), ("unknown", unknown), ("changed", changed), ("gaining", gaining)];
        named.into_iter().chain([("moved", moved)]).try_for_each(|(name, count)| counts.set_item(name, count))?;
        Ok((moves, counts))
    }

    /// The IDs of items; none for those that have none.
    fn ids(&self, py: Python<'_>, items: Vec<String>) -> PyResult<Vec<Option<String>>> {
        let ids = || {
            self.with(|held| {
                let registry = held.registry();
                let entries = registry.entries(&items)?;
                let texts = entries
                    .iter()
                    .zip(&items)
                    .map(|(entry, item)| entry.as_ref().map(|entry| registry.text(&entry.id, item)));
                Ok(texts.collect())
            })
        };
        py.detach(ids).or_raise(py)
    }

    /// Who has an ID: an item, or nobody because it was never given or because it is retired.
    fn find(&self, py: Python<'_>, text: &str) -> PyResult<(&'static str, Option<String>)> {
        let holder = py.detach(|| self.with(|held| held.registry().find(text))).or_raise(py)?;
        Ok(match holder {
            Holder::Item(item) => ("item", Some(item)),
            Holder::Retired => ("retired", None),
            Holder::Free => ("free", None),
        })
    }

    /// Items and IDs below a prefix, in the order of the IDs; at most `most`.
    fn below(&self, py: Python<'_>, prefix: Option<&str>, most: usize) -> PyResult<Vec<(String, String)>> {
        let below = || {
            self.with(|held| {
                let registry = held.registry();
                let prefix = prefix.map(|text| registry.parse_prefix(text)).transpose()?.unwrap_or_default();
                let records = registry.records(&prefix).take(most);
                let pair = |record: registry::ItemRecord| {
                    let text = registry.text(&record.entry.id, &record.item);
                    (record.item, text)
                };
                records.map(|record| record.map(pair)).collect::<Result<Vec<_>>>()
            })
        };
        py.detach(below).or_raise(py)
    }

    /// Counts the items below a prefix.
    fn count(&self, py: Python<'_>, prefix: Option<&str>) -> PyResult<u64> {
        let count = || {
            self.with(|held| {
                let registry = held.registry();
                let prefix = prefix.map(|text| registry.parse_prefix(text)).transpose()?.unwrap_or_default();
                registry.count(&prefix)
            })
        };
        py.detach(count).or_raise(py)
    }

    /// Removes items; returns the IDs that they had, which are never given again.
    fn remove(&self, py: Python<'_>, items: Vec<String>) -> PyResult<Vec<Option<String>>> {
        let remove = || {
            self.with(|held| {
                let ids = held.registry_mut().remove(&items)?;
                let text = |(id, item): (Option<_>, &String)| id.map(|id| held.registry().text(&id, item));
                Ok(ids.into_iter().zip(&items).map(text).collect())
            })
        };
        py.detach(remove).or_raise(py)
    }

    /// The items nearest to one: key, ID, shared codes, squared distance.
    fn nearest(&self, py: Python<'_>, item: &str, k: usize) -> PyResult<Vec<(String, String, usize, f64)>> {
        let nearest = || {
            self.with(|held| {
                let engine = held.engine()?;
                let neighbors = engine.nearest(item, k)?.into_iter().map(|neighbor| {
                    let text = engine.registry().text(&neighbor.id, &neighbor.item);
                    (neighbor.item, text, neighbor.shared, neighbor.squared_distance)
                });
                Ok(neighbors.collect())
            })
        };
        py.detach(nearest).or_raise(py)
    }

    /// Writes a file for other programs.
    #[pyo3(signature = (kind, path, *, tokenizer=None, first_token=None, packed=None))]
    fn export(
        &self,
        py: Python<'_>,
        kind: &str,
        path: PathBuf,
        tokenizer: Option<PathBuf>,
        first_token: Option<u64>,
        packed: Option<u64>,
    ) -> PyResult<()> {
        let export = || {
            let tokenizer = tokenizer.map(BaseTokenizer::open).transpose()?;
            let snapshot = self.with(|held| held.registry().snapshot())?;
            let mut export = Export::new(&snapshot);
            if let Some(tokenizer) = &tokenizer {
                export = export.tokenizer(tokenizer);
            }
            if let Some(first) = first_token {
                export = export.first_token(first);
            }
            match kind {
                "ids" => export.ids(path),
                "index" => export.index(path),
                "vocabulary" => export.vocabulary(path),
                "added-tokens" => export.added_tokens(path),
                "trie" => export.trie(path),
                "hf" => export.hf(path),
                "static" => export.static_index(path, StaticSizes::new()),
                "sid-json" => export.sids(path, packed.map_or(SidKey::Commas, |base| SidKey::Packed { base })),
                _ => {
                    let known = "must be ids, index, vocabulary, added-tokens, trie, hf, static or sid-json";
                    Err(parameter("kind", kind, known))
                }
            }
        };
        py.detach(export).or_raise(py).map(drop)
    }
}

impl Registry {
    /// Calls `work` alone; never with Python's lock held, which another thread may wait for.
    fn with<T>(&self, work: impl FnOnce(&mut Held) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the rows of an input as the engine's model reads them.
    fn rows<'a>(&self, py: Python<'_>, input: &'a Input) -> PyResult<PyRows<'a>> {
        let model = py.detach(|| self.with(|held| held.engine().map(|engine| engine.model().clone()))).or_raise(py)?;
        input.rows_for(py, &model)
    }
}

fn told<'py>(py: Python<'py>, (texts, report): Texts) -> PyResult<(Vec<String>, Bound<'py, PyDict>)> {
    let counts = PyDict::new(py);
    let AssignReport { items, new, kept, collisions, moved, changed, added_distance, .. } = report;
    for (name, count) in [
        ("items", items),
        ("new", new),
        ("kept", kept),
        ("collisions", collisions),
        ("moved", moved),
        ("changed", changed),
    ] {
        counts.set_item(name, count)?;
    }
    counts.set_item("added_distance", added_distance)?;
    Ok((texts, counts))
}

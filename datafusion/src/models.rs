//! Models by their names, each opened once.

use crate::error::FunctionError;
use semid::{Device, Encoder, LabelTable, Matrix, Model, Rows};
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// The models that some functions share.
#[derive(Clone)]
pub(crate) struct Models(Arc<Shared>);

struct Shared {
    device: Device,
    opened: Mutex<HashMap<String, Arc<Opened>>>,
}

/// A model that is ready to encode.
pub(crate) struct Opened {
    pub(crate) name: String,
    pub(crate) model: Model,
    pub(crate) device: Device,
    encoder: Encoder,
}

impl Opened {
    /// Returns an encoder of its own for the caller's thread; all of them share the prepared codewords. A model that
    /// takes its first codes from labels has none here: no function has labels, and without them all would count as
    /// unknown.
    pub(crate) fn encoder(&self) -> Result<Encoder, FunctionError> {
        match self.model.label_tables() {
            [] => Ok(self.encoder.clone()),
            tables => {
                let columns = tables.iter().map(LabelTable::column).collect::<Vec<_>>().join(", ");
                Err(FunctionError::Labels { name: self.name.clone(), columns })
            }
        }
    }

    /// Returns embeddings, row by row, as the model compares them: where it takes several per row, side by side, each
    /// of them is scaled.
    pub(crate) fn scaled(&self, values: Vec<f32>) -> semid::Result<Vec<f32>> {
        let Some(blocks) = self.model.blocks().filter(|_| !values.is_empty()) else { return Ok(values) };
        let mut scaled = vec![0.0; values.len()];
        blocks.rows(Matrix::new(&values, self.model.dim())?)?.read(0, &mut scaled)?;
        Ok(scaled)
    }
}

impl Models {
    pub(crate) fn new(device: Device) -> Self {
        Self(Arc::new(Shared { device, opened: Mutex::default() }))
    }

    /// Gives a model a name, in the place of a file.
    pub(crate) fn add(&self, name: &str, model: Model) -> Result<(), FunctionError> {
        let opened = Arc::new(self.prepare(name, model)?);
        self.lock().insert(name.to_owned(), opened);
        Ok(())
    }

    /// Returns the model of that name, or else that of the file with this path. Others wait while a file is read, so
    /// that it is read once; a failure is not kept.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<Opened>, FunctionError> {
        let mut opened = self.lock();
        if let Some(found) = opened.get(name) {
            return Ok(Arc::clone(found));
        }
        let model = Model::load(name).map_err(|source| FunctionError::Model { name: name.to_owned(), source })?;
        let new = Arc::new(self.prepare(name, model)?);
        opened.insert(name.to_owned(), Arc::clone(&new));
        Ok(new)
    }

    fn prepare(&self, name: &str, model: Model) -> Result<Opened, FunctionError> {
        let (name, device) = (name.to_owned(), self.0.device.clone());
        match model.encoder().prepare(&device) {
            Ok(encoder) => Ok(Opened { name, model, device, encoder }),
            Err(source) => Err(FunctionError::Model { name, source }),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Opened>>> {
        // Whoever panicked has inserted a complete model or none.
        self.0.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Models").field(&self.0.device).finish()
    }
}

/// Functions are the same where they share their models.
impl PartialEq for Models {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Models {}

impl Hash for Models {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

//! A row of the table of kinds.

use super::{Quantizer, Trainer};
use crate::error::Result;
use crate::io::model_file::ModelFile;
use serde_json::Value;
use std::sync::Arc;

/// Checks all of a model file and makes a model of it.
pub(crate) type Read = fn(&ModelFile<'_>) -> Result<Arc<dyn Quantizer>>;

/// A kind of model, as files name it.
pub(crate) struct Kind {
    /// `kind` in the metadata of a model file and among parameters.
    pub(crate) name: &'static str,
    /// What a model of this kind is, in a few words.
    pub(crate) about: &'static str,
    /// Checks all of a file and makes a model of it; `None` where the files of these models name another kind.
    pub(crate) read: Option<Read>,
    /// Reads parameters, or says why they cannot be read.
    pub(crate) parameters: fn(Value) -> Result<Arc<dyn Trainer>, String>,
}

//! Records where a model comes from, which its file has in addition to what encoding needs.

use crate::error::Result;
use crate::fields::fields;
use crate::io::Inputs;
use crate::io::file::Source;
use crate::io::model_file::hex;
use crate::rows::Rows;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The part of a model file's configuration that influences neither an encode nor the fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[doc(hidden)]
pub struct Origin {
    /// The parameters of the fit, kept as they were read, so that parameters of a newer version are not lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<BTreeMap<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provenance: Option<Provenance>,
}

impl Origin {
    /// Makes the origin of a fit with these parameters, with the fields `more`.
    pub(crate) fn of(parameters: &impl Serialize, more: &[(&str, &str)]) -> Result<Self> {
        let mut parameters = fields(parameters)?;
        parameters.extend(more.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        Ok(Self { parameters: Some(parameters), provenance: None })
    }

    /// Records that the fit started from the model with this fingerprint, of which it kept the first levels.
    pub(crate) fn started_from(mut self, fingerprint: &str, frozen_levels: usize) -> Self {
        if let Some(parameters) = &mut self.parameters {
            parameters.insert("warm_start".to_owned(), Value::from(fingerprint));
            parameters.insert("freeze_levels".to_owned(), Value::from(frozen_levels));
        }
        self
    }

    /// Records that the codes were numbered like those of the model with this fingerprint.
    pub(crate) fn aligned_to(mut self, fingerprint: &str) -> Self {
        if let Some(parameters) = &mut self.parameters {
            parameters.insert("align_to".to_owned(), Value::from(fingerprint));
        }
        self
    }
}

/// Names the data that a model was fitted to, and the version of this library that fitted it; see
/// [`Model::with_provenance`](crate::Model::with_provenance).
///
/// ```
/// use semid::io::Provenance;
/// use semid::{Device, Matrix, Model, RqKMeans, Rows};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("items.npy");
/// let mut file = semid::io::NpyWriter::<f32>::create(&path, 50, 4)?;
/// file.write(&(0..200).map(|i| ((i * 37) % 101) as f32).collect::<Vec<f32>>())?;
/// file.finish()?;
/// let rows = semid::io::open(&path, &Default::default())?;
/// let model = Model::from(RqKMeans::new(2, 8).fit(&rows, &Device::cpu())?);
/// let fingerprint = model.fingerprint();
/// let model = model.with_provenance(Provenance::new().input(&path, &rows)?)?;
/// let input = &model.provenance().unwrap().inputs[0];
/// assert_eq!((input.name.as_str(), input.rows, input.dim), ("items.npy", 50, 4));
/// assert_eq!(model.fingerprint(), fingerprint);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Provenance {
    /// The input files.
    pub inputs: Vec<ProvenanceInput>,
    /// The version of this library.
    pub semid: String,
}

/// A file that a model was fitted to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProvenanceInput {
    /// The name of the file, without folders.
    pub name: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// The number of rows that were read from it, N.
    pub rows: usize,
    /// The number of dimensions of these rows, D.
    pub dim: usize,
}

impl Default for Provenance {
    fn default() -> Self {
        Self::new()
    }
}

impl Provenance {
    /// Makes a provenance with this version and no input.
    pub fn new() -> Self {
        Self { inputs: Vec::new(), semid: env!("CARGO_PKG_VERSION").to_owned() }
    }

    /// Adds a file from which `rows` were read; reads and hashes all of its bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), with the path.
    pub fn input(mut self, path: impl AsRef<Path>, rows: &dyn Rows) -> Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let input = ProvenanceInput { name, sha256: sha256_of(path)?, rows: rows.len(), dim: rows.dim() };
        self.inputs.push(input);
        Ok(self)
    }

    /// Adds all files of `inputs` that have rows, each of which is read and hashed.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn inputs(mut self, inputs: &Inputs) -> Result<Self> {
        for (path, rows) in inputs.files() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.inputs.push(ProvenanceInput { name, sha256: sha256_of(path)?, rows, dim: inputs.dim() });
        }
        Ok(self)
    }
}

/// Returns the SHA-256 of a file, which it reads in pieces.
fn sha256_of(path: &Path) -> Result<String> {
    let source = Source::open(path, "input")?;
    let (mut hash, mut piece, mut at) = (Sha256::new(), vec![0; 1 << 20], 0);
    while at < source.len() {
        let len = (source.len() - at).min(piece.len() as u64) as usize;
        let piece = piece.get_mut(..len).unwrap_or_default();
        source.read(at, piece)?;
        hash.update(&*piece);
        at += len as u64;
    }
    Ok(hex(&hash.finalize()))
}

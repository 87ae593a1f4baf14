//! Names the files that a model was fitted to.

use super::Inputs;
use super::file::Source;
use super::model_file::hex;
use crate::error::Result;
use crate::rows::Rows;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

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
    /// The files of embeddings.
    pub inputs: Vec<ProvenanceInput>,
    /// Other files that the fit read, such as weights or labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ProvenanceFile>,
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

/// Another file that a fit read besides its embeddings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProvenanceFile {
    /// What the file holds, such as `weights`.
    pub what: String,
    /// The name of the file, without folders.
    pub name: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

impl Default for Provenance {
    fn default() -> Self {
        Self::new()
    }
}

impl Provenance {
    /// Makes a provenance with this version and no input.
    pub fn new() -> Self {
        Self { inputs: Vec::new(), files: Vec::new(), semid: env!("CARGO_PKG_VERSION").to_owned() }
    }

    /// Adds a file from which `rows` were read; reads and hashes all of its bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), with the path.
    pub fn input(mut self, path: impl AsRef<Path>, rows: &dyn Rows) -> Result<Self> {
        let path = path.as_ref();
        let (name, sha256) = (name_of(path), sha256_of(path)?);
        let input = ProvenanceInput { name, sha256, rows: rows.len(), dim: rows.dim() };
        self.inputs.push(input);
        Ok(self)
    }

    /// Adds all files of `inputs` that have rows, each of which is read and hashed.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn inputs(mut self, inputs: &Inputs) -> Result<Self> {
        for (path, rows) in inputs.files() {
            let (name, sha256) = (name_of(path), sha256_of(path)?);
            self.inputs.push(ProvenanceInput { name, sha256, rows, dim: inputs.dim() });
        }
        Ok(self)
    }

    /// Adds another file that the fit read, which holds `what`, such as `weights`; reads and hashes all of its bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn file(mut self, path: impl AsRef<Path>, what: impl Into<String>) -> Result<Self> {
        let path = path.as_ref();
        self.files.push(ProvenanceFile { what: what.into(), name: name_of(path), sha256: sha256_of(path)? });
        Ok(self)
    }
}

/// Returns the name of a file without its folders.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
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

//! Records where a model comes from, which its file has in addition to what encoding needs.

use crate::blocks::Blocks;
use crate::error::{Error, Result};
use crate::fields::fields;
use crate::io::Inputs;
use crate::io::file::Source;
use crate::io::model_file::{FORMAT_VERSION, hex};
use crate::rows::Rows;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The part of a model file's configuration that is the same for all kinds. The blocks influence an encode and the
/// fingerprint; the rest influences neither.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[doc(hidden)]
pub struct Origin {
    /// The parameters of the fit, kept as they were read, so that parameters of a newer version are not lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<BTreeMap<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provenance: Option<Provenance>,
    /// The blocks that rows consist of, if they have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blocks: Option<Blocks>,
}

impl Origin {
    /// Makes the origin of a fit with these parameters, with the fields `more`.
    pub(crate) fn of(parameters: &impl Serialize, more: &[(&str, &str)]) -> Result<Self> {
        let mut parameters = fields(parameters)?;
        parameters.extend(more.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        Ok(Self { parameters: Some(parameters), provenance: None, blocks: None })
    }

    /// Returns the fingerprint of a model of this origin, whose fingerprint without blocks is `inner`.
    pub(crate) fn fingerprint(&self, inner: String) -> String {
        self.blocks.as_ref().map_or_else(|| inner.clone(), |blocks| blocks.fingerprint(&inner))
    }

    /// Refuses a file of a model of `dim` dimensions whose blocks have other widths, or whose version had no blocks
    /// or no labels and beams, of which `more` says that the file has some.
    pub(crate) fn check(&self, version: u32, more: bool, dim: usize) -> Result<()> {
        let fits = self.blocks.as_ref().is_none_or(|blocks| blocks.dim() == dim);
        let is_known = version >= FORMAT_VERSION || !(more || self.blocks.is_some());
        match fits && is_known {
            true => Ok(()),
            false => Err(Error::damaged(
                "its version or its dimensions are not those of its labels, its beam and its blocks",
            )),
        }
    }

    /// Records that the fit started from the model with this fingerprint, of which it kept the first levels.
    pub(crate) fn started_from(mut self, fingerprint: &str, frozen_levels: usize) -> Self {
        if let Some(parameters) = &mut self.parameters {
            parameters.insert("warm_start".to_owned(), Value::from(fingerprint));
            parameters.insert("freeze_levels".to_owned(), Value::from(frozen_levels));
        }
        self
    }

    /// Records the blocks of the rows, and their names and weights as parameters of the fit.
    pub(crate) fn with_blocks(mut self, blocks: Blocks) -> Self {
        if let Some(parameters) = &mut self.parameters {
            let (names, weights): (Vec<&str>, Vec<f64>) =
                blocks.iter().map(|block| (block.name(), block.weight())).unzip();
            parameters.insert("column".to_owned(), Value::from(names));
            parameters.insert("column_weight".to_owned(), Value::from(weights));
        }
        self.blocks = Some(blocks);
        self
    }

    /// Records that rows were mixed with the means of their partners, by this weight.
    pub(crate) fn with_pair_weight(mut self, weight: f64) -> Self {
        if let Some(parameters) = &mut self.parameters {
            parameters.insert("pair_weight".to_owned(), Value::from(weight));
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

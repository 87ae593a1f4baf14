//! The model as one `.safetensors` file, readable by anybody.
//!
//! Tensors `codebook.0` ... `codebook.{L-1}` - (K, D) for residual levels, (K, d) for slices - and `offset` (D), all
//! f32, in the order that the checksum takes. The rest is that of all model files, see `io/model_file.rs`.

use super::model::PqKMeansModel;
use super::params::PqKMeans;
use super::slices::ranges;
use crate::codebook::{self, Codebook};
use crate::error::{Error, Result};
use crate::fields::read_fields;
use crate::grid::{EXPONENTS, Grid};
use crate::io::model_file::{
    FORMAT_VERSION, ModelFile, NamedTensor, from_le_bytes, le_bytes, load_file, to_bytes, write_file,
};
use crate::origin::Origin;
use crate::quantization::{Metric, Quantization};
use crate::quantizer::Kind;
use crate::{MAX_CLUSTERS, MAX_DIM, MAX_LEVELS};
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The kind without residual levels.
pub(super) const NAME: &str = "pq";
/// The kind with residual levels.
pub(super) const RESIDUAL_NAME: &str = "rq+pq";

/// Product codes of the embeddings.
pub(crate) const KIND: Kind = Kind {
    name: NAME,
    about: "Product codes: each level is about one slice of the dimensions, so that a model can predict all codes at \
            once; prefixes mean nothing",
    read: Some(|file| Ok(Arc::new(PqKMeansModel::from_file(file)?))),
    parameters: |fields| Ok(Arc::new(read_fields::<PqKMeans>(fields)?)),
};

/// Product codes of what levels of residual k-means leave.
pub(crate) const RESIDUAL_KIND: Kind = Kind {
    name: RESIDUAL_NAME,
    about: "Residual k-means first, then product codes of what it leaves: only the first codes are a prefix",
    read: KIND.read,
    parameters: KIND.parameters,
};

/// The configuration in a model file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Config {
    clusters: Vec<usize>,
    codebook_exponent: i32,
    dim: usize,
    grid_exponent: i32,
    levels: usize,
    metric: Metric,
    residual_levels: usize,
    seed: u64,
    #[serde(flatten)]
    origin: Origin,
}

impl PqKMeansModel {
    /// Saves the model; the file appears complete or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path, [`ErrorKind::Range`](crate::ErrorKind::Range) where a
    /// codeword exceeds f32.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_file(path.as_ref(), self.to_bytes())
    }

    /// Loads a model and checks all of it: sizes, invariants, fingerprint and checksum.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::Format`](crate::ErrorKind::Format),
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) or [`ErrorKind::NewerFormat`](crate::ErrorKind::NewerFormat),
    /// with the path.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        load_file(path.as_ref(), Self::from_bytes)
    }

    /// Reads the model in the bytes of a model file.
    ///
    /// # Errors
    /// As for [`PqKMeansModel::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_file(&ModelFile::read(bytes)?)
    }

    /// Returns the bytes of the model file; equal models have equal bytes. Beside what the fingerprint covers, they
    /// hold the seed, the parameters of the fit and, where it was recorded, the provenance.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) where a codeword exceeds f32.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        to_bytes(self.name(), &self.file_config(), &self.fingerprint(), self.tensors()?)
    }

    /// Returns the tensors of the file, in the order of the checksum.
    pub(super) fn tensors(&self) -> Result<Vec<NamedTensor>> {
        let mut tensors: Vec<NamedTensor> = Vec::new();
        for (level, codebook) in self.codebooks().enumerate() {
            let values = codebook::to_f32(level, codebook, self.codebook_exponent())?;
            let shape = vec![codebook.clusters(), codebook.dim()];
            tensors.push((format!("codebook.{level}"), Dtype::F32, shape, le_bytes(&values)));
        }
        tensors.push(("offset".to_owned(), Dtype::F32, vec![self.dim()], le_bytes(self.grid().offset())));
        Ok(tensors)
    }

    /// Returns the name of the kind: it says whether there are residual levels.
    pub(super) fn name(&self) -> &'static str {
        kind_of(self.residual_levels())
    }

    pub(super) fn file_config(&self) -> Config {
        Config {
            clusters: self.clusters(),
            codebook_exponent: self.codebook_exponent(),
            dim: self.dim(),
            grid_exponent: self.grid().exponent(),
            levels: self.levels(),
            metric: self.metric(),
            residual_levels: self.residual_levels(),
            seed: self.seed,
            origin: self.origin.clone(),
        }
    }

    fn from_file(file: &ModelFile<'_>) -> Result<Self> {
        // This kind came with this version.
        let version = file.check_version()?;
        if version < FORMAT_VERSION {
            return Err(Error::damaged(format!("product codes have format versions from {FORMAT_VERSION} on")));
        }
        let config: Config = file.config()?;
        config.check()?;
        config.origin.check(version, false, config.dim)?;
        file.expect_kind(kind_of(config.residual_levels))?;
        let mut data = Vec::with_capacity(config.levels + 1);
        for (level, (clusters, width)) in config.clusters.iter().zip(config.widths()).enumerate() {
            data.push(file.tensor(&format!("codebook.{level}"), Dtype::F32, &[*clusters, width])?);
        }
        data.push(file.tensor("offset", Dtype::F32, &[config.dim])?);
        file.check_data(&data)?;
        let model = assemble_model(&config, &data)?;
        file.check_fingerprint(&model.fingerprint())?;
        Ok(model)
    }
}

/// Returns the name of the kind with `residual_levels` residual levels.
pub(super) fn kind_of(residual_levels: usize) -> &'static str {
    if residual_levels == 0 { NAME } else { RESIDUAL_NAME }
}

impl Config {
    /// Refuses sizes that no model has.
    fn check(&self) -> Result<()> {
        let sizes = (1..=MAX_DIM).contains(&self.dim)
            && (1..=MAX_LEVELS).contains(&self.levels)
            && self.residual_levels < self.levels
            && self.levels - self.residual_levels <= self.dim
            && self.clusters.len() == self.levels
            && self.clusters.iter().all(|clusters| (1..=MAX_CLUSTERS).contains(clusters))
            && EXPONENTS.contains(&self.grid_exponent);
        match sizes {
            true => Ok(()),
            false => Err(Error::damaged("its configuration is out of range")),
        }
    }

    /// Returns the dimensions of the codewords of every level.
    fn widths(&self) -> Vec<usize> {
        let slices = ranges(self.dim, self.levels - self.residual_levels);
        let slices = slices.into_iter().map(|range| range.len());
        std::iter::repeat_n(self.dim, self.residual_levels).chain(slices).collect()
    }
}

fn assemble_model(config: &Config, data: &[&[u8]]) -> Result<PqKMeansModel> {
    let (codebooks, offset) = data.split_at_checked(config.levels).unwrap_or_default();
    let offset = from_le_bytes(offset.first().copied().unwrap_or_default());
    if !offset.iter().all(|value| value.is_finite()) {
        return Err(Error::damaged("its offset is not finite"));
    }
    let grid = Grid::new(offset, config.grid_exponent);
    let quantization = Quantization { grid, metric: config.metric, normalize_residuals: false };
    let (exponent, found) = (quantization.codebook_exponent(), config.codebook_exponent);
    if exponent != found {
        return Err(Error::damaged(format!("its codebook exponent is {found} instead of {exponent}")));
    }
    let read = |(level, (bytes, width)): (usize, (&&[u8], usize))| {
        codebook::from_f32(level, &from_le_bytes(bytes), width, exponent)
    };
    let levels = codebooks.iter().zip(config.widths()).enumerate();
    let mut residual: Vec<Codebook> = levels.map(read).collect::<Result<_>>()?;
    let slices = residual.split_off(config.residual_levels.min(residual.len()));
    let model = PqKMeansModel::new(quantization, residual, slices, config.seed)?;
    Ok(model.with_origin(config.origin.clone()))
}

//! The model as one `.safetensors` file, readable by anybody.
//!
//! Tensors `codebook.0` ... `codebook.{L-1}` (K, D) and `offset` (D), all f32, and for models with prices
//! `prices.0` ... `prices.{L-1}` (K), i64 in squared grid steps. The checksum takes the
//! tensors in this order: codebooks, offset, prices. The rest is that of all model files, see `io/model_file.rs`.

use super::model::RqKMeansModel;
use super::params::{Metric, RqKMeans};
use crate::codebook::{self, Codebook};
use crate::error::{Error, Result};
use crate::fields::read_fields;
use crate::grid::{EXPONENTS, Grid};
use crate::io::model_file::{ModelFile, NamedTensor, from_le_bytes, le_bytes, load_file, to_bytes, write_file};
use crate::labels::LabelTable;
use crate::origin::Origin;
use crate::quantization::Quantization;
use crate::quantizer::Kind;
use crate::{MAX_CLUSTERS, MAX_DIM, MAX_LEVELS};
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

const NAME: &str = "rq-kmeans";

/// This kind of model.
pub(crate) const KIND: Kind = Kind {
    name: NAME,
    about: "Residual k-means of the embeddings",
    read: Some(|file| Ok(Arc::new(RqKMeansModel::from_file(file)?))),
    parameters: |fields| Ok(Arc::new(read_fields::<RqKMeans>(fields)?)),
};

/// The configuration in a model file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Config {
    clusters: Vec<usize>,
    codebook_exponent: i32,
    dim: usize,
    grid_exponent: i32,
    levels: usize,
    metric: String,
    normalize_residuals: bool,
    seed: u64,
    /// The labels of the first levels; in files from version 4 on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    label_levels: Vec<LabelTable>,
    /// The width of the beam that encodes rows; in files from version 4 on.
    #[serde(default = "narrowest", skip_serializing_if = "is_narrowest")]
    beam: usize,
    #[serde(flatten)]
    origin: Origin,
}

/// The beam of a model that does not name one.
fn narrowest() -> usize {
    1
}

fn is_narrowest(beam: &usize) -> bool {
    *beam == narrowest()
}

impl RqKMeansModel {
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

    /// The bytes of the model file; equal models have equal bytes.
    ///
    /// Beside what the fingerprint covers, the bytes hold the seed, the parameters of the fit and, where it was
    /// recorded, the provenance; models that differ in these alone are not equal, but give equal codes.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) where a codeword exceeds f32.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut tensors: Vec<NamedTensor> = Vec::new();
        for (level, codebook) in self.levels.iter().enumerate() {
            let values = codebook::to_f32(level, codebook, self.codebook_exponent())?;
            let shape = vec![codebook.clusters(), self.dim()];
            tensors.push((format!("codebook.{level}"), Dtype::F32, shape, le_bytes(&values)));
        }
        tensors.push(("offset".to_owned(), Dtype::F32, vec![self.dim()], le_bytes(self.grid().offset())));
        for (level, prices) in self.prices.iter().enumerate() {
            let bytes = prices.iter().flat_map(|price| price.to_le_bytes()).collect();
            tensors.push((format!("prices.{level}"), Dtype::I64, vec![prices.len()], bytes));
        }
        to_bytes(NAME, &self.file_config(), &self.fingerprint(), tensors)
    }

    pub(super) fn file_config(&self) -> Config {
        Config {
            clusters: self.clusters(),
            codebook_exponent: self.codebook_exponent(),
            dim: self.dim(),
            grid_exponent: self.grid().exponent(),
            levels: self.levels.len(),
            metric: self.metric().name().to_owned(),
            normalize_residuals: self.normalize_residuals(),
            seed: self.seed,
            label_levels: self.tables.clone(),
            beam: self.beam,
            origin: self.origin.clone(),
        }
    }

    /// The model in the bytes of a model file.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_file(&ModelFile::read(bytes)?)
    }

    fn from_file(file: &ModelFile<'_>) -> Result<Self> {
        let version = file.check_version()?;
        file.expect_kind(NAME)?;
        let config = read_config(file)?;
        let more = !config.label_levels.is_empty() || !is_narrowest(&config.beam);
        config.origin.check(version, more, config.dim)?;
        let mut data = Vec::with_capacity(config.levels + 1);
        for (level, clusters) in config.clusters.iter().enumerate() {
            data.push(file.tensor(&format!("codebook.{level}"), Dtype::F32, &[*clusters, config.dim])?);
        }
        data.push(file.tensor("offset", Dtype::F32, &[config.dim])?);
        if file.has("prices.0") {
            for (level, clusters) in config.clusters.iter().enumerate() {
                data.push(file.tensor(&format!("prices.{level}"), Dtype::I64, &[*clusters])?);
            }
        }
        file.check_data(&data)?;
        let model = assemble_model(&config, &data)?;
        file.check_fingerprint(&model.fingerprint())?;
        Ok(model)
    }
}

/// Reads the configuration and checks its ranges.
fn read_config(file: &ModelFile<'_>) -> Result<Config> {
    let config: Config = file.config()?;
    let sizes = (1..=MAX_DIM).contains(&config.dim)
        && (1..=MAX_LEVELS).contains(&config.levels)
        && config.clusters.len() == config.levels
        && config.clusters.iter().all(|clusters| (1..=MAX_CLUSTERS).contains(clusters))
        && EXPONENTS.contains(&config.grid_exponent);
    match sizes {
        true => Ok(config),
        false => Err(Error::damaged("its configuration is out of range")),
    }
}

fn assemble_model(config: &Config, data: &[&[u8]]) -> Result<RqKMeansModel> {
    let metric = match config.metric.as_str() {
        "l2" => Metric::L2,
        "cosine" => Metric::Cosine,
        other => return Err(Error::damaged(format!("unknown metric `{other}`"))),
    };
    let (codebooks, rest) = data.split_at_checked(config.levels).unwrap_or_default();
    let (offset, prices) = rest.split_first().ok_or_else(|| Error::damaged("it has no tensors"))?;
    let offset = from_le_bytes(offset);
    if !offset.iter().all(|value| value.is_finite()) {
        return Err(Error::damaged("its offset is not finite"));
    }
    let grid = Grid::new(offset, config.grid_exponent);
    let quantization = Quantization { grid, metric, normalize_residuals: config.normalize_residuals };
    let exponent = quantization.codebook_exponent();
    if exponent != config.codebook_exponent {
        return Err(Error::damaged(format!(
            "its codebook exponent is {} instead of {exponent}",
            config.codebook_exponent
        )));
    }
    let read = |(level, bytes): (usize, &&[u8])| codebook::from_f32(level, &from_le_bytes(bytes), config.dim, exponent);
    let levels: Result<Vec<Codebook>> = codebooks.iter().enumerate().map(read).collect();
    let price = |bytes: &[u8]| bytes.as_chunks::<8>().0.iter().map(|price| i64::from_le_bytes(*price)).collect();
    let prices = prices.iter().map(|bytes| price(bytes)).collect();
    let model = RqKMeansModel::new(quantization, levels?, config.seed)?.with_prices(prices)?;
    let model = model.with_tables(config.label_levels.clone())?.with_beam(config.beam)?;
    Ok(model.with_origin(config.origin.clone()))
}

#[cfg(test)]
mod tests;

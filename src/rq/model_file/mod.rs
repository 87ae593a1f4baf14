//! The model as one `.safetensors` file, readable by anybody.
//!
//! Tensors `codebook.0` ... `codebook.{L-1}` (K, D) and `offset` (D), all f32, and for models with prices, which have
//! format version 2 instead of 1, `prices.0` ... `prices.{L-1}` (K), i64 in squared grid steps. `__metadata__` holds `format`,
//! `format_version`, `kind`, `config` (JSON), `fingerprint` and `checksum`: SHA-256 over the other five values in this
//! order and then the tensors' bytes, codebooks, offset and prices in this order, each preceded by its length as u64 little endian. The checksum
//! covers what the fingerprint leaves out, so that no damaged byte goes unnoticed.

use super::model::{Quantization, RqKMeansModel, hex};
use super::params::{MAX_LEVELS, Metric};
use crate::codebook::{self, Codebook};
use crate::error::{Error, ErrorKind, Result, try_vec};
use crate::grid::{EXPONENTS, Grid};
use crate::io::AtomicFile;
use crate::io::file::Source;
use crate::origin::Origin;
use crate::{MAX_CLUSTERS, MAX_DIM};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

pub(crate) const FORMAT: &str = "semid";
pub(crate) const FORMAT_VERSION: u32 = 2;
/// The version of models without prices.
pub(crate) const WITHOUT_PRICES: u32 = 1;
const KIND: &str = "rq-kmeans";

/// A tensor's name, type, shape and bytes.
pub(crate) type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// The configuration in a model file.
#[derive(Debug, Serialize, Deserialize)]
struct Config {
    clusters: Vec<usize>,
    codebook_exponent: i32,
    dim: usize,
    grid_exponent: i32,
    levels: usize,
    metric: String,
    normalize_residuals: bool,
    seed: u64,
    #[serde(flatten)]
    origin: Origin,
}

impl RqKMeansModel {
    /// Saves the model; the file appears complete or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] with the path, [`ErrorKind::Range`] where a codeword exceeds f32.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        write_file(path, &self.to_bytes().map_err(|error| error.at(path))?)
    }

    /// Loads a model and checks all of it: sizes, invariants, fingerprint and checksum.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], [`ErrorKind::Format`], [`ErrorKind::Damaged`] or [`ErrorKind::NewerFormat`], with the path.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_bytes(&read_file(path)?).map_err(|error| error.at(path))
    }

    /// The bytes of the model file; equal models have equal bytes.
    ///
    /// Beside what the fingerprint covers, the bytes hold the seed, the parameters of the fit and, where it was recorded, the
    /// provenance; models that differ in these alone are not equal, but give equal codes.
    ///
    /// # Errors
    /// [`ErrorKind::Range`] where a codeword exceeds f32.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let config = Config {
            clusters: self.clusters(),
            codebook_exponent: self.codebook_exponent(),
            dim: self.dim(),
            grid_exponent: self.grid().exponent(),
            levels: self.levels.len(),
            metric: self.metric().name().to_owned(),
            normalize_residuals: self.normalize_residuals(),
            seed: self.seed,
            origin: self.origin.clone(),
        };
        let config = serde_json::to_string(&config).map_err(|error| Error::format("model", error.to_string()))?;
        let mut tensors: Vec<Tensor> = Vec::new();
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
        let data: Vec<&[u8]> = tensors.iter().map(|(_, _, _, bytes)| bytes.as_slice()).collect();
        let version = if self.prices.is_empty() { WITHOUT_PRICES } else { FORMAT_VERSION };
        let (version, fingerprint) = (version.to_string(), self.fingerprint());
        let metadata = json!({
            "checksum": checksum([FORMAT, &version, KIND, &config, &fingerprint], &data),
            "config": config,
            "fingerprint": fingerprint,
            "format": FORMAT,
            "format_version": version,
            "kind": KIND,
        });
        // Larger numbers first, so that all of them are aligned.
        tensors.sort_by_key(|(_, dtype, _, _)| *dtype != Dtype::I64);
        Ok(assemble(metadata, &tensors))
    }

    /// The model in the bytes of a model file.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let broken = |error: safetensors::SafeTensorError| Error::format("model", error.to_string());
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let metadata = metadata.metadata().as_ref().ok_or_else(|| not_a_model("it has no `__metadata__`"))?;
        let config = read_config(metadata)?;
        let matrix = |name: &str, shape: &[usize]| tensor(&tensors, name, Dtype::F32, shape);
        let mut data = Vec::with_capacity(config.levels + 1);
        for (level, clusters) in config.clusters.iter().enumerate() {
            data.push(matrix(&format!("codebook.{level}"), &[*clusters, config.dim])?);
        }
        data.push(matrix("offset", &[config.dim])?);
        if metadata.get("format_version").is_some_and(|version| *version == FORMAT_VERSION.to_string()) {
            for (level, clusters) in config.clusters.iter().enumerate() {
                data.push(tensor(&tensors, &format!("prices.{level}"), Dtype::I64, &[*clusters])?);
            }
        }
        if tensors.len() != data.len() {
            return Err(Error::damaged(format!("it has {} tensors instead of {}", tensors.len(), data.len())));
        }
        let covered = ["format", "format_version", "kind", "config", "fingerprint"];
        let values = covered.map(|key| metadata.get(key).map_or("", String::as_str));
        let expected = [("checksum", checksum(values, &data))];
        check_digests(metadata, &expected)?;
        let model = assemble_model(&config, &data)?;
        check_digests(metadata, &[("fingerprint", model.fingerprint())])?;
        Ok(model)
    }
}

/// All bytes of a file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>> {
    let source = Source::open(path, "model")?;
    let len = usize::try_from(source.len()).map_err(|_| source.error("too large for this machine"))?;
    let mut bytes = try_vec(0, len, "a model file").map_err(|error| error.at(path))?;
    source.read(0, &mut bytes)?;
    Ok(bytes)
}

/// Writes a file that appears complete or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.put(bytes)?;
    file.commit()
}

pub(crate) fn not_a_model(reason: &str) -> Error {
    Error::format("model", format!("{reason}; give a file that `semid fit` or `RqKMeansModel::save` wrote"))
}

/// Checks format, version and kind, then reads the configuration and its ranges.
fn read_config(metadata: &HashMap<String, String>) -> Result<Config> {
    let get = |key: &str| metadata.get(key).map_or("", String::as_str);
    if get("format") != FORMAT {
        return Err(not_a_model("its metadata do not say `format` = \"semid\""));
    }
    match get("format_version").parse::<u32>() {
        Ok(WITHOUT_PRICES | FORMAT_VERSION) => {}
        Ok(found) if found > FORMAT_VERSION => {
            return Err(ErrorKind::NewerFormat { found: found.to_string(), supported: FORMAT_VERSION }.into());
        }
        _ => return Err(Error::damaged(format!("unknown format version `{}`", get("format_version")))),
    }
    if get("kind") != KIND {
        return Err(not_a_model(&format!("models of kind `{}` are not known here", get("kind"))));
    }
    let config: Config = serde_json::from_str(get("config")).map_err(|error| Error::damaged(error.to_string()))?;
    let sizes = (1..=MAX_DIM).contains(&config.dim)
        && (1..=MAX_LEVELS).contains(&config.levels)
        && config.clusters.len() == config.levels
        && config.clusters.iter().all(|clusters| (1..=MAX_CLUSTERS).contains(clusters))
        && EXPONENTS.contains(&config.grid_exponent);
    if !sizes {
        return Err(Error::damaged("its configuration is out of range"));
    }
    Ok(config)
}

/// Little-endian bytes of a tensor of the given type and shape.
pub(crate) fn tensor<'a>(tensors: &SafeTensors<'a>, name: &str, expected: Dtype, shape: &[usize]) -> Result<&'a [u8]> {
    let tensor = tensors.tensor(name).map_err(|_| Error::damaged(format!("tensor `{name}` is missing")))?;
    if tensor.dtype() != expected || tensor.shape() != shape {
        let (dtype, found) = (tensor.dtype(), tensor.shape());
        return Err(Error::damaged(format!(
            "tensor `{name}` is {dtype:?} {found:?} instead of {expected:?} {shape:?}"
        )));
    }
    Ok(tensor.data())
}

pub(crate) fn check_digests(metadata: &HashMap<String, String>, expected: &[(&str, String)]) -> Result<()> {
    for (key, digest) in expected {
        if metadata.get(*key) != Some(digest) {
            return Err(Error::damaged(format!("its contents do not match its {key}")));
        }
    }
    Ok(())
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
    Ok(model.with_origin(config.origin.clone()))
}

/// SHA-256 over the parts, each preceded by its length.
pub(crate) fn checksum<const N: usize>(values: [&str; N], tensors: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in values.iter().map(|value| value.as_bytes()).chain(tensors.iter().copied()) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// A safetensors file with its keys in a fixed order, which the `safetensors` crate leaves to chance for metadata.
pub(crate) fn assemble(metadata: serde_json::Value, tensors: &[Tensor]) -> Vec<u8> {
    let mut entries = vec![("__metadata__".to_owned(), metadata)];
    let mut end = 0;
    for (name, dtype, shape, bytes) in tensors {
        let start = end;
        end += bytes.len();
        entries.push((
            name.clone(),
            json!({ "data_offsets": [start, end], "dtype": format!("{dtype:?}"), "shape": shape }),
        ));
    }
    // Sorted, so that it does not matter whether `serde_json` keeps the order or sorts itself.
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let mut header = serde_json::Value::Object(entries.into_iter().collect()).to_string();
    // The data start at a multiple of 8, as readers that map the file expect.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut out = Vec::with_capacity(8 + header.len() + end);
    out.extend((header.len() as u64).to_le_bytes());
    out.extend(header.as_bytes());
    tensors.iter().for_each(|(_, _, _, bytes)| out.extend(bytes));
    out
}

pub(crate) fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(crate) fn from_le_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect()
}

#[cfg(test)]
mod tests;

//! The parts that the model files of all kinds share.
//!
//! A model file is a `.safetensors` file, readable by anybody. `__metadata__` holds `format`, `format_version`, `kind`,
//! `config` (JSON), `fingerprint` and `checksum`: SHA-256 over the other five values in this order and then the
//! tensors' bytes in the order that the kind states, each preceded by its length as u64 little endian. The checksum
//! also covers what the fingerprint leaves out, so that damage to any of these bytes is noticed.

use super::AtomicFile;
use super::file::Source;
use crate::error::{Error, ErrorKind, Result, try_zeros};
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

pub(crate) const FORMAT: &str = "semid";
/// Version of the files and of the numeric contract behind them, the same for models of every kind. Versions 1 to 3 are
/// read as well. Version 3 fitted with first codewords that were not drawn toward the mean, which an encode does not
/// see. For models of versions 1 and 2, only values that are farther from the rows of the fit than 6 times their range
/// may get other codes now.
pub(crate) const FORMAT_VERSION: u32 = 4;
/// The values of the metadata that the checksum covers, in this order.
const COVERED: [&str; 5] = ["format", "format_version", "kind", "config", "fingerprint"];

/// A tensor's name, type, shape and bytes.
pub(crate) type NamedTensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// A model file whose kind is not known yet.
pub(crate) struct ModelFile<'a> {
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
}

impl<'a> ModelFile<'a> {
    /// Reads the container of a model file.
    ///
    /// # Errors
    /// [`ErrorKind::Format`] for bytes that are no model file.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self> {
        let broken = |error: SafeTensorError| match error {
            SafeTensorError::HeaderTooLarge | SafeTensorError::HeaderTooSmall | SafeTensorError::InvalidHeader(_) => {
                not_a_model("it is no safetensors file")
            }
            error => Error::format("model", error.to_string()),
        };
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let metadata = metadata.metadata().clone().ok_or_else(|| not_a_model("it has no `__metadata__`"))?;
        let file = Self { tensors, metadata };
        match file.get("format") == FORMAT {
            true => Ok(file),
            false => Err(not_a_model("its metadata do not say `format` = \"semid\"")),
        }
    }

    fn get(&self, key: &str) -> &str {
        self.metadata.get(key).map_or("", String::as_str)
    }

    pub(crate) fn kind(&self) -> &str {
        self.get("kind")
    }

    /// Whether there is a tensor of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.names().contains(&name)
    }

    /// Returns the format version, and refuses one that this build does not read.
    ///
    /// # Errors
    /// [`ErrorKind::NewerFormat`], and [`ErrorKind::Damaged`] for a text that is no version.
    pub(crate) fn check_version(&self) -> Result<u32> {
        match self.get("format_version").parse::<u32>() {
            Ok(found @ 1..=FORMAT_VERSION) => Ok(found),
            Ok(found) if found > FORMAT_VERSION => {
                Err(ErrorKind::NewerFormat { found: found.to_string(), supported: FORMAT_VERSION }.into())
            }
            _ => Err(Error::damaged(format!("unknown format version `{}`", self.get("format_version")))),
        }
    }

    /// Refuses a file of another kind.
    pub(crate) fn expect_kind(&self, kind: &str) -> Result<()> {
        match self.kind() == kind {
            true => Ok(()),
            false => Err(not_a_model(&format!("it holds a model of kind `{}`, not `{kind}`", self.kind()))),
        }
    }

    /// Reads the configuration; the caller checks its ranges.
    pub(crate) fn config<C: DeserializeOwned>(&self) -> Result<C> {
        serde_json::from_str(self.get("config")).map_err(|error| Error::damaged(error.to_string()))
    }

    /// Returns the little-endian bytes of a tensor, which must have the given type and shape.
    pub(crate) fn tensor(&self, name: &str, expected: Dtype, shape: &[usize]) -> Result<&'a [u8]> {
        let tensor = self.tensors.tensor(name);
        let tensor = tensor.map_err(|_| Error::damaged(format!("tensor `{name}` is missing")))?;
        if tensor.dtype() != expected || tensor.shape() != shape {
            let (dtype, found) = (tensor.dtype(), tensor.shape());
            return Err(Error::damaged(format!(
                "tensor `{name}` is {dtype:?} {found:?} instead of {expected:?} {shape:?}"
            )));
        }
        Ok(tensor.data())
    }

    /// Refuses more tensors than those in `data`, and contents that do not match the checksum.
    pub(crate) fn check_data(&self, data: &[&[u8]]) -> Result<()> {
        if self.tensors.len() != data.len() {
            return Err(Error::damaged(format!("it has {} tensors instead of {}", self.tensors.len(), data.len())));
        }
        self.check_digest("checksum", &checksum(COVERED.map(|key| self.get(key)), data))
    }

    pub(crate) fn check_fingerprint(&self, fingerprint: &str) -> Result<()> {
        self.check_digest("fingerprint", fingerprint)
    }

    fn check_digest(&self, key: &str, digest: &str) -> Result<()> {
        match self.get(key) == digest {
            true => Ok(()),
            false => Err(Error::damaged(format!("its contents do not match its {key}"))),
        }
    }
}

fn not_a_model(reason: &str) -> Error {
    Error::format("model", format!("{reason}; give a file that `Model::save` wrote"))
}

/// Writes the bytes of a model file; `tensors` come in the order of the checksum.
pub(crate) fn to_bytes(
    kind: &str,
    config: &impl Serialize,
    fingerprint: &str,
    mut tensors: Vec<NamedTensor>,
) -> Result<Vec<u8>> {
    let config = serde_json::to_string(config).map_err(|error| Error::format("model", error.to_string()))?;
    let version = FORMAT_VERSION.to_string();
    let data: Vec<&[u8]> = tensors.iter().map(|(_, _, _, bytes)| bytes.as_slice()).collect();
    let metadata = json!({
        "checksum": checksum([FORMAT, &version, kind, &config, fingerprint], &data),
        "config": config,
        "fingerprint": fingerprint,
        "format": FORMAT,
        "format_version": version,
        "kind": kind,
    });
    // Tensors of 8-byte numbers come first, so that all are aligned.
    tensors.sort_by_key(|(_, dtype, _, _)| *dtype != Dtype::I64);
    Ok(assemble(metadata, &tensors))
}

/// Writes a safetensors file with its keys in a fixed order; the `safetensors` crate leaves the order of metadata to
/// chance.
pub(crate) fn assemble(metadata: serde_json::Value, tensors: &[NamedTensor]) -> Vec<u8> {
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
    // The entries are sorted here, so that it does not matter whether `serde_json` keeps their order or sorts them.
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let mut header = serde_json::Value::Object(entries.into_iter().collect()).to_string();
    // Spaces make the data start at a multiple of 8, which readers that map the file expect.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut out = Vec::with_capacity(8 + header.len() + end);
    out.extend((header.len() as u64).to_le_bytes());
    out.extend(header.as_bytes());
    tensors.iter().for_each(|(_, _, _, bytes)| out.extend(bytes));
    out
}

/// Reads all bytes of a file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>> {
    let source = Source::open(path, "model")?;
    let len = usize::try_from(source.len()).map_err(|_| source.error("too large for this machine"))?;
    let mut bytes = try_zeros(len, "a model file").map_err(|error| error.at(path))?;
    source.read(0, &mut bytes)?;
    Ok(bytes)
}

/// Reads a file and passes its bytes to `read`; errors have the path.
pub(crate) fn load_file<T>(path: &Path, read: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    read(&read_file(path)?).map_err(|error| error.at(path))
}

/// Writes a file, which appears complete or not at all; errors have the path.
pub(crate) fn write_file(path: &Path, bytes: Result<Vec<u8>>) -> Result<()> {
    let bytes = bytes.map_err(|error| error.at(path))?;
    let mut file = AtomicFile::create(path)?;
    file.put(&bytes)?;
    file.commit()
}

/// Returns the SHA-256, in hex, over the parts, each preceded by its length.
pub(crate) fn checksum<const N: usize>(values: [&str; N], tensors: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in values.iter().map(|value| value.as_bytes()).chain(tensors.iter().copied()) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(crate) fn from_le_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect()
}

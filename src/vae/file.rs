//! The model file of an RQ-VAE: that of a residual k-means model of the latents, and the layers.
//!
//! Tensors, all f32: `codebook.0` ... `codebook.{L-1}` (K, latent), `offset` and `scale` (D), `low` and `high` (D) if
//! the training had far values, and of every layer `encoder.{i}.weight` (outputs, inputs), `encoder.{i}.bias`
//! (outputs), likewise `decoder.{i}...`. `__metadata__` is that of other models, with `kind` "rq-vae"; the checksum
//! covers the tensors in the order given here.

use super::limits::Limits;
use super::model::RqVaeModel;
use super::params::{MAX_LAYERS, MatmulWidth, RqVae};
use super::standard::Standard;
use super::weights::{Layer, are_proper, widths};
use crate::codebook::{self, Codebook};
use crate::error::{Error, Result};
use crate::fields::read_fields;
use crate::grid::{EXPONENTS, Grid};
use crate::io::model_file::{ModelFile, NamedTensor, from_le_bytes, le_bytes, load_file, to_bytes, write_file};
use crate::origin::Origin;
use crate::quantization::{Metric, Quantization};
use crate::quantizer::Kind;
use crate::rq::RqKMeansModel;
use crate::{MAX_CLUSTERS, MAX_DIM, MAX_LEVELS};
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The `kind` in the metadata of such a model file.
pub(crate) const NAME: &str = "rq-vae";
/// The kind of a network that started from a residual k-means model; its file is that of a network.
pub(super) const PLUS_NAME: &str = "rq-kmeans-plus";

/// This kind of model.
pub(crate) const KIND: Kind = Kind {
    name: NAME,
    about: "Residual quantization in the latent space of a trained network: often fewer collisions, but a larger error \
            and fewer neighbours than rq-kmeans, and a long training",
    read: Some(|file| Ok(Arc::new(RqVaeModel::from_file(file)?))),
    parameters: |fields| Ok(Arc::new(read_fields::<RqVae>(fields)?)),
};

/// The configuration in a model file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Config {
    clusters: Vec<usize>,
    codebook_exponent: i32,
    decoder_hidden: Vec<usize>,
    dim: usize,
    grid_exponent: i32,
    hidden: Vec<usize>,
    latent: usize,
    levels: usize,
    /// Whether inputs are cut off at limits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    limits: bool,
    matmul_bits: u32,
    metric: String,
    normalize_residuals: bool,
    seed: u64,
    skip: bool,
    slope: f32,
    #[serde(flatten)]
    origin: Origin,
}

impl RqVaeModel {
    /// Saves the model; the file appears complete or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
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

    /// The bytes of the model file; equal models have equal bytes. Beside what encoding and decoding need they hold the
    /// seed, the parameters of the training and, where it was recorded, the provenance.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) where a codeword exceeds f32.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut tensors: Vec<NamedTensor> = Vec::new();
        let mut put = |name: String, shape: Vec<usize>, values: &[f32]| {
            tensors.push((name, Dtype::F32, shape, le_bytes(values)));
        };
        for (level, book) in self.quantizer.levels().iter().enumerate() {
            let values = codebook::to_f32(level, book, self.quantizer.codebook_exponent())?;
            put(format!("codebook.{level}"), vec![book.clusters(), self.latent_dim()], &values);
        }
        put("offset".into(), vec![self.dim()], &self.standard.offset);
        put("scale".into(), vec![self.dim()], &self.standard.scale);
        for (name, limits) in ["low", "high"].into_iter().zip(self.input_limits().into_iter().flatten()) {
            put(name.into(), vec![self.dim()], limits);
        }
        for (part, layers) in [("encoder", &self.encoder), ("decoder", &self.decoder)] {
            for (i, layer) in layers.iter().enumerate() {
                put(format!("{part}.{i}.weight"), vec![layer.outputs, layer.inputs], &layer.weight);
                put(format!("{part}.{i}.bias"), vec![layer.outputs], &layer.bias);
            }
        }
        to_bytes(NAME, &self.file_config(), &self.fingerprint(), tensors)
    }

    pub(super) fn file_config(&self) -> Config {
        let inputs = |layers: &[Layer]| layers.iter().skip(1).map(|layer| layer.inputs).collect();
        Config {
            clusters: self.quantizer.clusters(),
            codebook_exponent: self.quantizer.codebook_exponent(),
            decoder_hidden: inputs(&self.decoder),
            dim: self.dim(),
            grid_exponent: self.quantizer.grid().exponent(),
            hidden: inputs(&self.encoder),
            latent: self.latent_dim(),
            levels: self.quantizer.levels().len(),
            limits: self.standard.limits.is_some(),
            matmul_bits: self.width.bits(),
            metric: self.quantizer.metric().name().to_owned(),
            normalize_residuals: self.quantizer.normalize_residuals(),
            seed: self.quantizer.seed(),
            skip: self.skip,
            slope: self.slope,
            origin: self.origin.clone(),
        }
    }

    /// The model in the bytes of a model file.
    ///
    /// # Errors
    /// As for [`RqVaeModel::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_file(&ModelFile::read(bytes)?)
    }

    fn from_file(file: &ModelFile<'_>) -> Result<Self> {
        file.expect_kind(NAME)?;
        let version = file.check_version()?;
        let config = read_config(file)?;
        config.origin.check(version, false, config.dim)?;
        let shapes = shapes(&config);
        let data = shapes.iter().map(|(name, shape)| file.tensor(name, Dtype::F32, shape));
        let data: Vec<&[u8]> = data.collect::<Result<_>>()?;
        file.check_data(&data)?;
        let model = assemble_model(&config, &data)?;
        file.check_fingerprint(&model.fingerprint())?;
        Ok(model)
    }
}

/// Reads the configuration and checks its ranges.
fn read_config(file: &ModelFile<'_>) -> Result<Config> {
    let config: Config = file.config()?;
    let dims =
        || [config.dim, config.latent].into_iter().chain(config.hidden.iter().chain(&config.decoder_hidden).copied());
    let sizes = dims().all(|dim| (1..=MAX_DIM).contains(&dim))
        && config.hidden.len().max(config.decoder_hidden.len()) <= MAX_LAYERS
        && (1..=MAX_LEVELS).contains(&config.levels)
        && config.clusters.len() == config.levels
        && config.clusters.iter().all(|clusters| (1..=MAX_CLUSTERS).contains(clusters))
        && EXPONENTS.contains(&config.grid_exponent)
        && config.codebook_exponent == config.grid_exponent
        && [8, 16].contains(&config.matmul_bits)
        && config.metric == Metric::L2.name()
        && !config.normalize_residuals
        && config.slope.is_finite()
        && (!config.skip || config.dim == config.latent);
    if !sizes {
        return Err(Error::damaged("its configuration is out of range"));
    }
    Ok(config)
}

fn layer_sizes(config: &Config) -> [Vec<(usize, usize)>; 2] {
    [
        widths(config.dim, config.hidden.iter().copied(), config.latent),
        widths(config.latent, config.decoder_hidden.iter().copied(), config.dim),
    ]
}

/// Names and shapes of all tensors, in the order of the checksum.
fn shapes(config: &Config) -> Vec<(String, Vec<usize>)> {
    let books = config.clusters.iter().enumerate();
    let mut shapes: Vec<_> = books.map(|(level, k)| (format!("codebook.{level}"), vec![*k, config.latent])).collect();
    let limits = ["low", "high"].into_iter().filter(|_| config.limits);
    let standard = ["offset", "scale"].into_iter().chain(limits);
    shapes.extend(standard.map(|name| (name.to_owned(), vec![config.dim])));
    for (part, sizes) in ["encoder", "decoder"].into_iter().zip(layer_sizes(config)) {
        for (i, (inputs, outputs)) in sizes.into_iter().enumerate() {
            shapes.push((format!("{part}.{i}.weight"), vec![outputs, inputs]));
            shapes.push((format!("{part}.{i}.bias"), vec![outputs]));
        }
    }
    shapes
}

fn assemble_model(config: &Config, data: &[&[u8]]) -> Result<RqVaeModel> {
    let mut values = data.iter().map(|bytes| from_le_bytes(bytes));
    let mut next = || values.next().unwrap_or_default();
    let mut levels: Vec<Codebook> = Vec::with_capacity(config.levels);
    for level in 0..config.levels {
        levels.push(codebook::from_f32(level, &next(), config.latent, config.codebook_exponent)?);
    }
    let (offset, scale) = (next(), next());
    let limits = config.limits.then(|| Limits { low: next(), high: next() });
    let standard = Standard { offset, scale, limits };
    let mut layers = layer_sizes(config).map(|sizes| {
        let layer = |(inputs, outputs)| Layer { inputs, outputs, weight: next(), bias: next() };
        sizes.into_iter().map(layer).collect::<Vec<Layer>>()
    });
    let scale = standard.scale.iter().all(|scale| scale.is_normal() && *scale > 0.0);
    let standardises =
        scale && standard.offset.iter().all(|x| x.is_finite()) && standard.limits.iter().all(Limits::are_proper);
    if !layers.iter().all(|layers| are_proper(layers)) || !standardises {
        return Err(Error::damaged("it holds numbers that no training gives"));
    }
    let grid = Grid::new(vec![0.0; config.latent], config.grid_exponent);
    let quantization = Quantization { grid, metric: Metric::L2, normalize_residuals: false };
    let [encoder, decoder] = layers.each_mut().map(std::mem::take);
    Ok(RqVaeModel {
        standard,
        encoder,
        decoder,
        slope: config.slope,
        width: if config.matmul_bits == 8 { MatmulWidth::Eight } else { MatmulWidth::Sixteen },
        skip: config.skip,
        quantizer: RqKMeansModel::new(quantization, levels, config.seed)?,
        origin: config.origin.clone(),
    })
}

//! Models of any kind.

use crate::codebook::Codebook;
use crate::device::Device;
use crate::error::{Error, Result, try_vec};
use crate::origin::{Origin, Provenance};
use crate::rows::Rows;
use crate::rq::model_file::{not_a_model, read_file};
use crate::rq::{Codes, EncodeReport, RqKMeansModel};
use crate::vae::{self, Forward, RqVaeModel};
use safetensors::SafeTensors;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A model that encodes rows, whatever its kind: what commands, registries and metrics work with.
///
/// ```
/// use semid::{Device, Matrix, Model, RqKMeans};
///
/// let values: Vec<f32> = (0..200).map(|i| ((i * 37) % 101) as f32).collect();
/// let rows = Matrix::new(&values, 4)?;
/// let model = Model::from(RqKMeans::new(2, 8).fit(&rows, &Device::cpu())?);
/// assert_eq!((model.kind(), model.dim(), model.clusters()), ("rq-kmeans", 4, vec![8, 8]));
/// let codes = model.encode(&rows, &Device::cpu())?;
/// assert_eq!(model.decode(&codes, &Device::cpu())?.len(), values.len());
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Model {
    /// Residual k-means of the embeddings.
    RqKMeans(RqKMeansModel),
    /// Residual quantization of latents.
    RqVae(Box<RqVaeModel>),
}

impl From<RqKMeansModel> for Model {
    fn from(model: RqKMeansModel) -> Self {
        Self::RqKMeans(model)
    }
}

impl From<RqVaeModel> for Model {
    fn from(model: RqVaeModel) -> Self {
        Self::RqVae(Box::new(model))
    }
}

impl Model {
    /// Loads a model file of any kind and checks all of it.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_bytes(&read_file(path)?).map_err(|error| error.at(path))
    }

    /// Saves the model; the file appears complete or not at all.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::save`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        match self {
            Self::RqKMeans(model) => model.save(path),
            Self::RqVae(model) => model.save(path),
        }
    }

    /// The model in the bytes of a model file.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let broken = |error: safetensors::SafeTensorError| Error::format("model", error.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let metadata = metadata.metadata().as_ref().ok_or_else(|| not_a_model("it has no `__metadata__`"))?;
        match metadata.get("kind").is_some_and(|kind| kind == vae::KIND) {
            true => Ok(RqVaeModel::from_bytes(bytes)?.into()),
            false => Ok(RqKMeansModel::from_bytes(bytes)?.into()),
        }
    }

    /// The bytes of the model file; equal models have equal bytes.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        match self {
            Self::RqKMeans(model) => model.to_bytes(),
            Self::RqVae(model) => model.to_bytes(),
        }
    }

    /// `rq-kmeans`, `rq-vae` or `rq-kmeans-plus`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RqKMeans(_) => "rq-kmeans",
            Self::RqVae(model) if model.has_skip() => "rq-kmeans-plus",
            Self::RqVae(_) => vae::KIND,
        }
    }

    /// SHA-256, in hex, of everything that influences an encode.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::RqKMeans(model) => model.fingerprint(),
            Self::RqVae(model) => model.fingerprint(),
        }
    }

    /// The parameters of the fit, by name, as [`RqKMeans`](crate::RqKMeans) and [`RqVae`](crate::RqVae) are serialized;
    /// `kind` is that of the model. Beside them there are `align_to`, the fingerprint of the model whose numbers the codes
    /// were given, and for `rq-kmeans-plus` `warm_start`, that of the model it started from. Models that were saved before
    /// parameters were recorded have none.
    pub fn parameters(&self) -> Option<&BTreeMap<String, Value>> {
        self.origin().parameters.as_ref()
    }

    /// The data that the model was fitted to, where that was recorded.
    pub fn provenance(&self) -> Option<&Provenance> {
        self.origin().provenance.as_ref()
    }

    /// The same model with a record of the data it was fitted to, which goes into its file and not into its fingerprint.
    #[must_use]
    pub fn with_provenance(mut self, provenance: Provenance) -> Self {
        self.origin_mut().provenance = Some(provenance);
        self
    }

    fn origin(&self) -> &Origin {
        match self {
            Self::RqKMeans(model) => &model.origin,
            Self::RqVae(model) => &model.origin,
        }
    }

    pub(crate) fn origin_mut(&mut self) -> &mut Origin {
        match self {
            Self::RqKMeans(model) => &mut model.origin,
            Self::RqVae(model) => &mut model.origin,
        }
    }

    /// Number of dimensions of the embeddings, D.
    pub fn dim(&self) -> usize {
        match self {
            Self::RqKMeans(model) => model.dim(),
            Self::RqVae(model) => model.dim(),
        }
    }

    /// The residual quantizer: of the embeddings themselves, or of their latents.
    pub fn quantizer(&self) -> &RqKMeansModel {
        match self {
            Self::RqKMeans(model) => model,
            Self::RqVae(model) => model.quantizer(),
        }
    }

    /// The codebooks of the quantizer, first level first.
    pub fn levels(&self) -> &[Codebook] {
        self.quantizer().levels()
    }

    /// Clusters per level.
    pub fn clusters(&self) -> Vec<usize> {
        self.quantizer().clusters()
    }

    /// The seed the model was made with.
    pub fn seed(&self) -> u64 {
        self.quantizer().seed()
    }

    /// What the quantizer is given: the rows themselves, or their latents, which are computed when they are read.
    ///
    /// # Errors
    /// [`ErrorKind::DimMismatch`](crate::ErrorKind::DimMismatch), and what devices can meet.
    pub fn quantized_rows<'a>(&'a self, rows: &'a dyn Rows, device: &Device) -> Result<Box<dyn Rows + 'a>> {
        match self {
            Self::RqKMeans(_) => Ok(Box::new(Same(rows))),
            Self::RqVae(model) => Ok(Box::new(model.latent_rows(rows, device)?)),
        }
    }

    /// Codes of all rows.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, L).
    ///
    /// # Exactness
    /// A row's codes depend on the row and the model alone: not on the device, the batch or the other rows.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::encode`].
    pub fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        match self {
            Self::RqKMeans(model) => model.encode(rows, device),
            Self::RqVae(model) => model.encode(rows, device),
        }
    }

    /// Encodes in constant memory, see [`RqKMeansModel::encode_with`].
    ///
    /// # Errors
    /// As for [`RqKMeansModel::encode_with`].
    pub fn encode_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        sink: impl FnMut(usize, &[u32]) -> Result<()>,
    ) -> Result<EncodeReport> {
        match self {
            Self::RqKMeans(model) => model.encode_with(rows, device, sink),
            Self::RqVae(model) => model.encode_with(rows, device, sink),
        }
    }

    /// Embeddings of all codes; `device` runs a decoder where there is one.
    ///
    /// # Shapes
    /// `codes` (N, m) with m at most L gives values (N, D), row by row.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::decode`] and [`RqVaeModel::decode`].
    pub fn decode(&self, codes: &Codes, device: &Device) -> Result<Vec<f32>> {
        self.decode_levels(codes, codes.levels(), device)
    }

    /// Embeddings of the first `levels` levels of all codes.
    ///
    /// # Errors
    /// As for [`Model::decode`].
    pub fn decode_levels(&self, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>> {
        self.decoder(device)?.decode(0, codes, levels)
    }
}

impl Model {
    /// Something that decodes, ready for many calls; `device` runs a decoder where there is one.
    ///
    /// # Errors
    /// What devices can meet.
    pub fn decoder(&self, device: &Device) -> Result<Decoder<'_>> {
        Ok(match self {
            Self::RqKMeans(model) => Decoder(Way::Sums(model)),
            Self::RqVae(model) => Decoder(Way::Layers(model, model.decoder_on(device)?)),
        })
    }
}

/// Decodes rows a piece at a time, see [`Model::decoder`].
pub struct Decoder<'a>(Way<'a>);

enum Way<'a> {
    Sums(&'a RqKMeansModel),
    Layers(&'a RqVaeModel, Forward),
}

impl Decoder<'_> {
    /// Embeddings of the first `levels` levels of codes; `first` is the number of the first row in messages.
    ///
    /// # Shapes
    /// `codes` (n, m) with m at least `levels` gives values (n, D).
    ///
    /// # Errors
    /// As for [`Model::decode`].
    pub fn decode(&mut self, first: usize, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        let dim = match &self.0 {
            Way::Sums(model) => model.dim(),
            Way::Layers(model, _) => model.dim(),
        };
        let mut out = try_vec(0.0, codes.len().saturating_mul(dim), "decoded rows")?;
        match &mut self.0 {
            Way::Sums(model) => {
                let rows = codes.rows().zip(out.chunks_exact_mut(dim)).enumerate();
                rows.into_iter().try_for_each(|(i, (codes, out))| model.decode_row(first + i, codes, levels, out))?;
            }
            Way::Layers(model, decoder) => model.decode_rows(decoder, first, codes, levels, &mut out)?,
        }
        Ok(out)
    }
}

/// Rows as they are.
struct Same<'a>(&'a dyn Rows);

impl Rows for Same<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.0.read(first, out)
    }
}

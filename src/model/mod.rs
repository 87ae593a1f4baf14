//! Models of any kind, and the table of the kinds.

mod kinds;
mod parameters;

use crate::blocks::Blocks;
use crate::device::Device;
use crate::encoder::Encoder;
use crate::error::{Error, ErrorKind, Result};
use crate::io::file::format_of;
use crate::io::model_file::{ModelFile, load_file, write_file};
use crate::io::{Provenance, ReadOptions};
use crate::origin::Origin;
use crate::quantizer::{EncodeReport, Quantizer};
use crate::rows::Rows;
use kinds::KINDS;
use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// A model of any kind. Commands, registries and metrics work with it.
///
/// It can do what every [`Quantizer`] can, and is cheap to clone.
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
#[derive(Clone)]
pub struct Model(Arc<dyn Quantizer>);

impl<Q: Quantizer> From<Q> for Model {
    fn from(model: Q) -> Self {
        Self(Arc::new(model))
    }
}

impl From<Arc<dyn Quantizer>> for Model {
    fn from(model: Arc<dyn Quantizer>) -> Self {
        Self(model)
    }
}

impl Deref for Model {
    type Target = dyn Quantizer;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("kind", &self.kind()).field("fingerprint", &self.fingerprint()).finish()
    }
}

/// Models are equal where their files are.
impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        let bytes = |model: &Self| model.to_bytes().ok();
        Arc::ptr_eq(&self.0, &other.0) || bytes(self).is_some_and(|own| bytes(other).is_some_and(|other| own == other))
    }
}

impl Model {
    /// Loads a model file of any kind and checks all of it.
    ///
    /// # Errors
    /// As for [`Model::from_bytes`], and [`ErrorKind::Io`](crate::ErrorKind::Io), with the path.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        load_file(path.as_ref(), Self::from_bytes)
    }

    /// Saves the model; the file appears complete or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path, [`Range`](crate::ErrorKind::Range) where a codeword
    /// exceeds f32.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_file(path.as_ref(), self.to_bytes())
    }

    /// Reads a model from the bytes of a model file.
    ///
    /// # Errors
    /// [`ErrorKind::Format`](crate::ErrorKind::Format), [`Damaged`](crate::ErrorKind::Damaged),
    /// [`NewerFormat`](crate::ErrorKind::NewerFormat), and [`UnknownKind`](crate::ErrorKind::UnknownKind) for a kind
    /// that this version does not have.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if let Some(found) = format_of(bytes) {
            return Err(Error::format("model", format!("it is {found}, not a model")));
        }
        let file = ModelFile::read(bytes)?;
        match KINDS.iter().find(|kind| kind.name == file.kind()).and_then(|kind| kind.read) {
            Some(read) => Ok(Self(read(&file)?)),
            None => {
                file.check_version()?;
                Err(kinds::unknown(file.kind(), |kind| kind.read.is_some()))
            }
        }
    }

    /// Returns the model as one of a certain kind, such as [`RqKMeansModel`](crate::RqKMeansModel), if it is of that
    /// kind.
    ///
    /// ```
    /// use semid::{Device, Matrix, Model, RqKMeans, RqKMeansModel};
    ///
    /// let rows = Matrix::new(&[1.0, 2.0, 3.0, 5.0, 8.0, 13.0], 1)?;
    /// let model = Model::from(RqKMeans::new(1, 2).fit(&rows, &Device::cpu())?);
    /// assert_eq!(model.downcast::<RqKMeansModel>().map(|model| model.grid().offset().len()), Some(1));
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn downcast<Q: Quantizer>(&self) -> Option<&Q> {
        let model: &dyn Any = &*self.0;
        model.downcast_ref()
    }

    /// Encodes in constant memory: `sink` receives the number of the first row and the codes (n, L) of a chunk, in the
    /// order of the rows.
    ///
    /// # Errors
    /// As for [`Quantizer::encode`], and every error that `sink` returns.
    pub fn encode_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        sink: impl FnMut(usize, &[u32]) -> Result<()>,
    ) -> Result<EncodeReport> {
        self.encoder().encode_with(rows, device, sink)
    }

    /// Makes an encoder, which encodes by the nearest codewords unless it is told otherwise.
    pub fn encoder(&self) -> Encoder {
        Encoder::new(Arc::clone(&self.0))
    }

    /// Returns the model with a record of the data that it was fitted to. The record goes into the model's file, but
    /// not into its fingerprint.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a kind of your own that keeps no such record.
    pub fn with_provenance(self, provenance: Provenance) -> Result<Self> {
        self.change_origin(|origin| origin.provenance = Some(provenance))
    }

    /// Returns the model with the blocks that its rows consist of, by which the rows of the fit were scaled. They go
    /// into the model's file and into its fingerprint.
    ///
    /// # Errors
    /// [`ErrorKind::DimMismatch`](crate::ErrorKind::DimMismatch) for blocks of other dimensions;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a kind of your own that keeps no blocks.
    pub fn with_blocks(self, blocks: Blocks) -> Result<Self> {
        match (self.dim(), blocks.dim()) {
            (expected, found) if expected != found => Err(ErrorKind::DimMismatch { expected, found }.into()),
            _ => self.change_origin(|origin| *origin = std::mem::take(origin).with_blocks(blocks)),
        }
    }

    /// Returns the model with a record, among the parameters of its fit, that its rows were
    /// [`Smoothed`](crate::smoothing::Smoothed) by this weight. The record goes into the model's file, but not into its
    /// fingerprint.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a kind of your own that keeps no such record.
    pub fn with_pair_weight(self, weight: f64) -> Result<Self> {
        self.change_origin(|origin| *origin = std::mem::take(origin).with_pair_weight(weight))
    }

    /// Returns the model with a record, among the parameters of its fit, of the column, the columns or the array that
    /// `options` name, of how these are read, and of whether bad rows were left out. The record goes into the model's
    /// file, but not into its fingerprint.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a kind of your own that keeps no such record.
    pub fn with_columns_of(self, options: &ReadOptions) -> Result<Self> {
        self.change_origin(|origin| *origin = std::mem::take(origin).with_columns_of(options))
    }

    /// Returns the model with other labels: code k of a level becomes code `labels[level][k]`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where the labels of a level are no permutation of its
    /// codes; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    pub fn relabelled(&self, labels: &[Vec<u32>]) -> Result<Self> {
        let clusters = self.clusters();
        let fits = |(labels, clusters): (&Vec<u32>, &usize)| {
            let mut sorted = labels.clone();
            sorted.sort_unstable();
            sorted.into_iter().eq(0..*clusters as u32)
        };
        if labels.len() != clusters.len() || !labels.iter().zip(&clusters).all(fits) {
            let expected = "must be one list per level, with each of its codes once";
            return Err(Error::parameter("labels", format!("{} lists", labels.len()), expected));
        }
        Ok(Self(self.0.relabelled(labels)?))
    }

    pub(crate) fn change_origin(self, change: impl FnOnce(&mut Origin)) -> Result<Self> {
        let mut origin = self.origin().cloned().unwrap_or_default();
        change(&mut origin);
        Ok(Self(self.of_origin(origin)?))
    }
}

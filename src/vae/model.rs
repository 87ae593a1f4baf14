//! The trained model: standardisation, encoder, residual quantizer, decoder.

use super::forward::Forward;
use super::latent_quantizer::LatentQuantizer;
use super::latent_rows::LatentRows;
use super::params::{MatmulWidth, RqVae};
use super::standard::Standard;
use super::weights::{Layer, are_proper};
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{ErrorKind, Result};
use crate::grid::Grid;
use crate::io::model_file::hex;
use crate::origin::Origin;
use crate::quantization::{Metric, Quantization};
use crate::quantizer::EncodeReport;
use crate::rows::Rows;
use crate::rq::RqKMeansModel;
use sha2::{Digest, Sha256};

/// A trained residual-quantized variational autoencoder.
///
/// Rows are standardised, the encoder turns them into latents, and these are encoded by a residual quantizer like that
/// of [`RqKMeansModel`]; decoding goes the other way.
///
/// # Exactness
/// Equal fingerprints mean equal codes for every row, on every device.
#[derive(Clone, Debug, PartialEq)]
pub struct RqVaeModel {
    pub(super) standard: Standard,
    pub(super) encoder: Vec<Layer>,
    pub(super) decoder: Vec<Layer>,
    pub(super) slope: f32,
    pub(super) width: MatmulWidth,
    /// Whether the encoder adds its input to its output.
    pub(super) skip: bool,
    pub(super) quantizer: RqKMeansModel,
    /// Facts in the file that encoding does not need.
    pub(crate) origin: Origin,
}

impl RqVaeModel {
    pub(super) fn of_training(
        params: &RqVae,
        standard: Standard,
        encoder: Vec<Layer>,
        decoder: Vec<Layer>,
        quantizer: &LatentQuantizer,
        skip: bool,
    ) -> Result<Self> {
        if !are_proper(&encoder) || !are_proper(&decoder) {
            return Err(ErrorKind::Diverged { what: "a weight is not finite".into() }.into());
        }
        let grid = Grid::new(vec![0.0; quantizer.dim], quantizer.exponent);
        let quantization = Quantization { grid, metric: Metric::L2, normalize_residuals: false };
        let quantizer = RqKMeansModel::new(quantization, quantizer.codebooks()?, params.seed)?;
        let (slope, width, origin) = (params.slope, params.width, Origin::default());
        Ok(Self { standard, encoder, decoder, slope, width, skip, quantizer, origin })
    }

    /// Copies the model with other labels of its quantizer's codewords.
    pub(crate) fn relabelled(&self, labels: &[Vec<u32>]) -> Result<Self> {
        Ok(Self { quantizer: self.quantizer.relabelled(labels)?, ..self.clone() })
    }

    /// Number of dimensions of the embeddings, D.
    pub fn dim(&self) -> usize {
        self.standard.offset.len()
    }

    /// Dimensions of the latent space.
    pub fn latent_dim(&self) -> usize {
        self.quantizer.dim()
    }

    /// Widths of the encoder's hidden layers.
    pub fn hidden(&self) -> Vec<usize> {
        self.encoder.iter().skip(1).map(|layer| layer.inputs).collect()
    }

    /// Bits of the integers that matrices are multiplied in.
    pub fn width(&self) -> MatmulWidth {
        self.width
    }

    /// Says whether the encoder is `x + MLP(x)`, as that of RQ-KMeans+.
    pub fn has_skip(&self) -> bool {
        self.skip
    }

    /// The smallest and the largest value of each dimension, (D), at which encoding cuts values off; none where no
    /// value was far beyond the others of its dimension when the network was trained. A dimension without far values
    /// has the smallest and the largest f32 as its limits.
    pub fn input_limits(&self) -> Option<[&[f32]; 2]> {
        self.standard.limits.as_ref().map(|limits| [&limits.low[..], &limits.high])
    }

    /// The residual quantizer of the latents.
    pub fn quantizer(&self) -> &RqKMeansModel {
        &self.quantizer
    }

    /// SHA-256, in hex, of everything that influences an encode.
    ///
    /// The bytes, numbers little endian: `semid rq-vae 1` and a zero byte; skip (0, 1) and bits of the products, a byte
    /// each; the slope, f32; D, latent dimensions and number of the encoder's layers, u32; offset and scale, D x f32
    /// each; of every layer of the encoder its inputs and outputs, u32, its weights and its biases, f32; the
    /// fingerprint of the quantizer, 64 hex digits; and, where there are [limits](Self::input_limits), the lowest and
    /// the highest, D x f32 each.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"semid rq-vae 1\0");
        hash.update([u8::from(self.skip), self.width.bits() as u8]);
        hash.update(self.slope.to_le_bytes());
        for number in [self.dim(), self.latent_dim(), self.encoder.len()] {
            hash.update((number as u32).to_le_bytes());
        }
        let mut floats = |values: &[f32]| values.iter().for_each(|value| hash.update(value.to_le_bytes()));
        floats(&self.standard.offset);
        floats(&self.standard.scale);
        for layer in &self.encoder {
            for number in [layer.inputs, layer.outputs] {
                hash.update((number as u32).to_le_bytes());
            }
            let mut floats = |values: &[f32]| values.iter().for_each(|value| hash.update(value.to_le_bytes()));
            floats(&layer.weight);
            floats(&layer.bias);
        }
        hash.update(self.quantizer.fingerprint());
        for limit in self.input_limits().into_iter().flatten().flatten() {
            hash.update(limit.to_le_bytes());
        }
        self.origin.fingerprint(hex(&hash.finalize()))
    }

    pub(super) fn encoder_on(&self, device: &Device) -> Result<Forward> {
        Forward::new(&self.encoder, self.slope, self.width.width(), self.skip, device)
    }

    pub(crate) fn decoder_on(&self, device: &Device) -> Result<Forward> {
        Forward::new(&self.decoder, self.slope, self.width.width(), false, device)
    }

    /// Latents of standardised rows.
    pub(super) fn latents(&self, rows: &[f32], device: &Device) -> Result<Vec<f32>> {
        let mut latents = vec![0.0; rows.len() / self.dim() * self.latent_dim()];
        self.encoder_on(device)?.run(rows, &mut latents)?;
        Ok(latents)
    }

    /// The latents of `rows` as rows of their own, computed when they are read.
    ///
    /// # Errors
    /// [`ErrorKind::DimMismatch`], and what devices can meet. Reading refuses NaN and infinities.
    pub fn latent_rows<'a>(&'a self, rows: &'a dyn Rows, device: &Device) -> Result<impl Rows + 'a> {
        if rows.dim() != self.dim() {
            return Err(ErrorKind::DimMismatch { expected: self.dim(), found: rows.dim() }.into());
        }
        Ok(LatentRows::new(rows, &self.standard, self.encoder_on(device)?, self.latent_dim()))
    }

    /// Encodes all rows.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, L).
    ///
    /// # Exactness
    /// A row's codes depend on the row and the model alone: not on the device, the batch or the other rows.
    ///
    /// # Errors
    /// A wrong dimension, NaN or infinities, and what devices and sources can meet.
    pub fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        self.quantizer.encode(&self.latent_rows(rows, device)?, device)
    }

    /// Encodes in constant memory, see [`RqKMeansModel::encode_with`].
    ///
    /// # Errors
    /// As for [`RqVaeModel::encode`], and whatever `sink` returns.
    pub fn encode_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        sink: impl FnMut(usize, &[u32]) -> Result<()>,
    ) -> Result<EncodeReport> {
        self.quantizer.encode_with(&self.latent_rows(rows, device)?, device, sink)
    }

    /// Decodes codes to embeddings.
    ///
    /// # Shapes
    /// `codes` (N, m) with m at most L gives values (N, D), row by row.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::decode`]; [`ErrorKind::Undecodable`] for codes whose values are beyond the largest f32,
    /// and what devices can meet.
    pub fn decode(&self, codes: &Codes, device: &Device) -> Result<Vec<f32>> {
        self.decode_levels(codes, codes.levels(), device)
    }

    /// Decodes the first `levels` levels of all codes to embeddings.
    ///
    /// # Errors
    /// As for [`RqVaeModel::decode`].
    pub fn decode_levels(&self, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>> {
        let mut values = crate::error::try_zeros(codes.len().saturating_mul(self.dim()), "decoded rows")?;
        let mut decoder = self.decoder_on(device)?;
        self.decode_rows(&mut decoder, 0, codes, levels, &mut values)?;
        Ok(values)
    }
}

impl RqVaeModel {
    /// Decodes rows of which the first has number `first` in messages.
    pub(crate) fn decode_rows(
        &self,
        decoder: &mut Forward,
        first: usize,
        codes: &Codes,
        levels: usize,
        out: &mut [f32],
    ) -> Result<()> {
        let dim = self.latent_dim();
        let mut latents = crate::error::try_zeros(codes.len().saturating_mul(dim), "decoded latents")?;
        for (i, (codes, latent)) in codes.rows().zip(latents.chunks_exact_mut(dim)).enumerate() {
            self.quantizer.decode_row(first + i, codes, levels, latent)?;
        }
        decoder.run(&latents, out)?;
        self.standard.undo(out);
        match out.chunks_exact(self.dim()).position(|row| !row.iter().all(|x| x.is_finite())) {
            Some(row) => Err(ErrorKind::Undecodable { row: first + row }.into()),
            None => Ok(()),
        }
    }
}

//! Encodes by the nearest codewords or in other ways: with the prices of a balanced fit, and within capacities.

use crate::codes::Codes;
use crate::device::Device;
use crate::error::{ErrorKind, Result};
use crate::quantizer::{self, EncodeOptions, EncodeReport, Quantizer};
use crate::rows::Rows;
use std::fmt;
use std::sync::Arc;

/// Settings of an encode; by default every row gets its nearest codewords.
///
/// ```
/// use semid::{Device, Matrix, RqKMeans};
///
/// let values: Vec<f32> = (0..400).map(|i| ((i * i) % 101) as f32).collect();
/// let (rows, device) = (Matrix::new(&values, 4)?, Device::cpu());
/// let model = RqKMeans::new(2, 8).balanced().fit(&rows, &device)?;
/// // Near balance, each row for itself:
/// let near = model.encoder().priced()?.encode(&rows, &device)?;
/// // 100 rows in 8 clusters of at most 13 each, at every level:
/// let balanced = model.encoder().capacity(13).encode(&rows, &device)?;
/// let first = |code: u32| balanced.rows().filter(|codes| codes[0] == code).count();
/// assert!((0..8).all(|code| first(code) <= 13) && near.len() == 100);
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Encoder {
    model: Arc<dyn Quantizer>,
    options: EncodeOptions,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, options } = self;
        f.debug_struct("Encoder").field("kind", &model.kind()).field("options", options).finish()
    }
}

impl Encoder {
    pub(crate) fn new(model: Arc<dyn Quantizer>) -> Self {
        Self { model, options: EncodeOptions::default() }
    }

    /// Gives every row, level by level, the codeword with the smallest squared distance plus price. The model's prices
    /// are those at which the rows of its balanced fit chose clusters of equal size, so similar rows stay near balance.
    ///
    /// # Exactness
    /// Every value is an integer, and the lowest code wins a tie. A row's codes depend only on the row and the model.
    ///
    /// # Errors
    /// [`ErrorKind::NoPrices`] where the fit did not balance its clusters.
    pub fn priced(mut self) -> Result<Self> {
        if !self.model.has_prices() {
            return Err(ErrorKind::NoPrices.into());
        }
        self.options.priced = true;
        Ok(self)
    }

    /// Gives each codeword, at every level, to at most `capacity` of all rows, at the smallest sum of squared
    /// distances; with [`Encoder::priced`], of squared distances plus prices. The codes then depend on all rows
    /// together, and all rows have to fit the device's memory.
    ///
    /// # Exactness
    /// Every level is the exact optimum for the residuals that the levels before it leave. Of several optima it is the
    /// one whose codes, read row by row, are lexicographically smallest. The report says what was proved.
    ///
    /// # Errors
    /// Encoding fails with [`ErrorKind::Sizes`] if there are more rows than the codewords have room for.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.options.capacity = Some(capacity);
        self
    }

    /// Returns the codes of all rows.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, L).
    ///
    /// # Errors
    /// A wrong dimension, NaN or infinities, and any error of the device and of reading `rows`.
    pub fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        quantizer::collect(self.model.levels(), rows.len(), |sink| self.encode_with(rows, device, sink).map(drop))
    }

    /// Encodes in constant memory or, with a capacity, in memory for all rows: calls `sink` with the number of the
    /// first row of each chunk and the chunk's codes (n, L), in the order of the rows.
    ///
    /// # Errors
    /// As for [`Encoder::encode`], and every error that `sink` returns.
    pub fn encode_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        mut sink: impl FnMut(usize, &[u32]) -> Result<()>,
    ) -> Result<EncodeReport> {
        let rows = self.model.quantized_rows(rows, device)?;
        self.model.encode_quantized(&rows, device, &self.options, &mut sink)
    }
}

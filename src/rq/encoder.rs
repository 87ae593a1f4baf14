//! Encoding other than by the nearest codewords alone: with the prices of a balanced fit, and within capacities.

use super::codes::Codes;
use super::encode::EncodeReport;
use super::model::RqKMeansModel;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result, try_vec};
use crate::rows::Rows;

/// How rows are to be encoded: by their nearest codewords, unless more is asked for.
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
#[derive(Clone, Copy, Debug)]
pub struct Encoder<'a> {
    pub(super) model: &'a RqKMeansModel,
    pub(super) priced: bool,
    pub(super) capacity: Option<usize>,
}

impl RqKMeansModel {
    /// Encodes by the nearest codewords, or as the encoder is told to.
    pub fn encoder(&self) -> Encoder<'_> {
        Encoder { model: self, priced: false, capacity: None }
    }
}

impl<'a> Encoder<'a> {
    /// Gives every row, level by level, the codeword with the smallest squared distance plus price: the model's prices are
    /// those at which the rows of a balanced fit chose clusters of equal size, so rows like them stay near balance.
    ///
    /// # Exactness
    /// Integers throughout, the lowest code on a tie. A row's codes depend on the row and the model alone.
    ///
    /// # Errors
    /// [`ErrorKind::NoPrices`] where clusters were not balanced in the fit.
    pub fn priced(self) -> Result<Self> {
        match self.model.prices() {
            Some(_) => Ok(Self { priced: true, ..self }),
            None => Err(ErrorKind::NoPrices.into()),
        }
    }

    /// Gives no codeword, at any level, to more than `capacity` of all the rows, at the smallest sum of squared distances -
    /// with [`Encoder::priced`], of squared distances plus prices. Codes then depend on all rows together, which have
    /// to fit the device's memory.
    ///
    /// # Exactness
    /// Every level is the exact optimum for what the levels before left over; of several optima the one whose codes, read
    /// row by row, are lexicographically smallest. The report says what was proved.
    ///
    /// # Errors
    /// [`ErrorKind::Sizes`] on encoding more rows than there is room for.
    pub fn capacity(self, capacity: usize) -> Self {
        Self { capacity: Some(capacity), ..self }
    }

    /// Codes of all rows.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, L).
    ///
    /// # Errors
    /// A wrong dimension, NaN or infinities, and what devices and sources can meet.
    pub fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        let levels = self.model.levels().len();
        let len = rows.len().checked_mul(levels).ok_or_else(|| Error::parameter("rows", rows.len(), "too many"))?;
        let mut values = try_vec(0, len, "codes")?;
        self.encode_with(rows, device, |first, codes| {
            let place = values.iter_mut().skip(first * levels);
            place.zip(codes).for_each(|(value, code)| *value = *code);
            Ok(())
        })?;
        Codes::new(values, levels)
    }

    /// Encodes in constant memory, or with a capacity in that of all rows: `sink` receives the number of the first row and the
    /// codes (n, L) of a chunk, in the order of the rows.
    ///
    /// # Errors
    /// As for [`Encoder::encode`], and whatever `sink` returns.
    pub fn encode_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        mut sink: impl FnMut(usize, &[u32]) -> Result<()>,
    ) -> Result<EncodeReport> {
        if rows.dim() != self.model.dim() {
            return Err(ErrorKind::DimMismatch { expected: self.model.dim(), found: rows.dim() }.into());
        }
        match self.capacity {
            None => self.encode_chunks(rows, device, &mut sink),
            Some(capacity) => self.encode_whole(capacity, rows, device, &mut sink),
        }
    }

    /// Prices of a level, where they matter.
    pub(super) fn prices(&self, level: usize) -> Option<&'a [i64]> {
        let prices = self.model.prices().filter(|_| self.priced)?;
        prices.get(level).map(Vec::as_slice)
    }
}

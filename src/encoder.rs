//! Encodes by the nearest codewords or in other ways: by a beam, a few rows at a time, with the prices of a balanced
//! fit, and within capacities.

use crate::codes::Codes;
use crate::device::Device;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::labels::Labels;
use crate::quantizer::{self, Candidates, EncodeOptions, EncodeReport, FewEncoder, Quantizer};
use crate::rows::{Matrix, Rows};
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
///
/// # Serving
/// A service that encodes single rows, or a few at a time, prepares the encoder once and then calls
/// [`Encoder::encode_into`]: a prepared encoder allocates no memory, starts no other thread and costs some microseconds
/// a row. Every thread gets a clone of its own; clones share the prepared codewords. (Where `semid devices` says that
/// products are in f32, several rows at once need some memory for these.)
///
/// ```
/// use semid::{Device, Matrix, RqKMeans};
///
/// let values: Vec<f32> = (0..400).map(|i| ((i * i) % 101) as f32).collect();
/// let (rows, device) = (Matrix::new(&values, 4)?, Device::cpu());
/// let model = RqKMeans::new(2, 8).fit(&rows, &device)?;
/// let mut encoder = model.encoder().prepare(&device)?;
/// let mut codes = [0; 2];
/// for (row, expected) in values.chunks_exact(4).zip(model.encode(&rows, &device)?.rows()) {
///     encoder.encode_into(row, &mut codes)?;
///     assert_eq!(codes, expected);
/// }
/// # Ok::<(), semid::Error>(())
/// ```
#[must_use]
pub struct Encoder {
    model: Arc<dyn Quantizer>,
    options: EncodeOptions,
    prepared: Option<PreparedEncoder>,
}

/// What encodes a few rows at a time on a device.
struct PreparedEncoder {
    device: Device,
    /// The number of levels, L.
    levels: usize,
    /// None for a model or options that have nothing better than an encode of all rows.
    few: Option<Box<dyn FewEncoder>>,
}

impl Clone for Encoder {
    fn clone(&self) -> Self {
        let copy = |prepared: &PreparedEncoder| PreparedEncoder {
            device: prepared.device.clone(),
            levels: prepared.levels,
            few: prepared.few.as_ref().map(|few| few.copy()),
        };
        let prepared = self.prepared.as_ref().map(copy);
        Self { model: Arc::clone(&self.model), options: self.options.clone(), prepared }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, options, prepared } = self;
        let device = prepared.as_ref().map(|prepared| &prepared.device);
        let mut shown = f.debug_struct("Encoder");
        shown.field("kind", &model.kind()).field("options", options).field("prepared", &device).finish()
    }
}

impl Encoder {
    pub(crate) fn new(model: Arc<dyn Quantizer>) -> Self {
        Self { model, options: EncodeOptions::default(), prepared: None }
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
        (self.options.priced, self.prepared) = (true, None);
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
        (self.options.capacity, self.prepared) = (Some(capacity), None);
        self
    }

    /// Looks for codes of a smaller total distance by a beam that keeps up to `width` codes per row and level. A width
    /// of 1 gives every row the nearest codeword of every level, as encoding does without this call.
    ///
    /// # Exactness
    /// For every single row, a wider beam never gives codes of a larger distance. Distances are exact integers, and the
    /// codes that come first in order win a tie. A row's codes depend only on the row, the model and the width.
    ///
    /// # Errors
    /// Encoding fails with [`ErrorKind::Parameter`] for a width of 0 or above 1,024, together with
    /// [`Encoder::priced`] or [`Encoder::capacity`], and for a width above 1 where the model scales the residuals of
    /// every level, so that distances do not add up.
    ///
    /// ```
    /// use semid::{Device, Matrix, RqKMeansModel};
    ///
    /// let model = RqKMeansModel::from_codewords(&[&[0.0, 10.0], &[-8.0, 1.0]], 1)?;
    /// let (rows, device) = (Matrix::new(&[3.0], 1)?, Device::cpu());
    /// // 0 is nearer to 3 than 10 is, but 10 - 8 = 2 and 0 + 1 = 1.
    /// assert_eq!(model.encode(&rows, &device)?.values(), [0, 1]);
    /// assert_eq!(model.encoder().beam(2).encode(&rows, &device)?.values(), [1, 0]);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn beam(mut self, width: usize) -> Self {
        (self.options.beam, self.prepared) = (Some(width), None);
        self
    }

    /// Takes the codes of the model's first levels from labels, see
    /// [`RqKMeans::fit_labelled`](crate::RqKMeans::fit_labelled). Without this call all labels count as unknown.
    ///
    /// # Errors
    /// Encoding fails with [`ErrorKind::RowCount`] where there is not one label for each row of an encode, and with
    /// [`ErrorKind::Parameter`] for a column too many or too few.
    pub fn labels(mut self, labels: &Labels) -> Self {
        (self.options.labels, self.prepared) = (Some(labels.clone()), None);
        self
    }

    /// Finds for every row the `count` codes of the smallest total distances, the nearest first. The beam is as wide as
    /// `count`, or as [`Encoder::beam`] says.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, k, L) and distances (N, k).
    ///
    /// # Exactness
    /// As for [`Encoder::beam`]: the i-th candidate of a wider beam is never farther. The first one is what
    /// [`Encoder::encode`] gives with the same beam.
    ///
    /// # Errors
    /// As for [`Encoder::encode`] and [`Encoder::beam`]; [`ErrorKind::Parameter`] for a count of 0 or of more codes
    /// than the beam finds; [`ErrorKind::Unsupported`] for models without distances to codewords.
    ///
    /// ```
    /// use semid::{Device, Matrix, RqKMeansModel};
    ///
    /// let model = RqKMeansModel::from_codewords(&[&[0.0, 10.0], &[-8.0, 1.0]], 1)?;
    /// let found = model.encoder().candidates(3, &Matrix::new(&[3.0], 1)?, &Device::cpu())?;
    /// let unit = semid::Quantizer::step(&model).powi(2);
    /// let found: Vec<_> = found.row(0).map(|(codes, distance)| (codes, distance as f64 * unit)).collect();
    /// assert_eq!(found, [(&[1, 0][..], 1.0), (&[0, 1][..], 4.0), (&[1, 1][..], 64.0)]);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn candidates(&self, count: usize, rows: &dyn Rows, device: &Device) -> Result<Candidates> {
        let mut all = Candidates::new(count.max(1), self.model.levels(), Vec::new(), Vec::new())?;
        self.candidates_with(count, rows, device, |_, found| all.append(found))?;
        Ok(all)
    }

    /// Finds candidates in constant memory: calls `sink` with the number of the first row of each chunk and the
    /// candidates of the chunk's rows, in the order of the rows.
    ///
    /// # Errors
    /// As for [`Encoder::candidates`], and every error that `sink` returns.
    pub fn candidates_with(
        &self,
        count: usize,
        rows: &dyn Rows,
        device: &Device,
        mut sink: impl FnMut(usize, &Candidates) -> Result<()>,
    ) -> Result<EncodeReport> {
        let rows = self.model.quantized_rows(rows, device)?;
        self.model.candidates_quantized(&rows, device, &self.options, count, &mut sink)
    }

    /// Prepares the encoder for [`Encoder::encode_into`] on `device`: rounds and packs the codewords of all levels.
    /// Other settings come before: they undo it.
    ///
    /// Only residual k-means on the CPU gains from it, without prices and capacities. Everything else encodes as
    /// [`Encoder::encode`] does.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownSimd`], [`ErrorKind::OutOfMemory`].
    pub fn prepare(mut self, device: &Device) -> Result<Self> {
        self.prepare_for(device)?;
        Ok(self)
    }

    fn prepare_for(&mut self, device: &Device) -> Result<&mut PreparedEncoder> {
        let few = self.model.few(device, &self.options)?;
        let levels = self.model.levels();
        Ok(self.prepared.insert(PreparedEncoder { device: device.clone(), levels, few }))
    }

    /// Writes the codes of a few rows, on the thread of the caller; prepares the encoder for [`Device::cpu`] first if
    /// it is not prepared.
    ///
    /// # Shapes
    /// `rows` (n, D), row by row, gives `codes` (n, L).
    ///
    /// # Exactness
    /// The codes are those of [`Encoder::encode`].
    ///
    /// # Errors
    /// [`ErrorKind::Length`] for rows that are not whole, [`ErrorKind::Parameter`] where `codes` has not one place per
    /// row and level, NaN or infinities, and what devices can meet. `codes` then holds no codes.
    pub fn encode_into(&mut self, rows: &[f32], codes: &mut [u32]) -> Result<()> {
        let matrix = Matrix::new(rows, self.model.dim())?;
        let prepared = match &mut self.prepared {
            Some(prepared) => prepared,
            None => self.prepare_for(&Device::cpu())?,
        };
        let levels = prepared.levels;
        let places = matrix.len().saturating_mul(levels);
        if codes.len() != places {
            let expected = format!("must be {places}, one per row and level");
            return Err(crate::Error::parameter("codes", codes.len(), expected));
        }
        if let Some(few) = &mut prepared.few {
            return few.encode(rows, codes);
        }
        let device = prepared.device.clone();
        self.encode_with(&matrix, &device, |first, chunk| {
            codes.iter_mut().skip(first * levels).zip(chunk).for_each(|(code, new)| *code = *new);
            Ok(())
        })?;
        Ok(())
    }

    /// Returns the codes of a few rows on the thread of the caller, and prepares the encoder for `device` first if it
    /// is not; none where that is not faster than [`Encoder::encode`].
    pub(crate) fn encode_few(&mut self, rows: &dyn Rows, device: &Device) -> Result<Option<Codes>> {
        let levels = self.model.levels();
        let prepared = match &mut self.prepared {
            Some(prepared) if prepared.device.is(device) => prepared,
            _ => self.prepare_for(device)?,
        };
        let Some(few) = &mut prepared.few else { return Ok(None) };
        let mut values = try_zeros(rows.len().saturating_mul(rows.dim()), "a few rows")?;
        rows.read(0, &mut values)?;
        let mut codes = try_zeros(rows.len().saturating_mul(levels), "codes")?;
        few.encode(&values, &mut codes)?;
        Codes::new(codes, levels).map(Some)
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

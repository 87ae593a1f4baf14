//! Gives new models the labels of old ones. The numbers of the codewords of a level are arbitrary, so a model that was
//! fitted again can number them such that most items keep their codes.

mod matching;
#[cfg(test)]
mod tests;

use crate::codes::Codes;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::{Stability, counted_stability as counted};
use crate::model::Model;
use crate::rows::Rows;
use crate::weights::Weights;
use matching::{Pair, labels};

/// Labels for the codes of a new model, and the share of rows that keep their codes with and without them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Alignment {
    /// For every level the label of each code: a permutation of 0 .. K - 1.
    pub labels: Vec<Vec<u32>>,
    /// Compares the old codes with the new ones as they are, at the levels that both have.
    pub before: Stability,
    /// Compares the old codes with the new ones after relabelling.
    pub after: Stability,
}

impl Alignment {
    /// Finds the labels with which as many rows as possible keep their codes, level by level.
    ///
    /// The first level gets the labels with which most rows have their old code. For every later level, rows whose
    /// earlier codes are all the old ones count first, as the IDs of other rows have changed anyway; then all rows
    /// count. An old code that is no code of the new level is no label; levels that only one side has stay as they are.
    ///
    /// # Shapes
    /// `old` (N, M) and `new` (N, L) of the same rows; `clusters` (L) of the new model.
    ///
    /// # Exactness
    /// Every level is an assignment problem, solved to its optimum in integers. If several sets of labels are equally
    /// good, every run returns the same one.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`], [`ErrorKind::RowCount`], and [`ErrorKind::CodeLevels`] where `clusters` does not have one
    /// entry per level of `new`.
    ///
    /// # References
    /// R. K. Ahuja, T. L. Magnanti, J. B. Orlin, Network Flows, 1993, chapter 12.
    ///
    /// ```
    /// use semid::{Alignment, Codes};
    ///
    /// let old = Codes::new(vec![0, 0, 1, 2], 1)?;
    /// let new = Codes::new(vec![2, 2, 0, 0], 1)?;
    /// let alignment = Alignment::of_codes(&old, &new, &[3])?;
    /// assert_eq!(alignment.labels, [[1, 2, 0]]);
    /// assert_eq!((alignment.before.unchanged_codes[0], alignment.after.unchanged_codes[0]), (0.0, 0.75));
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn of_codes(old: &Codes, new: &Codes, clusters: &[usize]) -> Result<Self> {
        Self::of(old, new, clusters, None)
    }

    /// Does what [`Alignment::of_codes`] does where a row counts as often as `weights` say: the labels are those of
    /// such repeated rows, and so are the shares.
    ///
    /// # Errors
    /// As for [`Alignment::of_codes`]; [`ErrorKind::RowCount`] where there is not one weight for each row, and
    /// [`ErrorKind::NoWeight`] where all weights are 0.
    pub fn of_weighted_codes(old: &Codes, new: &Codes, clusters: &[usize], weights: &Weights) -> Result<Self> {
        Self::of(old, new, clusters, Some(weights))
    }

    fn of(old: &Codes, new: &Codes, clusters: &[usize], weights: Option<&Weights>) -> Result<Self> {
        if clusters.len() != new.levels() {
            return Err(ErrorKind::CodeLevels { expected: clusters.len(), found: new.levels() }.into());
        }
        let common = old.levels().min(new.levels());
        let (old, first) = (old.first_levels(common)?, new.first_levels(common)?);
        let before = counted(&old, &first, weights)?;
        let mut agrees = vec![true; new.len()];
        let mut labels_of_levels = Vec::with_capacity(clusters.len());
        for (level, clusters) in clusters.iter().enumerate() {
            let codes = |codes: &Codes| codes.rows().map(|row| row.get(level).copied()).collect::<Option<Vec<u32>>>();
            let (Some(old), Some(new)) = (codes(&old), codes(&first)) else {
                labels_of_levels.push((0..*clusters as u32).collect());
                continue;
            };
            let times = |row| weights.map_or(1, |weights| weights.of(row));
            let pairs = new.iter().zip(&old).zip(&agrees).enumerate();
            let pair = |(row, ((new, old), agrees)): (usize, ((&u32, &u32), &bool))| Pair {
                new: *new,
                old: *old,
                agrees: *agrees,
                times: times(row),
            };
            // A row of weight 0 is no row.
            let pairs = pairs.map(pair).filter(|pair| pair.times > 0);
            let labels = labels(pairs.collect(), *clusters)?;
            for ((new, old), agrees) in new.iter().zip(&old).zip(&mut agrees) {
                *agrees &= labels.get(*new as usize) == Some(old);
            }
            labels_of_levels.push(labels);
        }
        let mut alignment = Self { labels: labels_of_levels, after: before.clone(), before };
        alignment.after = counted(&old, &alignment.relabel(&first)?, weights)?;
        Ok(alignment)
    }

    /// Returns whether some code gets another label.
    fn changes(&self) -> bool {
        !self.labels.iter().all(|labels| labels.iter().copied().eq(0..labels.len() as u32))
    }

    /// Returns the codes with their new labels.
    ///
    /// # Errors
    /// [`ErrorKind::Code`] for a code without a label.
    pub fn relabel(&self, codes: &Codes) -> Result<Codes> {
        let mut values = Vec::with_capacity(codes.values().len());
        for (row, of_row) in codes.rows().enumerate() {
            for (level, code) in of_row.iter().enumerate() {
                let labels = self.labels.get(level).map(Vec::as_slice).unwrap_or_default();
                let unknown = || ErrorKind::Code { row, level, code: *code, clusters: labels.len() };
                values.push(*labels.get(*code as usize).ok_or_else(unknown)?);
            }
        }
        Codes::new(values, codes.levels())
    }
}

impl Model {
    /// Copies the model with its codewords in another order at every level, such that as many of `rows` as possible
    /// have the codes that `old` gives them (see [`Alignment::of_codes`]).
    ///
    /// # Exactness
    /// The new model is the same on every device. It gives every row the relabelled codes of this model; only a row
    /// with exactly the same distance to two codewords takes the one that comes first in the new order. `after` counts
    /// the codes that the new model really gives.
    ///
    /// # Errors
    /// As for [`Quantizer::encode`](crate::Quantizer::encode) of both models, and [`ErrorKind::Empty`];
    /// [`ErrorKind::Unsupported`] for models whose first codes labels give.
    ///
    /// ```
    /// use semid::{Device, Matrix, Model, RqKMeans};
    ///
    /// let values: Vec<f32> = (0..800).map(|i| ((i * 37) % 101) as f32).collect();
    /// let (rows, device) = (Matrix::new(&values, 4)?, Device::cpu());
    /// let fit = |seed| Ok::<_, semid::Error>(Model::from(RqKMeans::new(2, 8).seed(seed).fit(&rows, &device)?));
    /// let (old, new) = (fit(1)?, fit(2)?);
    /// let (aligned, alignment) = new.align_to(&old, &rows, &device)?;
    /// assert!(alignment.after.unchanged_codes[0] >= alignment.before.unchanged_codes[0]);
    /// assert_eq!(aligned.clusters(), new.clusters());
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn align_to(&self, old: &Model, rows: &dyn Rows, device: &Device) -> Result<(Model, Alignment)> {
        self.aligned(old, (rows, None), device)
    }

    /// Does what [`Model::align_to`] does where a row counts as often as `weights` say.
    ///
    /// # Exactness
    /// The new model is the one that such repeated rows give.
    ///
    /// # Errors
    /// As for [`Model::align_to`] and [`Alignment::of_weighted_codes`].
    pub fn align_to_weighted(
        &self,
        old: &Model,
        rows: &dyn Rows,
        weights: &Weights,
        device: &Device,
    ) -> Result<(Model, Alignment)> {
        self.aligned(old, (rows, Some(weights)), device)
    }

    fn aligned(
        &self,
        old: &Model,
        (rows, weights): (&dyn Rows, Option<&Weights>),
        device: &Device,
    ) -> Result<(Model, Alignment)> {
        if rows.is_empty() {
            return Err(ErrorKind::Empty.into());
        }
        if let Some(labelled) = [self, old].into_iter().find(|model| !model.label_tables().is_empty()) {
            let expected = "must take no codes from labels; codes that labels give cannot be aligned";
            return Err(Error::parameter("model", labelled.kind(), expected));
        }
        let fingerprint = old.fingerprint();
        let old = old.encode(rows, device)?;
        let mut alignment = Alignment::of(&old, &self.encode(rows, device)?, &self.clusters(), weights)?;
        let mut model = self.relabelled(&alignment.labels)?;
        // The old model itself, fitted again, stays the same file.
        if alignment.changes() || self.fingerprint() != fingerprint {
            model = model.change_origin(|origin| *origin = std::mem::take(origin).aligned_to(&fingerprint))?;
        }
        let common = alignment.before.unchanged_codes.len();
        let codes = model.encode(rows, device)?.first_levels(common)?;
        alignment.after = counted(&old.first_levels(common)?, &codes, weights)?;
        Ok((model, alignment))
    }
}

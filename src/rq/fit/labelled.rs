//! Levels whose codes are given by the labels of rows.

use super::work::Unit;
use super::{Fit, LevelReport, Start};
use crate::MAX_LEVELS;
use crate::codebook::{Codebook, room};
use crate::device::{Device, Table};
use crate::error::{Error, ErrorKind, Result, try_vec, try_zeros};
use crate::labels::{LabelTable, LabelledFit};
use crate::limits::MAX_CLUSTERS;
use crate::population::{Ask, FittedLevel, energy, sums};
use crate::rng::Sample;
use crate::rows::Rows;
use crate::rq::model::RqKMeansModel;
use crate::rq::params::{Algorithm, MiniBatch, RqKMeans};
use crate::rq::progress::{Callback, Progress, report};
use crate::weights::Weights;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The rows of a fit, and how often they count.
pub(super) struct Used {
    /// The numbers of the rows that count at least once.
    rows: Vec<usize>,
    /// How often each of these counts, where that is not once.
    weights: Option<Weights>,
}

impl Used {
    /// Finds the rows of which `sample` holds one number or more; `weights` say how many numbers each of all `rows`
    /// has.
    pub(super) fn new(sample: Sample, weights: Option<&Weights>, rows: usize) -> Result<Self> {
        let Some(weights) = weights else {
            return Ok(Self { rows: (0..rows).filter(|row| sample.holds(*row as u64)).collect(), weights: None });
        };
        let times = |row: usize| (row, sample.count(weights.numbers(row..row + 1)));
        let (rows, times): (_, Vec<u64>) = (0..rows).map(times).filter(|(_, times)| *times > 0).unzip();
        Ok(Self { rows, weights: Some(Weights::new(times)?) })
    }
}

/// What a fit takes besides rows.
#[derive(Clone, Copy, Default)]
pub(crate) struct Given<'a> {
    pub(crate) weights: Option<&'a Weights>,
    pub(crate) labels: Option<LabelledFit<'a>>,
}

impl RqKMeans {
    /// Fits a model whose first levels have the codes that labels give, such as categories, before those of the
    /// parameters.
    ///
    /// The codeword of a label is the mean of its rows, or of what the levels before leave of them. A row without a
    /// label has the code that `fit` says, and has no part in the means of labels. The codes of a level follow the
    /// order of the bytes of its labels. Rows may also have weights, see
    /// [`TrainOptions`](crate::quantizer::TrainOptions): then a fit is that of as many copies of every row and its
    /// labels.
    ///
    /// # Shapes
    /// `rows` (N, D), N labels in each of P columns: the model has P levels more than the parameters.
    ///
    /// # Exactness
    /// Means are rounded exact sums, so every device gives the same fingerprint.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`], with all rows in memory; [`ErrorKind::Parameter`] for a column without labels or with
    /// 65,536 or more, and for parameters that labels do not go with: balanced clusters, Sinkhorn, and mini-batches
    /// that train all levels together.
    pub fn fit_labelled(&self, rows: &dyn Rows, fit: &LabelledFit<'_>, device: &Device) -> Result<RqKMeansModel> {
        let mut fit = self.begin_labelled(rows, fit, device)?;
        while fit.next_level()?.is_some() {}
        Ok(fit.finish()?.0)
    }

    /// Does what [`RqKMeans::begin`] does and fits the levels that labels give, see [`RqKMeans::fit_labelled`].
    ///
    /// # Errors
    /// As for [`RqKMeans::fit_labelled`].
    pub fn begin_labelled<'a>(&self, rows: &'a dyn Rows, fit: &LabelledFit<'_>, device: &Device) -> Result<Fit<'a>> {
        let given = Given { labels: Some(*fit), ..Given::default() };
        self.begin_on(Start::Rows, rows, given, device, &mut |_| ControlFlow::Continue(()))
    }

    /// Refuses labels that do not fit the rows, and parameters that labels do not go with.
    pub(in crate::rq) fn check_labels(&self, given: &Given<'_>, start: &Start<'_>, rows: usize) -> Result<()> {
        let Some(LabelledFit { labels, .. }) = &given.labels else { return Ok(()) };
        labels.check(rows, labels.columns())?;
        let joint = matches!(self.algorithm, Algorithm::MiniBatch(MiniBatch { layer_wise: false, .. }));
        let other = [
            (self.sizes.is_some(), "must be left out, or balance: labels decide how many rows a code has"),
            (self.sinkhorn.is_some(), "must be left out, or Sinkhorn: labels decide how many rows a code has"),
            (joint, "must be left out where mini-batches train all levels together; train layer by layer"),
            (matches!(start, Start::Model(_)), "must be left out, or the warm start: it gives all codewords"),
            (self.refine > 0, "must be left out, or the refinement: it would give rows other codes"),
            (labels.columns() == 0, "must have at least one column"),
            (labels.columns() + self.levels > MAX_LEVELS, "must leave at most 256 levels, with those of labels"),
        ];
        match other.into_iter().find(|(refused, _)| *refused) {
            Some((_, expected)) => Err(Error::parameter("labels", labels.columns(), expected)),
            None => Ok(()),
        }
    }
}

impl Fit<'_> {
    /// Fits a level for each column of labels, before all others.
    pub(super) fn give_levels(&mut self, fit: &LabelledFit<'_>, used: &Used, callback: Callback<'_>) -> Result<()> {
        for number in 0..fit.labels.columns() {
            let (table, codes) = LabelTable::of(fit, number, &used.rows)?;
            check_table(&table)?;
            let progress = Progress { level: number, ..Progress::start(self.clusters.len(), 0) };
            let weights = used.weights.as_ref();
            self.give_level(&table, &codes, weights, &mut || report(callback, &progress))?;
            self.clusters.insert(number, table.len());
            self.tables.push(table);
        }
        Ok(())
    }

    fn give_level(
        &mut self,
        labels: &LabelTable,
        given: &[Option<u32>],
        weights: Option<&Weights>,
        ask: Ask<'_>,
    ) -> Result<()> {
        let room = room(self.codewords_max, self.codebooks());
        let table = self.residuals.table_of_any_weights(ask)?.ok_or(ErrorKind::NotWhole)?;
        let mut codebook = means(table, labels, given, weights)?;
        codebook.limit(room);
        let codes = codes(table, &codebook, labels, given)?;
        let sums = sums(table, &codes, codebook.clusters(), weights)?.with(energy(table, weights)?, 0);
        let loss = if self.quantization.unit_grid() { 0.0 } else { self.loaded.loss.total() };
        let unit = Unit::new(self.residuals.rows(), loss, self.quantization.codebook_exponent());
        self.reports.push(LevelReport {
            clusters: codebook.clusters(),
            iterations: 0,
            squared_error: unit.per_row(sums.squared_error(&codebook)),
            empty_reseeded: 0,
            balance: None,
        });
        let level = FittedLevel { codebook: Arc::new(codebook), codes: Some(Arc::new(codes)) };
        self.residuals.subtract(level.clone());
        self.fitted.push(level);
        Ok(())
    }
}

/// Refuses a column without labels, and one with too many.
fn check_table(table: &LabelTable) -> Result<()> {
    let column = format!("column {:?}", table.column());
    if table.labels().all(|label| label.is_none()) {
        return Err(Error::parameter("labels", column, "no row of the fit has a label; give labels, or leave it out"));
    }
    match table.len() < MAX_CLUSTERS {
        true => Ok(()),
        false => {
            let expected = format!("must have at most {} different labels, it has {}", MAX_CLUSTERS - 1, table.len());
            Err(Error::parameter("labels", column, expected))
        }
    }
}

/// Returns the mean of the rows of every label, and of the rows without one where they have a code of their own; zero
/// where there are no such rows.
fn means(
    table: &mut dyn Table,
    labels: &LabelTable,
    given: &[Option<u32>],
    weights: Option<&Weights>,
) -> Result<Codebook> {
    let (known, dim) = (labels.len(), table.dim());
    // Rows without a label have the code after all others, unless one is reserved for them.
    let none = labels.reserved().unwrap_or(known as u32);
    let mut codes = try_zeros(given.len(), "codes")?;
    codes.iter_mut().zip(given).for_each(|(code, given)| *code = given.unwrap_or(none));
    let sums = sums(table, &codes, known.max(none as usize + 1), weights)?;
    let mut values = try_zeros(known.saturating_mul(dim), "codewords")?;
    for (k, codeword) in values.chunks_exact_mut(dim).enumerate() {
        let centroid = sums.centroid(k).into_iter().flatten();
        // A mean is within the grid, as its rows are.
        codeword.iter_mut().zip(centroid).for_each(|(value, mean)| *value = mean);
    }
    Ok(Codebook::new(values, dim))
}

/// Returns the codes of rows: those given and, for rows without one, the reserved code or the nearest codeword.
pub(in crate::rq) fn codes(
    table: &mut dyn Table,
    codebook: &Codebook,
    labels: &LabelTable,
    given: &[Option<u32>],
) -> Result<Vec<u32>> {
    let mut codes = try_vec(labels.reserved().unwrap_or(0), table.rows(), "codes")?;
    let all_known = given.len() == codes.len() && given.iter().all(Option::is_some);
    if labels.reserved().is_none() && !all_known {
        table.assign_and_codes(codebook, &mut codes)?;
    }
    let known = codes.iter_mut().zip(given).filter_map(|(code, given)| Some((code, (*given)?)));
    known.for_each(|(code, given)| *code = given);
    Ok(codes)
}

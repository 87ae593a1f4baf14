//! Fitting: the rows go to the device once, then one level after the other is fitted on what the last one left.

use super::balance::Balance;
use super::level::LevelWork;
use super::load::Source;
use super::mini_batch::Trained;
use super::model::{Quantization, RqKMeansModel};
use super::params::RqKMeans;
use super::progress::{Callback, Progress, report};
use super::seeding::Ask;
use crate::codebook::{self, CODEWORDS_MAX, Codebook};
use crate::device::{Device, Purpose, Table};
use crate::error::{ErrorKind, Result};
use crate::grid::{EXPONENTS, Grid, pow2};
use crate::rows::Rows;
use std::ops::ControlFlow;

/// A fit in progress, for callers who want to look at a level before the next one is fitted.
///
/// ```
/// use semid::{Device, Matrix, RqKMeans};
///
/// let values: Vec<f32> = (0..400).map(|i| ((i * 37) % 101) as f32).collect();
/// let rows = Matrix::new(&values, 4)?;
/// let device = Device::cpu();
/// let mut fit = RqKMeans::new(3, [4, 8, 16]).begin(&rows, &device)?;
/// while let Some(level) = fit.next_level()? {
///     println!("{} clusters, {:.3} per row", level.clusters, level.squared_error);
/// }
/// let (model, report) = fit.finish()?;
/// assert_eq!(model.levels().len(), report.levels.len());
/// # Ok::<(), semid::Error>(())
/// ```
pub struct Fit<'a> {
    pub(super) params: RqKMeans,
    source: Source<'a>,
    device: &'a Device,
    pub(super) clusters: Vec<usize>,
    pub(super) quantization: Quantization,
    pub(super) table: Box<dyn Table>,
    pub(super) codebooks: Vec<Codebook>,
    /// Of every level, where clusters are balanced.
    pub(super) prices: Vec<Vec<i64>>,
    /// Of every level, where balancing decided instead of the nearest codewords.
    pub(super) codes: Vec<Option<Vec<u32>>>,
    /// All levels, where mini-batches trained them together.
    joint: Vec<Trained>,
    pub(super) reports: Vec<LevelReport>,
    saturated_values: u64,
    pub(super) codewords_max: i64,
}

/// What a fit came to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FitReport {
    /// Rows fitted on.
    pub rows: usize,
    /// Dimensions.
    pub dim: usize,
    /// One report per level.
    pub levels: Vec<LevelReport>,
    /// Values of the fitted rows that did not fit on the grid.
    pub saturated_values: u64,
}

/// What fitting one level came to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LevelReport {
    /// Number of codewords, K.
    pub clusters: usize,
    /// Updates done in the run that was kept.
    pub iterations: usize,
    /// Mean over the rows of the squared distance that is left after this level, in squared units of the embeddings
    /// (of the unit sphere for cosine and normalised residuals).
    pub squared_error: f64,
    /// Empty clusters that were given a far row, over all iterations of the run that was kept.
    pub empty_reseeded: u64,
    /// What balancing came to, where it was asked for.
    pub balance: Option<Balance>,
}

impl RqKMeans {
    /// Fits all levels.
    ///
    /// # Shapes
    /// `rows` (N, D) with N at least the clusters of every level.
    ///
    /// # Exactness
    /// The same rows, parameters and seed give a model with the same fingerprint on every device.
    ///
    /// # Errors
    /// Parameters out of range, NaN or infinities in the rows, and what devices and sources can meet.
    pub fn fit(&self, rows: &dyn Rows, device: &Device) -> Result<RqKMeansModel> {
        Ok(self.fit_with(rows, device, |_| ControlFlow::Continue(()))?.0)
    }

    /// Fits all levels, telling `progress` about each iteration; `Break` ends the fit with [`ErrorKind::Cancelled`].
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`].
    pub fn fit_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        mut progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<(RqKMeansModel, FitReport)> {
        let mut fit = self.begin_with(rows, device, &mut progress)?;
        while fit.next_level_with(&mut progress)?.is_some() {}
        fit.finish()
    }

    /// Reads the rows and puts them on the device, ready for [`Fit::next_level`].
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`].
    pub fn begin<'a>(&self, rows: &'a dyn Rows, device: &'a Device) -> Result<Fit<'a>> {
        self.begin_with(rows, device, &mut |_| ControlFlow::Continue(()))
    }

    pub(crate) fn begin_with<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &'a Device,
        callback: Callback<'_>,
    ) -> Result<Fit<'a>> {
        self.begin_on(None, rows, device, callback)
    }

    /// [`RqKMeans::begin_with`] on a grid, or on that of the rows.
    pub(super) fn begin_on<'a>(
        &self,
        grid: Option<Grid>,
        rows: &'a dyn Rows,
        device: &'a Device,
        callback: Callback<'_>,
    ) -> Result<Fit<'a>> {
        let (clusters, used) = self.check(rows.len(), rows.dim())?;
        let source = Source::new(rows, self.seed, used);
        let mut ask = || report(callback, &Progress::start(clusters.len(), self.max_iter));
        let quantization = Quantization {
            grid: grid.map_or_else(|| source.grid(self, &mut ask), Ok)?,
            metric: self.metric,
            normalize_residuals: self.normalize_residuals,
        };
        let table = device.engine().table(used, rows.dim(), Purpose::Fit)?;
        let mut fit = Fit {
            params: self.clone(),
            source,
            device,
            clusters: clusters.clone(),
            quantization,
            table,
            codebooks: Vec::new(),
            prices: Vec::new(),
            codes: Vec::new(),
            joint: Vec::new(),
            reports: Vec::new(),
            saturated_values: 0,
            codewords_max: CODEWORDS_MAX,
        };
        fit.load(&mut ask)?;
        Ok(fit)
    }
}

impl Fit<'_> {
    /// Fits the next level; `None` when all are fitted.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`].
    pub fn next_level(&mut self) -> Result<Option<LevelReport>> {
        self.next_level_with(&mut |_| ControlFlow::Continue(()))
    }

    /// Fits the next level, telling `progress` about each iteration.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`].
    pub fn next_level_with(
        &mut self,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Option<LevelReport>> {
        let target = self.codebooks.len() + 1;
        if target > self.clusters.len() {
            return Ok(None);
        }
        loop {
            while self.codebooks.len() < target {
                self.fit_level(progress)?;
            }
            if codebook::largest_sum(&self.codebooks) <= self.codewords_max {
                return Ok(self.reports.last().cloned());
            }
            self.coarsen(progress)?;
        }
    }

    /// The model of the levels fitted so far, with the report of the fit.
    ///
    /// # Errors
    /// [`ErrorKind::Range`] where codewords exceed f32; a parameter error where no level was fitted.
    pub fn finish(self) -> Result<(RqKMeansModel, FitReport)> {
        let model = self.model()?;
        let report = FitReport {
            rows: self.table.rows(),
            dim: self.table.dim(),
            levels: self.reports,
            saturated_values: self.saturated_values,
        };
        Ok((model, report))
    }

    fn load(&mut self, ask: Ask<'_>) -> Result<()> {
        self.saturated_values = self.source.load(&self.quantization, self.device.engine(), &mut *self.table, ask)?;
        Ok(())
    }

    /// Takes a grid twice as coarse and starts again: the codewords of real data with extreme outliers may add up to
    /// more than a residual can hold.
    fn coarsen(&mut self, callback: Callback<'_>) -> Result<()> {
        let grid = &self.quantization.grid;
        let exponent = grid.exponent() - 1;
        if self.quantization.unit_grid() || exponent < *EXPONENTS.start() {
            let level = self.codebooks.len() - 1;
            let reason = "the codewords of all levels add up to more than the grid holds; use fewer levels";
            return Err(ErrorKind::Range { level, reason: reason.into() }.into());
        }
        self.quantization.grid = Grid::new(grid.offset().to_vec(), exponent);
        self.codebooks.clear();
        self.prices.clear();
        self.codes.clear();
        self.joint.clear();
        self.reports.clear();
        let start = Progress::start(self.clusters.len(), self.params.max_iter);
        self.load(&mut || report(callback, &start))
    }

    /// Leaves in the table what the levels so far leave of the rows.
    pub(super) fn enter_level(&mut self) -> Result<()> {
        if let Some(last) = self.codebooks.last() {
            self.table.subtract(last)?;
        }
        match self.quantization.scales_level(self.codebooks.len()) {
            true => self.table.unit_length(),
            false => Ok(()),
        }
    }

    fn fit_level(&mut self, callback: Callback<'_>) -> Result<()> {
        let level = self.codebooks.len();
        let clusters = self.clusters.get(level).copied().unwrap_or(1);
        self.enter_level()?;
        let sizes = self.params.sizes_of(self.table.rows(), clusters);
        let mut work = LevelWork {
            params: &self.params,
            engine: self.device.engine(),
            table: &mut *self.table,
            clusters: &self.clusters,
            level,
            sizes,
            unit: pow2(-2 * self.quantization.codebook_exponent()),
        };
        let fitted = work.fit(&mut self.joint, callback)?;
        self.reports.push(LevelReport {
            clusters: fitted.codebook.clusters(),
            iterations: fitted.iterations,
            squared_error: work.per_row(fitted.squared_error),
            empty_reseeded: fitted.empty_reseeded,
            balance: fitted.balancing.as_ref().map(|balancing| balancing.report),
        });
        let (codes, prices) = fitted.balancing.map(|balancing| (balancing.codes, balancing.prices)).unzip();
        self.codes.push(codes);
        self.prices.extend(prices.flatten());
        self.codebooks.push(fitted.codebook);
        Ok(())
    }
}

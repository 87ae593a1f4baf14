//! Fitting: the rows go to the device once, then one level after the other is fitted on what the last one left.

mod assignment;
mod first_levels;
mod labelled;
mod level;
mod lloyd;
mod mini_batch;
mod on_workers;
mod own_level;
mod refine;
mod report;
mod reseed;
mod run;
mod seeding;
mod update;
mod warm_start;
mod work;

pub(crate) use first_levels::FirstLevels;
pub(crate) use labelled::Given;
use labelled::Used;
pub(super) use labelled::codes as given_codes;
pub(crate) use own_level::OwnLevel;
pub use refine::Refinement;
pub use report::{FitReport, LevelReport};
pub use warm_start::WarmStart;

use super::model::RqKMeansModel;
use super::params::RqKMeans;
use super::progress::{Callback, Progress, report};
use crate::codebook::{CODEWORDS_MAX, Codebook, room};
use crate::device::Device;
use crate::error::Result;
use crate::grid::{Grid, NarrowDimension, Outlier, UNIT_EXPONENT, pow2};
use crate::labels::LabelTable;
use crate::population::{Ask, FittedLevel, Loaded, MemoryNeeds, Population, Residuals, divide, rows_of};
use crate::quantization::{Metric, Quantization};
use crate::rng::Sample;
use crate::rows::Rows;
use crate::weights::Weights;
use mini_batch::Trained;
use std::ops::ControlFlow;
use std::sync::Arc;
use warm_start::FirstCodewords;
use work::LevelWork;

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
    residuals: Residuals<'a>,
    pub(super) clusters: Vec<usize>,
    pub(super) quantization: Quantization,
    /// The levels so far.
    pub(super) fitted: Vec<FittedLevel>,
    /// The prices of every level, where clusters are balanced.
    pub(super) prices: Vec<Vec<i64>>,
    /// All levels, where mini-batches trained them together.
    joint: Vec<Trained>,
    /// The codewords that the levels start from, where a model gives them.
    pub(in crate::rq) first: Option<FirstCodewords>,
    reports: Vec<LevelReport>,
    loaded: Loaded,
    most_variance: f64,
    narrow: Vec<NarrowDimension>,
    /// How often the rows count; none where each counts once.
    pub(super) weights: Option<Weights>,
    pub(super) codewords_max: i64,
    /// The labels of the first levels, which give their codes.
    pub(super) tables: Vec<LabelTable>,
    /// The report of the refinement, once it is done.
    pub(super) refinement: Option<Refinement>,
    /// The number of the first level among those of the model.
    number: usize,
}

/// The grid of rows, and what their variance is taken to be at most.
#[derive(Clone)]
pub(crate) struct Scale {
    grid: Grid,
    /// Mean over the dimensions, in squared grid steps: a variance beyond it is that of outliers. See
    /// [`GridSketch::squared_width`](crate::grid::GridSketch).
    most_variance: f64,
    narrow: Vec<NarrowDimension>,
}

/// What a fit knows before it sees the rows.
pub(crate) enum Start<'s> {
    /// Nothing: the rows give the grid.
    Rows,
    /// The scale of these rows, which another fit has found.
    Scale(Scale),
    /// The grid and the first codewords.
    Model(&'s WarmStart<'s>),
    /// The grid of integers, and which levels of a model come before.
    Own(&'s OwnLevel),
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

    /// Fits all levels to rows that count as often as `weights` say.
    ///
    /// # Exactness
    /// The model has the fingerprint of a fit of rows of which each is repeated as often as it counts. Lloyd's
    /// algorithm from k-means++ takes no longer for large weights. Samples, random first codewords and mini-batches go
    /// through the numbers of all copies.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`], where the rows are counted with their weights;
    /// [`ErrorKind::RowCount`](crate::ErrorKind::RowCount) where there is not one weight for each row, and
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for balanced clusters and Sinkhorn, which count rows.
    pub fn fit_weighted(&self, rows: &dyn Rows, weights: &Weights, device: &Device) -> Result<RqKMeansModel> {
        let mut fit = self.begin_weighted(rows, weights, device)?;
        while fit.next_level()?.is_some() {}
        Ok(fit.finish()?.0)
    }

    /// Does what [`RqKMeans::begin`] does, for rows that count as often as `weights` say.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit_weighted`].
    pub fn begin_weighted<'a>(&self, rows: &'a dyn Rows, weights: &Weights, device: &Device) -> Result<Fit<'a>> {
        let given = Given { weights: Some(weights), ..Given::default() };
        self.begin_on(Start::Rows, rows, given, device, &mut |_| ControlFlow::Continue(()))
    }

    /// Fits all levels, telling `progress` about each iteration; `Break` ends the fit with
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
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

    /// Finds the grid of the rows and puts them on it, ready for [`Fit::next_level`].
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`].
    pub fn begin<'a>(&self, rows: &'a dyn Rows, device: &Device) -> Result<Fit<'a>> {
        self.begin_with(rows, device, &mut |_| ControlFlow::Continue(()))
    }

    pub(crate) fn begin_with<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &Device,
        callback: Callback<'_>,
    ) -> Result<Fit<'a>> {
        self.begin_on(Start::Rows, rows, Given::default(), device, callback)
    }

    /// Begins as [`RqKMeans::begin_with`] does, with what is known before; `given` has weights or labels of the rows.
    pub(crate) fn begin_on<'a>(
        &self,
        start: Start<'_>,
        rows: &'a dyn Rows,
        given: Given<'_>,
        device: &Device,
        callback: Callback<'_>,
    ) -> Result<Fit<'a>> {
        let weights = given.weights;
        self.check_weights(weights, rows.len())?;
        self.check_labels(&given, &start, rows.len())?;
        let counted = weights.map_or(Ok(rows.len()), Weights::counted)?;
        let (clusters, used) = self.check(counted, rows.dim())?;
        let most = clusters.iter().max().copied().unwrap_or(1);
        let needs = MemoryNeeds {
            rows: used.min(rows.len()),
            dim: rows.dim(),
            clusters: most,
            levels: clusters.len(),
            candidates: seeding::candidates(self, most) as u64,
            whole: self.sizes.is_some() || self.sinkhorn.is_some() || given.labels.is_some(),
            weighted: weights.is_some(),
            pairs: self.pairs(used, &clusters),
        };
        let population = Box::new(divide(rows, weights, &needs, device)?);
        let mut fit = self.begin_over(population, start, device, callback)?;
        if let Some(labels) = &given.labels {
            let used = Used::new(Sample::new(self.seed, counted, used), weights, rows.len())?;
            fit.give_levels(labels, &used, callback)?;
        }
        Ok(Fit { weights: weights.cloned(), ..fit })
    }

    /// A fit of the rows of a population; what concerns few rows is computed on `device`.
    pub(crate) fn begin_over<'a>(
        &self,
        population: Box<dyn Population + 'a>,
        start: Start<'_>,
        device: &Device,
        callback: Callback<'_>,
    ) -> Result<Fit<'a>> {
        let rows = rows_of(&*population)?;
        let (clusters, used) = self.check(rows, population.dim())?;
        let mut residuals = Residuals::new(population, Sample::new(self.seed, rows, used), device);
        let mut ask = || report(callback, &Progress::start(clusters.len(), self.most_iterations()));
        let (number, codewords_max) = match &start {
            Start::Own(own) => (own.level, own.most()),
            _ => (0, CODEWORDS_MAX),
        };
        let (scale, first) = match start {
            Start::Rows => (self.scale(None, &mut residuals, &mut ask)?, None),
            Start::Scale(scale) => (scale, None),
            Start::Model(start) => {
                start.check(self, residuals.dim())?;
                let kept = Some(&start.quantization().grid);
                (self.scale(kept, &mut residuals, &mut ask)?, Some(start.first_codewords()))
            }
            Start::Own(_) => {
                let integers = OwnLevel::grid(residuals.dim());
                (self.scale(Some(&integers), &mut residuals, &mut ask)?, None)
            }
        };
        let Scale { grid, most_variance, narrow } = scale;
        let quantization = Quantization { grid, metric: self.metric, normalize_residuals: self.normalize_residuals };
        let loaded = residuals.load(&quantization, &mut ask)?;
        Ok(Fit {
            params: self.clone(),
            residuals,
            clusters,
            quantization,
            fitted: Vec::new(),
            prices: Vec::new(),
            joint: Vec::new(),
            first,
            reports: Vec::new(),
            loaded,
            most_variance,
            narrow,
            weights: None,
            codewords_max,
            tables: Vec::new(),
            refinement: None,
            number,
        })
    }

    /// The scale of these rows, on the grid `kept` if there is one.
    fn scale(&self, kept: Option<&Grid>, rows: &mut Residuals<'_>, ask: Ask<'_>) -> Result<Scale> {
        if self.metric == Metric::Cosine {
            // Every row has a grid of its own, and what follows is on the unit grid.
            let unit = || Grid::new(vec![0.0; rows.dim()], UNIT_EXPONENT);
            let grid = kept.cloned().unwrap_or_else(unit);
            return Ok(Scale { grid, most_variance: f64::INFINITY, narrow: Vec::new() });
        }
        let sketch = rows.sketch(ask)?;
        let grid = kept.cloned().unwrap_or_else(|| sketch.grid(self.center));
        // Residuals of unit length have no outliers.
        let most_variance = if self.normalize_residuals { f64::INFINITY } else { sketch.squared_width(&grid) };
        let narrow = sketch.narrow(&grid);
        Ok(Scale { grid, most_variance, narrow })
    }
}

impl Fit<'_> {
    /// Fits the next level; `None` when all are fitted.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`].
    pub fn next_level(&mut self) -> Result<Option<LevelReport>> {
        self.next_level_with(|_| ControlFlow::Continue(()))
    }

    /// Fits the next level, telling `progress` about each iteration. The last level is followed by the rounds of the
    /// refinement, where [`RqKMeans::refine`] asks for some.
    ///
    /// # Errors
    /// As for [`RqKMeans::fit`].
    pub fn next_level_with(
        &mut self,
        mut progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Option<LevelReport>> {
        if self.fitted.len() == self.clusters.len() {
            return Ok(None);
        }
        self.fit_level(&mut progress)?;
        if self.fitted.len() == self.clusters.len() {
            self.refine(&mut progress)?;
        }
        Ok(self.reports.last().cloned())
    }

    /// The model of the levels fitted so far, with the report of the fit.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) where codewords exceed f32; a parameter error where no level was
    /// fitted.
    pub fn finish(self) -> Result<(RqKMeansModel, FitReport)> {
        Ok((self.model()?, self.report()))
    }

    /// Reports on the levels so far.
    pub(crate) fn report(&self) -> FitReport {
        FitReport {
            rows: self.residuals.rows(),
            dim: self.residuals.dim(),
            levels: self.reports.clone(),
            saturated_values: self.loaded.saturation.values,
            outliers: self.outliers(),
            narrow: self.narrow.clone(),
            refinement: self.refinement.clone(),
        }
    }

    /// The farthest value of each of the worst rows, with the row's number among the caller's.
    fn outliers(&self) -> Vec<Outlier> {
        let row = |number: u64| self.weights.as_ref().map_or(number, |weights| weights.row_of(number) as u64);
        let found = self.loaded.saturation.outliers().into_iter();
        found.map(|outlier| Outlier { row: row(outlier.row), ..outlier }).collect()
    }

    /// The codebooks of the levels so far.
    pub(crate) fn codebooks(&self) -> impl Iterator<Item = &Codebook> {
        self.fitted.iter().map(|level| &*level.codebook)
    }

    fn fit_level(&mut self, callback: Callback<'_>) -> Result<()> {
        let level = self.fitted.len();
        let clusters = self.clusters.get(level).copied().unwrap_or(1);
        let mut work = LevelWork {
            params: &self.params,
            room: room(self.codewords_max, self.fitted.iter().map(|level| &*level.codebook)),
            codewords_max: self.codewords_max,
            loss: if self.quantization.unit_grid() { 0.0 } else { self.loaded.loss.total() },
            far: self.loaded.saturation.far,
            most_variance: self.most_variance,
            sizes: self.params.sizes_of(self.residuals.rows(), clusters),
            first: self.first.as_ref().and_then(|first| first.of_level(level)),
            residuals: &mut self.residuals,
            clusters: &self.clusters,
            level,
            number: self.number + level,
            unit: pow2(-2 * self.quantization.codebook_exponent()),
        };
        let fitted = level::fit(&mut work, &mut self.joint, callback)?;
        self.reports.push(LevelReport {
            clusters: fitted.codebook.clusters(),
            iterations: fitted.iterations,
            squared_error: work.per_row(fitted.squared_error),
            empty_reseeded: fitted.empty_reseeded,
            balance: fitted.balancing.as_ref().map(|balancing| balancing.report),
        });
        let (codes, prices) = fitted.balancing.map(|balancing| (balancing.codes, balancing.prices)).unzip();
        let fitted = FittedLevel { codebook: fitted.codebook, codes: codes.map(Arc::new) };
        self.residuals.subtract(fitted.clone());
        self.fitted.push(fitted);
        self.prices.extend(prices.flatten());
        Ok(())
    }
}

//! Fitting: the residual levels first, then one slice after the other of what they leave.

use super::model::PqKMeansModel;
use super::params::PqKMeans;
use super::slice_rows::SliceRows;
use super::slices::ranges;
use crate::codebook::{self, Codebook, largest_sum};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::first_reading::ReadOnce;
use crate::grid::pow2;
use crate::quantization::Quantization;
use crate::quantizer::{Quantizer, Tell, Training, TrainingReport};
use crate::rows::Rows;
use crate::rq::{FitReport, Given, OwnLevel, Progress, RqKMeansModel, Start, telling};
use crate::weights::Weights;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A fit in progress.
///
/// What all levels share is known from the start: the grid, and the residual levels with the codes of all rows, which
/// take 4 R bytes per row. A slice is then fitted as a level of residual k-means on its own rows.
pub(super) struct PqFit<'a> {
    params: PqKMeans,
    /// Every slice reads all of them.
    rows: ReadOnce<'a>,
    weights: Option<Weights>,
    device: Device,
    clusters: Vec<usize>,
    quantization: Quantization,
    residual: Vec<Codebook>,
    /// The codes of all rows at the residual levels (N, R).
    codes: Vec<u32>,
    slices: Vec<Codebook>,
    report: FitReport,
    error: SquaredError,
}

/// The squared error of the levels so far.
#[derive(Clone, Copy)]
struct SquaredError {
    /// Over all rows, in squared steps of the grid: what the residual levels leave, less what each slice takes off.
    /// Slices without codewords count with their squared lengths, and components that are cut off as they are.
    left: u128,
    /// What the grid leaves out of the rows, in squared steps.
    loss: f64,
    /// The number of rows, at least 1.
    rows: f64,
    /// A squared step in squared units of the embeddings.
    unit: f64,
}

impl SquaredError {
    /// Returns what is left per row, in squared units of the embeddings, where the squared error of a slice is now
    /// `after` instead of `before`.
    fn per_row(&self, before: f64, after: f64) -> f64 {
        (self.left as f64 - before + after + self.loss) * self.unit / self.rows
    }
}

impl<'a> PqFit<'a> {
    /// Finds the grid and fits the residual levels.
    pub(super) fn begin(
        params: &PqKMeans,
        rows: &'a dyn Rows,
        weights: Option<&Weights>,
        device: &Device,
        tell: Tell<'_>,
    ) -> Result<Self> {
        weights.map_or(Ok(()), |weights| weights.check(rows.len()))?;
        let counted = weights.map_or(Ok(rows.len()), Weights::counted)?;
        let clusters = params.check_rows(counted, rows.dim())?;
        let (levels, residual_levels) = (clusters.len(), params.get_residual_levels());
        // A table of all rows takes as much again as they do, and half as much for the integers that filters multiply.
        let values = (rows.len() as u64).saturating_mul(rows.dim() as u64);
        let rows = ReadOnce::new(rows, values.saturating_mul(6), device);
        let mut tell = telling(tell);
        let mut callback = |progress: &Progress| tell(&Progress { levels, ..progress.clone() });
        let first = clusters.get(..residual_levels.max(1)).unwrap_or_default();
        let given = Given { weights, ..Given::default() };
        let mut fit = params.k_means_of(first).begin_on(Start::Rows, &rows, given, device, &mut callback)?;
        for _ in 0..residual_levels {
            fit.next_level_with(&mut callback)?;
        }
        let report = fit.report();
        let quantization = fit.quantization().clone();
        let error = SquaredError {
            left: fit.energy(&mut |progress| callback(&Progress { level: residual_levels, ..progress.clone() }))?,
            loss: fit.loss(),
            rows: report.rows.max(1) as f64,
            unit: pow2(-2 * quantization.codebook_exponent()),
        };
        let residual: Vec<Codebook> = fit.codebooks().cloned().collect();
        drop(fit);
        let codes = match residual.is_empty() {
            true => Vec::new(),
            false => {
                let model = RqKMeansModel::new(quantization.clone(), residual.clone(), params.k_means.seed)?;
                model.encode(&rows, device)?.into_values()
            }
        };
        let (params, weights, slices) = (params.clone(), weights.cloned(), Vec::new());
        Ok(Self {
            params,
            rows,
            weights,
            device: device.clone(),
            clusters,
            quantization,
            residual,
            codes,
            slices,
            report,
            error,
        })
    }

    /// Fits the next slice; returns `false` where all are fitted.
    pub(super) fn next_level(&mut self, tell: Tell<'_>) -> Result<bool> {
        let (level, dim) = (self.residual.len() + self.slices.len(), self.rows.dim());
        let all = ranges(dim, self.clusters.len() - self.residual.len());
        let (Some(range), Some(clusters)) = (all.get(self.slices.len()), self.clusters.get(level)) else {
            return Ok(false);
        };
        let codes = (self.residual.as_slice(), self.codes.as_slice());
        let rows = SliceRows::new(&self.rows, &self.quantization, codes, range.clone(), &self.device);
        let own = OwnLevel { level, before: largest_sum(&self.residual) };
        let given = Given { weights: self.weights.as_ref(), ..Given::default() };
        let (error, levels) = (self.error, self.clusters.len());
        let mut tell = telling(tell);
        let mut before = 0;
        let mut callback = |progress: &Progress, before: u128| -> ControlFlow<()> {
            let squared_error = error.per_row(before as f64, progress.squared_error * error.rows);
            tell(&Progress { level, levels, squared_error, ..progress.clone() })
        };
        let params = self.params.k_means_of(&[*clusters]).metric(crate::Metric::L2);
        let mut fit = params.begin_on(Start::Own(&own), &rows, given, &self.device, &mut |of| callback(of, before))?;
        before = fit.energy(&mut |of| callback(of, 0))?;
        fit.next_level_with(|of| callback(of, before))?;
        let after = fit.energy(&mut |of| callback(of, before))?;
        self.error.left = self.error.left.saturating_sub(before).saturating_add(after);
        let squared_error = self.error.per_row(0.0, 0.0);
        self.report.levels.extend(fit.report().levels.into_iter().map(|mut level| {
            level.squared_error = squared_error;
            level
        }));
        let slice = fit.codebooks().next().cloned();
        self.slices.extend(slice);
        Ok(true)
    }

    /// Makes the model, once all slices are fitted.
    pub(super) fn model(&self) -> Result<PqKMeansModel> {
        let (fitted, levels) = (self.residual.len() + self.slices.len(), self.clusters.len());
        if fitted < levels {
            return Err(Error::parameter(
                "levels",
                fitted,
                format!("must be {levels}; fit the levels that are missing"),
            ));
        }
        let exponent = self.quantization.codebook_exponent();
        for (level, codebook) in self.residual.iter().chain(&self.slices).enumerate() {
            codebook::to_f32(level, codebook, exponent)?;
        }
        let (residual, slices) = (self.residual.clone(), self.slices.clone());
        let model = PqKMeansModel::new(self.quantization.clone(), residual, slices, self.params.k_means.seed)?;
        Ok(model.with_origin(self.params.origin()?.weighted(self.weights.as_ref())))
    }
}

impl Training for PqFit<'_> {
    fn levels(&self) -> usize {
        self.residual.len() + self.slices.len()
    }

    fn advance(&mut self, tell: Tell<'_>) -> Result<bool> {
        self.next_level(tell)
    }

    fn model(&self) -> Result<Arc<dyn Quantizer>> {
        Ok(Arc::new(self.model()?))
    }

    fn report(&self) -> Result<TrainingReport> {
        let report = self.report.clone();
        Ok(TrainingReport { rows: report.rows, dim: report.dim, details: Box::new(report) })
    }
}

//! Evaluates several models on the same rows.

use super::counter::code_metrics;
use super::errors::{self, errors};
use super::evaluation::Evaluation;
use super::known::Known;
use super::progress::{Callback, EvaluationProgress, tell};
use super::quality::Quality;
use crate::codes::Codes;
use crate::device::Device;
use crate::error::Result;
use crate::labels::Labels;
use crate::quantizer::Quantizer;
use crate::rows::Rows;
use crate::rq::Metric;
use crate::weights::Weights;
use std::ops::ControlFlow;

/// Evaluates models on the same rows; it searches their true neighbours only once. See [`Evaluation::on`].
pub struct Evaluator<'a> {
    pub(super) evaluation: Evaluation,
    pub(super) rows: &'a dyn Rows,
    /// How often each row counts as a query.
    weights: Option<Weights>,
    /// The facts about the rows, one per metric.
    pub(super) known: Vec<Known<'a>>,
}

impl Evaluation {
    /// Prepares the evaluation of several models on `rows`.
    ///
    /// # Exactness
    /// Each model gets the same numbers as from [`Evaluation::run_on_codes`].
    ///
    /// ```
    /// use semid::metrics::Evaluation;
    /// use semid::{Device, Matrix, RqKMeans};
    /// use std::ops::ControlFlow;
    ///
    /// let values: Vec<f32> = (0..4000).map(|i| ((i * i) % 251) as f32).collect();
    /// let (rows, device) = (Matrix::new(&values, 8)?, Device::cpu());
    /// let mut evaluator = Evaluation::new().k(5).on(&rows);
    /// for clusters in [8, 16] {
    ///     let model = RqKMeans::new(3, clusters).fit(&rows, &device)?;
    ///     let codes = model.encode(&rows, &device)?;
    ///     let quality = evaluator.run(&model, &codes, &device, |_| ControlFlow::Continue(()))?;
    ///     println!("{clusters}: {}", quality.codes.ids.collision_rate);
    /// }
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn on<'a>(&self, rows: &'a dyn Rows) -> Evaluator<'a> {
        Evaluator { evaluation: self.clone(), rows, weights: None, known: Vec::new() }
    }
}

impl<'a> Evaluator<'a> {
    /// Weighs recall and NDCG too: a row counts as often as a query as its weight says. Which rows are searched, and
    /// which are near, has nothing to do with weights.
    ///
    /// # Errors
    /// [`ErrorKind::RowCount`](crate::ErrorKind::RowCount) where there is not one weight for each row, and
    /// [`ErrorKind::NoWeight`](crate::ErrorKind::NoWeight) where all weights are 0.
    ///
    /// ```
    /// use semid::metrics::Evaluation;
    /// use semid::{Device, Matrix, RqKMeans, Weights};
    /// use std::ops::ControlFlow;
    ///
    /// let values: Vec<f32> = (0..800).map(|i| ((i * i) % 251) as f32).collect();
    /// let (rows, device) = (Matrix::new(&values, 4)?, Device::cpu());
    /// let model = RqKMeans::new(2, 8).fit(&rows, &device)?;
    /// let codes = model.encode(&rows, &device)?;
    /// let weights = Weights::new((0..200).map(|row| row % 5))?;
    /// let mut evaluator = Evaluation::new().k(5).on(&rows).weights(&weights)?;
    /// let quality = evaluator.run(&model, &codes, &device, |_| ControlFlow::Continue(()))?;
    /// println!("recall by weight: {}", quality.neighbors.unwrap().weighted_recall_at_k.unwrap().decoded.value);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn weights(mut self, weights: &Weights) -> Result<Self> {
        weights.check_some(self.rows.len())?;
        self.weights = Some(weights.clone());
        Ok(self)
    }

    /// Encodes the rows by the beam of the evaluation, and by their labels if they have some.
    pub(crate) fn encode(&self, model: &dyn Quantizer, labels: Option<&Labels>, device: &Device) -> Result<Codes> {
        self.evaluation.encode_labelled(model, labels, self.rows, device)
    }

    /// Measures codes of the rows.
    ///
    /// # Errors
    /// As for [`Evaluation::run_on_codes`].
    pub fn run(
        &mut self,
        model: &dyn Quantizer,
        codes: &Codes,
        device: &Device,
        mut progress: impl FnMut(&EvaluationProgress) -> ControlFlow<()>,
    ) -> Result<Quality> {
        errors::check(model, self.rows, codes)?;
        self.evaluation.check(self.rows.len())?;
        tell(&mut progress, "errors", 0, 0)?;
        let of_codes = code_metrics(codes, &model.clusters())?;
        let errors = model.reconstructs().then(|| errors(model, self.rows, codes, device)).transpose()?;
        let mut quality = Quality { codes: of_codes, errors, neighbors: None };
        if self.evaluation.k > 0 {
            let known = self.take_known(model.metric(), device, &mut progress)?;
            quality.neighbors = Some(known.neighbors(
                &self.evaluation,
                model,
                (codes, self.weights.as_ref()),
                device,
                &mut progress,
            )?);
            self.known.push(known);
        }
        Ok(quality)
    }

    /// Takes the facts about the rows, which have to be put back; finds them where they are not known yet.
    pub(super) fn take_known(&mut self, metric: Metric, device: &Device, progress: Callback<'_>) -> Result<Known<'a>> {
        match self.known.iter().position(|known| known.metric == metric) {
            Some(at) => Ok(self.known.swap_remove(at)),
            None => Known::new(&self.evaluation, self.rows, metric, device, progress),
        }
    }
}

//! Measures the codes of rows in every way that flags ask for.

use super::against::{self, Unchanged};
use super::co_occurrence::{AskedPairs, Together};
use crate::args::EvalArgs;
use crate::input::Input;
use crate::interrupt;
use crate::output::Failure;
use crate::progress::Bar;
use semid::mapping::{WeightedCollisions, weighted_collisions};
use semid::metrics::{
    ErrorMetrics, Evaluation, LevelMargins, PrefixPurity, Quality, margins, prefix_purity, weighted_errors,
};
use semid::{Codes, Device, Labels, Model, Rows, Weights};
use serde::Serialize;

/// Rows whose margins are measured unless `--sample` says another number.
const MARGINS: usize = 10_000;

/// Rows with their codes. A method returns nothing where its measure was not asked for.
pub(super) struct Coded<'a> {
    pub(super) args: &'a EvalArgs,
    pub(super) model: &'a Model,
    pub(super) evaluation: &'a Evaluation,
    pub(super) input: &'a Input,
    pub(super) rows: &'a dyn Rows,
    pub(super) codes: &'a Codes,
    /// Whether the codes are from a file that also has those of rows that are left out.
    pub(super) are_all: bool,
    pub(super) device: &'a Device,
}

/// How clear the codes are.
#[derive(Serialize)]
pub(super) struct Margins {
    pub(super) noise: Vec<f64>,
    pub(super) levels: Vec<LevelMargins>,
}

impl Coded<'_> {
    /// Measures whether items that are used together share prefixes; `keys` are those of the items.
    pub(super) fn together(
        &self,
        labels: Option<&Labels>,
        keys: Option<Vec<String>>,
    ) -> Result<Option<Together>, Failure> {
        let Some(path) = &self.args.ids.interactions else { return Ok(None) };
        let (keys, seed) = (keys.unwrap_or_default(), self.args.seed);
        let asked = AskedPairs { model: self.model, evaluation: self.evaluation, labels, keys, seed };
        asked.measure(path, self.input, self.codes, self.device).map(Some)
    }

    /// Compares the codes with older ones.
    pub(super) fn stability(&self) -> Result<Option<Unchanged>, Failure> {
        let Some(path) = &self.args.against else { return Ok(None) };
        let older = against::older(path, self.model, self.rows, (self.input, &self.args.prefix), self.device)?;
        against::compare(&older, self.codes).map(Some).map_err(|error| self.failure(error))
    }

    /// Measures whether items with a common prefix share labels.
    pub(super) fn prefix_purity(
        &self,
        labels: Option<&[Option<String>]>,
    ) -> Result<Option<Vec<PrefixPurity>>, Failure> {
        let purity = labels.map(|labels| prefix_purity(self.codes, labels, self.args.seed)).transpose();
        purity.map_err(|error| self.failure(error))
    }

    /// Measures collisions, errors and neighbours.
    pub(super) fn quality(&self, weights: Option<&Weights>, bar: &Bar) -> Result<Quality, Failure> {
        let evaluator = self.evaluation.on(self.rows);
        let evaluator = match weights {
            Some(weights) => evaluator.weights(weights),
            None => Ok(evaluator),
        };
        let quality = evaluator.and_then(|mut evaluator| {
            evaluator.run(&**self.model, self.codes, self.device, |progress| {
                bar.compared(progress);
                interrupt::flow()
            })
        });
        quality.map_err(|error| self.failure(error))
    }

    /// Measures collisions of rows that count by their weights.
    pub(super) fn weighted_collisions(&self, weights: Option<&Weights>) -> Result<Option<WeightedCollisions>, Failure> {
        let collisions = weights.map(|weights| weighted_collisions(self.codes, weights)).transpose();
        collisions.map_err(|error| self.failure(error))
    }

    /// Measures errors of rows that count by their weights, if the model decodes to rows.
    pub(super) fn weighted_errors(&self, weights: Option<&Weights>) -> Result<Option<ErrorMetrics>, Failure> {
        let weights = weights.filter(|_| self.model.reconstructs());
        let errors = |weights| weighted_errors(&**self.model, self.rows, self.codes, weights, self.device);
        weights.map(errors).transpose().map_err(|error| self.failure(error))
    }

    /// Measures how clear the codes are.
    pub(super) fn margins(&self) -> Result<Option<Margins>, Failure> {
        let EvalArgs { noise, sample, seed, .. } = self.args;
        if noise.is_empty() {
            return Ok(None);
        }
        let sample = Some(sample.unwrap_or(MARGINS).min(self.rows.len()));
        let levels = margins(&**self.model, self.rows, self.codes, sample, noise, *seed, self.device);
        let levels = levels.map_err(|error| self.failure(error))?;
        Ok(Some(Margins { noise: noise.clone(), levels }))
    }

    /// Returns the failure of `error`; it is about the codes if these were given.
    fn failure(&self, error: semid::Error) -> Failure {
        use semid::ErrorKind::{Code, CodeLevels, RowCount};
        match (error.kind(), &self.args.codes) {
            (Code { .. } | CodeLevels { .. } | RowCount { .. }, Some(path)) => {
                Failure::of_file(super::in_file(error, self.input, self.are_all), path)
            }
            _ => self.input.failure(error),
        }
    }
}

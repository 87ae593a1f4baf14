//! Weights of the rows.

use super::Input;
use crate::args::WeightArgs;
use crate::output::Failure;
use semid::Weights;

/// What texts of weights are called.
pub(super) const WEIGHTS: &str = "weights";

impl Input {
    /// Reads the weights of the rows, if flags name some.
    pub(crate) fn weights(&self, args: &WeightArgs) -> Result<Option<Weights>, Failure> {
        let column = ("--weight-column", args.weight_column.as_deref());
        let texts = self.texts(column, (WEIGHTS, "--weights", args.weights.as_deref()))?;
        let step = args.weight_step.as_deref().unwrap_or("1");
        match texts {
            None if args.weight_step.is_some() => Err(Failure::Error(
                "--weight-step is the step of --weight-column or --weights; give one of these, or leave it out".into(),
            )),
            None => Ok(None),
            Some(texts) => Weights::read(texts, step).map(Some).map_err(|error| match &args.weights {
                Some(path) => Failure::of_file(error.map_rows(|row| self.rows.input_row(row)), path),
                None => self.failure(error),
            }),
        }
    }
}

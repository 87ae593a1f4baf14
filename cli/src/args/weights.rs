//! Flags of weights.

use crate::input::Input;
use crate::output::Failure;
use clap::Args;
use semid::Weights;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(next_help_heading = "Weights")]
pub(crate) struct WeightArgs {
    /// Column of the input with the weights of the rows: a row of weight 3 counts as three equal rows, one of weight 0
    /// as none
    #[arg(long, value_name = "NAME")]
    pub(crate) weight_column: Option<String>,
    /// Text file with the weight of every row, one per line
    #[arg(long, value_name = "FILE", conflicts_with = "weight_column")]
    pub(crate) weights: Option<PathBuf>,
    /// Step of the weights, such as 0.01: they are multiples of it, and a row counts as often as the step goes into its
    /// weight [default: 1]
    #[arg(long, value_name = "STEP")]
    pub(crate) weight_step: Option<String>,
}

impl WeightArgs {
    /// Returns the first flag that was given.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("weight-column", self.weight_column.is_some()),
            ("weights", self.weights.is_some()),
            ("weight-step", self.weight_step.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// Reads the weights of the rows of `input`, if they were asked for.
    pub(crate) fn read(&self, input: &Input) -> Result<Option<Weights>, Failure> {
        let column = ("--weight-column", self.weight_column.as_deref());
        let texts = input.texts(column, ("weights", "--weights", self.weights.as_deref()))?;
        let step = self.weight_step.as_deref().unwrap_or("1");
        match texts {
            None if self.weight_step.is_some() => Err(Failure::Error(
                "--weight-step is the step of --weight-column or --weights; give one of these, or leave it out".into(),
            )),
            None => Ok(None),
            Some(texts) => Weights::read(texts, step).map(Some).map_err(|error| match &self.weights {
                Some(path) => Failure::of_file(error.map_rows(|row| input.rows.input_row(row)), path),
                None => input.failure(error),
            }),
        }
    }
}

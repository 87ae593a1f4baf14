//! Flags of weights.

use clap::Args;
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Weights")]
pub(crate) struct WeightArgs {
    /// Column of the input with the weights of the rows: a row of weight 3 counts as three equal rows, one of weight 0
    /// as none; floating-point numbers are taken as the shortest decimal numbers that stand for them
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
}

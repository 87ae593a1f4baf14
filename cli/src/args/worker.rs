//! Flags of `semid worker`.

use super::{InputArgs, WeightArgs};
use clap::Args;
use std::ops::Range;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid worker --input items.parquet --rows 0..500000
  semid worker --input part-00003.parquet --first-row 1500000 --device gpu

Engines that run a fit over many processes or machines start workers, and bring them the requests of the fit (in \
Rust, RqKMeans::fit_on_workers). The fit has the fingerprint of `semid fit` on one machine, whatever the number of \
workers and their devices. docs/scale.md says how, and which messages there are.")]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Rows to hold, of an input with the rows of all workers: the first one, and the one after the last [default: all]
    #[arg(long, value_name = "FROM..TO", value_parser = span)]
    pub(crate) rows: Option<Range<usize>>,
    /// Number of the first row among the rows of all workers, for an input with the rows of this one alone; with
    /// weights, the sum of those of all rows before it
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "rows")]
    pub(crate) first_row: u64,
    #[command(flatten)]
    pub(crate) weights: WeightArgs,
}

/// Reads `1000..2000`.
fn span(text: &str) -> Result<Range<usize>, String> {
    let ends = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    ends.filter(|span| span.start <= span.end).ok_or_else(|| "give two numbers, such as 1000..2000".into())
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_two_numbers_that_ascend() {
        assert_eq!(span("0..5"), Ok(0..5));
        assert_eq!(span("7..7"), Ok(7..7));
        for text in ["", "5", "..5", "5..", "2..1", "0..=3", "a..b", "-1..4"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}

//! Says how large the clusters of a result are.

use serde::Serialize;
use std::fmt::Write;

/// The sizes and the optimality of a level, as `--json` prints them.
#[derive(Serialize)]
pub(crate) struct Balance {
    smallest: u64,
    largest: u64,
    /// How far a step may be above the optimum, per row, in the units of the squared error.
    #[serde(skip_serializing_if = "Option::is_none")]
    optimality_gap: Option<f64>,
}

impl From<semid::rq::Balance> for Balance {
    fn from(balance: semid::rq::Balance) -> Self {
        let semid::rq::Balance { smallest, largest, optimality_gap, .. } = balance;
        Self { smallest, largest, optimality_gap }
    }
}

/// Returns the largest gap of all levels; none unless all have one.
pub(crate) fn gap<'a>(levels: impl IntoIterator<Item = &'a semid::rq::Balance>) -> Option<f64> {
    let gaps: Option<Vec<f64>> = levels.into_iter().map(|balance| balance.optimality_gap).collect();
    gaps?.into_iter().reduce(f64::max)
}

/// Writes a line per balanced level, and one about the proof.
pub(crate) fn text<'a>(levels: impl IntoIterator<Item = (usize, &'a semid::rq::Balance)>) -> String {
    let levels: Vec<_> = levels.into_iter().collect();
    let mut out = String::new();
    for (level, semid::rq::Balance { smallest, largest, .. }) in &levels {
        let level = level + 1;
        let _ = writeln!(out, "level {level}: {smallest} to {largest} rows per cluster");
    }
    match gap(levels.iter().map(|(_, balance)| *balance)) {
        Some(0.0) => out.push_str("optimality gap 0: every assignment is proved to be the optimum\n"),
        Some(gap) => drop(writeln!(out, "optimality gap {gap:e} per row: at most that far above the optimum")),
        None => {}
    }
    out
}

//! `semid fit`

mod align;
pub(crate) mod blocks;
pub(crate) mod flags;
mod given;
mod grouped;
mod opened;
mod parameters;
mod report;
mod train;
pub(crate) mod warm_start;

use crate::args::{Common, FitArgs, without_label};
use crate::heard::Heard;
use crate::input::blocks::{self as input_blocks, BlockFacts};
use crate::input::pairs::{self, PairFacts};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Outcome};
use crate::progress::Bar;
use crate::provenance;
use crate::warnings::Noticed;
use opened::Opened;
use semid::Rows;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;
use train::TrainingSetup;

/// The output of `--json`.
#[derive(Serialize)]
struct Fitted<'a> {
    fingerprint: String,
    kind: &'static str,
    rows: usize,
    /// The sum of the weights of the rows that were used, in steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<usize>,
    dim: usize,
    #[serde(flatten)]
    details: Map<String, Value>,
    /// How many rows were left out.
    #[serde(skip_serializing_if = "output::is_zero")]
    bad_rows: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<BlockFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<&'a PairFacts>,
    warnings: Vec<String>,
    device: &'a str,
    backend: &'a str,
    seconds: f64,
    read_seconds: f64,
    #[serde(serialize_with = "output::path")]
    output: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment: Option<align::Aligned>,
    /// The model that the fit started from.
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_start: Option<warm_start::Origin<'a>>,
}

pub(crate) fn run(common: &Common, args: &FitArgs) -> Outcome {
    let opened = Opened::open(common, args)?;
    let Opened { params, flags, input, weights, pairs, older, warm_start, device, .. } = &opened;
    let labels = opened.labels();
    let rows = Watched::new(&input.rows);
    let bar = Bar::fit(common);
    let noticed = Noticed::new(&rows, params.metric());
    let shown = |first: usize, values: &[f32]| {
        noticed.see(first, values);
        bar.read(first.saturating_add(values.len() / rows.dim().max(1)), rows.len());
    };
    let shown = Heard::new(&rows, &shown);
    let start = Instant::now();
    let (weights, warm_start) = (weights.as_ref(), warm_start.as_ref());
    let setup = TrainingSetup { args, params, input, rows: &shown, device, warm_start, weights, labels };
    let (model, report) = setup.train(&bar)?;
    let seconds = start.elapsed().as_secs_f64();
    drop(bar);
    let model = blocks::recorded(model, (input, flags), pairs.as_ref())?;
    let (model, alignment) = align::align(older.as_ref(), model, (&rows, weights), device)?;
    let model = provenance::recorded(model, args, input)?;
    interrupt::check()?;
    model.save(&args.output)?;
    let number = |row| input.rows.input_row(row);
    let told = report::told(&report, &model, number)?;
    let warnings = [
        input.warnings(),
        pairs::warn(pairs.as_ref()),
        without_label(labels.as_ref()),
        told.warnings,
        noticed.warnings(number),
    ]
    .concat();
    let fitted = Fitted {
        fingerprint: model.fingerprint(),
        kind: model.kind(),
        rows: if weights.is_some() { rows.len() } else { report.rows },
        weight: weights.is_some().then_some(report.rows),
        dim: report.dim,
        details: told.fields,
        bad_rows: input.skipped(),
        blocks: input.block_facts(),
        pairs: pairs.as_ref(),
        warnings,
        device: &device.info().name,
        backend: &device.info().backend,
        seconds,
        read_seconds: rows.seconds(),
        output: &args.output,
        alignment,
        warm_start: warm_start.map(|started| started.origin(args)),
    };
    output::warn(&fitted.warnings);
    output::result(common.json, &fitted, || text(&fitted, &told.text))?;
    Ok(Answer::Yes)
}

fn text(fitted: &Fitted<'_>, details: &str) -> String {
    let Fitted { kind, device, seconds, output, fingerprint, .. } = fitted;
    let (rows, dim) = (output::things(fitted.rows, "row"), output::things(fitted.dim, "dimension"));
    let weight =
        fitted.weight.map(|weight| format!(" that count as {}", output::things(weight, "row"))).unwrap_or_default();
    let mut out = format!("fitted {kind} to {rows} of {dim}{weight} on {device} in {seconds:.2} s\n{details}");
    out.push_str(&input_blocks::text(&fitted.blocks));
    out.push_str(&pairs::text(fitted.pairs));
    out.push_str(&warm_start::text(fitted.warm_start.as_ref()));
    out.push_str(&align::text(fitted.alignment.as_ref()));
    let _ = writeln!(out, "fingerprint {fingerprint}\nsaved {}", output.display());
    out
}

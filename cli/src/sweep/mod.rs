//! `semid sweep`

mod best;
mod grid;
mod inputs;
mod once;
mod progress;
mod table;

use crate::args::{self, Common, SweepArgs, without_label};
use crate::config::Config;
use crate::evaluation::sampled;
use crate::heard::Heard;
use crate::input::Input;
use crate::input::blocks::BlockFacts;
use crate::input::pairs::{self, PairFacts};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::report::Page;
use crate::warnings;
use best::Best;
use grid::{grid, rank_by, sweep};
use inputs::SweepInputs;
use once::Once;
use progress::SweepProgress;
use semid::sweep::{SweepMetric, SweepRecord};
use semid::{LabelledFit, Rows, Sweep};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// The output of `--json`.
#[derive(Serialize)]
struct Swept<'a> {
    runs: usize,
    /// Rows that were left out.
    #[serde(skip_serializing_if = "output::is_zero")]
    bad_rows: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<BlockFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<PairFacts>,
    /// How many runs the file already had.
    kept: usize,
    rank_by: &'static str,
    less_is_better: bool,
    ranking: Vec<Ranked<'a>>,
    device: String,
    seconds: f64,
    #[serde(serialize_with = "output::path")]
    output: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "output::path_if_any")]
    report: Option<&'a Path>,
    /// The run that the report is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<String>,
    warnings: Vec<String>,
}

/// A run with its rank.
#[derive(Serialize)]
struct Ranked<'a> {
    name: String,
    value: Option<f64>,
    #[serde(flatten)]
    record: &'a SweepRecord,
}

pub(crate) fn run(common: &Common, args: &SweepArgs) -> Outcome {
    let mut config = grid(args)?;
    let warm_start = inputs::warm_start(args, &mut config)?;
    let sweep = sweep(args, &config, warm_start.as_ref())?;
    let metric = rank_by(args, &sweep)?;
    let given = [("queries", args.queries.is_some()), ("pairs", args.pairs.is_some())];
    args::only_with_neighbors(sweep.get_evaluation().get_k(), given)?;
    let opened = SweepInputs::new(common, args, warm_start.as_ref())?;
    let sweep = opened.of(sweep, args, warm_start);
    let SweepInputs { input, weights, labels, pairs } = opened;
    input.check_output(&args.output)?;
    let sweep = with_queries(sweep, &config, input.rows.len());
    let watched = Watched::new(&input.rows);
    let first = Once::new(&sweep, &watched);
    let see = |row: usize, values: &[f32]| first.see(row, values);
    let rows = Heard::new(&watched, &see);
    let page = page(args, &input)?;
    let device = common.device()?;
    let start = Instant::now();
    let mut state = SweepProgress::new(common, &args.output);
    let records = sweep.run_with(&rows, &device, &args.output, |progress| {
        state.show(progress.run, progress.runs, progress.parameters, progress.stage);
        interrupt::flow()
    });
    let records = records.map_err(|error| state.failure(error, args))?;
    let reported = match page {
        Some(page) => {
            let best = Best {
                page,
                args,
                sweep: &sweep,
                labels: labels.as_ref(),
                weights: weights.as_ref(),
                imputed: input.imputed_counts(),
                metric,
                records: &records,
                rows: &rows,
                device: &device,
            };
            Some(best.draw(&mut state)?)
        }
        None => None,
    };
    let labelled = labels.as_ref().map(|labels| LabelledFit::new(labels).unknown(args.labels.unknown()));
    let kept = state.kept;
    drop(state);
    let ranked = metric.rank(&records);
    let swept = Swept {
        runs: records.len(),
        bad_rows: input.skipped(),
        kept,
        rank_by: metric.name(),
        less_is_better: metric.less_is_better(),
        ranking: ranked.iter().map(|record| ranked_run(&metric, record)).collect(),
        device: device.info().name.clone(),
        seconds: start.elapsed().as_secs_f64(),
        output: &args.output,
        report: args.report.as_deref(),
        reported,
        blocks: input.block_facts(),
        warnings: [
            input.warnings(),
            pairs::warn(pairs.as_ref()),
            without_label(labelled.as_ref()),
            first.warnings(|row| input.rows.input_row(row)),
            few_codes(&records),
        ]
        .concat(),
        pairs,
    };
    output::warn(&swept.warnings);
    output::result(common.json, &swept, || table::text(&metric, &swept))?;
    Ok(Answer::Yes)
}

/// Returns the sweep with the number of queries that suits `rows` rows, unless one is given.
fn with_queries(sweep: Sweep, config: &Config, rows: usize) -> Sweep {
    if config.has_in("evaluation", "sample") {
        return sweep;
    }
    let evaluation = sampled(sweep.get_evaluation().clone(), rows);
    sweep.evaluation(evaluation)
}

/// Tells of runs of which a level has few codes that are used.
fn few_codes(records: &[SweepRecord]) -> Vec<String> {
    let of_run = |record: &SweepRecord| {
        let name = record.parameters.name();
        warnings::levels(&record.metrics.codes).into_iter().map(move |text| format!("{name}: {text}"))
    };
    records.iter().flat_map(of_run).collect()
}

fn ranked_run<'a>(metric: &SweepMetric, record: &'a SweepRecord) -> Ranked<'a> {
    Ranked { name: record.parameters.name(), value: metric.value(record), record }
}

/// Returns the page of `--report`; refuses the flags of the page without it.
fn page<'a>(args: &'a SweepArgs, input: &'a Input) -> Result<Option<Page<'a>>, Failure> {
    match (&args.report, args.page.first_given(args.smooth.smooth_pairs.is_some())) {
        (Some(report), _) => {
            output::differs_from(report, &args.output, "output")?;
            Page::new(&args.page, report, input, &[]).map(Some)
        }
        (None, Some(name)) => {
            Err(Failure::Error(format!("--{name} is for the page of --report; add that, or leave --{name} out")))
        }
        (None, None) => Ok(None),
    }
}

//! `semid sweep`

mod best;
mod inputs;
mod once;
mod table;

use crate::args::{self, Balanced, Common, SweepArgs};
use crate::config::Config;
use crate::evaluation::sampled;
use crate::fit::flags::{Flags, Refused, for_kinds};
use crate::heard::Heard;
use crate::input::Input;
use crate::input::blocks::BlockFacts;
use crate::input::pairs::{self, PairFacts};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::report::Page;
use crate::warnings;
use best::Best;
use inputs::SweepInputs;
use once::Once;
use semid::quantizer::{Parameters, TrainOption};
use semid::sweep::{SweepMetric, SweepParameters, SweepRecord, SweepStage};
use semid::{ErrorKind, Metric, Model, Rows, Sweep};
use serde::Serialize;
use std::path::{Path, PathBuf};
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
    let sweep = match config.has_in("evaluation", "sample") {
        true => sweep,
        false => {
            let evaluation = sampled(sweep.get_evaluation().clone(), input.rows.len());
            sweep.evaluation(evaluation)
        }
    };
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

/// Returns the metric of `--rank-by`, which must be measured.
fn rank_by(args: &SweepArgs, sweep: &Sweep) -> Result<SweepMetric, Failure> {
    let name = args.rank_by.as_str();
    let metric = SweepMetric::named(name).map_err(|error| Failure::Error(format!("--rank-by: {error}")))?;
    let neighbors = ["recall_at_k", "ndcg_at_k", "distance_correlation"].iter().any(|of| name.starts_with(of));
    let errors = ["squared_error_per_row", "mse", "relative_l1"].contains(&name);
    let normalized = |kind: &Parameters| !kind.reconstructs();
    let missing = [
        (neighbors && sweep.get_evaluation().get_k() == 0, "this metric is about neighbours, which --k 0 leaves out"),
        (
            name == "predicted_collision_rate" && sweep.get_predict().is_none(),
            "this metric needs a number of rows; give --predict N",
        ),
        (errors && sweep.get_kinds().iter().any(normalized), "this metric is not measured with --normalize-residuals"),
    ];
    match missing.into_iter().find(|(missing, _)| *missing) {
        Some((_, why)) => Err(Failure::Error(format!("--rank-by {name}: {why}"))),
        None => Ok(metric),
    }
}

/// Returns the grid of the file, with the values that flags set in its place.
fn grid(args: &SweepArgs) -> Result<Config, Failure> {
    let mut config = Config::read(args.config.as_deref())?;
    config.set("levels", args.levels.as_ref())?;
    config.set("clusters", args.clusters.as_ref())?;
    config.set("seeds", args.seeds.as_ref())?;
    config.set("freeze_levels", args.freeze_levels.as_ref())?;
    config.set("predict", args.predict)?;
    config.set(
        "balanced",
        args.balanced.map(|balanced| match balanced {
            Balanced::Off => vec![false],
            Balanced::On => vec![true],
            Balanced::Both => vec![false, true],
        }),
    )?;
    config.set_in("evaluation", "k", args.k)?;
    config.set_in("evaluation", "sample", args.queries)?;
    config.set_in("evaluation", "pairs", args.pairs)?;
    config.set_in("evaluation", "seed", args.eval_seed)?;
    config.set_in("evaluation", "beam", args.beam)?;
    Ok(config)
}

fn sweep(args: &SweepArgs, config: &Config, warm_start: Option<&Model>) -> Result<Sweep, Failure> {
    let sweep = config.parameters::<Sweep>()?;
    let kinds = kinds(args, &sweep, warm_start)?;
    inputs::check_kinds(args, &kinds, warm_start)?;
    Ok(sweep.kinds(kinds).models(args.models.as_deref()))
}

/// Returns the kinds that flags name, or those of the grid, with the options that were given.
fn kinds(args: &SweepArgs, sweep: &Sweep, warm_start: Option<&Model>) -> Result<Vec<Parameters>, Failure> {
    if args.vae.checkpoint.is_some() {
        return Err(Failure::Error("--checkpoint is for `semid fit`; leave it out".to_owned()));
    }
    let kinds = match &args.kind {
        None => sweep.get_kinds().to_vec(),
        Some(asked) => asked.iter().map(|name| of_kind(name, sweep)).collect::<Result<_, _>>()?,
    };
    let balances = |kind: &Parameters| kind.takes(TrainOption::Balance);
    if args.balanced.is_some_and(|balanced| balanced != Balanced::Off) && !kinds.iter().any(balances) {
        return Err(Failure::Error(format!("--balanced {}", for_kinds(balances))));
    }
    let kinds = with_flags(args, &kinds, warm_start)?;
    let is = |metric: Metric| move |kind: &&Parameters| kind.metric() == metric;
    if let (Some(cosine), Some(plain)) = (kinds.iter().find(is(Metric::Cosine)), kinds.iter().find(is(Metric::L2))) {
        let (cosine, plain) = (cosine.kind(), plain.kind());
        let reason = format!("{cosine} measures rows of unit length and {plain} rows as they are");
        return Err(Failure::Error(format!("--metric cosine: {reason}, which do not compare; sweep the kinds apart")));
    }
    Ok(kinds)
}

/// Returns the kind as the grid has it, or with defaults.
fn of_kind(name: &str, sweep: &Sweep) -> Result<Parameters, Failure> {
    match sweep.get_kinds().iter().find(|kind| kind.kind() == name) {
        Some(kind) => Ok(kind.clone()),
        None => Ok(Parameters::of_kind(name)?),
    }
}

/// Returns the kinds with the fields that flags set; at least one kind has to take each flag.
fn with_flags(args: &SweepArgs, kinds: &[Parameters], warm_start: Option<&Model>) -> Result<Vec<Parameters>, Failure> {
    let mut all = Vec::new();
    let mut refused: Option<Vec<Refused>> = None;
    for kind in kinds {
        let mut config = Config::of(kind)?;
        if let Some(model) = warm_start.filter(|_| args.config.is_none() && kind.takes(TrainOption::FreezeLevels)) {
            // What was not given is taken from the model, because a training refuses anything else.
            config.set("metric", Some(model.metric().name()))?;
            config.set("normalize_residuals", Some(!model.reconstructs()))?;
        }
        let mut flags = Flags::new(kind, &mut config)?;
        flags.set_all(&args.options, &args.vae)?;
        let others = flags.refused();
        refused = Some(match refused {
            None => others,
            Some(before) => before.into_iter().filter(|flag| others.iter().any(|other| other.is_of(flag))).collect(),
        });
        all.push(config.parameters()?);
    }
    match refused.and_then(|refused| refused.into_iter().next()) {
        Some(refused) => Err(refused.into()),
        None => Ok(all),
    }
}

/// The progress that is shown, and what failures need to know.
struct SweepProgress {
    bar: Bar,
    output: PathBuf,
    /// The present run, with the number of all runs.
    run: Option<(String, usize)>,
    finished: usize,
    /// How many finished runs needed no work.
    kept: usize,
    worked: bool,
}

impl SweepProgress {
    fn new(common: &Common, output: &Path) -> Self {
        let bar = Bar::sweep(common);
        bar.name("reading");
        Self { bar, output: output.to_owned(), run: None, finished: 0, kept: 0, worked: false }
    }

    fn show(&mut self, run: usize, runs: usize, parameters: &SweepParameters, stage: SweepStage<'_>) {
        let name = parameters.name();
        match stage {
            SweepStage::Finished(_) => {
                self.finished = run + 1;
                interrupt::say(self.goes_on(runs));
                self.kept += usize::from(!std::mem::take(&mut self.worked));
            }
            SweepStage::Evaluation(_) => self.worked = true,
            _ => {}
        }
        self.bar.sweep_stage(&format!("{}/{runs} {name}", run + 1), stage);
        self.run = Some((name, runs));
    }

    /// Returns the message for a sweep that was stopped.
    fn goes_on(&self, runs: usize) -> String {
        let (finished, output) = (self.finished, self.output.display());
        format!("interrupted; {finished} of {runs} runs are finished, the same command goes on from {output}")
    }

    /// Returns a failure; it names the run, and after Ctrl-C it says how to go on.
    fn failure(&self, error: semid::Error, args: &SweepArgs) -> Failure {
        let Some((name, runs)) = &self.run else { return Failure::of_rows(error, &args.input.name()) };
        match error.kind() {
            ErrorKind::Cancelled if self.finished > 0 => Failure::Stopped(self.goes_on(*runs)),
            ErrorKind::Cancelled => Failure::Interrupted,
            _ => Failure::Error(format!("run {name}: {error}")),
        }
    }
}

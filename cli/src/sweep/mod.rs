//! `semid sweep`

mod best;
mod table;

use crate::args::{self, Balanced, Common, SweepArgs, SweptKind};
use crate::evaluation::evaluation;
use crate::fit::params;
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::report::Page;
use best::Best;
use semid::io::open;
use semid::{
    ErrorKind, Rows, RqKMeans, RqVae, Sweep, SweepKind, SweepMetric, SweepParameters, SweepRecord, SweepStage,
};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// What `--json` prints.
#[derive(Serialize)]
struct Swept<'a> {
    runs: usize,
    /// Runs that were in the file already.
    kept: usize,
    rank_by: &'static str,
    less_is_better: bool,
    ranking: Vec<Ranked<'a>>,
    device: String,
    seconds: f64,
    output: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<&'a Path>,
    /// Run that the report is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<String>,
}

/// A run in its place.
#[derive(Serialize)]
struct Ranked<'a> {
    name: String,
    value: Option<f64>,
    #[serde(flatten)]
    record: &'a SweepRecord,
}

pub(crate) fn run(common: &Common, args: &SweepArgs) -> Outcome {
    let metric = rank_by(args)?;
    args::only_with_neighbors(args.k, [("queries", args.queries.is_some()), ("pairs", args.pairs.is_some())])?;
    let input = &args.input.input;
    let rows = open(input, &args.input.options())?;
    output::differs(&args.output, input)?;
    let sweep = sweep(args, rows.len())?;
    let rows = Watched::new(&*rows);
    let page = page(args, rows.len())?;
    let device = common.device()?;
    let start = Instant::now();
    let mut state = State::new(common);
    let records = sweep.run_with(&rows, &device, &args.output, |progress| {
        state.show(progress.run, progress.runs, progress.parameters, progress.stage);
        interrupt::flow()
    });
    let records = records.map_err(|error| state.failure(error, args))?;
    let reported = match page {
        Some(page) => {
            let best = Best { page, args, sweep: &sweep, metric, records: &records, rows: &rows, device: &device };
            Some(best.draw(&mut state)?)
        }
        None => None,
    };
    let kept = state.kept;
    drop(state);
    let ranked = metric.rank(&records);
    let swept = Swept {
        runs: records.len(),
        kept,
        rank_by: metric.name(),
        less_is_better: metric.less_is_better(),
        ranking: ranked.iter().map(|record| ranked_run(&metric, record)).collect(),
        device: device.info().name.clone(),
        seconds: start.elapsed().as_secs_f64(),
        output: &args.output,
        report: args.report.as_deref(),
        reported,
    };
    output::result(common.json, &swept, || table::text(&metric, &swept))?;
    Ok(Answer::Yes)
}

fn ranked_run<'a>(metric: &SweepMetric, record: &'a SweepRecord) -> Ranked<'a> {
    Ranked { name: record.parameters.name(), value: metric.value(record), record }
}

/// The page of `--report`, whose flags are nothing without it.
fn page(args: &SweepArgs, rows: usize) -> Result<Option<Page<'_>>, Failure> {
    let input = &args.input.input;
    match (&args.report, args.page.first_given()) {
        (Some(report), _) => {
            output::differs_from(report, &args.output, "output")?;
            Page::new(&args.page, report, input, &[], rows).map(Some)
        }
        (None, Some(name)) => {
            Err(Failure::Error(format!("--{name}: is for the page of --report; add that, or leave it out")))
        }
        (None, None) => Ok(None),
    }
}

/// The metric of `--rank-by`, which must be one that is measured.
fn rank_by(args: &SweepArgs) -> Result<SweepMetric, Failure> {
    let name = args.rank_by.as_str();
    let metric = SweepMetric::named(name).map_err(|error| Failure::Error(format!("--rank-by: {error}")))?;
    let neighbors = ["recall_at_k", "ndcg_at_k", "distance_correlation"].iter().any(|of| name.starts_with(of));
    let errors = ["squared_error_per_row", "mse", "relative_l1"].contains(&name);
    let missing = [
        (neighbors && args.k == 0, "is about neighbours, which --k 0 leaves out"),
        (name == "predicted_collision_rate" && args.predict.is_none(), "needs a number of rows; give --predict N"),
        (errors && args.options.normalize_residuals, "is not measured with --normalize-residuals"),
    ];
    match missing.into_iter().find(|(missing, _)| *missing) {
        Some((_, why)) => Err(Failure::Error(format!("--rank-by {name}: {why}"))),
        None => Ok(metric),
    }
}

fn sweep(args: &SweepArgs, rows: usize) -> Result<Sweep, Failure> {
    Ok(Sweep::new(args.levels.iter().copied(), args.clusters.iter().cloned())
        .kinds(kinds(args)?)
        .balanced(match args.balanced {
            Balanced::Off => vec![false],
            Balanced::On => vec![true],
            Balanced::Both => vec![false, true],
        })
        .seeds(args.seeds.iter().copied())
        .evaluation(evaluation(rows, args.k, args.queries, args.pairs, args.eval_seed))
        .predict(args.predict)
        .models(args.models.as_deref()))
}

fn kinds(args: &SweepArgs) -> Result<Vec<SweepKind>, Failure> {
    let [k_means, network] = [SweptKind::KMeans, SweptKind::Vae].map(|kind| args.kind.contains(&kind));
    for (name, given) in [("checkpoint", args.vae.checkpoint.is_some()), ("warm-start", args.vae.warm_start.is_some())]
    {
        if given {
            return Err(Failure::Error(format!("--{name}: is for `semid fit`; leave it out")));
        }
    }
    if let Some(name) = args.vae.first_given().filter(|_| !network) {
        return Err(Failure::Error(format!("--{name}: is for --kind rq-vae; add that, or leave it out")));
    }
    if k_means && network && matches!(args.options.metric, args::Metric::Cosine) {
        let reason = "measures rq-kmeans on rows of unit length and rq-vae on rows as they are, which do not compare";
        return Err(Failure::Error(format!("--metric cosine: {reason}; sweep the kinds apart")));
    }
    if !k_means {
        params::only_for_networks(&args.options, &args.vae)?;
        if args.balanced != Balanced::Off {
            return Err(Failure::Error("--balanced: is for --kind rq-kmeans; leave it out".into()));
        }
    }
    let kind = |kind: &SweptKind| {
        Ok(match kind {
            SweptKind::KMeans => params::k_means(RqKMeans::new(1, 1), &args.options, network)?.into(),
            SweptKind::Vae => params::network(RqVae::new(1, 1), &args.options, &args.vae)?.into(),
        })
    };
    args.kind.iter().map(kind).collect()
}

/// What is shown and what is remembered for failures.
struct State {
    bar: Bar,
    /// Run that is worked on, with the number of all.
    run: Option<(String, usize)>,
    finished: usize,
    /// Finished runs that nothing was done for.
    kept: usize,
    worked: bool,
}

impl State {
    fn new(common: &Common) -> Self {
        let bar = Bar::sweep(common);
        bar.name("reading");
        Self { bar, run: None, finished: 0, kept: 0, worked: false }
    }

    fn show(&mut self, run: usize, runs: usize, parameters: &SweepParameters, stage: SweepStage<'_>) {
        let name = parameters.name();
        match stage {
            SweepStage::Finished(_) => {
                self.finished = run + 1;
                self.kept += usize::from(!std::mem::take(&mut self.worked));
            }
            SweepStage::Evaluation(_) => self.worked = true,
            _ => {}
        }
        self.bar.sweep_stage(&format!("{}/{runs} {name}", run + 1), stage);
        self.run = Some((name, runs));
    }

    /// A failure; one of a run says of which, and Ctrl-C how to go on.
    fn failure(&self, error: semid::Error, args: &SweepArgs) -> Failure {
        let Some((name, runs)) = &self.run else { return Failure::of_rows(error, &args.input.input) };
        match error.kind() {
            ErrorKind::Cancelled if self.finished > 0 => Failure::Stopped(format!(
                "interrupted; {} of {runs} runs are finished, the same command goes on from {}",
                self.finished,
                args.output.display()
            )),
            ErrorKind::Cancelled => Failure::Interrupted,
            _ => Failure::Error(format!("run {name}: {error}")),
        }
    }
}

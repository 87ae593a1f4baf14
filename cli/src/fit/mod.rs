//! `semid fit`

mod align;
pub(crate) mod blocks;
pub(crate) mod flags;
mod given;
mod grouped;
mod report;
mod train;
pub(crate) mod warm_start;

use crate::args::{Common, FitArgs, without_label};
use crate::config::Config;
use crate::heard::Heard;
use crate::input::blocks::{self as input_blocks, BlockFacts};
use crate::input::pairs::{self, PairFacts};
use crate::input::{Input, Texts};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::provenance;
use crate::warnings::Noticed;
use flags::{Flags, for_kinds};
use given::Given;
use semid::io::AtomicFile;
use semid::quantizer::{Parameters, TrainOption};
use semid::{LabelledFit, Rows};
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
    pairs: Option<PairFacts>,
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
    let mut config = Config::read(args.config.as_deref())?;
    let kind = kind(args, &config)?;
    let aligned_to = config.remove("align_to");
    let warm_start = warm_start::load(args, &kind, &mut config)?;
    let flags = blocks::flags(args, &mut config)?;
    let given = Given::take(args, &mut config)?;
    let params = parameters(args, &kind, config.clone())?;
    let older = align::Older::load(args, aligned_to.as_ref(), &config)?;
    let base = warm_start.as_ref().map(|started| &started.model).or(older.as_ref().map(|older| older.model()));
    let own = vec![args.weights.weight_column.as_deref(), args.pair_keys.id_column.as_deref()];
    let columns = [own, args.labels.prefix.columns(&[])].concat();
    let (input, weights) =
        blocks::open(common, &flags, &given.weights(&args.weights), Texts::default(), &columns, base)?;
    let labels = given::labels(args, &input)?;
    let labels = labels.as_ref().map(|labels| LabelledFit::new(labels).unknown(given.unknown(args)));
    older.as_ref().map_or(Ok(()), |older| older.check(input.rows.dim()))?;
    let keys = (args.pair_keys.id_column.as_deref(), args.pair_keys.items.as_deref());
    let (input, pairs) = input.smoothed(&args.pairs, |input| input.keys(keys), given.pair_weight, args.memory)?;
    check_outputs(args, &input)?;
    let device = match (common.device()?, args.memory) {
        (device, Some(bytes)) => device.with_memory(bytes),
        (device, None) => device,
    };
    let rows = Watched::new(&input.rows);
    let bar = Bar::fit(common);
    let noticed = Noticed::new(&rows, params.metric());
    let shown = |first: usize, values: &[f32]| {
        noticed.see(first, values);
        bar.read(first.saturating_add(values.len() / rows.dim().max(1)), rows.len());
    };
    let shown = Heard::new(&rows, &shown);
    let start = Instant::now();
    let warm_start = warm_start.as_ref();
    let work = TrainingSetup {
        args,
        params: &params,
        input: &input,
        rows: &shown,
        device: &device,
        warm_start,
        weights: weights.as_ref(),
        labels,
    };
    let (model, report) = work.train(&bar)?;
    let seconds = start.elapsed().as_secs_f64();
    drop(bar);
    let model = blocks::recorded(model, (&input, &flags), pairs.as_ref())?;
    let (model, alignment) = align::align(older.as_ref(), model, (&rows, weights.as_ref()), &device)?;
    let model = provenance::recorded(model, args, &input)?;
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
        pairs,
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

/// Returns the kind that was asked for, or that of the file, with its defaults.
fn kind(args: &FitArgs, config: &Config) -> Result<Parameters, Failure> {
    let in_file = config.get::<String>("kind")?;
    let name = args.kind.as_ref().or(in_file.as_ref()).map_or("rq-kmeans", String::as_str);
    let unknown = |_| {
        let known: Vec<&str> = Parameters::kinds().map(|(name, _)| name).collect();
        config.failure(&format!("unknown kind `{name}`; the kinds are {}", known.join(", ")))
    };
    Parameters::of_kind(name).map_err(unknown)
}

/// Returns the parameters of the file, with those that flags set in their place.
fn parameters(args: &FitArgs, kind: &Parameters, mut file: Config) -> Result<Parameters, Failure> {
    let options = [
        ("checkpoint", TrainOption::Checkpoint, args.vae.checkpoint.is_some()),
        ("memory", TrainOption::Memory, args.memory.is_some()),
        (
            args.labels.prefix.first_given().unwrap_or("prefix-column"),
            TrainOption::Labels,
            args.labels.prefix.first_given().is_some(),
        ),
        (args.weights.first_given().unwrap_or("weights"), TrainOption::Weights, args.weights.first_given().is_some()),
    ];
    if let Some((flag, option, _)) = options.into_iter().find(|(_, option, given)| *given && !kind.takes(*option)) {
        return Err(Failure::Error(format!("--{flag} {}", for_kinds(|kind| kind.takes(option)))));
    }
    file.set("kind", Some(kind.kind()))?;
    let mut config = file.clone();
    size_and_seed(args, &mut config)?;
    let mut flags = Flags::new(kind, &mut config)?;
    flags.set_all(&args.options, &args.vae)?;
    flags.sizes(args)?;
    flags.sinkhorn(args)?;
    match flags.refused().into_iter().next() {
        Some(refused) => Err(refused.into()),
        // The file alone is right, so an error is about the flags and must not name the file.
        None if file.parameters::<Parameters>().is_ok() => config.without_path().parameters(),
        None => config.parameters(),
    }
}

/// Sets the levels, clusters and seed that were given; a list of clusters also decides the number of levels.
fn size_and_seed(args: &FitArgs, config: &mut Config) -> Result<(), Failure> {
    match args.clusters.as_slice() {
        [] => {}
        [clusters] => config.set("clusters", Some(clusters))?,
        list => {
            config.set("clusters", Some(list))?;
            config.remove("levels");
        }
    }
    config.set("levels", args.levels)?;
    config.set("seed", args.seed)
}

/// Makes sure that all files can be written and are none of the inputs, before a long fit finds out.
fn check_outputs(args: &FitArgs, input: &Input) -> Result<(), Failure> {
    provenance::check(args, input)?;
    input.check_output(&args.output)?;
    let mut read = args.pairs.pairs.iter().chain(&args.pair_keys.items);
    read.try_for_each(|file| output::differs(&args.output, file))?;
    for file in args.vae.checkpoint.iter().chain(&args.warm_start) {
        input.check_output(file)?;
        output::differs_from(file, &args.output, "output")?;
    }
    Ok(args.vae.checkpoint.iter().chain([&args.output]).try_for_each(AtomicFile::check)?)
}

fn text(fitted: &Fitted<'_>, details: &str) -> String {
    let Fitted { kind, device, seconds, output, fingerprint, .. } = fitted;
    let (rows, dim) = (output::things(fitted.rows, "row"), output::things(fitted.dim, "dimension"));
    let weight =
        fitted.weight.map(|weight| format!(" that count as {}", output::things(weight, "row"))).unwrap_or_default();
    let mut out = format!("fitted {kind} to {rows} of {dim}{weight} on {device} in {seconds:.2} s\n{details}");
    out.push_str(&input_blocks::text(&fitted.blocks));
    out.push_str(&pairs::text(fitted.pairs.as_ref()));
    out.push_str(&warm_start::text(fitted.warm_start.as_ref()));
    out.push_str(&align::text(fitted.alignment.as_ref()));
    let _ = writeln!(out, "fingerprint {fingerprint}\nsaved {}", output.display());
    out
}

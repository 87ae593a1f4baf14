//! `semid eval`

mod against;
pub(crate) mod co_occurrence;
mod ids;
mod ids_text;
mod table;

use crate::args::{self, Common, EvalArgs, without_labels};
use crate::evaluation::evaluation;
use crate::heard::Heard;
use crate::input::blocks::BlockFacts;
use crate::input::pairs::{self, PairFacts};
use crate::input::{Input, Texts};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::warnings::{self, Noticed};
use against::Unchanged;
use co_occurrence::Together;
use semid::io::read_codes;
use semid::mapping::{WeightedCollisions, weighted_collisions};
use semid::metrics::{ErrorMetrics, LevelMargins, PrefixPurity, Quality, margins, prefix_purity, weighted_errors};
use semid::{Codes, Metric, Model, Rows};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// Rows whose margins are measured unless `--sample` says another number.
const MARGINS: usize = 10_000;

/// The output of `--json`.
#[derive(Serialize)]
struct Evaluated {
    dim: usize,
    /// Rows that were left out.
    #[serde(skip_serializing_if = "output::is_zero")]
    bad_rows: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<BlockFacts>,
    kind: &'static str,
    metric: &'static str,
    fingerprint: String,
    #[serde(flatten)]
    quality: Quality,
    /// Width of the beam that encoded the rows, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    beam: Option<usize>,
    /// Errors of rows that count by their weights, if these were given and the model decodes to rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    weighted: Option<ErrorMetrics>,
    /// Collisions of rows that count by their weights.
    #[serde(flatten)]
    weighted_collisions: Option<WeightedCollisions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix_purity: Option<Vec<PrefixPurity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stability: Option<Unchanged>,
    #[serde(skip_serializing_if = "Option::is_none")]
    margins: Option<Margins>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<PairFacts>,
    #[serde(flatten)]
    co_occurrence: Option<Together>,
    seed: u64,
    seconds: f64,
    device: String,
    warnings: Vec<String>,
}

/// How clear the codes are.
#[derive(Serialize)]
struct Margins {
    noise: Vec<f64>,
    levels: Vec<LevelMargins>,
}

pub(crate) fn run(common: &Common, args: &EvalArgs) -> Outcome {
    args::only_with_neighbors(args.k, [("sample", args.sample.is_some()), ("pairs", args.pairs.is_some())])?;
    let Some(model) = &args.model else { return ids::run(common, args) };
    let model = Model::load(model)?;
    let tables = model.label_tables();
    let (interactions, smooth) = (args.ids.interactions.as_deref(), &args.smooth);
    co_occurrence::check_keys(&args.keys, interactions, smooth)?;
    let own = vec![args.label_column.as_deref(), args.ids.weight_column.as_deref(), args.keys.id_column.as_deref()];
    let columns = [own, args.prefix.columns(tables)].concat();
    let input = Input::open_for(common, &args.input, Texts::default(), &columns, model.blocks())?;
    let weights = args.weight_args().read(&input)?;
    let prefixes = args.prefix.read(&input, tables)?;
    let keys = co_occurrence::keys(&args.keys, &input, interactions, smooth)?;
    let (input, pairs) = input.smoothed(&smooth.pair_args(), |_| Ok(keys.clone()), None, None)?;
    let watched = Watched::new(&input.rows);
    let noticed = Noticed::of_model(&watched, &model);
    let see = |first: usize, values: &[f32]| noticed.see(first, values);
    let rows = Heard::new(&watched, &see);
    let label_column = ("--label-column", args.label_column.as_deref());
    let labels = input.texts(label_column, ("labels", "--labels", args.labels.as_deref()))?;
    let device = common.device()?;
    let start = Instant::now();
    let bar = Bar::comparisons(common);
    bar.name("encoding");
    let evaluation = evaluation(rows.len(), args.k, args.sample, args.pairs, args.seed).beam(args.beam);
    let codes = match &args.codes {
        Some(path) => kept(read(path)?, &input)?,
        None => {
            let codes = evaluation.encode_labelled(&*model, prefixes.as_ref(), &rows, &device);
            codes.map_err(|error| input.failure(error))?
        }
    };
    let co_occurrence = interactions.map(|path| {
        let asked = co_occurrence::Asked {
            model: &model,
            evaluation: &evaluation,
            labels: prefixes.as_ref(),
            keys: keys.unwrap_or_default(),
            seed: args.seed,
        };
        asked.measure(path, &input, &codes, &device)
    });
    let co_occurrence = co_occurrence.transpose()?;
    let older = args
        .against
        .as_ref()
        .map(|path| against::older(path, &model, &rows, (&input, &args.prefix), &device))
        .transpose()?;
    let stability = older.map(|older| against::compare(&older, &codes)).transpose();
    let stability = stability.map_err(|error| failure(error, args, &input))?;
    let purity = labels.map(|labels| prefix_purity(&codes, &labels, args.seed)).transpose();
    let prefix_purity = purity.map_err(|error| failure(error, args, &input))?;
    let evaluator = match &weights {
        Some(weights) => evaluation.on(&rows).weights(weights),
        None => Ok(evaluation.on(&rows)),
    };
    let quality = evaluator.and_then(|mut evaluator| {
        evaluator.run(&*model, &codes, &device, |progress| {
            bar.compared(progress);
            interrupt::flow()
        })
    });
    let quality = quality.map_err(|error| failure(error, args, &input))?;
    let collisions = weights.as_ref().map(|weights| weighted_collisions(&codes, weights)).transpose();
    let weighted_collisions = collisions.map_err(|error| failure(error, args, &input))?;
    let weights = weights.filter(|_| model.reconstructs());
    let weighted = weights.map(|weights| weighted_errors(&*model, &rows, &codes, &weights, &device)).transpose();
    let weighted = weighted.map_err(|error| failure(error, args, &input))?;
    drop(bar);
    let margins = (!args.noise.is_empty()).then(|| {
        let sample = Some(args.sample.unwrap_or(MARGINS).min(rows.len()));
        margins(&*model, &rows, &codes, sample, &args.noise, args.seed, &device)
    });
    let margins = margins.transpose().map_err(|error| failure(error, args, &input))?;
    let margins = margins.map(|levels| Margins { noise: args.noise.clone(), levels });
    let number = |row| input.rows.input_row(row);
    let missing = if args.codes.is_none() { without_labels(prefixes.as_ref(), tables) } else { Vec::new() };
    let of_pairs = pairs::warn(pairs.as_ref());
    let warnings =
        [input.warnings(), of_pairs, missing, noticed.warnings(number), warnings::levels(&quality.codes)].concat();
    let warnings = [warnings, warnings::prefixes(&model)].concat();
    let evaluated = Evaluated {
        bad_rows: input.skipped(),
        blocks: input.block_facts(),
        dim: rows.dim(),
        kind: model.kind(),
        metric: if model.metric() == Metric::Cosine { "cosine" } else { "l2" },
        fingerprint: model.fingerprint(),
        quality,
        beam: args.beam,
        weighted,
        weighted_collisions,
        prefix_purity,
        stability,
        margins,
        pairs,
        co_occurrence,
        seed: args.seed,
        seconds: start.elapsed().as_secs_f64(),
        device: device.info().name.clone(),
        warnings,
    };
    output::warn(&evaluated.warnings);
    output::result(common.json, &evaluated, || table::text(&evaluated))?;
    Ok(Answer::Yes)
}

/// Returns the failure of `error`; it is about the codes if these were given.
fn failure(error: semid::Error, args: &EvalArgs, input: &Input) -> Failure {
    use semid::ErrorKind::{Code, CodeLevels, RowCount};
    match (error.kind(), &args.codes) {
        (Code { .. } | CodeLevels { .. } | RowCount { .. }, Some(path)) => Failure::of_file(error, path),
        _ => input.failure(error),
    }
}

/// Returns the codes of the rows that are read; `codes` may have those of all rows of the input.
fn kept(codes: Codes, input: &Input) -> Result<Codes, Failure> {
    if input.skipped() == 0 || codes.len() != input.rows.total() {
        return Ok(codes);
    }
    let levels = codes.levels();
    let rows = input.rows.kept(codes.rows().map(<[u32]>::to_vec).collect());
    Ok(Codes::new(rows.concat(), levels)?)
}

fn read(path: &Path) -> Result<Codes, Failure> {
    let (values, levels) = read_codes(path)?;
    Ok(Codes::new(values, levels)?)
}

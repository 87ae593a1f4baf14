//! `semid eval`

mod against;
pub(crate) mod co_occurrence;
mod coded;
mod ids;
mod ids_text;
mod opened;
mod sections;
mod table;

use crate::args::{self, Common, EvalArgs, without_labels};
use crate::evaluation::evaluation;
use crate::heard::Heard;
use crate::input::Input;
use crate::input::blocks::BlockFacts;
use crate::input::pairs::{self, PairFacts};
use crate::interrupt::Watched;
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::warnings::{self, Noticed};
use against::Unchanged;
use co_occurrence::Together;
use coded::{Coded, Margins};
use opened::EvalInputs;
use semid::io::read_codes;
use semid::mapping::WeightedCollisions;
use semid::metrics::{ErrorMetrics, PrefixPurity, Quality};
use semid::{Codes, Metric, Model, Rows};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

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

pub(crate) fn run(common: &Common, args: &EvalArgs) -> Outcome {
    args::only_with_neighbors(args.k, [("sample", args.sample.is_some()), ("pairs", args.pairs.is_some())])?;
    let Some(model) = &args.model else { return ids::run(common, args) };
    let model = Model::load(model)?;
    let EvalInputs { input, weights, prefixes, labels, keys, pairs } = EvalInputs::new(common, args, &model)?;
    let watched = Watched::new(&input.rows);
    let noticed = Noticed::of_model(&watched, &model);
    let see = |first: usize, values: &[f32]| noticed.see(first, values);
    let rows = Heard::new(&watched, &see);
    let device = common.device()?;
    let start = Instant::now();
    let bar = Bar::comparisons(common);
    bar.name("encoding");
    let evaluation = evaluation(rows.len(), args.k, args.sample, args.pairs, args.seed).beam(args.beam);
    evaluation.check(rows.len()).map_err(|error| input.failure(error))?;
    let (codes, are_all) = match &args.codes {
        Some(path) => kept(read(path)?, &input)?,
        None => {
            let codes = evaluation.encode_labelled(&*model, prefixes.as_ref(), &rows, &device);
            (codes.map_err(|error| input.failure(error))?, false)
        }
    };
    let (evaluation, prefixes, weights) = (&evaluation, prefixes.as_ref(), weights.as_ref());
    let coded =
        Coded { args, model: &model, evaluation, input: &input, rows: &rows, codes: &codes, are_all, device: &device };
    let co_occurrence = coded.together(prefixes, keys)?;
    let stability = coded.stability()?;
    let prefix_purity = coded.prefix_purity(labels.as_deref())?;
    let quality = coded.quality(weights, &bar)?;
    let weighted_collisions = coded.weighted_collisions(weights)?;
    let weighted = coded.weighted_errors(weights)?;
    drop(bar);
    let margins = coded.margins()?;
    let missing = if args.codes.is_none() { without_labels(prefixes, model.label_tables()) } else { Vec::new() };
    let warnings = [
        input.warnings(),
        pairs::warn(pairs.as_ref()),
        missing,
        noticed.warnings(|row| input.rows.input_row(row)),
        warnings::levels(&quality.codes),
        warnings::prefixes(&model),
    ]
    .concat();
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

/// Returns the codes of the rows that are read, and whether `codes` has those of all rows of the input, with those that
/// are left out.
fn kept(codes: Codes, input: &Input) -> Result<(Codes, bool), Failure> {
    let are_all = codes.len() == input.rows.total();
    if input.skipped() == 0 || !are_all {
        return Ok((codes, are_all));
    }
    let levels = codes.levels();
    let rows = input.rows.kept(codes.rows().map(<[u32]>::to_vec).collect());
    Ok((Codes::new(rows.concat(), levels)?, are_all))
}

/// Returns the error of codes in a file with the numbers that rows have there.
fn in_file(error: semid::Error, input: &Input, are_all: bool) -> semid::Error {
    if are_all { error.map_rows(|row| input.rows.input_row(row)) } else { error }
}

fn read(path: &Path) -> Result<Codes, Failure> {
    let (values, levels) = read_codes(path)?;
    Ok(Codes::new(values, levels)?)
}

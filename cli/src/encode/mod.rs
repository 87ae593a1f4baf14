//! `semid encode`

mod sink;

use crate::args::{Assignment, Common, EncodeArgs, Format, without_labels};
use crate::balance::{self, Balance};
use crate::extension::extension;
use crate::heard::Heard;
use crate::input::blocks::BlockFacts;
use crate::input::pairs::{self, PairFacts};
use crate::input::{Input, Texts};
use crate::interrupt::{self, Watched};
use crate::outliers;
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::warnings::{Noticed, Usage};
use semid::rq::EncodeReport;
use semid::{Encoder, IdFormat, Model, Rows, RqKMeansModel};
use serde::Serialize;
use sink::Sink;
use std::path::Path;
use std::time::Instant;

/// The output of `--json`.
#[derive(Serialize)]
struct Encoded<'a> {
    rows: u64,
    levels: usize,
    /// The width of the beam, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    beam: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<usize>,
    seconds: f64,
    read_seconds: f64,
    settled_rows: u64,
    saturated_values: u64,
    /// Rows that were left out.
    #[serde(skip_serializing_if = "output::is_zero")]
    bad_rows: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<BlockFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<PairFacts>,
    warnings: Vec<String>,
    /// One entry per level, if a capacity was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    balance: Vec<Balance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    optimality_gap: Option<f64>,
    device: &'a str,
    backend: &'a str,
    #[serde(serialize_with = "output::path")]
    output: &'a Path,
}

pub(crate) fn run(common: &Common, args: &EncodeArgs) -> Outcome {
    let format = match args.format {
        Format::Plain => IdFormat::plain(&args.separator),
        Format::Token => IdFormat::token(),
    };
    format.check()?;
    let model = Model::load(&args.model)?;
    let encoder = encoder(&model, args)?;
    let ids = Texts { column: args.id_column.as_deref(), file: args.items.as_deref() };
    let tables = model.label_tables();
    let input = Input::open_for(common, &args.input, ids, &args.prefix.columns(tables), model.blocks())?;
    let labels = input.labels(&args.prefix, tables)?;
    let keys = keys(args, &input)?;
    let (input, pairs) = input.smoothed(&args.pairs, |_| Ok(keys.clone()), None, None)?;
    let encoder = match &labels {
        Some(labels) => encoder.labels(labels),
        None => encoder,
    };
    input.check_output(&args.output)?;
    output::differs_from(&args.output, &args.model, "model")?;
    args.pairs.pairs.iter().chain(&args.items).try_for_each(|file| output::differs(&args.output, file))?;
    let device = common.device()?;
    let mut sink = Sink::create(args, input.rows.total(), &model, keys, format)?;
    let rows = Watched::new(&input.rows);
    // The encode itself reports values beyond the grid of rows.
    let noticed = match model.grid() {
        Some(_) => Noticed::new(&rows, model.metric()),
        None => Noticed::of_model(&rows, &model),
    };
    let see = |first: usize, values: &[f32]| noticed.see(first, values);
    let mut usage = Usage::new(&model.clusters());
    let bar = Bar::rows(common, rows.len());
    bar.name("encoding");
    let start = Instant::now();
    let heard = Heard::new(&rows, &see);
    let encoded = match args.candidates {
        None => encoder.encode_with(&heard, &device, |first, codes| {
            interrupt::check()?;
            usage.count(codes);
            sink.write(first, codes, &input)?;
            bar.done(first + codes.len() / model.levels());
            Ok(())
        }),
        Some(count) => encoder.candidates_with(count, &heard, &device, |first, found| {
            interrupt::check()?;
            (0..found.len()).filter_map(|row| found.row(row).next()).for_each(|(codes, _)| usage.count(codes));
            sink.write_candidates(first, found, &input)?;
            bar.done(first + found.len());
            Ok(())
        }),
    };
    let report = encoded.map_err(|error| input.failure(error))?;
    drop(bar);
    interrupt::check()?;
    sink.finish(&input)?;
    let number = |row| input.rows.input_row(row);
    let encoded = Encoded {
        rows: report.rows,
        levels: model.levels(),
        beam: beam(&model, args),
        candidates: args.candidates,
        seconds: start.elapsed().as_secs_f64(),
        read_seconds: rows.seconds(),
        settled_rows: report.settled_rows,
        saturated_values: report.saturated_values,
        bad_rows: input.skipped(),
        blocks: input.block_facts(),
        warnings: [
            input.warnings(),
            pairs::warn(pairs.as_ref()),
            without_labels(labels.as_ref(), tables),
            match model.grid() {
                Some(_) => outliers::reported(report.saturated_values, &report.outliers, number),
                None => outliers::latents(report.saturated_values, &report.outliers, number),
            },
            noticed.warnings(number),
            usage.warnings(report.rows as usize),
        ]
        .concat(),
        pairs,
        balance: report.balance.iter().copied().map(Balance::from).collect(),
        optimality_gap: balance::gap(&report.balance),
        device: &device.info().name,
        backend: &device.info().backend,
        output: &args.output,
    };
    output::warn(&encoded.warnings);
    output::result(common.json, &encoded, || text(&encoded, &report))?;
    Ok(Answer::Yes)
}

/// Returns the width of the beam, if there is one.
fn beam(model: &Model, args: &EncodeArgs) -> Option<usize> {
    let own = model.downcast::<RqKMeansModel>().map_or(1, RqKMeansModel::beam);
    let own = (own > 1 && args.capacity.is_none()).then_some(own);
    args.beam.or(args.candidates.max(own))
}

fn encoder(model: &Model, args: &EncodeArgs) -> Result<Encoder, Failure> {
    let encoder = match args.assignment {
        Assignment::Nearest => model.encoder(),
        Assignment::Priced => model.encoder().priced().map_err(|error| Failure::of_file(error, &args.model))?,
    };
    let encoder = match args.capacity {
        None => encoder,
        Some(capacity) => encoder.capacity(capacity),
    };
    Ok(match args.beam {
        None => encoder,
        Some(width) => encoder.beam(width),
    })
}

fn text(encoded: &Encoded<'_>, report: &EncodeReport) -> String {
    let Encoded { rows, seconds, device, settled_rows, output, .. } = encoded;
    let rows = output::things(*rows as usize, "row");
    let tied = match settled_rows {
        0 => String::new(),
        rows => format!(
            "{} had two or more codewords at almost the same distance: exact integers decided which is nearest\n",
            output::things(*rows as usize, "row")
        ),
    };
    format!(
        "encoded {rows} on {device} in {seconds:.2} s\n{tied}{}{}saved {}\n",
        pairs::text(encoded.pairs.as_ref()),
        balance::text(report.balance.iter().enumerate()),
        output.display()
    )
}

/// Returns the item keys, if they were asked for.
fn keys(args: &EncodeArgs, input: &Input) -> Result<Option<Vec<String>>, Failure> {
    let keys = input.keys((args.id_column.as_deref(), args.items.as_deref()))?;
    if extension(&args.output) == "npy" && keys.is_some() && args.pairs.pairs.is_none() {
        let output = args.output.display();
        return Err(Failure::Error(format!("{output}: a .npy file has no item keys; use .csv, .jsonl or .parquet")));
    }
    Ok(keys)
}

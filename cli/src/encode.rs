//! `semid encode`

use crate::args::{Assignment, Common, EncodeArgs, Format};
use crate::balance::{self, Balance};
use crate::heard::Heard;
use crate::input::{Input, Texts};
use crate::interrupt::{self, Watched};
use crate::items;
use crate::outliers;
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::warnings::{Noticed, Usage};
use semid::io::{IdWriter, NpyWriter};
use semid::rq::EncodeReport;
use semid::{Encoder, IdFormat, Model, Result, Rows, RqKMeansModel};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// The output of `--json`.
#[derive(Serialize)]
struct Encoded<'a> {
    rows: u64,
    levels: usize,
    seconds: f64,
    read_seconds: f64,
    settled_rows: u64,
    saturated_values: u64,
    /// Rows that were left out.
    #[serde(skip_serializing_if = "output::is_zero")]
    bad_rows: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
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
    let input = Input::open(common, &args.input, Texts { column: args.id_column.as_deref(), file: None }, None)?;
    input.check_output(&args.output)?;
    output::differs_from(&args.output, &args.model, "model")?;
    let device = common.device()?;
    let keys = keys(args, &input)?;
    let mut sink = Sink::create(&args.output, input.rows.total(), &model, keys, args.id_column.as_deref(), format)?;
    let rows = Watched::new(&input.rows);
    let noticed = Noticed::new(&rows, model.metric());
    let see = |first: usize, values: &[f32]| noticed.see(first, values);
    let mut usage = Usage::new(&model.clusters());
    let bar = Bar::rows(common, rows.len());
    bar.name("encoding");
    let start = Instant::now();
    let encoded = encoder.encode_with(&Heard::new(&rows, &see), &device, |first, codes| {
        interrupt::check()?;
        usage.count(codes);
        sink.write(first, codes, &input)?;
        bar.done(first + codes.len() / model.levels());
        Ok(())
    });
    let report = encoded.map_err(|error| input.failure(error))?;
    drop(bar);
    interrupt::check()?;
    sink.finish(&input)?;
    let number = |row| input.rows.input_row(row);
    let encoded = Encoded {
        rows: report.rows,
        levels: model.levels(),
        seconds: start.elapsed().as_secs_f64(),
        read_seconds: rows.seconds(),
        settled_rows: report.settled_rows,
        saturated_values: report.saturated_values,
        bad_rows: input.skipped(),
        warnings: [
            match model.downcast::<RqKMeansModel>() {
                Some(_) => outliers::reported(report.saturated_values, &report.outliers, number),
                None => outliers::latents(report.saturated_values, &report.outliers, number),
            },
            noticed.warnings(number),
            usage.warnings(report.rows as usize),
        ]
        .concat(),
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

fn encoder(model: &Model, args: &EncodeArgs) -> Result<Encoder, Failure> {
    let encoder = match args.assignment {
        Assignment::Nearest => model.encoder(),
        Assignment::Priced => model.encoder().priced().map_err(|error| Failure::of_file(error, &args.model))?,
    };
    Ok(match args.capacity {
        None => encoder,
        Some(capacity) => encoder.capacity(capacity),
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
        "encoded {rows} on {device} in {seconds:.2} s\n{tied}{}saved {}\n",
        balance::text(report.balance.iter().enumerate()),
        output.display()
    )
}

/// Returns the item keys, if they were asked for.
fn keys(args: &EncodeArgs, input: &Input) -> Result<Option<Vec<String>>, Failure> {
    let Some(column) = &args.id_column else { return Ok(None) };
    let is = |path: &Path, extension: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension));
    if !input.has_columns()? {
        return Err(input.refuse("--id-column needs an input that has columns, such as .parquet; leave it out"));
    }
    if is(&args.output, "npy") {
        let output = args.output.display();
        return Err(Failure::Error(format!("{output}: a .npy file has no item keys; use .csv, .jsonl or .parquet")));
    }
    Ok(Some(input.rows.strings(column)?))
}

/// Writes codes or IDs to the output.
enum Sink {
    /// Rows without codes, which were left out, have [`NO_CODE`] at every level.
    Codes {
        out: NpyWriter<u32>,
        next: usize,
        levels: usize,
    },
    Ids {
        out: IdWriter,
        keys: Option<Vec<String>>,
        format: IdFormat,
        levels: usize,
    },
}

impl Sink {
    fn create(
        path: &Path,
        rows: usize,
        model: &Model,
        keys: Option<Vec<String>>,
        column: Option<&str>,
        format: IdFormat,
    ) -> Result<Self, Failure> {
        let levels = model.levels();
        match path.extension().unwrap_or_default().to_string_lossy().to_lowercase().as_str() {
            "npy" => Ok(Self::Codes { out: NpyWriter::create(path, rows, levels)?, next: 0, levels }),
            "csv" | "jsonl" | "parquet" => {
                let out = match column {
                    Some(column) => IdWriter::create_with_keys(path, items::output_column(Some(column)))?,
                    None => IdWriter::create(path, false)?,
                };
                Ok(Self::Ids { out, keys, format, levels })
            }
            _ => {
                let path = path.display();
                Err(Failure::Error(format!("{path}: codes go to .npy, semantic IDs to .csv, .jsonl or .parquet")))
            }
        }
    }

    fn write(&mut self, first: usize, codes: &[u32], input: &Input) -> Result<()> {
        match self {
            Self::Codes { out, next, levels } if input.skipped() > 0 => {
                codes.chunks_exact(*levels).enumerate().try_for_each(|(i, codes)| {
                    let row = input.rows.input_row(first + i);
                    without_codes(out, row - *next, *levels)?;
                    *next = row + 1;
                    out.write(codes)
                })
            }
            Self::Codes { out, .. } => out.write(codes),
            Self::Ids { out, keys, format, levels } => {
                codes.chunks_exact(*levels).enumerate().try_for_each(|(i, codes)| {
                    let key = keys.as_ref().and_then(|keys| keys.get(first + i)).map(String::as_str);
                    out.skip_to(input.rows.input_row(first + i) as u64);
                    out.push(key, &format.format_row(codes), codes)
                })
            }
        }
    }

    fn finish(self, input: &Input) -> Result<()> {
        match self {
            Self::Codes { mut out, next, levels } => {
                if input.skipped() > 0 {
                    without_codes(&mut out, input.rows.total() - next, levels)?;
                }
                out.finish()
            }
            Self::Ids { out, .. } => out.finish(),
        }
    }
}

/// The code that a file of codes has for a row without codes.
const NO_CODE: u32 = u32::MAX;

fn without_codes(out: &mut NpyWriter<u32>, rows: usize, levels: usize) -> Result<()> {
    (0..rows).try_for_each(|_| out.write(&vec![NO_CODE; levels]))
}

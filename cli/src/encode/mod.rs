//! `semid encode`

mod opened;
mod sink;

use crate::args::{Common, EncodeArgs, Format};
use crate::balance::{self, Balance};
use crate::heard::Heard;
use crate::input::blocks::BlockFacts;
use crate::input::pairs::{self, PairFacts};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::warnings::{Noticed, Usage};
use opened::Opened;
use semid::rq::EncodeReport;
use semid::{Device, IdFormat, Model, Rows};
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
    settled_assignments: u64,
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
    let opened = Opened::new(common, args)?;
    let device = common.device()?;
    let mut sink = Sink::create(args, &opened, format)?;
    let rows = Watched::new(&opened.input.rows);
    let noticed = opened.noticed(&rows);
    let mut usage = Usage::new(&opened.model.clusters());
    let bar = Bar::rows(common, rows.len());
    bar.name("encoding");
    let start = Instant::now();
    let report = encode(&opened, &rows, &noticed, (&mut sink, &mut usage), &bar, &device)?;
    drop(bar);
    interrupt::check()?;
    sink.finish(&opened.input)?;
    let encoded = Encoded {
        rows: report.rows,
        levels: opened.model.levels(),
        beam: beam(&opened.model, args),
        candidates: args.candidates,
        seconds: start.elapsed().as_secs_f64(),
        read_seconds: rows.seconds(),
        settled_assignments: report.settled_assignments,
        saturated_values: report.saturated_values,
        bad_rows: opened.input.skipped(),
        blocks: opened.input.block_facts(),
        warnings: opened.warnings(&report, &noticed, &usage),
        pairs: opened.pairs,
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

/// Encodes the rows into an output, and counts the codes that they use.
fn encode(
    opened: &Opened<'_>,
    rows: &dyn Rows,
    noticed: &Noticed,
    (sink, usage): (&mut Sink<'_>, &mut Usage),
    bar: &Bar,
    device: &Device,
) -> Result<EncodeReport, Failure> {
    let see = |first: usize, values: &[f32]| noticed.see(first, values);
    let heard = Heard::new(rows, &see);
    let encoded = match opened.args.candidates {
        None => opened.encoder.encode_with(&heard, device, |first, codes| {
            interrupt::check()?;
            usage.count(codes);
            sink.write(first, codes, &opened.input)?;
            bar.done(first + codes.len() / opened.model.levels());
            Ok(())
        }),
        Some(count) => opened.encoder.candidates_with(count, &heard, device, |first, found| {
            interrupt::check()?;
            (0..found.len()).filter_map(|row| found.row(row).next()).for_each(|(codes, _)| usage.count(codes));
            sink.write_candidates(first, found, &opened.input)?;
            bar.done(first + found.len());
            Ok(())
        }),
    };
    encoded.map_err(|error| opened.input.failure(error))
}

/// Returns the width of the beam, if there is one.
fn beam(model: &Model, args: &EncodeArgs) -> Option<usize> {
    let own = model.beam();
    let own = (own > 1 && args.capacity.is_none()).then_some(own);
    args.beam.or(args.candidates.max(own))
}

fn text(encoded: &Encoded<'_>, report: &EncodeReport) -> String {
    let Encoded { rows, seconds, device, output, .. } = encoded;
    let rows = output::things(*rows as usize, "row");
    format!(
        "encoded {rows} on {device} in {seconds:.2} s\n{}{}saved {}\n",
        pairs::text(encoded.pairs.as_ref()),
        balance::text(report.balance.iter().enumerate()),
        output.display()
    )
}

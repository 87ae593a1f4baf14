//! `semid report`

mod findings;
mod ids;
mod opened;
mod page;

pub(crate) use findings::findings;
pub(crate) use page::Page;

use crate::args::{Common, ReportArgs, without_labels};
use crate::eval::co_occurrence::AskedPairs;
use crate::heard::Heard;
use crate::input::{Input, pairs};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::warnings::{self, Noticed, Usage};
use opened::ReportInputs;
use semid::metrics::Evaluation;
use semid::sweep::{SweepData, SweepRecord};
use semid::{Model, Rows};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The output of `--json`.
#[derive(Serialize)]
struct SavedPage<'a> {
    #[serde(serialize_with = "output::path")]
    output: &'a Path,
    bytes: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    figures: Vec<String>,
    rows: usize,
    /// Rows that were left out.
    #[serde(skip_serializing_if = "output::is_zero")]
    bad_rows: usize,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    warnings: Vec<String>,
}

pub(crate) fn run(common: &Common, args: &ReportArgs) -> Outcome {
    let Some(model_path) = &args.model else { return ids::run(common, args) };
    let model = Model::load(model_path)?;
    let ReportInputs { input, labels, weights, keys, pairs } = ReportInputs::new(common, args, &model)?;
    let watched = Watched::new(&input.rows);
    let noticed = Noticed::of_model(&watched, &model);
    let see = |first: usize, values: &[f32]| noticed.see(first, values);
    let rows = Heard::new(&watched, &see);
    let sweep = args.sweep.as_deref().map(|path| runs(path, &input)).transpose()?.unwrap_or_default();
    let inputs: Vec<&Path> =
        [Some(model_path), args.sweep.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
    let page = Page::new(&args.page, &args.output, &input, &inputs)?;
    let device = common.device()?;
    let start = Instant::now();
    let bar = Bar::comparisons(common);
    bar.name("encoding");
    let evaluation = Evaluation::new().beam(args.beam);
    let codes = evaluation.encode_labelled(&*model, labels.as_ref(), &rows, &device);
    let codes = codes.map_err(|error| input.failure(error))?;
    let labels = labels.as_ref();
    let together = args.ids.interactions.as_deref().map(|path| {
        let (keys, seed) = (keys.unwrap_or_default(), args.seed);
        let asked = AskedPairs { model: &model, evaluation: &evaluation, labels, keys, seed };
        asked.measure(path, &input, &codes, &device)
    });
    let findings = findings(&model, (&rows, labels), args.beam, &device);
    let mut findings = findings.map_err(|error| input.failure(error))?;
    if let Some(together) = together.transpose()? {
        findings.co_occurrence = Some(together.co_occurrence);
        findings.co_occurrence_unmixed = together.co_occurrence_unmixed;
    }
    findings.imputed = input.imputed_counts();
    let report = page.report(&model, &page::file_name(model_path), rows.len()).findings(findings);
    let report = page::of_pairs(report, args, pairs.as_ref());
    let report = page::measured(report, args, weights).sweep(sweep);
    let drawn = report.run_on_codes(&*model, &rows, &codes, &device, |progress| {
        bar.compared(progress);
        interrupt::flow()
    });
    let drawn = drawn.map_err(|error| input.failure(error))?;
    interrupt::check()?;
    drop(bar);
    let mut usage = Usage::new(&model.clusters());
    usage.count(codes.values());
    let warnings = [
        input.warnings(),
        pairs::warn(pairs.as_ref()),
        without_labels(labels, model.label_tables()),
        noticed.warnings(|row| input.rows.input_row(row)),
        usage.warnings(codes.len()),
        warnings::prefixes(&model),
    ]
    .concat();
    let written = SavedPage {
        output: &args.output,
        bytes: drawn.html().len(),
        figures: page.save(&drawn)?.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        rows: rows.len(),
        bad_rows: input.skipped(),
        seconds: start.elapsed().as_secs_f64(),
        device: Some(device.info().name.clone()),
        warnings,
    };
    output::warn(&written.warnings);
    output::result(common.json, &written, || text(&written))?;
    Ok(Answer::Yes)
}

/// Reads the runs in the file of a sweep, which must be on these rows.
fn runs(path: &Path, input: &Input) -> Result<Vec<SweepRecord>, Failure> {
    let runs = SweepRecord::read(path)?;
    let data = SweepData::of(&input.rows).map_err(|error| input.failure(error))?;
    data.check(&runs).map_err(|error| Failure::of_file(error, path))?;
    Ok(runs)
}

fn text(written: &SavedPage<'_>) -> String {
    let SavedPage { output, bytes, figures, rows, seconds, device, .. } = written;
    let figures = match figures.len() {
        0 => String::new(),
        many => format!(" and {}", output::things(many, "figure")),
    };
    let (output, kilobytes) = (output.display(), bytes.div_ceil(1000));
    let rows = output::things(*rows, "row");
    let device = device.as_ref().map(|device| format!(" on {device}")).unwrap_or_default();
    format!(
        "drew a page of {kilobytes} kB{figures} about {rows}{device} in {seconds:.2} s\n\
         saved {output}; open it in a browser\n"
    )
}

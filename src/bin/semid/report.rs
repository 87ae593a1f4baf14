//! `semid report`

use crate::args::{Common, ReportArgs};
use crate::interrupt::{self, Watched};
use crate::items;
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use semid::io::{AtomicFile, open, read_strings};
use semid::{Model, Report, ReportPage, Rows, SweepRecord};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What `--json` prints.
#[derive(Serialize)]
struct Written<'a> {
    output: &'a Path,
    bytes: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    figures: Vec<PathBuf>,
    rows: usize,
    seconds: f64,
    device: String,
}

pub(crate) fn run(common: &Common, args: &ReportArgs) -> Outcome {
    let input = &args.input.input;
    let model = Model::load(&args.model)?;
    let rows = open(input, &args.input.options())?;
    let rows = Watched::new(&*rows);
    let names = texts(args.id_column.as_deref(), args.items.as_deref(), input, rows.len(), "names")?;
    let labels = texts(args.label_column.as_deref(), args.labels.as_deref(), input, rows.len(), "labels")?;
    let sweep = args.sweep.as_ref().map(SweepRecord::read).transpose()?.unwrap_or_default();
    for other in [Some(input), Some(&args.model), args.sweep.as_ref()].into_iter().flatten() {
        output::differs(&args.output, other)?;
    }
    // That it cannot be written is better known before the measuring.
    drop(AtomicFile::create(&args.output)?);
    let device = common.device()?;
    let start = Instant::now();
    let bar = Bar::comparisons(common);
    bar.name("encoding");
    let codes = model.encode(&rows, &device).map_err(|error| Failure::of_rows(error, input))?;
    let mut report = Report::new().title(title(args)).sweep(&sweep).sample(args.sample).seed(args.seed);
    if let Some(names) = &names {
        report = report.names(names);
    }
    if let Some(labels) = &labels {
        report = report.labels(labels);
    }
    for (name, value) in details(args, &model, rows.len()) {
        report = report.detail(name, value);
    }
    let page = report.run_on_codes(&model, &rows, &codes, &device, |progress| {
        bar.compared(progress);
        interrupt::flow()
    });
    let page = page.map_err(|error| Failure::of_rows(error, input))?;
    drop(bar);
    let figures = save(args, &page)?;
    let written = Written {
        output: &args.output,
        bytes: page.html().len(),
        figures,
        rows: rows.len(),
        seconds: start.elapsed().as_secs_f64(),
        device: device.info().name.clone(),
    };
    output::result(common.json, &written, || text(&written))?;
    Ok(Answer::Yes)
}

/// Writes the page and, where they are wanted, the figures; returns the files of these.
fn save(args: &ReportArgs, page: &ReportPage) -> Result<Vec<PathBuf>, Failure> {
    page.save(&args.output)?;
    let Some(folder) = &args.svg else { return Ok(Vec::new()) };
    page.save_figures(folder)?;
    Ok(page.figures().iter().map(|figure| folder.join(format!("{}.svg", figure.name))).collect())
}

fn text(written: &Written<'_>) -> String {
    let Written { output, bytes, figures, rows, seconds, device } = written;
    let figures = match figures.len() {
        0 => String::new(),
        many => format!(" and {many} figures"),
    };
    let (output, kilobytes) = (output.display(), bytes.div_ceil(1000));
    format!(
        "Wrote {output} ({kilobytes} kB){figures} about {rows} rows in {seconds:.2} s on {device}.\nOpen it in a browser.\n"
    )
}

fn title(args: &ReportArgs) -> String {
    let name = args.input.input.file_stem().unwrap_or_default().to_string_lossy();
    args.title.clone().unwrap_or_else(|| format!("Semantic IDs of {name}"))
}

/// Where the numbers come from: names of files without their folders, which are nobody's business.
fn details(args: &ReportArgs, model: &Model, rows: usize) -> Vec<(&'static str, String)> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let clusters: Vec<String> = model.clusters().iter().map(usize::to_string).collect();
    vec![
        ("Embeddings", format!("{}: {rows} rows of {} dimensions", name(&args.input.input), model.dim())),
        ("Model", format!("{}: {}, clusters per level {}", name(&args.model), model.kind(), clusters.join(", "))),
        ("Fingerprint of the model", model.fingerprint()),
    ]
}

/// The texts of the rows in a column or in a file, if either is given.
fn texts(
    column: Option<&str>,
    file: Option<&Path>,
    input: &Path,
    rows: usize,
    what: &str,
) -> Result<Option<Vec<String>>, Failure> {
    let parquet = input.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    match (column, file) {
        (Some(column), _) if parquet => Ok(Some(read_strings(input, column)?)),
        (Some(_), _) => {
            let advice = format!("a column of {what} needs a .parquet input; give the {what} in a text file");
            Err(Failure::Error(format!("{}: {advice}", input.display())))
        }
        (None, Some(path)) => {
            let lines = items::lines(path)?;
            let (path, found) = (path.display(), lines.len());
            match found == rows {
                true => Ok(Some(lines)),
                false => Err(Failure::Error(format!(
                    "{path}: there are {found} {what} for {rows} rows: give one a line for each"
                ))),
            }
        }
        (None, None) => Ok(None),
    }
}

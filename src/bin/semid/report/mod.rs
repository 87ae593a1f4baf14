//! `semid report`

mod page;

pub(crate) use page::Page;

use crate::args::{Common, ReportArgs};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use semid::io::open;
use semid::{Model, Rows, SweepRecord};
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
    let sweep = args.sweep.as_ref().map(SweepRecord::read).transpose()?.unwrap_or_default();
    let inputs: Vec<&Path> =
        [Some(&args.model), args.sweep.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
    let page = Page::new(&args.page, &args.output, input, &inputs, rows.len())?;
    let device = common.device()?;
    let start = Instant::now();
    let bar = Bar::comparisons(common);
    bar.name("encoding");
    let codes = model.encode(&rows, &device).map_err(|error| Failure::of_rows(error, input))?;
    let report = page.report(&model, &page::file_name(&args.model), rows.len());
    let drawn = report.sweep(&sweep).sample(args.sample).seed(args.seed).run_on_codes(
        &model,
        &rows,
        &codes,
        &device,
        |progress| {
            bar.compared(progress);
            interrupt::flow()
        },
    );
    let drawn = drawn.map_err(|error| Failure::of_rows(error, input))?;
    drop(bar);
    let written = Written {
        output: &args.output,
        bytes: drawn.html().len(),
        figures: page.save(&drawn)?,
        rows: rows.len(),
        seconds: start.elapsed().as_secs_f64(),
        device: device.info().name.clone(),
    };
    output::result(common.json, &written, || text(&written))?;
    Ok(Answer::Yes)
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

//! `semid decode`

use crate::args::{Common, DecodeArgs};
use crate::extension::extension;
use crate::interrupt;
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use semid::io::{CodesFile, NO_CODE, NpyWriter};
use semid::{Codes, Model};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// How many values are decoded at a time.
const CHUNK: usize = 1 << 20;

/// The output of `--json`.
#[derive(Serialize)]
struct Decoded<'a> {
    rows: usize,
    /// Rows without codes.
    #[serde(skip_serializing_if = "output::is_zero")]
    rows_without_codes: usize,
    levels: usize,
    dim: usize,
    seconds: f64,
    #[serde(serialize_with = "output::path")]
    output: &'a Path,
}

pub(crate) fn run(common: &Common, args: &DecodeArgs) -> Outcome {
    let model = Model::load(&args.model)?;
    let file = CodesFile::open(&args.input)?;
    if extension(&args.output) != "npy" {
        return Err(Failure::Error(format!("{}: embeddings are written to .npy", args.output.display())));
    }
    output::differs(&args.output, &args.input)?;
    output::differs_from(&args.output, &args.model, "model")?;
    let most = file.levels().min(model.levels());
    let levels = args.levels.unwrap_or(file.levels());
    if levels == 0 || levels > most {
        let (input, model_levels) = (args.input.display(), model.levels());
        let found = format!("its codes have {} levels, the model {model_levels}", file.levels());
        return Err(Failure::Error(format!("{input}: {levels} levels cannot be decoded: {found}; see --levels")));
    }
    let start = Instant::now();
    let rows_without_codes = write(common, args, &model, &file, levels)?;
    let decoded = Decoded {
        rows: file.len(),
        rows_without_codes,
        levels,
        dim: model.dim(),
        seconds: start.elapsed().as_secs_f64(),
        output: &args.output,
    };
    output::result(common.json, &decoded, || {
        let Decoded { rows, rows_without_codes, levels, dim, seconds, output } = &decoded;
        let things = output::things;
        let shape = [things(*rows, "row"), things(*dim, "dimension"), things(*levels, "level")];
        let shape = format!("{} of {} from {}", shape[0], shape[1], shape[2]);
        let without = match rows_without_codes {
            0 => String::new(),
            rows => format!("{} without codes became NaN\n", things(*rows, "row")),
        };
        format!("decoded {shape} in {seconds:.2} s\n{without}saved {}\n", output.display())
    })?;
    Ok(Answer::Yes)
}

/// Writes the rows of all codes and returns the number of rows without codes, which become rows of NaN: a reader of
/// embeddings sees that these are bad, and all other rows keep their numbers.
fn write(common: &Common, args: &DecodeArgs, model: &Model, file: &CodesFile, levels: usize) -> Result<usize, Failure> {
    let mut out = NpyWriter::<f32>::create(&args.output, file.len(), model.dim())?;
    let bar = Bar::rows(common, file.len());
    bar.name("decoding");
    let step = (CHUNK / model.dim().max(file.levels())).clamp(1, file.len().max(1));
    let device = common.device()?;
    let mut without = Vec::new();
    let mut all_without = 0;
    for first in (0..file.len()).step_by(step) {
        interrupt::check()?;
        let count = step.min(file.len() - first);
        let mut codes = vec![0; count * file.levels()];
        file.read(first, &mut codes)?;
        without.clear();
        for (row, codes) in codes.chunks_exact_mut(file.levels()).enumerate() {
            if codes.iter().all(|code| *code == NO_CODE) {
                codes.fill(0); // a code that every level has, whose values are replaced below
                without.push(row);
            }
        }
        all_without += without.len();
        let codes = Codes::new(codes, file.levels())?;
        let placed = |error: semid::Error| Failure::Error(format!("{}: {error}", args.input.display()));
        let mut rows = model
            .decode_levels(&codes, levels, &device)
            .map_err(|error| error.map_rows(|row| first + row))
            .map_err(placed)?;
        if let Some(blocks) = model.blocks() {
            blocks.unscale(&mut rows);
        }
        for row in &without {
            rows.iter_mut().skip(row * model.dim()).take(model.dim()).for_each(|value| *value = f32::NAN);
        }
        out.write(&rows)?;
        bar.done(first + count);
    }
    interrupt::check()?;
    out.finish()?;
    Ok(all_without)
}

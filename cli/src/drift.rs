//! `semid drift`

use crate::args::{Common, DriftArgs, InputArgs};
use crate::heard::Heard;
use crate::input::{Input, Texts};
use crate::interrupt::Watched;
use crate::output::{self, Answer, Failure, Outcome, numbers};
use crate::progress::Bar;
use semid::metrics::{BeforeAfter, Drift, DriftCrossing, DriftLimits, DriftMeasure, LevelDrift, drift};
use semid::quantizer::Parameters;
use semid::{ErrorKind, Model, Rows};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A stability index of chance that hides a great change of the codes in use.
const MUCH: f64 = 1.0;

/// The output of `--json`.
#[derive(Serialize)]
struct Measured {
    /// Whether no limit is crossed.
    stable: bool,
    #[serde(flatten)]
    drift: Drift,
    limits: DriftLimits,
    crossings: Vec<Crossing>,
    /// Rows of both inputs that were left out.
    #[serde(skip_serializing_if = "output::is_zero")]
    bad_rows: usize,
    fingerprint: String,
    sample: usize,
    seed: u64,
    device: String,
    warnings: Vec<String>,
}

/// A crossing, with its words.
#[derive(Serialize)]
struct Crossing {
    #[serde(flatten)]
    crossing: DriftCrossing,
    words: String,
}

pub(crate) fn run(common: &Common, args: &DriftArgs) -> Outcome {
    let mut limits = DriftLimits::default();
    limits.psi = args.max_psi;
    limits.error_rise = args.max_error_rise.into();
    limits.margin_loss = args.max_margin_loss.into();
    limits.saturated = args.max_saturated.into();
    let model = Model::load(&args.model)?;
    if args.input.input.iter().chain(&args.baseline).filter(|path| *path == Path::new("-")).count() > 1 {
        return Err(Failure::Error("standard input is one input; give --input or --baseline another file".to_owned()));
    }
    let new = open(common, &args.input, &model)?;
    let old = open(common, &args.input.of_files(&args.baseline), &model)?;
    let device = common.device()?;
    let bar = Bar::rows(common, new.rows.len().saturating_add(old.rows.len()));
    bar.name("measuring");
    let is_new = AtomicBool::new(false);
    let side = |rows, new| Side { rows, is_new: &is_new, new };
    let (watched_new, watched_old) = (Watched::new(&new.rows), Watched::new(&old.rows));
    let (side_new, side_old) = (side(&watched_new, true), side(&watched_old, false));
    let dim = model.dim().max(1);
    // The baseline is measured first; every row is read more than once.
    let see_old = |first: usize, values: &[f32]| bar.done(first + values.len() / dim);
    let see_new = |first: usize, values: &[f32]| bar.done(old.rows.len() + first + values.len() / dim);
    let rows = Heard::new(&side_new, &see_new);
    let baseline = Heard::new(&side_old, &see_old);
    let sample = args.sample.get();
    let measured = drift(&*model, &rows, &baseline, sample, args.seed, &device);
    let failed = |error| if is_new.load(Relaxed) { new.failure(error) } else { old.failure(error) };
    let measured = measured.map_err(failed)?;
    drop(bar);
    let chance = chance_of(&measured.levels);
    let crossing = |crossing: DriftCrossing| Crossing { words: crossing.to_string(), crossing };
    let crossings: Vec<Crossing> = measured.crossings(&limits)?.into_iter().map(crossing).collect();
    let measured = Measured {
        stable: crossings.is_empty(),
        drift: measured,
        limits,
        crossings,
        bad_rows: new.skipped() + old.skipped(),
        fingerprint: model.fingerprint(),
        sample,
        seed: args.seed,
        device: device.info().name.clone(),
        warnings: [new.warnings(), old.warnings(), few_rows(chance, &limits)].concat(),
    };
    output::warn(&measured.warnings);
    output::result(common.json, &measured, || text(&measured, advice(&model, &measured.crossings)))?;
    Ok(if measured.stable { Answer::Yes } else { Answer::No })
}

/// Rows of one of the sides, which says so when they are read, so that an error names the right input.
struct Side<'a> {
    rows: &'a dyn Rows,
    is_new: &'a AtomicBool,
    new: bool,
}

impl Rows for Side<'_> {
    semid::forward_rows!(rows);

    fn read(&self, first: usize, out: &mut [f32]) -> semid::Result<()> {
        self.is_new.store(self.new, Relaxed);
        self.rows.read(first, out)
    }
}

/// Opens rows for the model.
fn open(common: &Common, args: &InputArgs, model: &Model) -> Result<Input, Failure> {
    let input = Input::open_for(common, args, Texts::default(), &[], model.blocks())?;
    if input.rows.is_empty() {
        return Err(input.refuse(&ErrorKind::Empty.to_string()));
    }
    if input.rows.dim() != model.dim() {
        let kind = ErrorKind::DimMismatch { expected: model.dim(), found: input.rows.dim() };
        return Err(input.refuse(&kind.to_string()));
    }
    Ok(input)
}

/// Says how a new model keeps most codes of this one: by a start from it, where its kind has that, and where its grid,
/// which such a start keeps, holds the new values.
fn advice(model: &Model, crossings: &[Crossing]) -> &'static str {
    let starts = Parameters::of_kind(model.kind()).is_ok_and(|kind| kind.check_warm_start(&**model).is_ok());
    let beyond = crossings.iter().any(|of| of.crossing.measure == DriftMeasure::Saturated);
    if starts && !beyond { "--warm-start" } else { "--align-to" }
}

/// Returns the largest stability index that chance gives.
fn chance_of(levels: &[LevelDrift]) -> f64 {
    levels.iter().map(|of| of.psi_by_chance).fold(0.0, f64::max)
}

/// Warns of so few rows that other proportions of codes do not show.
fn few_rows(chance: f64, limits: &DriftLimits) -> Vec<String> {
    let few = || {
        format!(
            "so few rows tell little of how codes are used: chance alone gives a stability index of up to {chance:.2}, \
             and only what exceeds it by {} counts",
            limits.psi
        )
    };
    (chance > MUCH).then(few).into_iter().collect()
}

fn text(measured: &Measured, advice: &str) -> String {
    let Drift { rows, saturated_values, levels, .. } = &measured.drift;
    let BeforeAfter { baseline, new } = rows;
    let mut out = format!("{} beside {baseline} of the baseline\n", output::things(*new as usize, "row"));
    let _ = writeln!(out, "values beyond the grid: {} -> {}", saturated_values.baseline, saturated_values.new);
    // A column has one notation.
    let column = |of: &dyn Fn(&LevelDrift) -> Option<BeforeAfter<f64>>| {
        let found: Vec<Option<BeforeAfter<f64>>> = levels.iter().map(of).collect();
        let all: Vec<f64> = found.iter().flatten().flat_map(|of| [of.baseline, of.new]).collect();
        let mut texts = numbers(&all).into_iter();
        let text = move |of: &Option<BeforeAfter<f64>>| match of {
            Some(_) => format!("{} -> {}", texts.next().unwrap_or_default(), texts.next().unwrap_or_default()),
            None => "none".to_owned(),
        };
        found.iter().map(text).collect::<Vec<String>>()
    };
    let (errors, margins) = (column(&|of| of.squared_error), column(&|of| Some(of.median_margin)));
    let head =
        ["level", "codes used", "perplexity", "stability index (chance)", "moved", "squared error", "median margin"];
    let mut table = vec![head.map(str::to_owned)];
    for (level, ((of, error), margin)) in levels.iter().zip(errors).zip(margins).enumerate() {
        let LevelDrift { used_codes, perplexity, psi, psi_by_chance, moved, .. } = of;
        table.push([
            (level + 1).to_string(),
            format!("{} -> {}", used_codes.baseline, used_codes.new),
            format!("{:.1} -> {:.1}", perplexity.baseline, perplexity.new),
            format!("{psi:.3} ({psi_by_chance:.3})"),
            format!("{:.1} %", 100.0 * moved),
            error,
            margin,
        ]);
    }
    for row in &table {
        let width = |column: usize| table.iter().filter_map(|row| Some(row.get(column)?.len())).max().unwrap_or(0);
        let cells = row.iter().enumerate().map(|(column, cell)| format!("{cell:>width$}", width = width(column)));
        let _ = writeln!(out, "{}", cells.collect::<Vec<_>>().join("  "));
    }
    let most = |of: &dyn Fn(&LevelDrift) -> f64| 100.0 * levels.iter().map(of).fold(0.0, f64::max);
    let (error, margin) = (most(&|of| of.error_rise_by_chance), most(&|of| of.margin_loss_by_chance).min(100.0));
    if error.max(margin) >= 1.0 {
        let _ = writeln!(
            out,
            "the model was fitted to rows of the baseline, so fresh rows do worse by chance: errors up to {error:.1} % \
             larger and margins up to {margin:.1} % smaller do not count; rows apart from the fit tell more"
        );
    }
    if measured.stable {
        let few = chance_of(levels) > MUCH;
        let meaning = if few { "but so few rows tell little" } else { "so the model still suits these rows" };
        let _ = writeln!(out, "no drift: every measure is within its limit, {meaning}");
        return out;
    }
    let _ = writeln!(out, "drift: fit again, with `semid fit {advice}` to keep most codes");
    for Crossing { words, .. } in &measured.crossings {
        let _ = writeln!(out, "  {words}");
    }
    out
}

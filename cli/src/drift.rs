//! `semid drift`

use crate::args::{Common, DriftArgs, InputArgs, PrefixArgs, without_labels};
use crate::heard::Heard;
use crate::input::{Input, Texts};
use crate::interrupt::Watched;
use crate::output::{self, Answer, Failure, Outcome, numbers};
use crate::progress::Bar;
use semid::metrics::{BeforeAfter, Drift, DriftCrossing, DriftLimits, DriftMeasure, LevelDrift, drift_labelled};
use semid::quantizer::Parameters;
use semid::{ErrorKind, Labels, Model, Rows};
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
    let of_baseline = of_baseline(args)?;
    let (new, new_labels) = open(common, &args.input, &args.prefix, &model)?;
    let (old, old_labels) = open(common, &args.input.of_files(&args.baseline), &of_baseline, &model)?;
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
    let (of_new, of_old) = ((&rows as &dyn Rows, new_labels.as_ref()), (&baseline as &dyn Rows, old_labels.as_ref()));
    let measured = drift_labelled(&*model, of_new, of_old, sample, args.seed, &device);
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
        warnings: [
            new.warnings(),
            unlabelled("input", new_labels.as_ref(), &model),
            old.warnings(),
            unlabelled("baseline", old_labels.as_ref(), &model),
            few_rows(chance, &limits),
        ]
        .concat(),
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

/// Returns the flags of labels for the baseline: the same columns, or files of its own.
fn of_baseline(args: &DriftArgs) -> Result<PrefixArgs, Failure> {
    if args.baseline_labels.len() != args.prefix.prefix_labels.len() {
        let reason = "each file of --prefix-labels needs one of --baseline-labels, for the rows of the baseline";
        return Err(Failure::Error(format!("--prefix-labels: {reason}")));
    }
    let prefix_column = args.prefix.prefix_column.clone();
    Ok(PrefixArgs { prefix_column, prefix_labels: args.baseline_labels.clone() })
}

/// Warns of rows of a side that have no known label.
fn unlabelled(side: &str, labels: Option<&Labels>, model: &Model) -> Vec<String> {
    let warnings = without_labels(labels, model.label_tables());
    warnings.into_iter().map(|warning| format!("{side}: {warning}")).collect()
}

/// Opens rows for the model, with their labels, where it takes some and the input has them.
fn open(
    common: &Common,
    args: &InputArgs,
    prefix: &PrefixArgs,
    model: &Model,
) -> Result<(Input, Option<Labels>), Failure> {
    let tables = model.label_tables();
    let input = Input::open_for(common, args, Texts::default(), &prefix.columns(tables), Some(model))?;
    if input.rows.is_empty() {
        return Err(input.refuse(&ErrorKind::Empty.to_string()));
    }
    if input.rows.dim() != model.dim() {
        let kind = ErrorKind::DimMismatch { expected: model.dim(), found: input.rows.dim() };
        return Err(input.refuse(&kind.to_string()));
    }
    let labels = input.labels(prefix, tables)?;
    Ok((input, labels))
}

/// Says how a new model keeps most codes of this one: by a start from it, where its kind has that, and where its grid,
/// which such a start keeps, holds the new values. Codes that labels give stay with the labels.
fn advice(model: &Model, crossings: &[Crossing]) -> Option<&'static str> {
    if !model.label_tables().is_empty() {
        return None;
    }
    let starts = Parameters::of_kind(model.kind()).is_ok_and(|kind| kind.check_warm_start(&**model).is_ok());
    let beyond = crossings.iter().any(|of| of.crossing.measure == DriftMeasure::Saturated);
    Some(if starts && !beyond { "--warm-start" } else { "--align-to" })
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

/// Returns whether there are margins on both sides: not for levels of one cluster, or whose codes labels give.
fn is_finite(of: &BeforeAfter<f64>) -> bool {
    of.baseline.is_finite() && of.new.is_finite()
}

fn text(measured: &Measured, advice: Option<&str>) -> String {
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
    let (errors, margins) = (column(&|of| of.squared_error), column(&|of| Some(of.median_margin).filter(is_finite)));
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
    let _ = match advice {
        Some(flag) => writeln!(out, "drift: fit again, with `semid fit {flag}` to keep most codes"),
        None => writeln!(out, "drift: fit again, with the labels of the new rows"),
    };
    for Crossing { words, .. } in &measured.crossings {
        let _ = writeln!(out, "  {words}");
    }
    out
}

//! `semid assign`

mod engine;
mod refresh;

use crate::args::{AssignArgs, Common, without_labels};
use crate::file_system;
use crate::heard::Heard;
use crate::input::blocks::BlockFacts;
use crate::input::pairs::{self, PairFacts};
use crate::input::{Input, Texts};
use crate::interrupt::{self, Watched};
use crate::items;
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use crate::warnings::{Noticed, Usage};
use semid::io::IdWriter;
use semid::registry::AssignReport;
use semid::{Device, ErrorKind, Labels, Rows, SemanticIdEngine};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// The output of `--json`.
#[derive(Serialize)]
struct Summary<'a> {
    items: u64,
    new: u64,
    kept: u64,
    collisions: u64,
    moved: u64,
    changed: u64,
    added_squared_distance: f64,
    retired: u64,
    /// Rows that were left out.
    #[serde(skip_serializing_if = "output::is_zero")]
    bad_rows: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<BlockFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<PairFacts>,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(serialize_with = "output::path")]
    db: &'a Path,
    #[serde(serialize_with = "output::path_if_any")]
    output: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moves: Option<refresh::Moved<'a>>,
    device: &'a str,
    seconds: f64,
    warnings: &'a [String],
}

pub(crate) fn run(common: &Common, args: &AssignArgs) -> Outcome {
    let keys = Texts { column: args.keys.id_column.as_deref(), file: args.keys.items.as_deref() };
    let model = engine::model(args);
    let tables = model.as_ref().map(|model| model.label_tables().to_vec()).unwrap_or_default();
    let input = Input::open_for(common, &args.input, keys, &args.prefix.columns(&tables), model.as_ref())?;
    if input.rows.is_empty() {
        return Err(input.failure(ErrorKind::Empty.into()));
    }
    let keys = items::of_rows(&args.keys, &input)?;
    let device = common.device()?;
    let mut warnings = input.warnings();
    warnings.extend(file_system::check_place(&args.db)?);
    let refresh = refresh::Refresh::of(args, &input)?;
    let mut out = output(args, &input)?;
    // What is wrong with a model that cannot be read is told below.
    let labels = if model.is_some() { input.labels(&args.prefix, &tables)? } else { None };
    warnings.extend(without_labels(labels.as_ref(), &tables));
    let limits = refresh.as_ref().map(refresh::Refresh::limits);
    let checked = engine::check(args, &input, labels.as_ref(), limits.as_ref())?;
    let weight = pairs::weight_of(checked.model());
    let (input, pairs) = input.smoothed(&args.pairs, |_| Ok(Some(keys.clone())), weight, None)?;
    warnings.extend(pairs::warn(pairs.as_ref()));
    let mut engine = checked.open(args)?;
    output::warn(&warnings);
    let start = Instant::now();
    // Items that move get other IDs than they have when they are assigned.
    let early = if refresh.is_none() { out.take() } else { None };
    let items = Items { input: &input, keys: &keys, labels: labels.as_ref() };
    let (report, found) = assign(common, args, &mut engine, &items, &device, early)?;
    let moves = refresh.map(|refresh| refresh.run(&mut engine, &input, &keys, &device)).transpose()?;
    out.map_or(Ok(()), |out| refresh::write_ids(&engine, &keys, out))?;
    output::warn(&found);
    warnings.extend(found);
    let summary = Summary {
        bad_rows: input.skipped(),
        blocks: input.block_facts(),
        pairs,
        items: report.items,
        new: report.new,
        kept: report.kept,
        collisions: report.collisions,
        moved: report.moved,
        changed: report.changed,
        added_squared_distance: report.added_distance,
        retired: if args.update_changed { report.changed } else { 0 },
        fingerprint: engine.registry().manifest().fingerprint(),
        namespace: args.namespace.given(),
        db: &args.db,
        output: args.output.as_deref(),
        moves,
        device: &device.info().name,
        seconds: start.elapsed().as_secs_f64(),
        warnings: &warnings,
    };
    output::result(common.json, &summary, || text(&summary))?;
    Ok(Answer::Yes)
}

/// Starts the output file, which must not be a file that the command reads.
fn output(args: &AssignArgs, input: &Input) -> Result<Option<IdWriter>, Failure> {
    let Some(path) = &args.output else { return Ok(None) };
    output::differs_from(path, &args.db, "database")?;
    input.check_output(path)?;
    let inputs = [args.model.as_ref(), args.keys.items.as_ref(), args.pairs.pairs.as_ref()];
    inputs.into_iter().flatten().try_for_each(|input| output::differs(path, input))?;
    let column = items::output_column(args.keys.id_column.as_deref());
    Ok(Some(IdWriter::create_with_keys(path, column)?))
}

/// The items that get IDs.
struct Items<'a> {
    input: &'a Input,
    keys: &'a [String],
    labels: Option<&'a Labels>,
}

fn assign(
    common: &Common,
    args: &AssignArgs,
    engine: &mut SemanticIdEngine,
    Items { input, keys, labels }: &Items<'_>,
    device: &Device,
    mut out: Option<IdWriter>,
) -> Result<(AssignReport, Vec<String>), Failure> {
    let bar = Bar::rows(common, input.rows.len());
    bar.name("assigning");
    let text = engine.registry().id_text().clone();
    let (mut done, len) = (0, input.rows.len());
    let watched = Watched::new(&input.rows);
    let noticed = Noticed::of_model(&watched, engine.model());
    let mut usage = Usage::new(&engine.model().clusters());
    let shown = |first: usize, values: &[f32]| {
        noticed.see(first, values);
        bar.done(first.saturating_add(values.len() / input.rows.dim().max(1)));
    };
    let rows = Heard::new(&watched, &shown);
    let assigned = engine.unique_ids_labelled(&rows, keys, *labels, device, |first, assigned| {
        done = first + assigned.assignments.len();
        interrupt::say(format!("interrupted; {}", safe(args, done, len, GOES_ON)));
        tracing::debug!("{done} rows have their IDs");
        assigned.assignments.iter().for_each(|assignment| usage.count(&assignment.id.codes));
        if let Some(out) = &mut out {
            for (item, assignment) in keys.iter().skip(first).zip(&assigned.assignments) {
                out.push(Some(item), &text.text(&assignment.id, item), &assignment.id.codes)?;
            }
        }
        bar.done(done);
        Ok(())
    });
    drop(bar);
    let finished = assigned.and_then(|report| out.map_or(Ok(()), IdWriter::finish).map(|()| report));
    let report = finished.map_err(|error| {
        let advice = advice(error.kind());
        unfinished(failure(error, args, input), advice, args, done, len)
    })?;
    let found = [input.imputed(), noticed.warnings(|row| input.rows.input_row(row)), usage.warnings(len)].concat();
    Ok((report, found))
}

/// Returns the failure, with the file that has the fault.
fn failure(error: semid::Error, args: &AssignArgs, input: &Input) -> Failure {
    use ErrorKind::{Cancelled, Code, DamagedRegistry, FarRow, ItemKey, OutOfMemory, RepeatedItem};
    match error.kind() {
        ItemKey { .. } | RepeatedItem { .. } => {
            let error = error.map_rows(|row| input.rows.input_row(row));
            Failure::of_file(error, args.keys.items.as_deref().unwrap_or(input.name()))
        }
        FarRow { .. } | Code { .. } => Failure::of_file(error.map_rows(|row| input.rows.input_row(row)), input.name()),
        DamagedRegistry { .. } => Failure::of_file(error, &args.db),
        Cancelled | OutOfMemory { .. } => error.into(),
        _ => input.failure(error),
    }
}

/// How to go on where nothing is broken.
const GOES_ON: &str = "the same command goes on";

/// Says how to go on after a failure.
fn advice(kind: &ErrorKind) -> &'static str {
    use ErrorKind::{BadRows, DamagedRegistry, FarRow, ItemKey, NotFinite, Ragged, RepeatedItem};
    match kind {
        BadRows { count: 1, .. } => "repair that row, and the same command goes on",
        BadRows { .. } => "repair these rows, and the same command goes on",
        NotFinite { .. } | FarRow { .. } | Ragged { .. } => "repair that row, and the same command goes on",
        ItemKey { .. } | RepeatedItem { .. } => "repair the item keys, and the same command goes on",
        DamagedRegistry { .. } => "restore the database before the command can go on",
        _ => GOES_ON,
    }
}

/// Says what is safe by now, and how to go on.
fn safe(args: &AssignArgs, done: usize, rows: usize, advice: &str) -> String {
    format!("{done} of {rows} rows have their IDs in {}; {advice}", args.db.display())
}

/// Adds what is safe to a failure.
fn unfinished(failure: Failure, advice: &str, args: &AssignArgs, done: usize, rows: usize) -> Failure {
    let safe = safe(args, done, rows, advice);
    match failure {
        Failure::Interrupted => Failure::Stopped(format!("interrupted; {safe}")),
        Failure::Error(message) if done > 0 => Failure::Error(format!("{message}; {safe}")),
        failure => failure,
    }
}

fn text(summary: &Summary<'_>) -> String {
    let Summary { items, new, kept, collisions, moved, changed, retired, seconds, device, .. } = summary;
    let things = |number: &u64, name| output::things(*number as usize, name);
    let items = things(items, "item");
    let ids = if *kept == 1 { "its ID" } else { "their IDs" };
    let mut text = format!("{items} on {device} in {seconds:.2} s: {new} new, {kept} kept {ids}\n");
    if *collisions > 0 {
        text += &format!("{} had codes that were taken", things(collisions, "new item"));
        text += &match moved {
            0 => "\n".to_owned(),
            _ => {
                let added = output::numbers(&[summary.added_squared_distance]).concat();
                format!("; {moved} moved, which added {added} to the squared distances\n")
            }
        };
    }
    if let Some(moved) = &summary.moves {
        text += &refresh::text(moved);
    } else if *changed > 0 {
        let have = if *changed == 1 { "has" } else { "have" };
        text += &format!("{} {have} other codes than before: ", things(changed, "known item"));
        text += match retired {
            0 => "they keep their IDs; --update-changed would give new ones\n",
            _ => "they got new IDs, and the old ones are retired\n",
        };
    }
    let namespace = summary.namespace.map(|name| format!("namespace {name} of ")).unwrap_or_default();
    text += &format!("registered in {namespace}{}\n", summary.db.display());
    if let Some(output) = summary.output {
        text += &format!("saved {}\n", output.display());
    }
    text
}

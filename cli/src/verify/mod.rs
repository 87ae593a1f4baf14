//! `semid verify`

mod device;

use crate::args::{Common, VerifyArgs, without_labels};
use crate::heard::Heard;
use crate::input::{Input, Texts};
use crate::interrupt::Watched;
use crate::output::{self, Answer, Failure, Outcome};
use crate::warnings::Noticed;
use device::{Candidate, Comparison, DeviceWork};
use semid::{Device, ErrorKind, Labels, Matrix, Model, Result, Rows};
use serde::Serialize;
use std::fmt::Write;

/// How many rows the devices refit on.
const FIT_ROWS: usize = 1000;

/// The output of `--json`.
#[derive(Serialize)]
struct Verified {
    equal: bool,
    /// How many rows every device encoded.
    rows: usize,
    /// How many rows the input has; fast devices encode all of them if there are at least two such devices.
    input_rows: usize,
    /// Rows that were left out.
    #[serde(skip_serializing_if = "output::is_zero")]
    bad_rows: usize,
    /// How many rows every device fitted.
    fit_rows: usize,
    fingerprint: String,
    /// The labels that the rows had, for a model whose first codes labels give.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<&'static str>,
    devices: Vec<Comparison>,
    warnings: Vec<String>,
}

pub(crate) fn run(common: &Common, args: &VerifyArgs) -> Outcome {
    let model = Model::load(&args.model)?;
    let tables = model.label_tables();
    let columns = args.prefix.columns(tables);
    let input = Input::open_for(common, &args.input, Texts::default(), &columns, Some(&model))?;
    let labels = input.labels(&args.prefix, tables)?;
    let rows = Watched::new(&input.rows);
    if rows.dim() != model.dim() {
        let kind = ErrorKind::DimMismatch { expected: model.dim(), found: rows.dim() };
        return Err(input.refuse(&kind.to_string()));
    }
    let devices = candidates(common)?;
    if let Some(name) = args.plant_difference.as_ref().filter(|name| !devices.iter().any(|d| d.name == **name)) {
        return Err(Failure::Error(format!("--plant-difference {name}: this is none of the devices compared")));
    }
    let input_rows = rows.len();
    let count = if args.all { input_rows } else { args.rows.clamp(1, input_rows.max(1)) };
    let noticed = Noticed::of_model(&rows, &model);
    let see = |first: usize, values: &[f32]| noticed.see(first, values);
    let rows = Heard::new(&rows, &see);
    let (sample, fit_rows) = (spaced(&rows, count)?, spaced(&rows, input_rows.min(FIT_ROWS))?);
    let some: &dyn Rows = match &sample {
        Some(values) => &Matrix::new(values, rows.dim())?,
        None => &rows,
    };
    let fit_rows: &dyn Rows = match &fit_rows {
        Some(values) => &Matrix::new(values, rows.dim())?,
        None => &rows,
    };
    let whole = count < input_rows && devices.iter().filter(|device| device.is_fast()).count() > 1;
    let sources: Vec<usize> = (0..count).map(|row| source_row(row, count, input_rows)).collect();
    let work = DeviceWork {
        model: &model,
        rows: some,
        labels: labels.as_ref().map(|labels| labels.of_rows(&sources)),
        source_row: &|row| input.rows.input_row(source_row(row, count, input_rows)),
        whole: whole.then_some(&rows as &dyn Rows),
        all_labels: labels.as_ref(),
        fit_rows,
        planted: args.plant_difference.as_deref(),
    };
    let entries = work.compare(common, &devices).map_err(|error| input.failure(error))?;
    let equal = all_equal(&entries);
    let failed = entries.iter().any(|entry| entry.error.is_some());
    let verified = Verified {
        equal,
        rows: count,
        input_rows,
        bad_rows: input.skipped(),
        fit_rows: fit_rows.len(),
        fingerprint: model.fingerprint(),
        labels: said_of(labels.as_ref(), &model),
        devices: entries,
        warnings: [
            input.warnings(),
            without_labels(labels.as_ref(), tables),
            noticed.warnings(|row| input.rows.input_row(row)),
        ]
        .concat(),
    };
    output::warn(&verified.warnings);
    output::result(common.json, &verified, || text(&verified))?;
    Ok(match (failed, equal) {
        (true, _) => Answer::Failed,
        (false, true) => Answer::Yes,
        (false, false) => Answer::No,
    })
}

/// Says which labels the rows had.
fn said_of(labels: Option<&Labels>, model: &Model) -> Option<&'static str> {
    let first = model.label_tables().first()?;
    Some(match first.reserved() {
        _ if labels.is_some() => "those of the input",
        Some(_) => "unknown: every row has the reserved code",
        None => "unknown: every row has the code of the nearest label",
    })
}

/// Returns whether all devices that took part gave the same bits.
fn all_equal(entries: &[Comparison]) -> bool {
    entries.iter().filter(|entry| entry.unusable.is_none()).all(|entry| entry.equal)
}

/// Returns the devices to compare: those named, or all. A comparison needs two, so a single device is compared with the
/// reference, or the reference with the CPU.
///
/// # Errors
/// [`ErrorKind::UnknownDevice`] for a name that no device has. Devices that cannot be opened are no error: the
/// comparison tells why.
fn candidates(common: &Common) -> Result<Vec<Candidate>> {
    let all = Device::list();
    let partner = if common.device.iter().all(|name| name == "reference") { "cpu" } else { "reference" };
    let partner = (common.device.len() == 1).then_some(partner);
    let mut chosen: Vec<Candidate> = Vec::new();
    for name in partner.into_iter().chain(common.device.iter().map(String::as_str)) {
        let listed = all.iter().find(|info| info.name == name).cloned();
        // Other names, such as `gpu`, are resolved by opening the device.
        let info = match listed.map_or_else(|| Device::named(name).map(|device| device.info().clone()), Ok) {
            Err(error) if matches!(error.kind(), ErrorKind::UnknownDevice { .. }) => return Err(error),
            found => found.ok(),
        };
        let name = info.as_ref().map_or(name, |info| &info.name).to_owned();
        if !chosen.iter().any(|other| other.name == name) {
            chosen.push(Candidate { name, info, is_named: true });
        }
    }
    Ok(match chosen.is_empty() {
        true => all
            .into_iter()
            .map(|info| Candidate { name: info.name.clone(), info: Some(info), is_named: false })
            .collect(),
        false => chosen,
    })
}

/// Returns the values of `count` rows evenly spread over `rows`; none if these are all rows.
fn spaced(rows: &dyn Rows, count: usize) -> Result<Option<Vec<f32>>> {
    if count >= rows.len() {
        return Ok(None);
    }
    let mut values = vec![0.0; count * rows.dim()];
    for (i, row) in values.chunks_exact_mut(rows.dim()).enumerate() {
        rows.read(source_row(i, count, rows.len()), row)?;
    }
    Ok(Some(values))
}

/// Returns the row of the input that is number `row` of `count` evenly spread rows.
fn source_row(row: usize, count: usize, input_rows: usize) -> usize {
    (row as u128 * input_rows as u128 / count.max(1) as u128) as usize
}

fn text(verified: &Verified) -> String {
    let Verified { rows, input_rows, fit_rows, devices, .. } = verified;
    let mut out = format!("{rows} of {input_rows} rows encoded and {fit_rows} rows fitted on every device\n");
    if let Some(labels) = verified.labels {
        let _ = writeln!(out, "labels: {labels}");
    }
    out.push('\n');
    let width = devices.iter().map(|device| device.name.len()).max().unwrap_or(0).max(6);
    let _ = writeln!(out, "{:<width$}  {:<7}  {:<12}  {:<12}  answer", "device", "backend", "codes", "fit");
    for device in devices {
        let short = |digest: &Option<String>| digest.as_deref().map_or("-", |d| d.get(..12).unwrap_or(d)).to_owned();
        let answer = match (&device.error, &device.difference, &device.unusable) {
            (Some(error), _, _) => format!("failed: {error}"),
            (None, _, Some(reason)) => format!("cannot be used, takes no part: {reason}"),
            (None, Some(difference), None) => format!("DIFFERENT: {difference}"),
            (None, None, None) if device.all_codes_sha256.is_some() => format!("equal, also on all {input_rows} rows"),
            (None, None, None) => "equal".to_owned(),
        };
        let (codes, fit) = (short(&device.codes_sha256), short(&device.fit_fingerprint));
        let _ = writeln!(out, "{:<width$}  {:<7}  {codes:<12}  {fit:<12}  {answer}", device.name, device.backend);
    }
    out.push_str(match verified.equal {
        true if devices.iter().any(|device| device.unusable.is_some()) => {
            "\nequal: every device that can be used gave the same bits\n"
        }
        true => "\nequal: every device gave the same bits\n",
        false => "\nNOT equal\n",
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An adapter that cannot be used is said to be so, and makes no comparison fail; any other that is not equal does.
    #[test]
    fn adapters_that_cannot_be_used_take_no_part() {
        let equal = || Comparison::of_tests("cpu", true, None, None);
        let unusable = || Comparison::of_tests("gpu:1", false, None, Some("no adapter: no shaders"));
        let verified = |devices: Vec<Comparison>| Verified {
            equal: all_equal(&devices),
            rows: 1,
            input_rows: 1,
            bad_rows: 0,
            fit_rows: 1,
            fingerprint: String::new(),
            labels: None,
            devices,
            warnings: Vec::new(),
        };
        let some = text(&verified(vec![equal(), unusable()]));
        assert!(some.contains("cannot be used, takes no part: no adapter: no shaders"), "{some}");
        assert!(some.ends_with("\nequal: every device that can be used gave the same bits\n"), "{some}");
        assert!(text(&verified(vec![equal()])).ends_with("\nequal: every device gave the same bits\n"));
        for other in
            [Comparison::of_tests("gpu:0", false, None, None), Comparison::of_tests("gpu:0", false, Some("lost"), None)]
        {
            assert!(!all_equal(&[equal(), unusable(), other]));
        }
    }
}

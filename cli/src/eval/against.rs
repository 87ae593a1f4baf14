//! Compares codes with older ones, for `--against`.

use crate::args::PrefixArgs;
use crate::extension::extension;
use crate::input::Input;
use crate::output::{Failure, things};
use semid::io::read_codes;
use semid::metrics::{Evaluation, Stability, stability};
use semid::{Codes, Device, ErrorKind, Model, Rows};
use serde::Serialize;
use std::path::Path;

/// The share of rows that keep their codes, on the first levels, which both sides have.
#[derive(Serialize)]
pub(super) struct Unchanged {
    /// Number of levels compared.
    pub(super) levels: usize,
    #[serde(flatten)]
    pub(super) stability: Stability,
}

/// Returns the older codes: those that an older model gives, or those in a file, which must be codes of `model`.
///
/// A file of codes may also have those of the rows that `input` leaves out.
pub(super) fn older(
    path: &Path,
    model: &Model,
    rows: &dyn Rows,
    (input, prefix): (&Input, &PrefixArgs),
    device: &Device,
) -> Result<Codes, Failure> {
    if extension(path) != "npy" {
        let older = Model::load(path)?;
        let labels = match older.label_tables() {
            [] => None,
            tables => input.labels(prefix, tables)?,
        };
        let seen = input.rows_for(&older)?;
        let rows = seen.as_ref().map_or(rows, |seen| seen);
        let codes = Evaluation::new().encode_labelled(&*older, labels.as_ref(), rows, device);
        return codes.map_err(|error| Failure::of_file(error, path));
    }
    let (values, levels) = read_codes(path)?;
    let (codes, are_all) = super::kept(Codes::new(values, levels)?, input)?;
    if codes.len() != rows.len() {
        let (path, found, rows) = (path.display(), codes.len(), rows.len());
        return Err(Failure::Error(format!(
            "{path}: it has codes of {}, but the input has {rows}; give older codes of the same rows",
            things(found, "row")
        )));
    }
    let checked = check(&codes, &model.clusters());
    checked.map_err(|kind| Failure::of_file(super::in_file(kind.into(), input, are_all), path))?;
    Ok(codes)
}

/// Refuses codes that a level's clusters do not include.
fn check(codes: &Codes, clusters: &[usize]) -> Result<(), ErrorKind> {
    for (row, codes) in codes.rows().enumerate() {
        for (level, (code, clusters)) in codes.iter().zip(clusters).enumerate() {
            if *code as usize >= *clusters {
                return Err(ErrorKind::Code { row, level, code: *code, clusters: *clusters });
            }
        }
    }
    Ok(())
}

/// Compares the first levels, as many as both sides have.
pub(super) fn compare(before: &Codes, after: &Codes) -> semid::Result<Unchanged> {
    let levels = before.levels().min(after.levels());
    let stability = stability(&before.first_levels(levels)?, &after.first_levels(levels)?)?;
    Ok(Unchanged { levels, stability })
}

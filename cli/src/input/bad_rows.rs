//! Prints all bad rows of an input, or writes them to a file.

use super::{Input, Texts};
use crate::args::{Common, InputArgs};
use crate::extension::extension;
use crate::interrupt;
use crate::lines;
use crate::output::{self, Answer, Failure};
use crate::progress::Bar;
use semid::io::{AtomicFile, BadRow};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A bad row for `--json`, and for a file.
#[derive(Serialize)]
struct Line<'a> {
    /// Its number in the input, from 0.
    row: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<&'a str>,
    #[serde(serialize_with = "output::path")]
    file: &'a Path,
    file_row: usize,
    column: Option<usize>,
    kind: &'static str,
}

/// The output of `--json`.
#[derive(Serialize)]
struct Listed<'a> {
    rows: usize,
    bad_rows: Vec<Line<'a>>,
}

impl<'a> Line<'a> {
    fn of(bad: &'a BadRow, keys: Option<&'a [String]>) -> Self {
        let item = keys.and_then(|keys| keys.get(bad.row)).map(String::as_str);
        let BadRow { path, file_row, row, column, kind, .. } = bad;
        Self { row: *row, item, file: path, file_row: *file_row, column: *column, kind: kind.name() }
    }

    /// Writes the row as a line of csv.
    fn csv(&self, has_items: bool) -> String {
        let item = if has_items { format!("{},", lines::csv(self.item.unwrap_or_default())) } else { String::new() };
        let column = self.column.map_or_else(String::new, |column| column.to_string());
        let file = lines::csv(&self.file.to_string_lossy());
        format!("{},{item}{file},{},{column},{}\n", self.row, self.file_row, self.kind)
    }
}

/// Refuses a file that all bad rows could not be written to, before anything is read of the `inputs`.
pub(super) fn check_output(path: &Path, inputs: &[PathBuf]) -> Result<(), Failure> {
    if !["csv", "jsonl"].contains(&extension(path).as_str()) {
        return Err(Failure::Error(format!("{}: bad rows go to .csv or .jsonl", path.display())));
    }
    inputs.iter().try_for_each(|input| output::differs(path, input))?;
    Ok(AtomicFile::check(path)?)
}

/// Prints all bad rows and ends the command.
pub(super) fn list(
    common: &Common,
    args: &InputArgs,
    input: &Input,
    keys: Texts<'_>,
    bar: &Bar,
) -> Result<(), Failure> {
    let bad = find(input, Some(bar))?;
    let keys = all_keys(input, keys, &bad)?;
    if let Some(path) = &args.bad_rows_output {
        input.check_output(path)?;
        save(path, &bad, keys.as_deref())?;
    }
    let lines: Vec<Line<'_>> = bad.iter().map(|bad| Line::of(bad, keys.as_deref())).collect();
    let answer = if lines.is_empty() { Answer::Yes } else { Answer::No };
    let listed = Listed { rows: input.rows.total(), bad_rows: lines };
    output::result(common.json, &listed, || text(&listed, &bad))?;
    Err(Failure::Ended(answer))
}

fn text(listed: &Listed<'_>, bad: &[BadRow]) -> String {
    let are = if bad.len() == 1 { "is" } else { "are" };
    let mut text = format!("{} of {} {are} bad\n", bad.len(), output::things(listed.rows, "row"));
    for (line, bad) in listed.bad_rows.iter().zip(bad) {
        let item = line.item.map_or_else(String::new, |item| format!(" ({item})"));
        let _ = writeln!(text, "{}: {bad}{item}", line.file.display());
    }
    text
}

/// Writes all bad rows with their keys.
pub(super) fn write(path: &Path, input: &Input, keys: Texts<'_>) -> Result<(), Failure> {
    let bad = find(input, None)?;
    save(path, &bad, all_keys(input, keys, &bad)?.as_deref())
}

fn find(input: &Input, bar: Option<&Bar>) -> Result<Vec<BadRow>, Failure> {
    let mut bad = Vec::new();
    let total = input.rows.total();
    let found = input.rows.scan(
        |row| {
            bad.push(row);
            Ok(())
        },
        |done| {
            bar.into_iter().for_each(|bar| bar.of(done, total));
            interrupt::flow()
        },
    );
    found.map_err(|error| input.failure(error))?;
    Ok(bad)
}

/// Returns the keys of all rows of the input, if it has some; bad rows may lack them.
fn all_keys(input: &Input, keys: Texts<'_>, bad: &[BadRow]) -> Result<Option<Vec<String>>, Failure> {
    match (keys.column, keys.file) {
        (Some(column), _) => {
            let bad: Vec<usize> = bad.iter().map(|bad| bad.row).collect();
            Ok(Some(input.rows.all_strings_but(column, &bad)?))
        }
        (None, Some(file)) => {
            let keys = lines::lines(file)?;
            input.check_lines(file, lines::KEYS, keys.len())?;
            Ok(Some(keys))
        }
        (None, None) => Ok(None),
    }
}

fn save(path: &Path, bad: &[BadRow], keys: Option<&[String]>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Error(format!("{}: writing failed: {error}", path.display()));
    let mut out = AtomicFile::create(path)?;
    let lines = bad.iter().map(|bad| Line::of(bad, keys));
    if extension(path) == "csv" {
        let item = if keys.is_some() { "item," } else { "" };
        out.write_all(format!("row,{item}file,file_row,column,kind\n").as_bytes()).map_err(failed)?;
        for line in lines {
            out.write_all(line.csv(keys.is_some()).as_bytes()).map_err(failed)?;
        }
    } else {
        for line in lines {
            let text = serde_json::to_string(&line).map_err(|error| Failure::Error(error.to_string()))?;
            out.write_all(format!("{text}\n").as_bytes()).map_err(failed)?;
        }
    }
    Ok(out.commit()?)
}

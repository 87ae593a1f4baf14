//! Reads item keys from a text file, from a column, or from the row numbers.

use crate::args::KeyArgs;
use crate::input::Input;
use crate::output::Failure;
use semid::{ErrorKind, Rows};
use std::path::Path;

/// What errors call the keys of items.
pub(crate) const KEYS: &str = "item keys";

/// Returns the keys of the items in the rows of `input`.
pub(crate) fn of_rows(args: &KeyArgs, input: &Input) -> Result<Vec<String>, Failure> {
    let id_column = ("--id-column", args.id_column.as_deref());
    match input.texts(id_column, (KEYS, "--items", args.items.as_deref()))? {
        Some(keys) => Ok(keys),
        None if args.row_numbers => kept((0..input.rows.len()).map(|row| input.rows.input_row(row).to_string())),
        None => Err(input.refuse(&advice(input)?)),
    }
}

/// Says what to do where no flag says which item a row is.
fn advice(input: &Input) -> Result<String, Failure> {
    let columns = input.rows.columns()?;
    let place = match columns.is_empty() {
        false => {
            format!("give the column of its items' keys with --id-column (the columns are {})", columns.join(", "))
        }
        true => "give the item keys, one per line, with --items FILE".to_owned(),
    };
    Ok(format!("{place}, or --row-numbers if a row will always be the same item"))
}

/// Returns the name of the column of item keys in an output. It is that of the input, so that tables can be joined by
/// it, unless the output has another column of that name.
pub(crate) fn output_column(id_column: Option<&str>) -> &str {
    id_column.filter(|name| !["id", "codes"].contains(name)).unwrap_or("item")
}

/// Reads the item keys in a text file, one per line.
pub(crate) fn keys(path: &Path) -> Result<Vec<String>, Failure> {
    let keys = lines(path)?;
    match keys.iter().position(String::is_empty) {
        Some(empty) => {
            let (path, line) = (path.display(), empty + 1);
            Err(Failure::Error(format!("{path}: line {line} is empty, but every item needs a key")))
        }
        None => Ok(keys),
    }
}

/// Reads the lines of a text file; an empty line counts too.
pub(crate) fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error| Failure::Error(format!("{}: reading failed: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(failed)?;
    kept(text.strip_prefix('\u{feff}').unwrap_or(&text).lines())
}

/// Keeps all texts in memory; returns an error if there is too little.
fn kept(texts: impl Iterator<Item = impl AsRef<str>>) -> Result<Vec<String>, Failure> {
    let mut all: Vec<String> = Vec::new();
    let mut bytes = 0;
    for text in texts {
        let mut copy = String::new();
        bytes += size_of::<String>() + text.as_ref().len();
        let room = copy.try_reserve_exact(text.as_ref().len()).and_then(|()| all.try_reserve(1));
        if room.is_err() {
            // Many small texts leave no room for the error either.
            drop(all);
            let what = "the texts of items".to_owned();
            return Err(semid::Error::from(ErrorKind::OutOfMemory { what, bytes: bytes as u64 }).into());
        }
        copy.push_str(text.as_ref());
        all.push(copy);
    }
    Ok(all)
}

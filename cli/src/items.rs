//! Item keys: from a text file, a column, or the row numbers.

use crate::args::KeyArgs;
use crate::output::Failure;
use semid::ErrorKind;
use semid::io::{columns, read_strings};
use std::path::Path;

/// The keys of the items in the rows of `input`.
pub(crate) fn of_rows(args: &KeyArgs, input: &Path, rows: usize) -> Result<Vec<String>, Failure> {
    let parquet = input.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    match (&args.id_column, &args.items) {
        (Some(_), _) if !parquet => {
            let advice = "--id-column needs a .parquet input; give the keys with --items FILE";
            Err(Failure::Error(format!("{}: {advice}", input.display())))
        }
        (Some(column), _) => Ok(read_strings(input, column)?),
        (None, Some(path)) => {
            let items = keys(path)?;
            if items.len() != rows {
                let (path, found) = (path.display(), items.len());
                return Err(Failure::Error(format!(
                    "{path}: there are {found} item keys for {rows} rows: give one a line for each"
                )));
            }
            Ok(items)
        }
        (None, None) if args.row_numbers => kept((0..rows).map(|row| row.to_string())),
        (None, None) => Err(Failure::Error(format!("{}: {}", input.display(), advice(input, parquet)?))),
    }
}

/// What to do where nothing says which row is which item.
fn advice(input: &Path, parquet: bool) -> Result<String, Failure> {
    let place = match parquet {
        true => format!("give the column of its items' keys with --id-column (it has {})", columns(input)?.join(", ")),
        false => "give its items' keys, one a line, with --items FILE".to_owned(),
    };
    Ok(format!("{place}, or --row-numbers if a row will always be the same item"))
}

/// The name of the column of item keys in an output: that of the input, so that the tables join on it, unless the
/// output has another column of that name.
pub(crate) fn output_column(id_column: Option<&str>) -> &str {
    id_column.filter(|name| !["id", "codes"].contains(name)).unwrap_or("item")
}

/// The item keys in a text file, one a line.
pub(crate) fn keys(path: &Path) -> Result<Vec<String>, Failure> {
    let keys = lines(path)?;
    match keys.iter().position(String::is_empty) {
        Some(empty) => {
            let (path, line) = (path.display(), empty + 1);
            Err(Failure::Error(format!("{path}: line {line} is empty: every item needs a key")))
        }
        None => Ok(keys),
    }
}

/// The lines of a text file; an empty one is a text as well.
pub(crate) fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error| Failure::Error(format!("{}: reading failed: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(failed)?;
    kept(text.strip_prefix('\u{feff}').unwrap_or(&text).lines())
}

/// All texts in memory, or an error where there is too little of it.
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

//! Reads item keys from a text file, from a column, or from the row numbers.

use crate::args::KeyArgs;
use crate::output::Failure;
use semid::ErrorKind;
use semid::io::{columns, read_strings};
use std::path::Path;

/// Returns the keys of the items in the rows of `input`.
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
                    "{path}: there are {found} item keys for {rows} rows; give one line per row"
                )));
            }
            Ok(items)
        }
        (None, None) if args.row_numbers => kept((0..rows).map(|row| row.to_string())),
        (None, None) => Err(Failure::Error(format!("{}: {}", input.display(), advice(input, parquet)?))),
    }
}

/// Says what to do where no flag says which item a row is.
fn advice(input: &Path, parquet: bool) -> Result<String, Failure> {
    let place = match parquet {
        true => format!(
            "give the column of its items' keys with --id-column (the columns are {})",
            columns(input)?.join(", ")
        ),
        false => "give the item keys, one per line, with --items FILE".to_owned(),
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
        room.map_err(|_| {
            let what = "the item keys".to_owned();
            semid::Error::from(ErrorKind::OutOfMemory { what, bytes: bytes as u64 })
        })?;
        copy.push_str(text.as_ref());
        all.push(copy);
    }
    Ok(all)
}

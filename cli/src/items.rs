//! Item keys: from a text file, a column, or the row numbers.

use crate::args::KeyArgs;
use crate::output::Failure;
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
        (None, None) if args.row_numbers => Ok((0..rows).map(|row| row.to_string()).collect()),
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
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).lines().map(str::to_owned).collect())
}

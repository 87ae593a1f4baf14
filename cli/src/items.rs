//! Finds the item keys of rows: in a text file, in a column, or in the row numbers.

use crate::args::KeyArgs;
use crate::input::Input;
use crate::lines::{KEYS, kept};
use crate::output::Failure;
use semid::Rows;

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

/// Returns the same for an output of candidates, which has more columns.
pub(crate) fn candidates_column(id_column: &str) -> &str {
    let taken = ["id", "codes", "rank", "squared_distance"].contains(&id_column);
    if taken { "item" } else { id_column }
}

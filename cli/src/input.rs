//! The embeddings that a command works on, with the texts that belong to their rows.

use crate::args::InputArgs;
use crate::items;
use crate::output::{self, Failure};
use semid::io::Inputs;
use std::path::{Path, PathBuf};

/// The open files of embeddings.
pub(crate) struct Input {
    pub(crate) rows: Inputs,
    name: PathBuf,
}

impl Input {
    /// Opens all files of the input.
    pub(crate) fn open(args: &InputArgs) -> Result<Self, Failure> {
        let name = args.name();
        let rows = Inputs::open(&args.input, &args.options()).map_err(|error| Failure::of_rows(error, &name))?;
        Ok(Self { rows, name })
    }

    /// The name of the input in errors.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// Returns the failure of `error` during work on the rows.
    pub(crate) fn failure(&self, error: semid::Error) -> Failure {
        Failure::of_rows(error, &self.name)
    }

    /// Returns a failure that is about the input.
    pub(crate) fn refuse(&self, reason: &str) -> Failure {
        Failure::Error(format!("{}: {reason}", self.name.display()))
    }

    /// Refuses an output that is one of the files of the input.
    pub(crate) fn check_output(&self, output: &Path) -> Result<(), Failure> {
        self.rows.files().try_for_each(|(file, _)| output::differs(output, file))
    }

    /// Returns whether the rows have columns besides the embeddings.
    pub(crate) fn has_columns(&self) -> Result<bool, Failure> {
        Ok(!self.rows.columns()?.is_empty())
    }

    /// Returns a text for every row, if asked: from the column that `flag` gives, or from the lines of the file of
    /// `what` that `other` gives.
    pub(crate) fn texts(
        &self,
        (flag, column): (&str, Option<&str>),
        (what, other, file): (&str, &str, Option<&Path>),
    ) -> Result<Option<Vec<String>>, Failure> {
        match (column, file) {
            (Some(_), _) if !self.has_columns()? => {
                let advice = format!("{flag} needs an input that has columns, such as .parquet");
                Err(self.refuse(&format!("{advice}; give the {what} with {other} FILE")))
            }
            (Some(column), _) => Ok(Some(self.rows.strings(column)?)),
            (None, Some(path)) => {
                let lines = items::lines(path)?;
                let (path, found, rows) = (path.display(), lines.len(), semid::Rows::len(&self.rows));
                match found == rows {
                    true => Ok(Some(lines)),
                    false => Err(Failure::Error(format!(
                        "{path}: there are {found} {what} for {rows} rows; give one line per row"
                    ))),
                }
            }
            (None, None) => Ok(None),
        }
    }
}

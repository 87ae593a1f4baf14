//! The embeddings that a command works on, with the texts that belong to their rows.

use crate::args::InputArgs;
use crate::items;
use crate::output::{self, Failure};
use semid::io::Inputs;
use std::path::{Path, PathBuf};

/// Open embeddings.
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

    /// What errors call it.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// The failure of `error` while its rows were worked on.
    pub(crate) fn failure(&self, error: semid::Error) -> Failure {
        Failure::of_rows(error, &self.name)
    }

    /// A failure that is about the input.
    pub(crate) fn refuse(&self, reason: &str) -> Failure {
        Failure::Error(format!("{}: {reason}", self.name.display()))
    }

    /// Refuses to replace one of its files.
    pub(crate) fn check_output(&self, output: &Path) -> Result<(), Failure> {
        self.rows.files().try_for_each(|(file, _)| output::differs(output, file))
    }

    /// Whether the rows have columns beside the embeddings.
    pub(crate) fn has_columns(&self) -> Result<bool, Failure> {
        Ok(!self.rows.columns()?.is_empty())
    }

    /// A text for every row: of the column that `flag` names, or the lines of a file of `what`, which `other`
    /// names, if either was given.
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
                        "{path}: there are {found} {what} for {rows} rows: give one a line for each"
                    ))),
                }
            }
            (None, None) => Ok(None),
        }
    }
}

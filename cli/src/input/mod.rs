//! The embeddings that a command works on, with the texts that belong to their rows.

mod bad_rows;
pub(crate) mod blocks;
mod embeddings;
pub(crate) mod labels;
pub(crate) mod pairs;
pub(crate) mod reading;
mod weights;

use crate::args::{Common, InputArgs, OnBadRows};
use crate::extension::extension;
use crate::interrupt;
use crate::lines;
use crate::output::{self, Failure};
use crate::progress::Bar;
use crate::stderr;
use embeddings::Embeddings;
use semid::ErrorKind;
use semid::io::Inputs;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use weights::WEIGHTS;

/// Most files that a note names.
const NAMED: usize = 5;

/// Where texts of rows come from: a column of the input, or a file with a line for every row.
#[derive(Clone, Copy, Default)]
pub(crate) struct Texts<'a> {
    pub(crate) column: Option<&'a str>,
    pub(crate) file: Option<&'a Path>,
}

/// The open files of embeddings.
pub(crate) struct Input {
    pub(crate) rows: Embeddings,
    name: PathBuf,
}

impl Input {
    /// Opens all files of the input. Columns of the rows' keys and labels are no dimensions.
    ///
    /// With `--bad-rows list`, it lists the bad rows and ends the command.
    pub(crate) fn open(
        common: &Common,
        args: &InputArgs,
        keys: Texts<'_>,
        labels: Option<&str>,
    ) -> Result<Self, Failure> {
        Self::open_beside(common, args, keys, &[labels])
    }

    /// Does what [`Input::open`] does where several `columns` besides the keys are no dimensions.
    pub(crate) fn open_beside(
        common: &Common,
        args: &InputArgs,
        keys: Texts<'_>,
        columns: &[Option<&str>],
    ) -> Result<Self, Failure> {
        Self::open_raw(common, args, keys, columns, args.blocks())?.with_own_blocks(args, None)
    }

    /// Opens the input without scaling rows of several `blocks`.
    pub(crate) fn open_raw(
        common: &Common,
        args: &InputArgs,
        keys: Texts<'_>,
        columns: &[Option<&str>],
        blocks: &[String],
    ) -> Result<Self, Failure> {
        let name = args.name();
        if let Some(path) = args.bad_rows_output.as_deref().filter(|_| args.bad_rows() == OnBadRows::Refuse) {
            let path = path.display();
            return Err(Failure::Error(format!("--bad-rows-output {path}: is for --bad-rows skip or list; add that")));
        }
        if let Some(path) = args.bad_rows_output.as_deref() {
            bad_rows::check_output(path, &args.input)?;
        }
        let bar = Bar::rows(common, 0);
        bar.name("looking for bad rows");
        let options = args.options(&[&[keys.column], columns].concat(), blocks);
        let rows = Inputs::open_with(&args.input, &options, |done, total| {
            bar.of(done, total);
            interrupt::flow()
        });
        let rows = rows.map_err(|error| Failure::of_rows(error, &name))?;
        let input = Self { rows: Embeddings::Plain(Box::new(rows)), name };
        input.check_flags(args)?;
        if let Some(bytes) = input.rows.standard_input().filter(|_| !common.quiet) {
            stderr::note(&format!(
                "standard input was saved to a temporary file of {bytes} bytes, to be read by position"
            ));
        }
        if !input.rows.passed_over().is_empty() && !common.quiet {
            let others: Vec<String> = input.rows.passed_over().iter().map(|file| file.display().to_string()).collect();
            let first = others.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if others.len() > NAMED { ", ..." } else { "" };
            let files = output::things(others.len(), "file");
            stderr::note(&format!("{files} of other formats passed over: {first}{more}"));
        }
        if args.bad_rows() == OnBadRows::List {
            bad_rows::list(common, args, &input, keys, &bar)?;
        }
        drop(bar);
        if let Some(path) = args.bad_rows_output.as_deref() {
            input.check_output(path)?;
            bad_rows::write(path, &input, keys)?;
        }
        Ok(input)
    }

    /// Returns the name of the input in errors.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// Returns the number of rows that are left out.
    pub(crate) fn skipped(&self) -> usize {
        self.rows.skipped().len()
    }

    /// Refuses flags that concern formats of which no file is.
    fn check_flags(&self, args: &InputArgs) -> Result<(), Failure> {
        let given = [
            ("column", !args.column.is_empty(), &["parquet", "jsonl"][..]),
            ("columns", args.columns.is_some(), &["parquet", "csv", "tsv"][..]),
            ("as", args.bytes.is_some(), &["parquet"][..]),
            ("tensor", !args.tensor.is_empty(), &["safetensors", "npz"][..]),
            ("integers", args.integers, &["npy", "npz"][..]),
        ];
        // The format of standard input is in its first bytes, and not in a name.
        let formats: Vec<String> = self.rows.files().map(|(file, _)| extension(file)).collect();
        let is_unused = |formats_of_flag: &[&str]| {
            self.rows.standard_input().is_none() && !formats.iter().any(|of| formats_of_flag.contains(&of.as_str()))
        };
        match given.into_iter().find(|(_, given, formats)| *given && is_unused(formats)) {
            Some((flag, _, formats)) => {
                let formats: Vec<String> = formats.iter().map(|format| format!(".{format}")).collect();
                let formats = formats.join(", ");
                Err(match args.parameters.as_deref() {
                    Some(path) => {
                        let path = path.display();
                        self.refuse(&format!("{path} has the parameter {flag}, which is for {formats}; drop the key"))
                    }
                    None => self.refuse(&format!("--{flag} is for {formats}; leave it out")),
                })
            }
            None => Ok(()),
        }
    }

    /// Says how many rows are left out, and how many of those read so far lack a block.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let left_out = match (self.skipped(), self.rows.total()) {
            (0, _) => Vec::new(),
            (skipped, total) => {
                let name = self.name.display();
                let were = if skipped == 1 { "is bad and was" } else { "are bad and were" };
                vec![format!("{name}: {skipped} of {total} rows {were} left out")]
            }
        };
        [left_out, self.imputed()].concat()
    }

    /// Returns the failure of `error` during work on the rows, with their numbers in the input.
    pub(crate) fn failure(&self, error: semid::Error) -> Failure {
        if matches!(error.kind(), ErrorKind::BadRows { .. }) {
            // Each of these rows says in which file it is.
            return Failure::of_rows(error, &self.name);
        }
        if matches!(error.kind(), ErrorKind::RepeatedItem { .. } | ErrorKind::RepeatedKey { .. }) {
            // The two rows may be in different files, so their numbers are those in the whole input.
            return Failure::of_file(error.map_rows(|row| self.rows.input_row(row)), &self.name);
        }
        let file = RefCell::new(self.name.clone());
        let error = error.map_rows(|row| {
            let row = self.rows.input_row(row);
            match self.rows.place(row) {
                Some((path, row)) => {
                    file.replace(path.to_owned());
                    row
                }
                None => row,
            }
        });
        Failure::of_rows(error, &file.into_inner())
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

    /// Returns a text for every row that is read, if asked: from the column that `flag` gives, or from the lines of the
    /// file of `what` that `other` gives.
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
            (Some(column), _) if what == WEIGHTS => Ok(Some(self.rows.numbers(column)?)),
            (Some(column), _) => Ok(Some(self.rows.strings(column)?)),
            (None, Some(path)) => {
                // The file may be a pipe, which can be read only once.
                let lines = if what == lines::KEYS { lines::keys(path)? } else { lines::lines(path)? };
                self.check_lines(path, what, lines.len())?;
                Ok(Some(self.rows.kept(lines)))
            }
            (None, None) => Ok(None),
        }
    }

    /// Refuses a file of `what` that has not one line for each row of the input, with those that are left out.
    fn check_lines(&self, path: &Path, what: &str, found: usize) -> Result<(), Failure> {
        let (path, rows) = (path.display(), self.rows.total());
        if found == rows {
            return Ok(());
        }
        Err(Failure::Error(format!(
            "{path}: there {} {} for {}; give one line per row",
            if found == 1 { "is" } else { "are" },
            output::things(found, what.strip_suffix('s').unwrap_or(what)),
            output::things(rows, "row")
        )))
    }
}

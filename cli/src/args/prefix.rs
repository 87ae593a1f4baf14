//! Flags of labels, which give the codes of first levels.

use crate::input::Input;
use crate::output::Failure;
use clap::{Args, ValueEnum};
use semid::{LabelTable, Labels, UnknownLabel};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(next_help_heading = "Levels from labels")]
pub(crate) struct PrefixArgs {
    /// Column of the input with labels, such as categories, which give the codes of the first level; given again, those
    /// of the next level, and so on. A model names its columns, so only `semid fit`, or a column that has another name
    /// now, needs this
    #[arg(long, value_name = "NAME")]
    pub(crate) prefix_column: Vec<String>,
    /// Text file with the label of every row, one per line, in the place of such a column
    #[arg(long, value_name = "FILE", conflicts_with = "prefix_column")]
    pub(crate) prefix_labels: Vec<PathBuf>,
}

/// Flags of fits whose first levels labels give.
#[derive(Debug, Args)]
pub(crate) struct LabelledFitArgs {
    #[command(flatten)]
    pub(crate) prefix: PrefixArgs,
    /// Code of a row whose label is missing or new: the nearest label's, or one of their own [default: nearest]
    #[arg(long, value_enum, help_heading = "Levels from labels")]
    unknown: Option<Unknown>,
}

impl LabelledFitArgs {
    /// Reads the labels of the rows, if flags name some.
    pub(crate) fn read(&self, input: &Input) -> Result<Option<Labels>, Failure> {
        match (self.prefix.first_given(), self.unknown) {
            (Some(_), _) => self.prefix.read(input, &[]),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Failure::Error(
                "--unknown is about rows without a label; give labels with --prefix-column, or leave it out".into(),
            )),
        }
    }

    /// Returns what rows without a known label get.
    pub(crate) fn unknown(&self) -> UnknownLabel {
        self.unknown.map_or_else(UnknownLabel::default, UnknownLabel::from)
    }
}

/// The code of a row whose label is missing, or which the fit has not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Unknown {
    /// That of the label whose codeword is nearest
    Nearest,
    /// One of their own
    Reserve,
}

impl From<Unknown> for UnknownLabel {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Nearest => Self::Nearest,
            Unknown::Reserve => Self::Reserve,
        }
    }
}

impl PrefixArgs {
    /// Returns the flag that was given.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        let given =
            [("prefix-column", !self.prefix_column.is_empty()), ("prefix-labels", !self.prefix_labels.is_empty())];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// Returns the columns of the input that are labels and no dimensions: those given, or else those of the model.
    pub(crate) fn columns<'a>(&'a self, tables: &'a [LabelTable]) -> Vec<Option<&'a str>> {
        match self.first_given() {
            Some(_) => self.prefix_column.iter().map(|name| Some(name.as_str())).collect(),
            None => tables.iter().map(|table| Some(table.column())).collect(),
        }
    }

    /// Reads the labels that the flags name; without flags, those in the columns that the model names, as far as the
    /// input has all of them.
    pub(crate) fn read(&self, input: &Input, tables: &[LabelTable]) -> Result<Option<Labels>, Failure> {
        let columns = match self.first_given() {
            Some("prefix-labels") => self.prefix_labels.iter().map(|path| lines_of(path, input)).collect(),
            Some(_) => self.prefix_column.iter().map(|column| of_column(column, input)).collect(),
            None => {
                let names = input.rows.columns()?;
                let has_all = tables.iter().all(|table| names.iter().any(|name| name == table.column()));
                if tables.is_empty() || !has_all {
                    return Ok(None);
                }
                tables.iter().map(|table| of_column(table.column(), input)).collect::<Result<Vec<_>, Failure>>()
            }
        };
        Ok(Some(Labels::new(columns?)?))
    }
}

/// Says that the input lacks the labels of a model that takes some.
pub(crate) fn without_labels(labels: Option<&Labels>, tables: &[LabelTable]) -> Vec<String> {
    if labels.is_some() || tables.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = tables.iter().map(|table| format!("{:?}", table.column())).collect();
    vec![format!(
        "the model takes its first codes from the labels in {}, which the input lacks: all labels count as unknown; \
         give them with --prefix-column or --prefix-labels",
        names.join(", ")
    )]
}

/// A name, and a label for every row that has one.
type Column = (String, Vec<Option<String>>);

fn of_column(column: &str, input: &Input) -> Result<Column, Failure> {
    match input.has_columns()? {
        true => Ok((column.to_owned(), input.rows.labels(column)?)),
        false => Err(input.refuse(
            "--prefix-column needs an input that has columns, such as .parquet; give the labels with \
             --prefix-labels FILE",
        )),
    }
}

fn lines_of(path: &Path, input: &Input) -> Result<Column, Failure> {
    let texts = input.texts(("--prefix-column", None), ("labels", "--prefix-labels", Some(path)))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, texts.unwrap_or_default().into_iter().map(Some).collect()))
}

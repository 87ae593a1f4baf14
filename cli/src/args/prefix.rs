//! Flags of labels, which give the codes of first levels.

use crate::names::places;
use crate::output::things;
use clap::{Args, ValueEnum};
use semid::{LabelTable, LabelledFit, Labels, UnknownLabel};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(next_help_heading = "Levels from labels")]
pub(crate) struct PrefixArgs {
    /// Column of the input with labels, such as categories, which give the codes of the first level; given again, those
    /// of the next level, and so on. A model names its columns, so commands that take a model need this only for a
    /// column that has another name now. Such models are of kind rq-kmeans: their fits hold all rows in memory, and
    /// take no balance, no refinement, no warm start and no joint batches; they have no capacities,
    /// alignment or moves by gain, and no fit starts from them
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
    /// Code of a row whose label is missing or new: that of the nearest label, or one that only such rows have
    /// [default: nearest]
    #[arg(long, value_enum, help_heading = "Levels from labels")]
    unknown: Option<Unknown>,
}

impl LabelledFitArgs {
    /// Returns whether `--unknown` was given.
    pub(crate) fn says_unknown(&self) -> bool {
        self.unknown.is_some()
    }

    /// Returns what rows without a known label get.
    pub(crate) fn unknown(&self) -> UnknownLabel {
        self.unknown.map_or_else(UnknownLabel::default, UnknownLabel::from)
    }
}

/// The code of a row whose label is missing, or which the fit has not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Unknown {
    /// The code of the label whose codeword is nearest to the row
    Nearest,
    /// A code that only such rows have
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

/// Returns what rows without a known label get, by the name that `--unknown` takes.
pub(crate) fn unknown_label(name: &str) -> Option<UnknownLabel> {
    Unknown::from_str(name, false).ok().map(UnknownLabel::from)
}

impl PrefixArgs {
    /// Returns the flag that was given.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        let given =
            [("prefix-column", !self.prefix_column.is_empty()), ("prefix-labels", !self.prefix_labels.is_empty())];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// Returns the flags with the columns in the order of the model's tables, where they have the model's names; other
    /// names stand in the model's order already.
    pub(crate) fn in_order_of(&self, tables: &[LabelTable]) -> Self {
        let own: Vec<String> = tables.iter().map(|table| table.column().to_owned()).collect();
        let prefix_column = places(&self.prefix_column, &own).map_or_else(|| self.prefix_column.clone(), |_| own);
        Self { prefix_column, prefix_labels: self.prefix_labels.clone() }
    }

    /// Returns the columns of the input that are labels and no dimensions: those given, or else those of the model.
    pub(crate) fn columns<'a>(&'a self, tables: &'a [LabelTable]) -> Vec<Option<&'a str>> {
        match self.first_given() {
            Some(_) => self.prefix_column.iter().map(|name| Some(name.as_str())).collect(),
            None => tables.iter().map(|table| Some(table.column())).collect(),
        }
    }
}

/// Says that the input lacks the labels of a model that takes some, or how many rows lack a known one.
pub(crate) fn without_labels(labels: Option<&Labels>, tables: &[LabelTable]) -> Vec<String> {
    if let Some(labels) = labels {
        // The columns that were read, which may have other names than those of the fit.
        let read = labels.missing().map(|(name, _)| name);
        let unknown = labels.unknown(tables).into_iter().zip(tables).zip(read);
        let said = unknown.filter_map(|((unknown, table), column)| {
            lacking((unknown, labels.len()), "no known label", column, table.reserved().is_some())
        });
        return said.collect();
    }
    if tables.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = tables.iter().map(|table| format!("{:?}", table.column())).collect();
    vec![format!(
        "the model takes its first codes from the labels in {}, which the input lacks: all labels count as unknown; \
         give them with --prefix-column or --prefix-labels",
        names.join(", ")
    )]
}

/// Says how many rows of a fit have no label.
pub(crate) fn without_label(fit: Option<&LabelledFit<'_>>) -> Vec<String> {
    let Some(LabelledFit { labels, unknown, .. }) = fit else { return Vec::new() };
    let is_reserved = *unknown == UnknownLabel::Reserve;
    let said = |(column, missing)| lacking((missing, labels.len()), "no label", column, is_reserved);
    labels.missing().filter_map(said).collect()
}

/// Says how many of all rows have `no` label in a column, and which codes they get.
fn lacking((count, rows): (usize, usize), no: &str, column: &str, is_reserved: bool) -> Option<String> {
    let (have, they) = if count == 1 { ("has", "it gets") } else { ("have", "they get") };
    let code =
        if is_reserved { "the code that is reserved for unknown labels" } else { "the code of the nearest label" };
    (count > 0).then(|| format!("{count} of {} {have} {no} in {column:?}; {they} {code}", things(rows, "row")))
}

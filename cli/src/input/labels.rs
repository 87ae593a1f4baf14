//! Labels of the rows, which give the codes of first levels.

use super::Input;
use crate::args::{LabelledFitArgs, PrefixArgs};
use crate::output::{Failure, things};
use semid::{LabelTable, Labels};
use std::path::Path;

impl Input {
    /// Reads the labels of a model that flags name; without flags, those in the columns that the model names. There are
    /// none where no file has one of these columns; where some files have it, all must.
    pub(crate) fn labels(&self, args: &PrefixArgs, tables: &[LabelTable]) -> Result<Option<Labels>, Failure> {
        if let Some(flag) = args.first_given() {
            let given = args.prefix_column.len() + args.prefix_labels.len();
            return match tables.len() {
                expected if expected == given => self.given_labels(&args.in_order_of(tables)),
                0 => Err(Failure::Error(format!("--{flag}: the model takes no labels; leave it out"))),
                expected => Err(Failure::Error(format!(
                    "--{flag}: the model takes the labels of {}, but flags give those of {given}; give one for each",
                    things(expected, "level")
                ))),
            };
        }
        for table in tables {
            if !self.rows.has_column(table.column())? {
                return Ok(None);
            }
        }
        let column = |table: &LabelTable| Ok((table.column().to_owned(), self.rows.labels(table.column())?));
        let columns = tables.iter().map(column).collect::<Result<Vec<Column>, Failure>>()?;
        if columns.is_empty() { Ok(None) } else { Ok(Some(Labels::new(columns)?)) }
    }

    /// Reads the labels that flags name.
    fn given_labels(&self, args: &PrefixArgs) -> Result<Option<Labels>, Failure> {
        let twice = args
            .prefix_column
            .iter()
            .enumerate()
            .find(|(i, name)| args.prefix_column.iter().take(*i).any(|of| of == *name));
        if let Some((_, name)) = twice {
            let reason = "each level needs a column of its own";
            return Err(Failure::Error(format!("--prefix-column {name}: this column is given twice; {reason}")));
        }
        let columns: Result<Vec<Column>, Failure> = match args.first_given() {
            Some("prefix-labels") => args.prefix_labels.iter().map(|path| self.label_lines(path)).collect(),
            Some(_) => args.prefix_column.iter().map(|column| self.label_column(column)).collect(),
            None => return Ok(None),
        };
        Ok(Some(Labels::new(columns?)?))
    }

    /// Reads the labels of the rows for a fit, if flags name some.
    pub(crate) fn fit_labels(&self, args: &LabelledFitArgs) -> Result<Option<Labels>, Failure> {
        match (args.prefix.first_given(), args.says_unknown()) {
            (Some(_), _) => self.given_labels(&args.prefix),
            (None, false) => Ok(None),
            (None, true) => Err(Failure::Error(
                "--unknown is about rows without a label; give labels with --prefix-column, or leave it out".into(),
            )),
        }
    }

    /// Reads the labels of the items, if flags name some; an empty one is none.
    pub(crate) fn item_labels(&self, column: Option<&str>, file: Option<&Path>) -> Result<Option<ItemLabels>, Failure> {
        let labels = match column {
            Some(column) if self.has_columns()? => Some(self.rows.labels(column)?),
            _ => {
                let texts = self.texts(("--label-column", column), ("labels", "--labels", file))?;
                texts.map(|texts| texts.into_iter().map(Some).collect())
            }
        };
        let known = |label: Option<String>| label.filter(|label| !label.is_empty());
        Ok(labels.map(|labels| labels.into_iter().map(known).collect()))
    }

    fn label_column(&self, column: &str) -> Result<Column, Failure> {
        match self.has_columns()? {
            true => Ok((column.to_owned(), self.rows.labels(column)?)),
            false => Err(self.refuse(
                "--prefix-column needs an input that has columns, such as .parquet; give the labels with \
                 --prefix-labels FILE",
            )),
        }
    }

    fn label_lines(&self, path: &Path) -> Result<Column, Failure> {
        let texts = self.texts(("--prefix-column", None), ("labels", "--prefix-labels", Some(path)))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, texts.unwrap_or_default().into_iter().map(Some).collect()))
    }
}

/// A label for every item that has one.
pub(crate) type ItemLabels = Vec<Option<String>>;

/// A name, and a label for every row that has one.
type Column = (String, Vec<Option<String>>);

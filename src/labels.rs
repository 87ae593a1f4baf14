//! Labels of rows, such as categories, which give the codes of the first levels of a model.

use crate::error::{Error, ErrorKind, Result};
use crate::io::model_file::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

/// Columns of labels, one per prefix level of a model, with a label for every row; a row may have none.
///
/// An empty label is none.
///
/// ```
/// use semid::{Device, LabelledFit, Labels, Matrix, RqKMeans};
///
/// let values = [0.0, 1.0, 10.0, 12.0, 11.0, 2.0];
/// let (rows, device) = (Matrix::new(&values, 1)?, Device::cpu());
/// let labels = Labels::new([("category", ["tea", "tea", "cup", "cup", "cup", "tea"].map(Some))])?;
/// let model = RqKMeans::new(1, 2).fit_labelled(&rows, &LabelledFit::new(&labels), &device)?;
/// let codes = model.encoder().labels(&labels).encode(&rows, &device)?;
/// // "cup" comes before "tea".
/// assert_eq!(codes.rows().map(|codes| codes[0]).collect::<Vec<_>>(), [1, 1, 0, 0, 0, 1]);
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    columns: Vec<LabelColumn>,
    /// The rows of this part of the columns.
    rows: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct LabelColumn {
    name: Arc<str>,
    labels: Arc<[Option<Box<str>>]>,
}

impl Labels {
    /// Makes columns of labels from their names and the labels of all rows.
    ///
    /// # Errors
    /// [`ErrorKind::RowCount`] for columns of different lengths.
    pub fn new<N, C, S>(columns: impl IntoIterator<Item = (N, C)>) -> Result<Self>
    where
        N: AsRef<str>,
        C: IntoIterator<Item = Option<S>>,
        S: AsRef<str>,
    {
        let label = |label: Option<S>| -> Option<Box<str>> {
            label.filter(|label| !label.as_ref().is_empty()).map(|label| Box::from(label.as_ref()))
        };
        let column = |(name, labels): (N, C)| LabelColumn {
            name: Arc::from(name.as_ref()),
            labels: labels.into_iter().map(label).collect(),
        };
        let columns: Vec<LabelColumn> = columns.into_iter().map(column).collect();
        let rows = columns.first().map_or(0, |column| column.labels.len());
        match columns.iter().find(|column| column.labels.len() != rows) {
            Some(column) => Err(ErrorKind::RowCount { what: "labels", found: column.labels.len(), rows }.into()),
            None => Ok(Self { columns, rows: 0..rows }),
        }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the number of columns.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Returns the labels of some of the rows; rows beyond the end are left out.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Self {
        let place = |row: usize| self.rows.start.saturating_add(row).min(self.rows.end);
        Self { columns: self.columns.clone(), rows: place(rows.start)..place(rows.end) }
    }

    /// Returns the labels of these rows, in their order; a row that does not exist has none.
    #[must_use]
    pub fn of_rows(&self, rows: &[usize]) -> Self {
        let label = |column: &LabelColumn, row: &usize| {
            let row = self.rows.start.checked_add(*row).filter(|row| *row < self.rows.end)?;
            column.labels.get(row).cloned().flatten()
        };
        let columns = self.columns.iter().map(|column| LabelColumn {
            name: column.name.clone(),
            labels: rows.iter().map(|row| label(column, row)).collect(),
        });
        Self { columns: columns.collect(), rows: 0..rows.len() }
    }

    /// Returns the name of each column, and how many rows have no label in it.
    ///
    /// ```
    /// use semid::Labels;
    ///
    /// let labels = Labels::new([("category", [Some("tea"), None, Some(""), Some("cup")])])?;
    /// assert_eq!(labels.missing().collect::<Vec<_>>(), [("category", 2)]);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn missing(&self) -> impl ExactSizeIterator<Item = (&str, usize)> {
        let missing = |level: usize| self.column(level).filter(Option::is_none).count();
        self.columns.iter().enumerate().map(move |(level, column)| (&*column.name, missing(level)))
    }

    /// Counts the rows that have no label that a table knows, for each of the `tables` of a model.
    ///
    /// # Shapes
    /// P tables, of as many columns, give P numbers.
    pub fn unknown(&self, tables: &[LabelTable]) -> Vec<usize> {
        let of = |(level, table): (usize, &LabelTable)| {
            let known = self.column(level).flatten().filter(|label| table.code(label).is_some()).count();
            self.len().saturating_sub(known)
        };
        tables.iter().enumerate().map(of).collect()
    }

    fn column(&self, level: usize) -> impl Iterator<Item = Option<&str>> {
        let labels = self.columns.get(level).and_then(|column| column.labels.get(self.rows.clone()));
        labels.unwrap_or_default().iter().map(Option::as_deref)
    }

    /// Returns SHA-256, in hex, over the name and the labels of every column, each as its length in bytes and the
    /// bytes, and over the number of columns. Numbers are u64, little endian, and no label has the largest length.
    pub(crate) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut update = |text: Option<&str>| {
            hash.update(text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
            hash.update(text.unwrap_or_default());
        };
        for (level, column) in self.columns.iter().enumerate() {
            update(Some(&column.name));
            self.column(level).for_each(&mut update);
        }
        hash.update((self.columns.len() as u64).to_le_bytes());
        hex(&hash.finalize())
    }

    /// Refuses labels of another number of rows or levels.
    pub(crate) fn check(&self, rows: usize, levels: usize) -> Result<()> {
        if self.columns.len() != levels {
            let expected = match levels {
                0 => "must be left out, as this model takes no labels".to_owned(),
                1 => "must have one column, for the level that labels give".to_owned(),
                _ => format!("must have one column for each of the {levels} levels that labels give"),
            };
            return Err(Error::parameter("labels", self.columns.len(), expected));
        }
        match self.len() == rows {
            true => Ok(()),
            false => Err(ErrorKind::RowCount { what: "labels", found: self.len(), rows }.into()),
        }
    }
}

/// The code that a row gets whose label the fit has not met, or that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownLabel {
    /// The code of the label whose codeword is nearest to the row.
    #[default]
    Nearest,
    /// A code of their own: the last one of the level, whose codeword is the mean of the rows of the fit that have no
    /// label, or zero where there are none.
    Reserve,
}

/// The labels of a fit, and what it does without one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LabelledFit<'a> {
    /// A column for each of the first levels.
    pub labels: &'a Labels,
    /// The codes of rows without a known label.
    pub unknown: UnknownLabel,
}

impl UnknownLabel {
    /// Returns the name that files use.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Reserve => "reserve",
        }
    }
}

impl<'a> LabelledFit<'a> {
    /// Gives rows without a known label the code of the nearest one.
    pub fn new(labels: &'a Labels) -> Self {
        Self { labels, unknown: UnknownLabel::default() }
    }

    /// Sets the codes of rows without a known label.
    #[must_use]
    pub fn unknown(self, unknown: UnknownLabel) -> Self {
        Self { unknown, ..self }
    }
}

/// The table of a level whose codes are given by labels.
///
/// # Files
/// An object with `column`, the name of the column that the fit used, and `labels`, the label of every code; the label
/// of the code for unknown labels is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredLabels", into = "StoredLabels")]
pub struct LabelTable {
    column: String,
    /// The label of each code.
    labels: Vec<Option<String>>,
    codes: HashMap<String, u32>,
    reserved: Option<u32>,
}

/// [`LabelTable`] as files contain it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredLabels {
    column: String,
    labels: Vec<Option<String>>,
}

impl From<LabelTable> for StoredLabels {
    fn from(LabelTable { column, labels, .. }: LabelTable) -> Self {
        Self { column, labels }
    }
}

impl TryFrom<StoredLabels> for LabelTable {
    type Error = Error;

    fn try_from(StoredLabels { column, labels }: StoredLabels) -> Result<Self> {
        let (mut codes, mut reserved) = (HashMap::new(), None);
        for (code, label) in (0..).zip(&labels) {
            let is_new = match label {
                Some(label) => !label.is_empty() && codes.insert(label.clone(), code).is_none(),
                None => reserved.replace(code).is_none(),
            };
            if !is_new {
                return Err(Error::damaged("a level has two codes for one label"));
            }
        }
        Ok(Self { column, labels, codes, reserved })
    }
}

impl LabelTable {
    /// Makes the table of the labels of `rows` in a column: codes in the order of the labels' bytes, and then one for
    /// unknown labels if that is asked for. Returns it with the codes of these rows; none for a row without a label.
    pub(crate) fn of(fit: &LabelledFit<'_>, level: usize, rows: &[usize]) -> Result<(Self, Vec<Option<u32>>)> {
        let all: Vec<Option<&str>> = fit.labels.column(level).collect();
        let of_row = |row: &usize| all.get(*row).copied().flatten();
        let mut known: BTreeMap<&str, u32> = rows.iter().filter_map(of_row).map(|label| (label, 0)).collect();
        known.values_mut().zip(0..).for_each(|(code, number)| *code = number);
        let codes = rows.iter().map(|row| of_row(row).and_then(|label| known.get(label).copied())).collect();
        let labels = known.into_keys().map(|label| Some(label.to_owned()));
        let reserved = (fit.unknown == UnknownLabel::Reserve).then_some(None);
        let column = fit.labels.columns.get(level).map(|column| column.name.to_string()).unwrap_or_default();
        let table = Self::try_from(StoredLabels { column, labels: labels.chain(reserved).collect() })?;
        Ok((table, codes))
    }

    /// Returns the name of the column that the fit used.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Returns the label of every code; none for the code of unknown labels.
    pub fn labels(&self) -> impl Iterator<Item = Option<&str>> {
        self.labels.iter().map(Option::as_deref)
    }

    /// Returns the code of a label, if the fit has met it.
    pub fn code(&self, label: &str) -> Option<u32> {
        self.codes.get(label).copied()
    }

    /// Returns the code for unknown labels; none where the nearest codeword is taken.
    pub fn reserved(&self) -> Option<u32> {
        self.reserved
    }

    /// Returns the number of codes.
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns the codes of rows by their labels in a column; none for unknown ones.
    pub(crate) fn codes(&self, labels: &Labels, level: usize) -> Vec<Option<u32>> {
        let code = |label: Option<&str>| label.and_then(|label| self.code(label));
        labels.column(level).map(code).collect()
    }

    /// Returns the table in which code k has become code `labels[k]`.
    pub(crate) fn relabelled(&self, labels: &[u32]) -> Result<Self> {
        let mut order: Vec<(u32, &Option<String>)> = labels.iter().copied().zip(&self.labels).collect();
        order.sort_unstable_by_key(|(code, _)| *code);
        let labels = order.into_iter().map(|(_, label)| label.clone()).collect();
        Self::try_from(StoredLabels { column: self.column.clone(), labels })
    }

    /// Calls `update` with the bytes that influence an encode.
    pub(crate) fn hash(&self, mut update: impl FnMut(&[u8])) {
        update(&(self.labels.len() as u32).to_le_bytes());
        for label in &self.labels {
            // The code of unknown labels has the length of no label.
            let len = label.as_ref().map_or(u32::MAX, |label| label.len() as u32);
            update(&len.to_le_bytes());
            update(label.as_deref().unwrap_or_default().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(texts: &[&str]) -> Labels {
        Labels::new([("kind", texts.iter().map(|text| Some(*text)))]).unwrap()
    }

    #[test]
    fn codes_follow_the_order_of_labels() {
        let all = labels(&["b", "a", "", "c", "a"]);
        for (unknown, reserved) in [(UnknownLabel::Nearest, None), (UnknownLabel::Reserve, Some(2))] {
            let fit = LabelledFit::new(&all).unknown(unknown);
            // Row 3 is not used, so its label is unknown.
            let (table, codes) = LabelTable::of(&fit, 0, &[0, 1, 2, 4]).unwrap();
            assert_eq!(codes, [Some(1), Some(0), None, Some(0)]);
            assert_eq!((table.column(), table.reserved(), table.code("c")), ("kind", reserved, None));
            assert_eq!(table.codes(&all.part(1..4), 0), [Some(0), None, None]);
            let (tables, part) = ([table.clone()], all.part(3..5));
            assert_eq!((all.unknown(&tables), part.unknown(&tables)), (vec![2], vec![1]));
            assert!(all.missing().eq([("kind", 1)]) && part.missing().eq([("kind", 0)]));
            let text = serde_json::to_string(&table).unwrap();
            assert_eq!(serde_json::from_str::<LabelTable>(&text).unwrap(), table);
        }
    }

    #[test]
    fn tables_change_their_order_with_the_codes() {
        let fit = labels(&["x", "y", "z"]);
        let (table, _) = LabelTable::of(&LabelledFit::new(&fit).unknown(UnknownLabel::Reserve), 0, &[0, 1, 2]).unwrap();
        let other = table.relabelled(&[2, 0, 3, 1]).unwrap();
        assert_eq!(["x", "y", "z"].map(|label| other.code(label)), [Some(2), Some(0), Some(3)]);
        assert_eq!(other.reserved(), Some(1));
    }

    #[test]
    fn bad_tables_and_labels_are_refused() {
        for text in [
            r#"{"column":"a","labels":["x","x"]}"#,
            r#"{"column":"a","labels":[null,null]}"#,
            r#"{"column":"a","labels":[""]}"#,
            r#"{"column":"a","labels":[],"more":1}"#,
        ] {
            assert!(serde_json::from_str::<LabelTable>(text).is_err(), "{text}");
        }
        assert!(Labels::new([("a", vec![Some("x")]), ("b", Vec::new())]).is_err());
        assert!(labels(&["x"]).check(2, 1).is_err() && labels(&["x"]).check(1, 2).is_err());
        assert!(labels(&["x"]).check(1, 1).is_ok());
        let refused = labels(&["x"]).check(1, 0).unwrap_err().to_string();
        assert!(refused.contains("this model takes no labels"), "{refused}");
    }
}

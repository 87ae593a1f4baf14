//! Embeddings written as text. A reader reads all rows once, from front to back, and saves them as f32 to a temporary
//! file.
//!
//! A number is read as a correctly rounded 64-bit float and then rounded to f32, as a value of an f8 .npy file is.

#[cfg(feature = "csv")]
mod csv;
#[cfg(feature = "csv")]
pub(crate) use csv::column_names;
mod jsonl;
#[cfg(test)]
mod tests;

use super::ReadOptions;
use super::dense::{Dense, Float};
use super::dialect::{Dialect, TextColumn};
use super::file::Source;
use super::spool::Spool;
use super::width::FirstRows;
use crate::MAX_DIM;
use crate::error::{BadRowKind, Error, ErrorKind, Fault, Result, try_reserve};
use crate::rows::Rows;

/// Most bytes of a row of text.
const MAX_LINE: u64 = 64 << 20;

/// A format of text with a row on every line.
pub(super) trait Lines: Send + Sync {
    /// Calls `each` with the values of every row and with what is wrong with them.
    fn values(&self, source: &Source, each: &mut dyn FnMut(TextRow<'_>) -> Result<()>) -> Result<()>;

    /// Returns the names of the columns that texts can be read from.
    fn columns(&self) -> Vec<String>;

    /// Returns the names of the dimensions, where a header says which columns they are.
    fn dimensions(&self) -> Option<Vec<String>> {
        None
    }

    /// Reads the texts of a column.
    fn strings(&self, source: &Source, column: TextColumn<'_>) -> Result<Vec<String>>;
}

/// The values of a row, in which bad ones are NaN, and the first bad column.
pub(super) struct TextRow<'a> {
    pub(super) values: &'a [f32],
    pub(super) bad: Option<(Option<usize>, BadRowKind)>,
}

/// Embeddings in a text file.
pub(super) struct TextRows {
    source: Source,
    lines: Box<dyn Lines>,
    values: Dense,
    /// The bad rows, in their order.
    faults: Vec<Fault>,
}

/// Opens a text file of the format that an extension says.
pub(super) fn open(source: Source, extension: &str, options: &ReadOptions) -> Result<TextRows> {
    refuse_wide(&source)?;
    let lines: Box<dyn Lines> = match extension {
        "jsonl" => Box::new(jsonl::JsonLines::new(options)),
        #[cfg(feature = "csv")]
        "csv" | "tsv" => Box::new(csv::Csv::open(&source, if extension == "tsv" { b'\t' } else { b',' }, options)?),
        _ => return Err(source.error("it is no text of a known format")),
    };
    TextRows::read(source, lines, options.dim)
}

/// Refuses text in UTF-16, which some spreadsheets and shells write.
fn refuse_wide(source: &Source) -> Result<()> {
    let mut start = [0; 2];
    if source.len() >= 2 {
        source.read(0, &mut start)?;
    }
    match start {
        [0xff, 0xfe] | [0xfe, 0xff] => Err(source.error("it is text in UTF-16; save it in UTF-8")),
        _ => Ok(()),
    }
}

impl TextRows {
    fn read(source: Source, lines: Box<dyn Lines>, known: Option<usize>) -> Result<Self> {
        let mut saved = Saved {
            names: lines.dimensions(),
            spool: Spool::new()?,
            width: RowLength::Asked { held: Vec::new(), first: FirstRows::default() },
            rows: 0,
            faults: Vec::new(),
        };
        let at = |error: Error| error.at(source.path());
        lines.values(&source, &mut |row| saved.add(row).map_err(at))?;
        if saved.rows == 0 {
            return Err(at(ErrorKind::Empty.into()));
        }
        let dim = saved.decide(known).map_err(at)?;
        let Saved { spool, rows, faults, .. } = saved;
        let spooled = spool.finish(source.path(), "spooled")?;
        let bytes = spooled.len();
        let values =
            Dense { source: spooled, start: 0, rows, dim, float: Float::F32, big_endian: false, by_columns: false };
        Ok(Self { source, lines, values: values.check(bytes)?, faults })
    }
}

/// Rows of text on their way to a temporary file.
struct Saved {
    /// Names of the dimensions, where a header has them.
    names: Option<Vec<String>>,
    spool: Spool,
    width: RowLength,
    rows: usize,
    faults: Vec<Fault>,
}

/// How long a row is.
enum RowLength {
    /// The first rows are held until they tell it.
    Asked { held: Vec<UnsavedRow>, first: FirstRows },
    /// Zeros, which take the place of a bad row.
    Known(Vec<f32>),
}

/// A row that is not saved yet.
struct UnsavedRow {
    len: usize,
    /// No values where the row is bad, or longer than any row may be.
    values: Vec<f32>,
}

impl Saved {
    fn add(&mut self, TextRow { values, bad }: TextRow<'_>) -> Result<()> {
        let row = self.rows;
        self.rows += 1;
        let bad = bad.or(values.is_empty().then_some((None, BadRowKind::Empty)));
        if let Some((column, kind)) = bad {
            self.fault(row, column, kind)?;
        }
        let len = if bad.is_some() { 0 } else { values.len() };
        let values = if (1..=MAX_DIM).contains(&len) { values } else { &[] };
        match &mut self.width {
            RowLength::Known(_) => self.put(row, len, values),
            RowLength::Asked { held, first } => {
                try_reserve(held, 1, "the first rows")?;
                held.push(UnsavedRow { len, values: values.to_vec() });
                match len > 0 && first.add(len) {
                    true => self.decide(None).map(|_| ()),
                    false => Ok(()),
                }
            }
        }
    }

    /// Says what is wrong with the first row, where all rows are bad. In a table with a header the column is then most
    /// likely one of texts.
    fn why(&self, fault: &Fault) -> String {
        match fault.column.and_then(|column| self.names.as_ref()?.get(column)) {
            Some(name) => format!("{fault}, in the column {name:?}; name the columns that are dimensions"),
            None => fault.to_string(),
        }
    }

    fn fault(&mut self, row: usize, column: Option<usize>, kind: BadRowKind) -> Result<()> {
        try_reserve(&mut self.faults, 1, "the bad rows")?;
        self.faults.push(Fault { row, column, kind });
        Ok(())
    }

    /// Saves a row; one that is bad already has the length 0.
    fn put(&mut self, row: usize, len: usize, values: &[f32]) -> Result<()> {
        let RowLength::Known(zeros) = &self.width else { return Ok(()) };
        let expected = zeros.len();
        if len == expected {
            return self.spool.floats(values);
        }
        self.spool.floats(zeros)?;
        match len {
            0 => Ok(()),
            found => self.fault(row, None, BadRowKind::Length { expected, found }),
        }
    }

    /// Returns the length of a row; decides it by the rows held, if it is not known yet, or else by `known`.
    fn decide(&mut self, known: Option<usize>) -> Result<usize> {
        let (held, width) = match &mut self.width {
            RowLength::Known(zeros) => return Ok(zeros.len()),
            RowLength::Asked { held, first } => (std::mem::take(held), first.width()),
        };
        let why = || self.faults.first().map_or_else(String::new, |fault| self.why(fault));
        let dim = width.or(known).ok_or_else(|| ErrorKind::NoEmbedding { rows: self.rows, why: why() })?;
        if dim > MAX_DIM {
            return Err(ErrorKind::Dim { dim }.into());
        }
        self.width = RowLength::Known(vec![0.0; dim]);
        held.iter().enumerate().try_for_each(|(row, held)| self.put(row, held.len, &held.values))?;
        self.faults.sort_by_key(|fault| fault.row);
        Ok(dim)
    }
}

impl Rows for TextRows {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn dim(&self) -> usize {
        self.values.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.values.read(first, out)
    }
}

impl Dialect for TextRows {
    fn read_lenient(&self, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        self.values.read(first, out)?;
        let end = first + out.len() / self.values.dim;
        let begin = self.faults.partition_point(|fault| fault.row < first);
        faults.extend(self.faults.iter().skip(begin).take_while(|fault| fault.row < end));
        Ok(())
    }

    fn columns(&self) -> Result<Vec<String>> {
        Ok(self.lines.columns())
    }

    fn dimensions(&self) -> Option<Vec<String>> {
        self.lines.dimensions()
    }

    fn texts(&self, column: TextColumn<'_>) -> Result<Vec<String>> {
        self.lines.strings(&self.source, column)
    }
}

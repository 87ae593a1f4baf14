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
use super::dialect::Dialect;
use super::file::Source;
use super::spool::Spool;
use crate::MAX_DIM;
use crate::error::{BadRowKind, Error, ErrorKind, Fault, Result, try_reserve};
use crate::rows::Rows;

/// Most bytes of a row of text.
const MAX_LINE: u64 = 64 << 20;

/// A format of text with a row on every line.
pub(super) trait Lines: Send + Sync {
    /// Calls `each` with the values of every row and with what is wrong with them.
    fn values(&self, source: &Source, each: &mut dyn FnMut(Row<'_>) -> Result<()>) -> Result<()>;

    /// Returns the names of the columns that texts can be read from.
    fn columns(&self) -> Vec<String>;

    /// Reads the texts of a column.
    fn strings(&self, source: &Source, column: &str) -> Result<Vec<String>>;
}

/// The values of a row, in which bad ones are NaN, and the first bad column.
pub(super) struct Row<'a> {
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
    let lines: Box<dyn Lines> = match extension {
        "jsonl" => Box::new(jsonl::JsonLines::new(options)),
        #[cfg(feature = "csv")]
        "csv" | "tsv" => Box::new(csv::Csv::open(&source, if extension == "tsv" { b'\t' } else { b',' }, options)?),
        _ => return Err(source.error("it is no text of a known format")),
    };
    TextRows::read(source, lines)
}

impl TextRows {
    fn read(source: Source, lines: Box<dyn Lines>) -> Result<Self> {
        let mut spool = Spool::new()?;
        let (mut dim, mut rows) = (0, 0_usize);
        let mut faults: Vec<Fault> = Vec::new();
        let mut zeros = Vec::new();
        // Number of rows before the first good one; the length of a row is not known yet.
        let mut ahead = 0;
        lines.values(&source, &mut |Row { values, bad }| {
            if dim == 0 && bad.is_none() && !values.is_empty() {
                dim = values.len();
                if dim > MAX_DIM {
                    return Err(Error::from(ErrorKind::Dim { dim }).at(source.path()));
                }
                zeros = vec![0.0; dim];
                (0..std::mem::take(&mut ahead)).try_for_each(|_| spool.floats(&zeros))?;
            }
            let length = (values.is_empty() || values.len() != dim).then_some(match values.len() {
                0 => (None, BadRowKind::Empty),
                found => (None, BadRowKind::Length { expected: dim, found }),
            });
            if let Some((column, kind)) = bad.or(length) {
                try_reserve(&mut faults, 1, "the bad rows")?;
                faults.push(Fault { row: rows, column, kind });
                match dim {
                    0 => ahead += 1,
                    _ => spool.floats(&zeros)?,
                }
            } else {
                spool.floats(values)?;
            }
            rows += 1;
            Ok(())
        })?;
        if rows == 0 {
            return Err(Error::from(ErrorKind::Empty).at(source.path()));
        }
        if dim == 0 {
            return Err(source.error(format!("none of its {rows} rows is one of numbers: {}", first(&faults))));
        }
        let spooled = spool.finish(source.path(), "spooled")?;
        let bytes = spooled.len();
        let values =
            Dense { source: spooled, start: 0, rows, dim, float: Float::F32, big_endian: false, by_columns: false };
        Ok(Self { source, lines, values: values.check(bytes)?, faults })
    }
}

fn first(faults: &[Fault]) -> String {
    faults.first().map_or_else(String::new, ToString::to_string)
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

    fn strings(&self, column: &str) -> Result<Vec<String>> {
        self.lines.strings(&self.source, column)
    }
}

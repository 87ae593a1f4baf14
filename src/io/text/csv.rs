//! Numbers separated by commas or tabs, under a header or without one.

use super::{Lines, MAX_LINE, TextRow};
use crate::error::{BadRowKind, Error, Result, try_reserve};
use crate::io::dialect::TextColumn;
use crate::io::file::{Source, SourceReader};
use crate::io::{ReadOptions, list, names};
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

pub(super) struct Csv {
    delimiter: u8,
    /// Names of all columns, where there is a header.
    names: Option<Vec<String>>,
    /// The columns of the dimensions; `None` where all columns are dimensions.
    dimensions: Option<Vec<usize>>,
}

impl Csv {
    /// Finds the names of the columns and those that are dimensions.
    pub(super) fn open(source: &Source, delimiter: u8, options: &ReadOptions) -> Result<Self> {
        let mut lines = Vec::new();
        records(source, delimiter, |row, record| {
            lines.push(record.clone());
            Ok(row < 1)
        })?;
        if let Some(reason) = other_delimiter(&lines, delimiter) {
            return Err(source.error(reason));
        }
        let second = lines.get(1).cloned();
        let mut lines = lines.into_iter();
        let Some(first) = lines.next() else {
            return Ok(Self { delimiter, names: None, dimensions: None });
        };
        if !is_header(&first, second.as_ref()).map_err(|reason| source.error(reason))? {
            return match (&options.columns, options.beside.first()) {
                (None, None) => Ok(Self { delimiter, names: None, dimensions: None }),
                _ => Err(source.error("it has no header with the names of its columns; write one as its first line")),
            };
        }
        let all = column_names(&first);
        let all_names: Vec<&str> = all.iter().map(String::as_str).collect();
        if let Some(missing) = options.beside.iter().find(|name| !all.contains(name)) {
            return Err(source.error(format!("no column {missing:?}; it has {}", list(&all))));
        }
        let dimensions = match &options.columns {
            Some(wanted) => names::choose(wanted, &all_names).map_err(|reason| source.error(reason))?,
            None if all.iter().any(String::is_empty) => {
                return Err(source.error(
                    "a column has no name, as the index that pandas writes: leave it out (in pandas: index=False), or \
                     name the columns that are dimensions",
                ));
            }
            None => (0..all.len()).filter(|i| !all.get(*i).is_some_and(|name| options.beside.contains(name))).collect(),
        };
        let cell = |column: &usize| second.as_ref().and_then(|line| line.get(*column));
        if let Some(column) = dimensions.iter().find(|column| cell(column).is_some_and(|cell| cell.starts_with(b"["))) {
            let name = all.get(*column).map(String::as_str).unwrap_or_default();
            return Err(source.error(format!(
                "column {name:?} has lists as texts; save lists to .parquet or .jsonl (in pandas: `to_parquet`, or \
                 `to_json` with orient=\"records\" and lines=True)"
            )));
        }
        Ok(Self { delimiter, names: Some(all), dimensions: Some(dimensions) })
    }

    fn skipped(&self) -> usize {
        usize::from(self.names.is_some())
    }
}

/// Says what is between the fields of the first lines, where that is something other than the delimiter.
fn other_delimiter(lines: &[ByteRecord], delimiter: u8) -> Option<String> {
    let is_alone = lines.first().is_some_and(|line| line.len() == 1);
    // Commas may be in the numbers then.
    let has_semicolons = lines.iter().all(|line| line.iter().any(|field| field.contains(&b';')));
    let is_between = |byte: u8| byte != delimiter && lines.iter().all(|line| line.len() == 1 && splits(line, byte));
    let others = [(b'\t', "tabs"), (b',', "commas"), (b' ', "spaces"), (b'|', "bars")];
    let name = match is_alone {
        true if has_semicolons => "semicolons",
        true => others.into_iter().find(|(byte, _)| is_between(*byte))?.1,
        false => return None,
    };
    Some(format!(
        "{name} are between its numbers; save it with commas as .csv, or with tabs as .tsv, and with decimal points"
    ))
}

/// Returns whether the only field of a line becomes several at this byte, of which the last is a number or a name.
fn splits(line: &ByteRecord, byte: u8) -> bool {
    let mut parts = line.iter().flat_map(|field| field.trim_ascii().split(move |other| *other == byte));
    let (first, last) = (parts.next(), parts.next_back());
    // The names of columns may have spaces.
    let is_one = |part: &[u8]| byte != b' ' || number(part).is_some();
    first.is_some_and(is_one) && last.is_some_and(is_one)
}

/// Returns whether the first line is a header: if its fields, but for empty ones, are no numbers, or if the numbers
/// among them count up from 0, as pandas names columns. Where all are numbers that do, and the next line has whole
/// numbers too, both lines are rows.
fn is_header(first: &ByteRecord, second: Option<&ByteRecord>) -> Result<bool, String> {
    let fields = || first.iter().map(<[u8]>::trim_ascii).filter(|field| !field.is_empty());
    let numbers = || fields().filter(|field| number(field).is_some());
    let whole = |field: &[u8]| field.trim_ascii().iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
    if numbers().next().is_none() {
        return Ok(fields().next().is_some());
    }
    let counts_up = numbers().enumerate().all(|(i, field)| *field == *i.to_string().as_bytes());
    let words = fields().count() - numbers().count();
    match (words, counts_up) {
        (0, true) => Ok(numbers().count() > 1 && second.is_some_and(|line| !line.iter().all(whole))),
        (0, false) => Ok(false),
        (_, true) => Ok(true),
        (_, false) => {
            Err("its first line has words and numbers, so that it is neither a header nor a row; repair it, or \
             write a header before it"
                .to_owned())
        }
    }
}

/// Returns the names of columns in a header, without the mark of UTF-8 at the beginning of a file.
pub(crate) fn column_names(header: &ByteRecord) -> Vec<String> {
    let text = |field: &[u8]| String::from_utf8_lossy(field).trim_start_matches('\u{feff}').trim().to_owned();
    header.iter().map(text).collect()
}

/// Reads a number; texts such as `nan` and `inf` are numbers that are not finite.
fn number(field: &[u8]) -> Option<f32> {
    let value: f64 = std::str::from_utf8(field.trim_ascii()).ok()?.parse().ok()?;
    Some(value as f32)
}

impl Lines for Csv {
    fn values(&self, source: &Source, each: &mut dyn FnMut(TextRow<'_>) -> Result<()>) -> Result<()> {
        let mut values = Vec::new();
        let skip = self.skipped();
        records(source, self.delimiter, |row, record| {
            if row < skip {
                return Ok(true);
            }
            values.clear();
            let mut bad = None;
            let mut put = |field: Option<&[u8]>| {
                let empty = field.is_none_or(|field| field.trim_ascii().is_empty());
                let value = field.and_then(number);
                let kind = if empty { BadRowKind::Null } else { BadRowKind::Text };
                bad = bad.or(value.is_none().then_some((Some(values.len()), kind)));
                values.push(value.unwrap_or(f32::NAN));
            };
            match (&self.dimensions, &self.names) {
                (Some(columns), Some(names)) if record.len() == names.len() => {
                    columns.iter().for_each(|column| put(record.get(*column)));
                }
                (None, _) => record.iter().for_each(|field| put(Some(field))),
                // A row with too few or too many fields counts as one with as many values too few or too many.
                (Some(columns), names) => {
                    let expected = columns.len();
                    let others = names.as_ref().map_or(0, Vec::len).saturating_sub(expected);
                    let found = record.len().saturating_sub(others);
                    bad = Some((None, BadRowKind::Length { expected, found }));
                }
            }
            each(TextRow { values: &values, bad })?;
            Ok(true)
        })
    }

    fn columns(&self) -> Vec<String> {
        self.names.clone().unwrap_or_default()
    }

    fn dimensions(&self) -> Option<Vec<String>> {
        let names = self.names.as_ref()?;
        Some(self.dimensions.as_ref()?.iter().filter_map(|column| names.get(*column).cloned()).collect())
    }

    fn strings(&self, source: &Source, wanted: TextColumn<'_>) -> Result<Vec<String>> {
        let TextColumn { name: column, missing, .. } = wanted;
        let names = self.columns();
        let wanted = names.iter().position(|name| name == column);
        let wanted = wanted.ok_or_else(|| source.error(format!("no column {column:?}; it has {}", list(&names))))?;
        let mut texts = Vec::new();
        let skip = self.skipped();
        records(source, self.delimiter, |row, record| {
            if row >= skip {
                let row = row - skip;
                let field = record.get(wanted).unwrap_or_default();
                if field.is_empty() && !missing.is_allowed(row) {
                    let reason = format!("column {column:?} is empty in row {row}; every row needs a value");
                    return Err(source.error(reason));
                }
                let text = std::str::from_utf8(field)
                    .map_err(|_| source.error(format!("column {column:?} of row {row} is not UTF-8")))?;
                try_reserve(&mut texts, 1, "the texts of a column")?;
                texts.push(text.to_owned());
            }
            Ok(true)
        })?;
        Ok(texts)
    }
}

/// A reader of a file that fails in a record without an end.
struct Limited<'a> {
    source: SourceReader<'a>,
    /// About how many bytes were read since the last record began.
    since: Rc<Cell<u64>>,
}

impl Read for Limited<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(out)?;
        self.since.set(self.since.get() + count as u64);
        if self.since.get() > MAX_LINE {
            let reason = format!("a row is longer than {MAX_LINE} bytes; is a quote never closed?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(count)
    }
}

/// Calls `each` with the number and the fields of every record, until it says that it has enough.
fn records(source: &Source, delimiter: u8, mut each: impl FnMut(usize, &ByteRecord) -> Result<bool>) -> Result<()> {
    let since = Rc::new(Cell::new(0));
    let input = Limited { source: source.reader(), since: since.clone() };
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).buffer_capacity(1 << 18);
    let mut reader: Reader<Limited<'_>> = builder.from_reader(input);
    let mut record = ByteRecord::new();
    let mut row = 0;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                return Err(match error.into_kind() {
                    csv::ErrorKind::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
                        Error::io("reading", error).at(source.path())
                    }
                    csv::ErrorKind::Io(error) => source.error(error.to_string()),
                    other => source.error(format!("row {row}: {other:?}")),
                });
            }
        }
        since.set(0);
        if !each(row, &record)? {
            return Ok(());
        }
        row += 1;
    }
}

//! Embeddings in one file or in many, which are read as if they were one.

mod blocks;
mod find;
mod pattern;
mod readers;
mod scan;
#[cfg(test)]
mod tests;

use super::ReadOptions;
use super::bad_rows::{BadRows, not_finite};
use super::dialect::{Dialect, Missing, TextColumn};
use super::file::{ReadAt, Source};
use super::opening;
use super::spool;
use crate::concat::Spans;
use crate::error::{Error, ErrorKind, Fault, Result, try_reserve};
use crate::rows::{Rows, out_of_range};
use blocks::Blocks;
use readers::Readers;
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Embeddings in one file or in many, which are read in pieces, with the texts beside them.
///
/// Rows of several files follow each other in the order in which the files were given, and those of a folder or a
/// pattern in the order of the files' names, byte by byte: `part-10` comes before `part-2`. Rows that cannot be used
/// are refused or left out, as [`ReadOptions::bad_rows`] says.
///
/// # Shapes
/// Every file is (Ni, D); together they are (N1 + N2 + ..., D), less the rows that are left out. Files without rows are
/// passed over.
pub struct Inputs {
    readers: Readers,
    /// The rows of each file, with those that are left out.
    spans: Spans,
    blocks: Blocks,
    /// The rows that are left out, by their numbers in the input, in order.
    skipped: Vec<usize>,
    /// Files in folders, or that patterns fit, whose format is unknown.
    passed_over: Vec<PathBuf>,
    /// Bytes that were saved of standard input, if it is part of the input.
    saved: Option<u64>,
}

impl Inputs {
    /// Opens all files that `paths` mean: files, folders, patterns such as `part-*.parquet`, and `-` for standard
    /// input.
    ///
    /// From a folder or a pattern, only files are read whose format is known and whose name does not begin with `.` or
    /// `_`, so `_SUCCESS` and checksums are passed over.
    ///
    /// # Errors
    /// As for [`open`](super::open); [`ErrorKind::Widths`] where two files have rows of different lengths.
    pub fn open<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, options: &ReadOptions) -> Result<Self> {
        Self::open_with(paths, options, |_, _| ControlFlow::Continue(()))
    }

    /// Opens files as [`Inputs::open`] does. Where bad rows are left out, it calls `progress` with the number of rows
    /// searched and the number of all rows; `progress` can stop it.
    ///
    /// # Errors
    /// As for [`Inputs::open`]; [`ErrorKind::Cancelled`] where `progress` breaks.
    pub fn open_with<P: AsRef<Path>>(
        paths: impl IntoIterator<Item = P>,
        options: &ReadOptions,
        progress: impl FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Self> {
        let (mut files, mut passed_over) = (Vec::new(), Vec::new());
        for path in paths {
            files.append(&mut find::files(path.as_ref(), &mut passed_over)?);
        }
        let alone = files.len() == 1;
        let mut readers = Readers::new(options);
        let (mut saved, mut named) = (None, None);
        if files.iter().filter(|file| *file == Path::new("-")).count() > 1 {
            return Err(Error::parameter("input", "-", "must be given once, as standard input can be read only once"));
        }
        // Files in which no row tells how long it is, before the first one in which a row does.
        let mut untold: Vec<(PathBuf, Error)> = Vec::new();
        for file in files {
            let (reader, is_stdin) = match file == Path::new("-") {
                true => (standard_input(options, &mut saved), true),
                false => (opening::open(&file, &readers.options), false),
            };
            match reader {
                Ok(reader) if reader.is_empty() && !alone => {}
                Ok(reader) => {
                    check_width(&readers, &file, &*reader)?;
                    check_names(&mut named, &file, &*reader)?;
                    readers.options.dim = Some(reader.dim());
                    readers.options.widths = reader.widths();
                    for (file, _) in untold.drain(..) {
                        let reader = opening::open(&file, &readers.options)?;
                        readers.push(file, reader, false);
                    }
                    readers.push(file, reader, is_stdin);
                }
                Err(error) if matches!(error.kind(), ErrorKind::Empty) && !alone => {}
                Err(error) if matches!(error.kind(), ErrorKind::NoEmbedding { .. }) && !alone && !is_stdin => {
                    untold.push((file, error));
                }
                Err(error) => return Err(error),
            }
        }
        if let Some((_, error)) = untold.into_iter().next() {
            return Err(error);
        }
        if readers.parts.is_empty() {
            return Err(ErrorKind::Empty.into());
        }
        Ok(Self { passed_over, ..Self::of_readers(readers, saved, progress)? })
    }

    /// Makes the input of at least one part, and finds the rows to leave out.
    fn of_readers(
        readers: Readers,
        saved: Option<u64>,
        mut progress: impl FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Self> {
        let skips = readers.bad_rows() == BadRows::Skip;
        let spans = Spans::new(readers.parts.iter().map(|part| part.rows))?;
        let mut inputs =
            Self { readers, spans, blocks: Blocks::default(), skipped: Vec::new(), passed_over: Vec::new(), saved };
        if skips {
            let mut skipped = Vec::new();
            let total = inputs.total();
            inputs.scan(
                |bad| {
                    try_reserve(&mut skipped, 1, "the numbers of bad rows")?;
                    skipped.push(bad.row);
                    Ok(())
                },
                |done| progress(done, total),
            )?;
            inputs.skipped = skipped;
            if inputs.skipped.len() == inputs.total() && inputs.total() > 0 {
                return Err(inputs.refusal());
            }
        }
        Ok(inputs)
    }

    /// Reads the embeddings in `bytes`, which are those of a file called `name`. The extension of the name says the
    /// format; without a known one, the first bytes do.
    ///
    /// ```
    /// use semid::Rows;
    /// use semid::io::{Inputs, ReadOptions};
    ///
    /// // One row of two dimensions: their number, then the values.
    /// let bytes = [2_u32.to_le_bytes(), 1.0_f32.to_le_bytes(), 2.0_f32.to_le_bytes()].concat();
    /// let rows = Inputs::of_bytes("x.fvecs", bytes, &ReadOptions::default())?;
    /// assert_eq!((rows.len(), rows.dim()), (1, 2));
    /// # Ok::<(), semid::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`open`](super::open).
    pub fn of_bytes(name: impl AsRef<Path>, bytes: impl ReadAt + 'static, options: &ReadOptions) -> Result<Self> {
        let path = name.as_ref();
        let source = Source::of(bytes, path, "input");
        let reader = opening::of_source(source, options)?;
        let mut readers = Readers::new(options);
        readers.push(path.to_owned(), reader, true);
        Self::of_readers(readers, None, |_, _| ControlFlow::Continue(()))
    }

    /// Lists the files that have rows, and how many each has.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&Path, usize)> {
        self.readers.parts.iter().map(|part| (part.path.as_path(), part.rows))
    }

    /// Returns the number of dimensions of every block of a row; there is one unless [`ReadOptions::blocks`] names
    /// several.
    pub fn widths(&self) -> &[usize] {
        &self.readers.widths
    }

    /// Returns the file that has row `row` of the input, and the row's number in that file.
    pub fn place(&self, row: usize) -> Option<(&Path, usize)> {
        let (part, row) = self.spans.find(row);
        self.readers.parts.get(part).map(|part| (part.path.as_path(), row))
    }

    /// Returns the files in folders, or that patterns fit, that were not read because no format of embeddings has their
    /// extension. Marks, such as `_SUCCESS`, are not among them.
    pub fn passed_over(&self) -> &[PathBuf] {
        &self.passed_over
    }

    /// Returns the number of bytes of standard input, if it is part of the input; they were saved to a temporary file.
    pub fn standard_input(&self) -> Option<u64> {
        self.saved
    }

    /// Returns the number of all rows of the input, with those that are left out.
    pub fn total(&self) -> usize {
        self.spans.len()
    }

    /// Returns the numbers, in the input, of the rows that are left out.
    pub fn skipped(&self) -> &[usize] {
        &self.skipped
    }

    /// Returns the number that `row` has in the input, where all rows count.
    pub fn input_row(&self, row: usize) -> usize {
        if self.skipped.is_empty() {
            return row;
        }
        // The bisection counts the rows that are left out before row `row`.
        let (mut low, mut high) = (0, self.skipped.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.skipped.get(middle) {
                Some(skipped) if skipped - middle <= row => low = middle + 1,
                _ => high = middle,
            }
        }
        row + low
    }

    /// Drops from `texts`, which has one entry for each row of the input, the entries of rows that are left out.
    pub fn kept<T>(&self, texts: Vec<T>) -> Vec<T> {
        if self.skipped.is_empty() {
            return texts;
        }
        let mut skipped = self.skipped.iter().copied().peekable();
        let texts = texts.into_iter().enumerate();
        texts.filter_map(|(row, text)| skipped.next_if_eq(&row).is_none().then_some(text)).collect()
    }

    /// Returns the names of the columns of the first file that texts can be read from.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] and [`ErrorKind::Format`] for the file.
    pub fn columns(&self) -> Result<Vec<String>> {
        self.readers.get(0)?.columns()
    }

    /// Returns whether some file has a column of this name that texts can be read from.
    ///
    /// # Errors
    /// As for [`Inputs::columns`].
    pub fn has_column(&self, name: &str) -> Result<bool> {
        for part in 0..self.readers.parts.len() {
            if self.readers.get(part)?.columns()?.iter().any(|column| column == name) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads the texts of a column, such as item keys, from all files, one for each row that is read.
    ///
    /// # Errors
    /// As for [`Inputs::all_strings`].
    pub fn strings(&self, column: &str) -> Result<Vec<String>> {
        Ok(self.kept(self.all_strings(column)?))
    }

    /// Reads the texts of a column, one for each row of the input, also for those that are left out; these may have
    /// none, and have an empty text then.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a file whose format has no columns; otherwise as for
    /// [`read_strings`](super::read_strings).
    pub fn all_strings(&self, column: &str) -> Result<Vec<String>> {
        self.all_strings_but(column, &self.skipped)
    }

    /// Reads the texts of a column as [`Inputs::all_strings`] does; the rows of the input whose numbers are in `bad`,
    /// in ascending order, may have none, and have an empty text then.
    ///
    /// # Errors
    /// As for [`Inputs::all_strings`].
    pub fn all_strings_but(&self, column: &str, bad: &[usize]) -> Result<Vec<String>> {
        self.all_texts((column, false), |part, rows| Some(self.lacking(bad, part, rows)))
    }

    /// Returns those of the `bad` rows of the input that are in a part, by their numbers in it.
    fn lacking(&self, bad: &[usize], part: usize, rows: usize) -> Vec<usize> {
        let start = self.spans.start(part);
        let end = bad.partition_point(|row| *row < start + rows);
        let bad = bad.get(bad.partition_point(|row| *row < start)..end).unwrap_or_default();
        bad.iter().map(|row| row - start).collect()
    }

    /// Reads the numbers of a column, such as weights, one for each row that is read, as texts: whole and decimal
    /// numbers as [`Inputs::strings`] does, and floating-point numbers as the shortest decimal number that rounds to
    /// them, so that `0.1` is `0.1` whether a file has it in 32 or in 64 bits.
    ///
    /// # Errors
    /// As for [`Inputs::all_strings`].
    pub fn numbers(&self, column: &str) -> Result<Vec<String>> {
        let skipped = |part, rows| Some(self.lacking(&self.skipped, part, rows));
        Ok(self.kept(self.all_texts((column, true), skipped)?))
    }

    /// Reads the labels of a column, one for each row that is read; none for a row without one.
    ///
    /// # Errors
    /// As for [`Inputs::all_strings`], but for rows without a value.
    pub fn labels(&self, column: &str) -> Result<Vec<Option<String>>> {
        let labels = self.all_texts((column, false), |_, _| None)?.into_iter();
        Ok(self.kept(labels.map(|label| Some(label).filter(|label| !label.is_empty())).collect()))
    }

    /// Reads the texts of a column, of floating-point numbers too where `floats` says so; `lacking` lists the rows of a
    /// part, by their numbers in it, that may have none, or says that all may.
    fn all_texts(
        &self,
        (name, floats): (&str, bool),
        lacking: impl Fn(usize, usize) -> Option<Vec<usize>>,
    ) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for (part, file) in self.readers.parts.iter().enumerate() {
            let lacking = lacking(part, file.rows);
            let missing = lacking.as_deref().map_or(Missing::Any, Missing::In);
            let column = TextColumn { name, missing, floats };
            let mut texts = self.readers.get(part)?.texts(column).map_err(|error| error.at(&file.path))?;
            if texts.len() != file.rows {
                let (what, found, rows) = ("texts of a column", texts.len(), file.rows);
                return Err(Error::from(ErrorKind::RowCount { what, found, rows }).at(&file.path));
            }
            match all.is_empty() {
                true => all = texts,
                false => {
                    try_reserve(&mut all, texts.len(), "the texts of a column")?;
                    all.append(&mut texts);
                }
            }
        }
        Ok(all)
    }

    /// Reads rows of the input from `first` on, and reports bad ones by their part and their number in it.
    fn read_input(&self, first: usize, out: &mut [f32], bad: &mut dyn FnMut(usize, Fault)) -> Result<()> {
        let dim = self.readers.dim;
        let mut faults = Vec::new();
        self.spans.split(first, dim, out, |part, row, out| {
            faults.clear();
            self.read_part(part, row, out, &mut faults).map_err(|error| match self.readers.parts.get(part) {
                Some(part) => error.at(&part.path),
                None => error,
            })?;
            faults.extend(not_finite(out, &self.readers.widths, row));
            // Every row keeps one fault: that of the row as a whole, or that of its first bad column.
            faults.sort_by_key(|fault| (fault.row, fault.column));
            faults.dedup_by_key(|fault| fault.row);
            faults.iter().for_each(|fault| bad(part, *fault));
            Ok(())
        })
    }

    fn read_part(&self, part: usize, row: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        let dim = self.readers.dim;
        let (mut row, mut out) = (row, out);
        while !out.is_empty() {
            let Some(block) = self.blocks.get(&self.readers, part, row)? else {
                return self.readers.get(part)?.read_lenient(row, out, faults);
            };
            let count = block.copy(dim, row, out, faults);
            if count == 0 {
                return Err(out_of_range(row, self.spans.len()));
            }
            row += count / dim;
            out = out.get_mut(count..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Opens standard input, and saves it first, because it can be read only once and not by position.
fn standard_input(options: &ReadOptions, saved: &mut Option<u64>) -> Result<Box<dyn Dialect>> {
    let path = Path::new("-");
    let source = spool::save(std::io::stdin().lock(), u64::MAX, path, "input")?;
    *saved = Some(source.len());
    if source.len() == 0 {
        return Err(Error::from(ErrorKind::Empty).at(path));
    }
    let extension = opening::sniff(&source)?;
    opening::of(source, extension, options)
}

/// Refuses a file whose rows are not as long as those of the files before it.
fn check_width(readers: &Readers, path: &Path, reader: &dyn Dialect) -> Result<()> {
    match readers.parts.first() {
        Some(first) if reader.widths() != readers.widths => {
            let widths =
                readers.widths.iter().copied().zip(reader.widths()).find(|(expected, found)| expected != found);
            let (expected, found) = widths.unwrap_or((readers.dim, reader.dim()));
            Err(Error::from(ErrorKind::Widths { first: first.path.clone(), expected, found }).at(path))
        }
        _ => Ok(()),
    }
}

/// Refuses a file whose dimensions have other names than those of the files before it, as rows would be mixed up. The
/// first file with names, and these, are in `named`.
fn check_names(named: &mut Option<(PathBuf, Vec<String>)>, path: &Path, reader: &dyn Dialect) -> Result<()> {
    let Some(names) = reader.dimensions() else { return Ok(()) };
    let (first, expected) = named.get_or_insert_with(|| (path.to_owned(), names.clone()));
    match names.iter().zip(expected).find(|(name, expected)| name != expected) {
        Some((name, expected)) => {
            let reason = format!(
                "it has the column {name:?} where {} has {expected:?}; name the columns that are dimensions",
                first.display()
            );
            Err(Error::format("embeddings", reason).at(path))
        }
        None => Ok(()),
    }
}

impl Rows for Inputs {
    fn len(&self) -> usize {
        self.spans.len() - self.skipped.len()
    }

    fn dim(&self) -> usize {
        self.readers.dim
    }

    fn is_decoded(&self) -> bool {
        self.readers.decoded
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let dim = self.readers.dim;
        let count = out.len() / dim;
        if !out.len().is_multiple_of(dim) {
            return Err(ErrorKind::Length { len: out.len(), dim }.into());
        }
        if first.checked_add(count).is_none_or(|end| end > self.len()) {
            return Err(out_of_range(first, self.len()));
        }
        let mut is_bad = false;
        let (mut row, mut rest) = (first, out);
        while !rest.is_empty() {
            // A run of rows ends at the next row that is left out.
            let input_row = self.input_row(row);
            let next = self.skipped.partition_point(|skipped| *skipped < input_row);
            let run = self.skipped.get(next).map_or(usize::MAX, |skipped| skipped - input_row);
            let (out, after) = rest.split_at_mut(rest.len().min(run.saturating_mul(dim)));
            self.read_input(input_row, out, &mut |_, _| is_bad = true)?;
            row += out.len() / dim;
            rest = after;
        }
        if is_bad { Err(self.refusal()) } else { Ok(()) }
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut inputs = f.debug_struct("Inputs");
        inputs.field("files", &self.readers.parts).field("dim", &self.readers.dim);
        inputs.field("skipped", &self.skipped.len()).finish()
    }
}

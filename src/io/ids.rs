//! Semantic IDs out: csv, json lines and parquet.

use super::atomic::AtomicFile;
use super::extension;
use crate::error::{Error, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Writes semantic IDs, one row at a time; the file appears under its name when all of it is on disk.
///
/// The columns are `item` or, where there are no item keys, `row` (from 0); `id`, the text form; and in json lines and
/// parquet `codes`.
///
/// ```
/// use semid::io::IdWriter;
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("ids.csv");
/// let mut out = IdWriter::create(&path, true)?;
/// out.push(Some("numpy"), "12-5-33", &[12, 5, 33])?;
/// out.push(Some("requests, etc."), "12-7-1", &[12, 7, 1])?;
/// out.finish()?;
/// assert_eq!(std::fs::read_to_string(&path)?, "item,id\nnumpy,12-5-33\n\"requests, etc.\",12-7-1\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IdWriter {
    path: PathBuf,
    out: Out,
    items: bool,
    row: u64,
}

#[derive(Debug)]
enum Out {
    Csv(AtomicFile),
    JsonLines(AtomicFile),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::IdTable>),
}

/// One line of json lines.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    id: &'a str,
    codes: &'a [u32],
}

impl IdWriter {
    /// Begins a file whose extension, .csv, .jsonl or .parquet, says its format; `items` says whether rows have item keys.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for another
    /// extension; [`ErrorKind::Feature`](crate::ErrorKind::Feature) for parquet in a build without it.
    pub fn create(path: &Path, items: bool) -> Result<Self> {
        let out = match extension(path).as_str() {
            "csv" => {
                let mut out = AtomicFile::create(path)?;
                out.put(if items { b"item,id\n" } else { b"row,id\n" })?;
                Out::Csv(out)
            }
            "jsonl" => Out::JsonLines(AtomicFile::create(path)?),
            #[cfg(feature = "parquet")]
            "parquet" => Out::Parquet(Box::new(super::parquet::IdTable::create(path, items)?)),
            #[cfg(not(feature = "parquet"))]
            "parquet" => return Err(Error::feature("parquet", "parquet files").at(path)),
            _ => {
                let expected = "semantic IDs go to .csv, .jsonl or .parquet";
                return Err(Error::parameter("output", path.display(), expected));
            }
        };
        Ok(Self { path: path.to_owned(), out, items, row: 0 })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where an item key is
    /// missing or not expected.
    pub fn push(&mut self, item: Option<&str>, id: &str, codes: &[u32]) -> Result<()> {
        let row = self.row;
        if item.is_some() != self.items {
            let expected = if self.items { "this row needs an item key" } else { "these rows have no item keys" };
            return Err(Error::parameter("item", format!("{item:?}"), expected).at(&self.path));
        }
        match &mut self.out {
            Out::Csv(out) => {
                let mut line = String::with_capacity(64);
                match item {
                    Some(item) => push_field(&mut line, item),
                    None => line.push_str(&row.to_string()),
                }
                line.push(',');
                push_field(&mut line, id);
                line.push('\n');
                out.put(line.as_bytes())?;
            }
            Out::JsonLines(out) => {
                let line = Line { item, row: item.is_none().then_some(row), id, codes };
                serde_json::to_writer(&mut *out, &line).map_err(|error| out.error(error.into()))?;
                out.put(b"\n")?;
            }
            #[cfg(feature = "parquet")]
            Out::Parquet(out) => out.push(row, item, id, codes)?,
        }
        self.row += 1;
        Ok(())
    }

    /// Completes the file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io). Nothing is saved then.
    pub fn finish(self) -> Result<()> {
        match self.out {
            Out::Csv(out) | Out::JsonLines(out) => out.commit(),
            #[cfg(feature = "parquet")]
            Out::Parquet(out) => out.finish(),
        }
    }
}

/// Appends a csv field, quoted where RFC 4180 asks for it.
fn push_field(line: &mut String, field: &str) {
    if field.contains([',', '"', '\n', '\r']) {
        line.push('"');
        line.push_str(&field.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const CODES: [u32; 3] = [12, 5, u32::MAX];

    fn write(name: &str, items: &[Option<&str>]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        let mut out = IdWriter::create(&path, items.iter().any(Option::is_some)).unwrap();
        items.iter().for_each(|item| out.push(*item, "12-5-33", &CODES).unwrap());
        out.finish().unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let text = write("x.csv", &[Some("plain"), Some("a,b"), Some("say \"hi\""), Some("two\r\nlines"), Some("")]);
        let expected =
            "item,id\nplain,12-5-33\n\"a,b\",12-5-33\n\"say \"\"hi\"\"\",12-5-33\n\"two\r\nlines\",12-5-33\n,12-5-33\n";
        assert_eq!(text, expected);
        assert_eq!(write("x.CSV", &[None, None]), "row,id\n0,12-5-33\n1,12-5-33\n");
    }

    #[test]
    fn json_lines_hold_the_codes() {
        assert_eq!(
            write("x.jsonl", &[Some("tab\t\"quote\" \u{e9}")]),
            "{\"item\":\"tab\\t\\\"quote\\\" \u{e9}\",\"id\":\"12-5-33\",\"codes\":[12,5,4294967295]}\n"
        );
        let expected = "{\"row\":0,\"id\":\"12-5-33\",\"codes\":[12,5,4294967295]}\n";
        assert_eq!(write("x.jsonl", &[None]), expected);
    }

    #[test]
    fn an_item_too_many_or_too_few_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (items, item) in [(true, None), (false, Some("a"))] {
            let mut out = IdWriter::create(&dir.path().join("x.csv"), items).unwrap();
            let error = out.push(item, "1", &[1]).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Parameter { name: "item", .. }), "{error}");
        }
    }

    #[test]
    fn other_extensions_are_refused_with_the_known_ones() {
        let error = IdWriter::create(Path::new("ids.xlsx"), false).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "output", .. }), "{error}");
        assert!(error.to_string().contains(".jsonl"), "{error}");
    }
}

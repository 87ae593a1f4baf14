//! Writes semantic IDs as csv, json lines and parquet.

use super::atomic::AtomicFile;
use super::extension;
use crate::error::{Error, Result};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::path::{Path, PathBuf};

/// Writes semantic IDs, one row at a time; the file appears under its name when all of it is on disk.
///
/// The first column has the item keys and is named `item`, or as the caller says; without item keys, it is `row` and
/// has row numbers from 0. The others are `id`, the text form, and, in json lines and parquet, `codes`. A file of
/// candidates has a line for each of them, and the columns `rank`, from 1, and `squared_distance` before
/// `id`.
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
    /// Name of the column of item keys, if there is one.
    keys: Option<String>,
    row: u64,
    /// Whether every line has a rank and a distance.
    ranked: bool,
}

/// The place of a candidate among those of its row, from 1, and its distance.
type Ranked = (u32, f64);

#[derive(Debug)]
enum Out {
    Csv(AtomicFile),
    JsonLines(AtomicFile),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::IdTable>),
}

/// Names of the column of item keys, unless the caller gives one, and of that of row numbers.
const KEYS: &str = "item";
const ROWS: &str = "row";
/// Names of the other columns; only files of candidates have the last two.
const OWN: [&str; 4] = ["id", "codes", "rank", "squared_distance"];

/// One line of json lines.
struct Line<'a> {
    keys: Option<&'a str>,
    item: Option<&'a str>,
    row: u64,
    ranked: Option<Ranked>,
    id: &'a str,
    codes: &'a [u32],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(Some(3))?;
        match (self.keys, self.item) {
            (Some(keys), Some(item)) => line.serialize_entry(keys, item)?,
            _ => line.serialize_entry(ROWS, &self.row)?,
        }
        if let Some((rank, distance)) = self.ranked {
            line.serialize_entry("rank", &rank)?;
            line.serialize_entry("squared_distance", &distance)?;
        }
        line.serialize_entry("id", self.id)?;
        line.serialize_entry("codes", self.codes)?;
        line.end()
    }
}

impl IdWriter {
    /// Begins a file whose extension, .csv, .jsonl or .parquet, says its format; `items` says whether rows have item
    /// keys, which make the column `item`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for another
    /// extension; [`ErrorKind::Feature`](crate::ErrorKind::Feature) for parquet in a build without it.
    pub fn create(path: impl AsRef<Path>, items: bool) -> Result<Self> {
        Self::begin(path.as_ref(), items.then_some(KEYS), false)
    }

    /// Begins a file as [`IdWriter::create`] does, for rows with item keys, whose column gets the name `keys`. So the
    /// file can be joined with the table that the keys come from.
    ///
    /// # Errors
    /// As for [`IdWriter::create`]; [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for `id` and `codes`, which
    /// are columns of their own.
    pub fn create_with_keys(path: impl AsRef<Path>, keys: &str) -> Result<Self> {
        let path = path.as_ref();
        if OWN.iter().take(2).any(|own| *own == keys) {
            return Err(Error::parameter("keys", keys, "must be a name other than `id` and `codes`").at(path));
        }
        Self::begin(path, Some(keys), false)
    }

    /// Begins a file of candidates, for rows with item keys in the column `keys` or, where that is none, with numbers.
    ///
    /// # Errors
    /// As for [`IdWriter::create`]; [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for `id`, `codes`, `rank` and
    /// `distance`, which are columns of their own.
    ///
    /// ```
    /// use semid::io::IdWriter;
    ///
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("candidates.csv");
    /// let mut out = IdWriter::create_for_candidates(&path, None)?;
    /// out.push_candidate(None, "12-5", &[12, 5], 1, 0.25)?;
    /// out.push_candidate(None, "12-7", &[12, 7], 2, 1e-30)?;
    /// out.finish()?;
    /// assert_eq!(std::fs::read_to_string(&path)?, "row,rank,squared_distance,id\n0,1,0.25,12-5\n0,2,1e-30,12-7\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_for_candidates(path: impl AsRef<Path>, keys: Option<&str>) -> Result<Self> {
        let path = path.as_ref();
        if let Some(keys) = keys.filter(|keys| OWN.contains(keys)) {
            return Err(
                Error::parameter("keys", keys, format!("must be a name other than {}", OWN.join(", "))).at(path)
            );
        }
        Self::begin(path, keys, true)
    }

    fn begin(path: &Path, keys: Option<&str>, ranked: bool) -> Result<Self> {
        let out = match extension(path).as_str() {
            "csv" => {
                let mut out = AtomicFile::create(path)?;
                let mut header = String::new();
                push_field(&mut header, keys.unwrap_or(ROWS));
                header.push_str(if ranked { ",rank,squared_distance,id\n" } else { ",id\n" });
                out.put(header.as_bytes())?;
                Out::Csv(out)
            }
            "jsonl" => Out::JsonLines(AtomicFile::create(path)?),
            #[cfg(feature = "parquet")]
            "parquet" => Out::Parquet(Box::new(super::parquet::IdTable::create(path, keys, ranked)?)),
            #[cfg(not(feature = "parquet"))]
            "parquet" => return Err(Error::feature("parquet", "parquet files").at(path)),
            _ => {
                let expected = "must be named .csv, .jsonl or .parquet";
                return Err(Error::parameter("output", path.display(), expected));
            }
        };
        Ok(Self { path: path.to_owned(), out, keys: keys.map(str::to_owned), row: 0, ranked })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where an item key
    /// is missing or not expected.
    pub fn push(&mut self, item: Option<&str>, id: &str, codes: &[u32]) -> Result<()> {
        self.put(item, id, codes, None)?;
        self.row += 1;
        Ok(())
    }

    /// Appends a candidate of a row. The first one, of rank 1, begins the row.
    ///
    /// # Errors
    /// As for [`IdWriter::push`].
    pub fn push_candidate(
        &mut self,
        item: Option<&str>,
        id: &str,
        codes: &[u32],
        rank: u32,
        distance: f64,
    ) -> Result<()> {
        if rank == 1 {
            self.row += 1;
        }
        self.put(item, id, codes, Some((rank, distance)))
    }

    fn put(&mut self, item: Option<&str>, id: &str, codes: &[u32], ranked: Option<Ranked>) -> Result<()> {
        if ranked.is_some() != self.ranked {
            let expected = if self.ranked {
                "must be the rank of a candidate"
            } else {
                "must be left out, as the file has no candidates"
            };
            return Err(Error::parameter("rank", format!("{ranked:?}"), expected).at(&self.path));
        }
        // The row of a candidate has begun already.
        let row = self.row.saturating_sub(self.ranked.into());
        if item.is_some() != self.keys.is_some() {
            let expected = if self.keys.is_some() {
                "must be given for every row"
            } else {
                "must be left out, as these rows have no item keys"
            };
            return Err(Error::parameter("item", format!("{item:?}"), expected).at(&self.path));
        }
        match &mut self.out {
            Out::Csv(out) => {
                let mut line = String::with_capacity(64);
                match item {
                    Some(item) => push_field(&mut line, item),
                    None => line.push_str(&row.to_string()),
                }
                if let Some((rank, distance)) = ranked {
                    // As JSON has it: the shortest decimal that reads back as the same f64.
                    line.push_str(&format!(",{rank},{}", serde_json::Value::from(distance)));
                }
                line.push(',');
                push_field(&mut line, id);
                line.push('\n');
                out.put(line.as_bytes())?;
            }
            Out::JsonLines(out) => {
                let line = Line { keys: self.keys.as_deref(), item, row, ranked, id, codes };
                serde_json::to_writer(&mut *out, &line).map_err(|error| out.error(error.into()))?;
                out.put(b"\n")?;
            }
            #[cfg(feature = "parquet")]
            Out::Parquet(out) => out.push(row, item, ranked, id, codes)?,
        }
        Ok(())
    }

    /// Sets the number of the next row to `row`, for inputs of which rows are left out.
    pub fn skip_to(&mut self, row: u64) {
        self.row = row;
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

/// Appends a csv field, in quotes where RFC 4180 asks for them.
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
    fn keys_have_the_name_of_their_column() {
        let dir = tempfile::tempdir().unwrap();
        for (name, expected) in
            [("x.csv", "\"a,b\",id\nkey,1\n"), ("x.jsonl", "{\"a,b\":\"key\",\"id\":\"1\",\"codes\":[1]}\n")]
        {
            let path = dir.path().join(name);
            let mut out = IdWriter::create_with_keys(&path, "a,b").unwrap();
            out.push(Some("key"), "1", &[1]).unwrap();
            out.finish().unwrap();
            assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
        }
        for name in ["id", "codes"] {
            let error = IdWriter::create_with_keys(dir.path().join("y.csv"), name).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Parameter { name: "keys", .. }), "{error}");
        }
    }

    #[test]
    fn an_item_too_many_or_too_few_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (items, item) in [(true, None), (false, Some("a"))] {
            let mut out = IdWriter::create(dir.path().join("x.csv"), items).unwrap();
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

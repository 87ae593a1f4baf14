//! IDs in tables: .csv, .tsv and .parquet.

use super::super::builder::Builder;
use super::MappingOptions;
#[cfg(any(feature = "csv", feature = "parquet"))]
use super::{NamedColumns, choose, text::Texts};
use crate::error::{Error, Result};
use std::path::Path;

/// A column of IDs, or of the codes of a level.
#[cfg(feature = "parquet")]
enum IdColumn {
    Texts(Vec<String>),
    Lists(crate::io::CodeLists),
}

#[cfg(feature = "parquet")]
impl IdColumn {
    fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Texts(texts) => Some(texts.get(row).map_or("", String::as_str)),
            Self::Lists(_) => None,
        }
    }
}

#[cfg(feature = "parquet")]
pub(super) fn parquet(path: &Path, options: &MappingOptions) -> Result<Builder> {
    use crate::io::{columns, read_code_lists, read_reals, read_strings};
    let names = columns(path)?;
    let NamedColumns { key, ids, weight } = choose(&names.iter().map(String::as_str).collect::<Vec<_>>(), options)?;
    let keys = read_strings(path, key)?;
    let column = |id: &&str| match read_code_lists(path, id)? {
        Some(lists) => Ok(IdColumn::Lists(lists)),
        None => read_strings(path, id).map(IdColumn::Texts),
    };
    let columns = ids.iter().map(column).collect::<Result<Vec<_>>>()?;
    let mut builder = Builder::default();
    let mut texts = Texts::new(options.template.as_ref());
    for (row, key) in keys.into_iter().enumerate() {
        // Tokens of the levels belong together.
        let of_levels: Option<Vec<&str>> = columns.iter().map(|column| column.text(row)).collect();
        let codes = match of_levels {
            Some(levels) => texts.codes(&levels, &key)?,
            None => {
                let mut codes = Vec::new();
                for column in &columns {
                    match column {
                        IdColumn::Lists(lists) => codes.extend(lists.get(row)),
                        IdColumn::Texts(_) => {
                            codes.append(&mut texts.codes(&[column.text(row).unwrap_or_default()], &key)?);
                        }
                    }
                }
                codes
            }
        };
        builder.push(key, codes)?;
    }
    if let Some(weight) = weight {
        let expected = "must be a column of numbers";
        let weights = read_reals(path, weight)?;
        builder.weigh_all(weights.ok_or_else(|| Error::parameter("weight column", format!("{weight:?}"), expected))?);
    }
    Ok(builder)
}

#[cfg(feature = "parquet")]
pub(super) fn parquet_pairs(path: &Path, columns: Option<[&str; 2]>) -> Result<Vec<(String, String)>> {
    use crate::io::read_strings;
    let names = crate::io::columns(path)?;
    let [a, b] = match (columns, names.as_slice()) {
        (Some(named), _) => named,
        (None, [a, b, ..]) => [a.as_str(), b.as_str()],
        _ => return Err(Error::format("parquet", "it has fewer than two columns")),
    };
    Ok(read_strings(path, a)?.into_iter().zip(read_strings(path, b)?).collect())
}

#[cfg(not(feature = "parquet"))]
pub(super) fn parquet(_: &Path, _: &MappingOptions) -> Result<Builder> {
    Err(Error::feature("parquet", "parquet files"))
}

#[cfg(not(feature = "parquet"))]
pub(super) fn parquet_pairs(_: &Path, _: Option<[&str; 2]>) -> Result<Vec<(String, String)>> {
    Err(Error::feature("parquet", "parquet files"))
}

#[cfg(feature = "csv")]
mod delimited {
    use super::*;
    use crate::error::try_reserve;
    use csv::{Reader, ReaderBuilder, StringRecord};
    use std::fs::File;

    fn open(path: &Path, delimiter: u8) -> Result<(Reader<File>, Vec<String>)> {
        let file = File::open(path).map_err(|error| Error::io("opening", error))?;
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(file);
        let header = crate::io::column_names(reader.byte_headers().map_err(wrong)?);
        Ok((reader, header))
    }

    fn wrong(error: csv::Error) -> Error {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Error::io("reading", error),
            kind => Error::format("csv", format!("{kind:?}")),
        }
    }

    pub(in super::super) fn csv(path: &Path, delimiter: u8, options: &MappingOptions) -> Result<Builder> {
        let (mut reader, header) = open(path, delimiter)?;
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let NamedColumns { key, ids, weight } = choose(&names, options)?;
        let place = |name: &str| names.iter().position(|other| *other == name).unwrap_or(usize::MAX);
        let (key, ids, weight) = (place(key), ids.into_iter().map(place).collect::<Vec<_>>(), weight.map(place));
        let mut builder = Builder::default();
        let mut texts = Texts::new(options.template.as_ref());
        let mut record = StringRecord::new();
        while reader.read_record(&mut record).map_err(wrong)? {
            let field = |at: usize| record.get(at).unwrap_or_default();
            let levels: Vec<&str> = ids.iter().map(|id| field(*id)).collect();
            builder.push(field(key).to_owned(), texts.codes(&levels, field(key))?)?;
            weight.map_or(Ok(()), |weight| builder.weigh(field(weight)))?;
        }
        Ok(builder)
    }

    pub(in super::super) fn csv_pairs(
        path: &Path,
        delimiter: u8,
        columns: Option<[&str; 2]>,
    ) -> Result<Vec<(String, String)>> {
        let (mut reader, header) = open(path, delimiter)?;
        let place = |name: &str| {
            header.iter().position(|other| other == name).ok_or_else(|| {
                let names = header.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
                Error::parameter(
                    "column",
                    format!("{name:?}"),
                    format!("must be one of the columns, which are {names}"),
                )
            })
        };
        let [a, b] = match columns {
            Some([a, b]) => [place(a)?, place(b)?],
            None => [0, 1],
        };
        let mut pairs = Vec::new();
        let mut record = StringRecord::new();
        while reader.read_record(&mut record).map_err(wrong)? {
            let (Some(a), Some(b)) = (record.get(a), record.get(b)) else {
                return Err(Error::format("csv", "it has fewer than two columns"));
            };
            try_reserve(&mut pairs, 1, "pairs of items")?;
            pairs.push((a.to_owned(), b.to_owned()));
        }
        Ok(pairs)
    }
}

#[cfg(feature = "csv")]
pub(super) use delimited::{csv, csv_pairs};

#[cfg(not(feature = "csv"))]
pub(super) fn csv(_: &Path, _: u8, _: &MappingOptions) -> Result<Builder> {
    Err(Error::feature("csv", ".csv files"))
}

#[cfg(not(feature = "csv"))]
pub(super) fn csv_pairs(_: &Path, _: u8, _: Option<[&str; 2]>) -> Result<Vec<(String, String)>> {
    Err(Error::feature("csv", ".csv files"))
}

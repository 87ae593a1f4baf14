//! Reads mappings and pairs of items from files.

mod json;
mod table;
mod text;

use super::Mapping;
use super::builder::Builder;
use crate::error::{Error, Result};
use crate::id::TokenTemplate;
use crate::io::{NO_CODE, read_codes};
use std::path::Path;

/// The columns of a file that have the items' keys and their IDs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MappingOptions {
    /// Column of the items' keys; without it `item`, `item_id`, `key` or `row`.
    pub key_column: Option<String>,
    /// Columns of the IDs: one of whole IDs, or one for every level; without them `id`, `semantic_id`, `sid` or
    /// `codes`.
    pub id_columns: Vec<String>,
    /// Column with how often each item is wanted, for [`Mapping::weights`].
    pub weight_column: Option<String>,
    /// How the tokens of IDs are written, if not as `<...12>`, with the code as the last number of each.
    pub template: Option<TokenTemplate>,
}

/// Columns that are taken for keys unless another one is named, in the order of preference.
const KEYS: [&str; 4] = ["item", "item_id", "key", "row"];
/// Columns that are taken for IDs unless others are named, in the order of preference. Whole IDs come first, as codes
/// may lack a suffix.
const IDS: [&str; 4] = ["id", "semantic_id", "sid", "codes"];

impl Mapping {
    /// Reads the IDs of items from a file that any tool wrote; the extension says the format.
    ///
    /// | format | content |
    /// | --- | --- |
    /// | .csv, .tsv | a column of keys, and a column of IDs or one for every level |
    /// | .jsonl | an object per line, with a key and an ID |
    /// | .parquet | a column of keys, and a column of IDs or one for every level |
    /// | .json | one object `{"key": ID, ...}`, such as `index.json`, or `{"12,5,33": 1, ...}`, whose IDs are also the keys |
    /// | .npy | codes (N, L); the keys are the numbers of the rows, from 0; rows with [`NO_CODE`] at every level are left out, see [`Mapping::left_out`] |
    ///
    /// An ID is a list of codes (in .parquet a list of integers of any width) or a text. A text consists of numbers
    /// with the same characters between them, none of them letters, as in `12-5-33`; or of tokens, each of which ends
    /// in a number, as in `<a_12><b_5><c_33>`, and looks like those of the same level in all other IDs; or of tokens by
    /// [`MappingOptions::template`]. The first and the last token may be marks without a number, the same in all IDs.
    /// The column of keys may have any name in files that semid wrote. IDs may be of different lengths: one that is
    /// shorter than the longest gets a code of its own at the levels that it lacks.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) and [`ErrorKind::Format`](crate::ErrorKind::Format), with the path;
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for another extension and for a key that two items have;
    /// [`ErrorKind::Feature`](crate::ErrorKind::Feature) for a format that this build leaves out.
    pub fn read(path: impl AsRef<Path>, options: &MappingOptions) -> Result<Self> {
        let path = path.as_ref();
        let read = || match crate::io::extension(path).as_str() {
            "npy" | "json" if options.weight_column.is_some() => {
                let column = options.weight_column.clone().unwrap_or_default();
                Err(Error::parameter(
                    "weight column",
                    column,
                    "must be left out, as this format has no columns beside those of the IDs",
                ))
            }
            "npy" => {
                let (values, levels) = read_codes(path)?;
                let mut builder = Builder::default();
                for (row, codes) in values.chunks(levels).enumerate() {
                    if codes.iter().all(|code| *code == NO_CODE) {
                        builder.leave_out();
                        continue;
                    }
                    builder.push(row.to_string(), codes.iter().map(|code| u64::from(*code)))?;
                }
                builder.finish()
            }
            "json" => json::object(path, options)?.finish(),
            "jsonl" => json::lines(path, options)?.finish(),
            "csv" => table::csv(path, b',', options)?.finish(),
            "tsv" => table::csv(path, b'\t', options)?.finish(),
            "parquet" => table::parquet(path, options)?.finish(),
            _ => Err(unread(path, "ids", "IDs are read from .csv, .tsv, .jsonl, .parquet, .json and .npy")),
        };
        read().map_err(|error| error.at(path))
    }
}

/// Reads pairs of item keys, such as items that were bought together, from the first two columns of a .csv, .tsv or
/// .parquet file, or from the two that `columns` names.
///
/// # Errors
/// As for [`Mapping::read`].
pub fn read_pairs(path: impl AsRef<Path>, columns: Option<[&str; 2]>) -> Result<Vec<(String, String)>> {
    let path = path.as_ref();
    let read = || match crate::io::extension(path).as_str() {
        "csv" => table::csv_pairs(path, b',', columns),
        "tsv" => table::csv_pairs(path, b'\t', columns),
        "parquet" => table::parquet_pairs(path, columns),
        _ => Err(unread(path, "pairs", "must be named .csv, .tsv or .parquet")),
    };
    read().map_err(|error| error.at(path))
}

/// Makes the error about a file of another format, or about one that is not there.
fn unread(path: &Path, what: &'static str, read: &str) -> Error {
    match std::fs::metadata(path) {
        Err(error) if path != Path::new("-") => Error::io("opening", error),
        _ => Error::parameter(what, path.display(), read),
    }
}

/// Chooses the column of keys among the names of all columns: one of a known name, or the only one beside those of IDs
/// and weights, if it is the first or the IDs are there as codes too. Such are the files that semid writes.
fn key_of<'a>(names: &[&'a str], ids: &[&'a str], weight: Option<&str>) -> Result<&'a str> {
    let known = KEYS.iter().find_map(|key| names.iter().copied().find(|name| name == key && !ids.contains(name)));
    let alone = || {
        let is_other = |name: &&str| !ids.contains(name) && !IDS.contains(name) && Some(*name) != weight;
        let mut others = names.iter().copied().filter(is_other);
        let key = others.next().filter(|key| names.first() == Some(key) || names.contains(&"codes"));
        key.filter(|_| others.next().is_none())
    };
    known.or_else(alone).ok_or_else(|| {
        let names = names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        let expected = format!("give the column of the items' keys; the columns are {names}");
        Error::parameter("key column", "none", expected)
    })
}

/// The columns of a file that say something of its items.
struct NamedColumns<'a> {
    key: &'a str,
    /// The column of whole IDs, or those of all levels.
    ids: Vec<&'a str>,
    weight: Option<&'a str>,
}

/// Chooses the columns that are read among the names of all columns.
fn choose<'a>(names: &[&'a str], options: &MappingOptions) -> Result<NamedColumns<'a>> {
    let known = |name: &str| names.iter().copied().find(|other| *other == name);
    let all = || names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let missing = |what: &'static str, name: &str| {
        Error::parameter(what, format!("{name:?}"), format!("must be one of the columns, which are {}", all()))
    };
    let key = options.key_column.as_ref();
    let key = key.map(|key| known(key).ok_or_else(|| missing("key column", key))).transpose()?;
    let named = options.id_columns.iter().map(|id| known(id).ok_or_else(|| missing("ID column", id)));
    let mut ids = named.collect::<Result<Vec<&str>>>()?;
    if ids.is_empty() {
        ids.extend(IDS.iter().filter_map(|id| known(id)).find(|id| Some(*id) != key));
    }
    let key = key.map_or_else(|| key_of(names, &ids, options.weight_column.as_deref()), Ok)?;
    if ids.is_empty() {
        let expected = format!("give the column of the IDs, or those of all levels; the columns are {}", all());
        return Err(Error::parameter("ID column", "none", expected));
    }
    let weight = options.weight_column.as_ref();
    let weight = weight.map(|weight| known(weight).ok_or_else(|| missing("weight column", weight))).transpose()?;
    Ok(NamedColumns { key, ids, weight })
}

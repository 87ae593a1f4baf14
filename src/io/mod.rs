//! Reads embeddings and codes from files, and writes embeddings, codes and semantic IDs.
//!
//! Readers take pieces of bounded size by their position, so a file may be larger than memory. They check the lengths
//! that a file claims against its size before they allocate memory. A file that is written appears complete or not at
//! all.

mod atomic;
pub(crate) mod bad_rows;
mod convert;
mod dense;
mod dialect;
pub(crate) mod file;
mod formats;
mod fvecs;
mod ids;
mod inputs;
pub(crate) mod model_file;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod names;
mod npy;
#[cfg(feature = "npz")]
mod npz;
mod opening;
mod options;
#[cfg(feature = "parquet")]
mod parquet;
mod provenance;
mod safetensors;
mod side_by_side;
pub(crate) mod spool;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod width;

pub use crate::error::{BadRow, BadRowKind};
pub use atomic::{AtomicFile, remove_unfinished};
pub use bad_rows::BadRows;
pub use file::ReadAt;
pub use formats::EXTENSIONS;
pub use fvecs::FvecsRows;
pub use ids::IdWriter;
pub use inputs::Inputs;
pub use npy::{CodesFile, Element, NO_CODE, NpyRows, NpyWriter, read_codes};
pub use options::{FloatBytes, ReadOptions};
#[cfg(feature = "parquet")]
pub(crate) use parquet::{CodeLists, read_code_lists, read_reals};
#[cfg(feature = "parquet")]
pub use parquet::{ParquetRows, columns, read_strings};
pub use provenance::{Provenance, ProvenanceFile, ProvenanceInput};
pub use safetensors::SafetensorsRows;
#[cfg(feature = "csv")]
pub(crate) use text::column_names;

use crate::error::Result;
use std::path::Path;

/// Opens embeddings for reading in pieces: a file, all files in a folder, or those that fit a pattern such as
/// `part-*.parquet`. The extension says the format: .npy, .npz, .parquet, .safetensors, .fvecs, .csv, .tsv or .jsonl.
/// `-` is standard input, which is saved to a temporary file. See [`Inputs`].
///
/// ```
/// use semid::Rows;
/// use semid::io::{NpyWriter, ReadOptions, open};
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("x.npy");
/// let mut out = NpyWriter::<f32>::create(&path, 2, 2)?;
/// out.write(&[1.0, 2.0, 3.0, 4.0])?;
/// out.finish()?;
///
/// let rows = open(&path, &ReadOptions::default())?;
/// let mut last = [0.0; 2];
/// rows.read(1, &mut last)?;
/// assert_eq!(last, [3.0, 4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for another extension;
/// [`ErrorKind::Feature`](crate::ErrorKind::Feature) for a format that this build leaves out;
/// [`ErrorKind::Io`](crate::ErrorKind::Io), as for a missing file; [`ErrorKind::Format`](crate::ErrorKind::Format),
/// [`ErrorKind::Dim`](crate::ErrorKind::Dim), [`ErrorKind::Empty`](crate::ErrorKind::Empty) and
/// [`ErrorKind::Ragged`](crate::ErrorKind::Ragged) for what the file holds;
/// [`ErrorKind::BadRows`](crate::ErrorKind::BadRows) for rows that cannot be used, which reads return;
/// [`ErrorKind::Widths`](crate::ErrorKind::Widths) where two files have rows of different lengths.
pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Inputs> {
    Inputs::open([path], options)
}

/// Returns the extension in lower case, or an empty string.
pub(crate) fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// Lists the first of `names`, for an error.
fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    const MOST: usize = 10;
    let mut names = names.into_iter();
    let quote = |name: S| format!("{:?}", name.as_ref().chars().take(80).collect::<String>());
    let first: Vec<String> = names.by_ref().take(MOST).map(quote).collect();
    match (first.is_empty(), names.count()) {
        (true, _) => "none".to_owned(),
        (false, 0) => first.join(", "),
        (false, more) => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::rows::Rows;

    #[test]
    fn the_extension_chooses_the_format_in_either_case() {
        let folder = testing::Folder::new();
        let rows = open(folder.put("x.FVECS", b"\x01\0\0\0\0\0\x80\x3f"), &ReadOptions::default()).unwrap();
        assert_eq!((rows.len(), rows.dim()), (1, 1));
        for (name, format) in [("x.npy", "npy"), ("x.safetensors", "safetensors")] {
            let error = open(folder.put(name, b"{}"), &ReadOptions::default()).err().unwrap();
            assert!(matches!(error.kind(), ErrorKind::Format { format: found, .. } if *found == format), "{error}");
        }
    }

    #[test]
    fn unknown_extensions_and_missing_files_say_so() {
        let folder = testing::Folder::new();
        for name in ["x.xyz", "x", "x.npy.gz"] {
            let error = open(folder.put(name, b""), &ReadOptions::default()).err().unwrap();
            assert!(matches!(error.kind(), ErrorKind::Parameter { name: "input", .. }), "{error}");
            assert!(error.to_string().contains(".fvecs"), "{error}");
            assert_eq!(error.to_string().contains("unpack"), name.ends_with("gz"), "{error}");
        }
        let error = open(Path::new(""), &ReadOptions::default()).err().unwrap();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "input", .. }), "{error}");
        for name in ["missing.npy", "missing.pkl", "missing.pt", "missing", "missing/", "missing.parquet.gz"] {
            let path = folder.path(name);
            let error = open(&path, &ReadOptions::default()).err().unwrap();
            assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
            assert_eq!(error.path(), Some(path.as_path()));
        }
    }

    #[test]
    fn packed_files_are_named_and_not_taken_for_others() {
        let folder = testing::Folder::new();
        for name in ["x.npy", "x.csv", "x.jsonl", "x.parquet"] {
            let path = folder.put(name, b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
            let error = open(&path, &ReadOptions::default()).err().unwrap();
            assert!(matches!(error.kind(), ErrorKind::Format { .. }), "{error}");
            assert!(error.to_string().contains("gunzip"), "{error}");
            assert_eq!(error.path(), Some(path.as_path()));
        }
    }

    #[test]
    fn files_of_other_programs_are_refused_with_what_converts_them() {
        let folder = testing::Folder::new();
        // Windows has no quotes in names.
        let quoted = if cfg!(windows) { "a 'b'.pt" } else { "a \"b\".pt" };
        for (name, import) in [(quoted, "torch"), ("x.pkl", "pickle"), ("x.h5", "h5py")] {
            let path = folder.put(name, b"");
            let error = open(&path, &ReadOptions::default()).err().unwrap();
            let text = error.to_string();
            let lines: Vec<&str> = text.lines().skip(1).collect();
            let [load, save] = lines[..] else { panic!("{text}") };
            assert!(load.starts_with(&format!("    import numpy, {import}; ")), "{text}");
            assert!(save.starts_with("    numpy.save(") && save.contains(".npy"), "{text}");
            assert_eq!(error.path(), Some(path.as_path()));
        }
    }

    #[test]
    fn lists_of_names_are_short() {
        assert_eq!(list(["a", "b"]), "\"a\", \"b\"");
        assert_eq!(list((0..12).map(|i| i.to_string())).matches(',').count(), 9);
        assert!(list((0..12).map(|i| i.to_string())).ends_with("and 2 more"));
        assert_eq!(list([""; 0]), "none");
    }
}

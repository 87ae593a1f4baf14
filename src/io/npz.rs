//! An array in an .npz file: a zip archive of .npy files.

use super::dialect::Dialect;
use super::file::{Source, SourceReader};
use super::{ReadOptions, list, spool};
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::io::{self, Read};
use zip::{CompressionMethod, ZipArchive};

use super::NpyRows;

/// Most bytes that deflate can unpack from one byte.
const DEFLATE: u64 = 1032;

/// Opens the array that `options` name, or the only one.
pub(super) fn open(source: Source, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    let name = choose(&source, options)?;
    let mut archive = archive(&source)?;
    let index = archive.index_for_name(&name).ok_or_else(|| source.error(format!("no array {name:?}")))?;
    let member = archive.by_index(index).map_err(|error| failed(&source, error))?;
    let (packed, size) = (member.compressed_size(), member.size());
    let array = match member.compression() {
        CompressionMethod::Stored => {
            let start = member.data_start().ok_or_else(|| source.error("its directory is damaged"))?;
            drop(member);
            drop(archive);
            source.part(start, size, "npz")?
        }
        CompressionMethod::Deflated => {
            let most = packed.saturating_mul(DEFLATE).saturating_add(1 << 10);
            if size > most {
                let reason =
                    format!("array {name:?} claims to unpack {packed} bytes to {size}: it is damaged or hostile");
                return Err(source.error(reason));
            }
            let saved = spool::save(Checked { member, source: &source }, size.saturating_add(1), source.path(), "npz")?;
            if saved.len() != size {
                return Err(source.error(format!("array {name:?} is not as long as it claims: it is damaged")));
            }
            saved
        }
        other => return Err(source.error(format!("array {name:?} is compressed by {other}; save it with np.savez"))),
    };
    Ok(Box::new(NpyRows::of(array, options.integers)?))
}

/// A reader of a member, whose errors name the archive.
struct Checked<'a, R: Read> {
    member: R,
    source: &'a Source,
}

impl<R: Read> Read for Checked<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.member.read(out).map_err(|error| io::Error::other(self.source.error(error.to_string())))
    }
}

/// Chooses the name of the member to read: the one that is wanted, the only one, or the only matrix of floats.
fn choose(source: &Source, options: &ReadOptions) -> Result<String> {
    let mut archive = archive(source)?;
    let names: Vec<String> = archive.file_names().flatten().map(Cow::into_owned).collect();
    let arrays: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".npy")).collect();
    let mut matrices = Vec::new();
    if options.tensor.is_none() && arrays.len() > 1 {
        for array in &arrays {
            let member = archive.by_name(&format!("{array}.npy")).map_err(|error| failed(source, error))?;
            let mut head = Vec::new();
            Checked { member, source }
                .take(HEAD)
                .read_to_end(&mut head)
                .map_err(|error| Error::io("reading", error))?;
            if is_matrix(&head, options.integers) {
                matrices.push(*array);
            }
        }
    }
    let found = match (options.tensor.as_deref(), arrays.as_slice()) {
        (Some(wanted), _) => match arrays.iter().find(|name| **name == wanted) {
            Some(found) => found,
            None => return Err(source.error(format!("no array {wanted:?}; it has {}", list(&arrays)))),
        },
        (None, [only]) => only,
        (None, []) => return Err(source.error("it has no arrays")),
        _ => match matrices.as_slice() {
            [only] => only,
            [] => return Err(source.error(format!("none of its arrays is a matrix of floats: {}", list(&arrays)))),
            several => {
                let reason = format!("several arrays could hold embeddings: {}", list(several));
                return Err(source.error(format!("{reason}; name the tensor to read")));
            }
        },
    };
    Ok(format!("{found}.npy"))
}

/// Most bytes of an array that are read to see its type and its shape.
const HEAD: u64 = 512;

/// Whether an array that begins so is a matrix of a type that is read as embeddings.
fn is_matrix(head: &[u8], integers: bool) -> bool {
    let text = String::from_utf8_lossy(head);
    let part = |key: &str, open: char, close: char| {
        let (_, rest) = text.split_once(key)?;
        Some(rest.split_once(open)?.1.split_once(close)?.0.to_owned())
    };
    let axes = part("'shape'", '(', ')').map(|shape| shape.split(',').filter(|axis| !axis.trim().is_empty()).count());
    let kind = part("'descr':", '\'', '\'').map(|descr| descr.trim_start_matches(['<', '>', '=', '|']).to_owned());
    let is_read = |kind: String| match kind.chars().next() {
        Some('f' | 'V' | 'b') => kind != "b1",
        Some('i' | 'u') => integers,
        _ => false,
    };
    axes == Some(2) && kind.is_some_and(is_read)
}

fn archive(source: &Source) -> Result<ZipArchive<SourceReader<'_>>> {
    ZipArchive::new(source.reader()).map_err(|error| failed(source, error))
}

fn failed(source: &Source, error: zip::result::ZipError) -> Error {
    match error {
        zip::result::ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Error::io("reading", error).at(source.path())
        }
        error => source.error(format!("as an archive it is damaged: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::testing::Folder;
    use crate::rows::Rows;
    use std::io::Write;

    /// An archive of arrays by name, each (3, 2) but for those of one axis.
    fn archive_of(arrays: &[(&str, &str, bool)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, descr, is_matrix) in arrays {
            zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
            let shape = if *is_matrix { "(3, 2)" } else { "(6,)" };
            let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
            header += &" ".repeat(117 - header.len());
            let size = 6 * descr[2..].parse::<usize>().unwrap();
            zip.write_all(&[&b"\x93NUMPY\x01\0\x76\0"[..], header.as_bytes(), b"\n", &vec![0; size]].concat()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn the_only_matrix_of_floats_is_read_and_several_are_named() {
        let folder = Folder::new();
        let read = |arrays: &[(&str, &str, bool)], options: &ReadOptions| {
            crate::io::open(folder.put("x.npz", &archive_of(arrays)), options)
        };
        let plain = ReadOptions::default();
        let beside = [("ids", "<i8", false), ("emb", "<f4", true), ("counts", "<i4", true), ("norms", "<f4", false)];
        let rows = read(&beside, &plain).unwrap();
        assert_eq!((rows.len(), rows.dim()), (3, 2));
        let several =
            read(&[("a", "<f4", true), ("b", "<f2", true), ("c", "<i8", true)], &plain).unwrap_err().to_string();
        assert!(several.contains("\"a\", \"b\"; name the tensor"), "{several}");
        let none = read(&[("a", "<i8", true), ("b", "<f4", false)], &plain).unwrap_err().to_string();
        assert!(none.contains("none of its arrays is a matrix of floats"), "{none}");
        let small = [("a", "|i1", true), ("b", "<f4", false)];
        assert!(read(&small, &plain).is_err());
        assert!(read(&small, &ReadOptions { integers: true, ..ReadOptions::default() }).is_ok());
    }
}

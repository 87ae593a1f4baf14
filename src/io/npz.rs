//! An array in an .npz file: a zip archive of .npy files.

use super::dialect::Dialect;
use super::file::Source;
use super::{ReadOptions, list, spool};
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};
use zip::{CompressionMethod, ZipArchive};

use super::NpyRows;

/// Most bytes that deflate can unpack from one byte.
const DEFLATE: u64 = 1032;

/// Opens the array that `options` name, or the only one.
pub(super) fn open(source: Source, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    let name = choose(&source, options.tensor.as_deref())?;
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

/// Chooses the name of the member to read.
fn choose(source: &Source, wanted: Option<&str>) -> Result<String> {
    let archive = archive(source)?;
    let names: Vec<String> = archive.file_names().flatten().map(Cow::into_owned).collect();
    let arrays: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".npy")).collect();
    let found = match (wanted, arrays.as_slice()) {
        (Some(wanted), _) => match arrays.iter().find(|name| **name == wanted) {
            Some(found) => found,
            None => return Err(source.error(format!("no array {wanted:?}; it has {}", list(&arrays)))),
        },
        (None, [only]) => only,
        (None, []) => return Err(source.error("it has no arrays")),
        _ => {
            let reason = format!("several arrays could hold embeddings: {}; name the tensor to read", list(&arrays));
            return Err(source.error(reason));
        }
    };
    Ok(format!("{found}.npy"))
}

fn archive(source: &Source) -> Result<ZipArchive<At<'_>>> {
    ZipArchive::new(At { source, at: 0 }).map_err(|error| failed(source, error))
}

fn failed(source: &Source, error: zip::result::ZipError) -> Error {
    match error {
        zip::result::ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Error::io("reading", error).at(source.path())
        }
        error => source.error(format!("as an archive it is damaged: {error}")),
    }
}

/// A reader of the archive that can seek, as the zip library needs it.
#[derive(Clone)]
struct At<'a> {
    source: &'a Source,
    at: u64,
}

impl Read for At<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.source.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let (out, _) = out.split_at_mut(out.len().min(left));
        self.source.read(self.at, out).map_err(io::Error::other)?;
        self.at += out.len() as u64;
        Ok(out.len())
    }
}

impl Seek for At<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.source.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

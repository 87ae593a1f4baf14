//! Writes a .npz file: a zip archive with one .npy file per array, as `numpy.savez` does.

use super::{ElementType, ExportArray};
use crate::error::{Error, Result};
use crate::io::AtomicFile;
use std::io::{self, Write};
use std::path::Path;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

/// Writes the arrays in this order, not compressed, so that the same arrays always give the same bytes.
pub(in crate::id::export) fn write_npz(path: &Path, tensors: &[ExportArray<'_>]) -> Result<()> {
    let failed = |error: io::Error| Error::io("writing", error).at(path);
    let mut zip = ZipWriter::new_stream(AtomicFile::create(path)?);
    for tensor in tensors {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .large_file(tensor.len() >= u64::from(u32::MAX) / 2);
        zip.start_file(format!("{}.npy", tensor.name), options).map_err(|error| failed(error.into()))?;
        zip.write_all(&header(tensor)).map_err(failed)?;
        (tensor.bytes)(&mut |bytes| zip.write_all(bytes).map_err(failed))?;
    }
    zip.finish().map_err(|error| failed(error.into()))?.into_inner().commit()
}

/// The header of a .npy file of version 1.0.
fn header(tensor: &ExportArray<'_>) -> Vec<u8> {
    let descr = match tensor.dtype {
        ElementType::I64 => "<i8",
        ElementType::I32 => "<i4",
        ElementType::U8 => "|u1",
        ElementType::Bool => "|b1",
    };
    let shape: String = tensor.shape.iter().map(|len| format!("{len}, ")).collect();
    let shape = if tensor.shape.len() == 1 { shape.trim_end() } else { shape.trim_end_matches(", ") };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    // The magic bytes, the version and the length take 10 bytes; the values begin at a multiple of 64.
    text.push_str(&" ".repeat((10 + text.len() + 1).next_multiple_of(64) - (10 + text.len() + 1)));
    text.push('\n');
    let len = text.len() as u16;
    [b"\x93NUMPY\x01\x00", &len.to_le_bytes()[..], text.as_bytes()].concat()
}

//! Checks the pages of a column before they are decoded, so that memory and time follow the file's size, whatever it
//! states.

use super::delta;
use super::levels::{Lengths, Packing, TooLong};
use super::thrift::PageHeader;
use crate::error::{Error, ErrorKind, Result};
use crate::io::file::Source;
use bytes::{Buf, Bytes};
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};
use parquet::schema::types::ColumnDescPtr;
use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// A page may unpack to this many bytes and hold this many values, plus [`PER_BYTE`] for each of its bytes.
const FREE: u64 = 64 << 20;
const PER_BYTE: u64 = 1024;

/// Longest header of a page.
const MAX_HEADER: usize = 16 << 20;

/// Returns how many bytes a page of `bytes` bytes may unpack to.
pub(super) fn allowance(bytes: u64) -> u64 {
    FREE.saturating_add(bytes.saturating_mul(PER_BYTE))
}

/// Checks the headers of all pages of a column chunk, which lies within the file.
pub(super) fn check_chunk(source: &Source, chunk: &ColumnChunkMetaData) -> Result<()> {
    let (mut offset, len) = chunk.byte_range();
    let end = offset + len;
    while offset < end {
        let (header, len) = header_at(source, offset, end)?;
        let (bytes, page) = checked(&header, end - offset - len as u64)
            .map_err(|reason| source.error(format!("the page at byte {offset} {reason}")))?;
        tracing::trace!(offset, bytes, "page of {page}");
        #[cfg(feature = "parquet-brotli")]
        if matches!(chunk.compression(), parquet::basic::Compression::BROTLI(_)) {
            check_brotli(source, &header, offset + len as u64, bytes)?;
        }
        offset += len as u64 + bytes;
    }
    Ok(())
}

/// Refuses a page, `bytes` bytes from `offset` on, that unpacks to more than it states: the decoder would unpack all of
/// it, and a few bytes of brotli can be gigabytes.
#[cfg(feature = "parquet-brotli")]
fn check_brotli(source: &Source, header: &PageHeader, offset: u64, bytes: u64) -> Result<()> {
    let levels = header.level_bytes.iter().map(|bytes| bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0));
    let levels = levels.fold(0, u64::saturating_add).min(bytes);
    let most = header.unpacked_bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
    let mut packed = crate::error::try_zeros((bytes - levels) as usize, "a page")?;
    source.read(offset + levels, &mut packed)?;
    let unpacked = brotli_decompressor::Decompressor::new(packed.as_slice(), 1 << 14);
    // The decoder meets the same damage and reports it.
    let count = io::copy(&mut unpacked.take(most.saturating_add(1)), &mut io::sink()).unwrap_or(0);
    match count > most {
        true => {
            Err(source.error(format!("the page at byte {offset} unpacks to more than the {most} bytes that it states")))
        }
        false => Ok(()),
    }
}

/// Reads the header at `offset`, which must end before `end`; returns it with its length.
fn header_at(source: &Source, offset: u64, end: u64) -> Result<(PageHeader, usize)> {
    let most = usize::try_from(end - offset).unwrap_or(usize::MAX).min(MAX_HEADER);
    let mut len = most.min(1 << 10);
    loop {
        let mut bytes = vec![0; len];
        source.read(offset, &mut bytes)?;
        match PageHeader::parse(&bytes) {
            Some(header) => return Ok(header),
            None if len < most => len = most.min(len * 16),
            None => return Err(source.error(format!("the header of the page at byte {offset} is damaged"))),
        }
    }
}

/// Returns the number of bytes of a page's data and its kind, or what is wrong with its header, which `left` bytes
/// follow.
fn checked(header: &PageHeader, left: u64) -> Result<(u64, &'static str), String> {
    let size = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
    let (Some(packed), Some(unpacked)) = (size(header.packed_bytes), size(header.unpacked_bytes)) else {
        return Err("does not say its size".to_owned());
    };
    if packed > left {
        return Err(format!("has {packed} bytes, its column {left} more"));
    }
    let most = allowance(packed);
    if unpacked > most {
        return Err(format!("claims to unpack {packed} bytes to {unpacked}: more than {most} are refused"));
    }
    let values = size(header.values).unwrap_or(u64::MAX);
    let (kind, most) = match header.kind {
        Some(0 | 3) => ("data", most),
        // A value of a dictionary takes at least one byte.
        Some(2) => ("dictionary", unpacked),
        Some(1) => return Ok((packed, "index")),
        _ => return Err("is of an unknown kind".to_owned()),
    };
    if values > most || size(header.rows.or(Some(0))).is_none_or(|rows| rows > values) {
        return Err(format!("claims to hold {values} values in {packed} bytes: more than {most} are refused"));
    }
    Ok((packed, kind))
}

/// The file as the decoder sees it. Reading beyond its end is an error, so that no loop of the decoder goes on there.
#[derive(Clone, Debug)]
pub(super) struct Input(pub(super) Arc<Source>);

/// A place in the file.
pub(super) struct At {
    input: Input,
    offset: u64,
}

impl Length for Input {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Input {
    type T = BufReader<At>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::with_capacity(1 << 10, At { input: self.clone(), offset: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.len()) {
            return Err(ParquetError::EOF(format!("{length} bytes at byte {start} lie outside the file")));
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|error| ParquetError::General(error.to_string()))?;
        bytes.resize(length, 0);
        self.0.read(start, &mut bytes).map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(bytes.into())
    }
}

impl Read for At {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.input.len().saturating_sub(self.offset);
        let count = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if count == 0 && !out.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (out, _) = out.split_at_mut(count);
        self.input.0.read(self.offset, out).map_err(io::Error::other)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// Keeps the error that a check found, of which the decoder would pass on only the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding(Arc<Mutex<Option<Error>>>);

impl Finding {
    pub(super) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps `error` and gives the decoder one of its own.
    pub(super) fn put(&self, error: Error) -> ParquetError {
        let text = error.to_string();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        ParquetError::General(text)
    }
}

/// The pages of a column chunk, whose headers were checked.
pub(super) struct Pages {
    pub(super) inner: SerializedPageReader<Input>,
    pub(super) source: Arc<Source>,
    pub(super) finding: Finding,
    pub(super) lengths: Lengths,
    pub(super) column: ColumnDescPtr,
}

impl Pages {
    /// Checks the lengths that an unpacked page states: those of its rows and those of its texts.
    fn check(&mut self, page: &Page) -> Result<()> {
        let source = self.source.clone();
        let damaged = || source.error("its pages are damaged: their levels do not fit them");
        let (buf, count, encoding) = (page.buffer(), page.num_values() as usize, page.encoding());
        let mut rest: &[u8] = buf;
        let (rep, def) = (self.column.max_rep_level() as u16, self.column.max_def_level() as u16);
        match page {
            Page::DictionaryPage { .. } => return Ok(()),
            Page::DataPage { rep_level_encoding, def_level_encoding, .. } => {
                if rep > 0 {
                    let (levels, packing) = levels(&mut rest, *rep_level_encoding, rep, count).ok_or_else(damaged)?;
                    self.count(levels, packing, count)?;
                }
                if def > 0 {
                    levels(&mut rest, *def_level_encoding, def, count).ok_or_else(damaged)?;
                }
            }
            Page::DataPageV2 { rep_levels_byte_len, def_levels_byte_len, .. } => {
                let (levels, after) = rest.split_at_checked(*rep_levels_byte_len as usize).ok_or_else(damaged)?;
                rest = after.get(*def_levels_byte_len as usize..).ok_or_else(damaged)?;
                if rep > 0 {
                    self.count(levels, Packing::Runs, count)?;
                }
            }
        }
        if !delta::fits(encoding, rest, count, allowance(buf.len() as u64)) {
            return Err(self.source.error("a page states lengths of its values that are damaged or beyond its size"));
        }
        Ok(())
    }

    fn count(&mut self, levels: &[u8], packing: Packing, count: usize) -> Result<()> {
        let expected = self.lengths.limit();
        self.lengths.page(levels, packing, count).map_err(|TooLong { row, values }| {
            let kind = ErrorKind::Ragged { row, expected, found: values };
            Error::from(kind).at(self.source.path())
        })
    }
}

/// Takes the levels of a page of version 1 from the front of `rest`; levels are at most `most`.
fn levels<'a>(rest: &mut &'a [u8], encoding: Encoding, most: u16, count: usize) -> Option<(&'a [u8], Packing)> {
    #[expect(deprecated)]
    let (len, packing) = match encoding {
        Encoding::BIT_PACKED => ((count * (u16::BITS - most.leading_zeros()) as usize).div_ceil(8), Packing::Bits),
        _ => (usize::try_from(rest.try_get_u32_le().ok()?).ok()?, Packing::Runs),
    };
    let (levels, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some((levels, packing))
}

impl Iterator for Pages {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        let Some(page) = self.inner.get_next_page()? else { return Ok(None) };
        match self.check(&page) {
            Ok(()) => Ok(Some(page)),
            Err(error) => Err(self.finding.put(error)),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        let rows = self.inner.peek_next_page()?.and_then(|page| page.num_rows);
        self.lengths.skip(rows.unwrap_or(0));
        self.inner.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.inner.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>, ParquetError> {
        self.inner.take_deferred_dictionary()
    }
}

//! Decompresses pages whole.

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{Cursor, Error, Result};
use std::marker::PhantomData;

/// Bytes that are decoded before they are moved to where they belong.
const PIECE: usize = 1 << 20;

/// Decompresses frames.
pub struct Decompressor<'a> {
    frames: FrameDecoder,
    // The one of `zstd` may borrow a dictionary.
    borrowed: PhantomData<&'a [u8]>,
}

impl Decompressor<'static> {
    /// Makes a decompressor.
    ///
    /// # Errors
    /// None; that of `zstd` may run out of memory.
    pub fn new() -> Result<Self> {
        Ok(Self { frames: FrameDecoder::new(), borrowed: PhantomData })
    }
}

impl Decompressor<'_> {
    /// Writes all that `source` holds, which is any number of frames, to `out`, and returns how many bytes these are.
    ///
    /// # Errors
    /// More bytes than `out` has room for without growing, a damaged frame, or one whose checksum is another.
    pub fn decompress_to_buffer(&mut self, mut source: &[u8], out: &mut Cursor<&mut Vec<u8>>) -> Result<usize> {
        let start = usize::try_from(out.position()).map_err(Error::other)?;
        let out = &mut **out.get_mut();
        let most = out.capacity();
        out.truncate(start);
        while !source.is_empty() {
            match self.frames.init(&mut source) {
                Ok(()) => self.frame(&mut source, out, most)?,
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    source = source.get(length as usize..).ok_or_else(|| Error::other("a frame is cut off"))?;
                }
                Err(error) => return Err(Error::other(error)),
            }
        }
        Ok(out.len().saturating_sub(start))
    }

    /// Decodes the frame that has begun; `out` has at most `most` bytes after it.
    fn frame(&mut self, source: &mut &[u8], out: &mut Vec<u8>, most: usize) -> Result<()> {
        let frames = &mut self.frames;
        while !frames.is_finished() {
            frames.decode_blocks(&mut *source, BlockDecodingStrategy::UptoBytes(PIECE)).map_err(Error::other)?;
            if frames.can_collect() > most.saturating_sub(out.len()) {
                return Err(Error::other("there are more bytes than the page states"));
            }
            frames.collect_to_writer(&mut *out)?;
        }
        match frames.get_checksum_from_data() {
            Some(stated) if frames.get_calculated_checksum() != Some(stated) => Err(Error::other("a checksum differs")),
            _ => Ok(()),
        }
    }
}

/// The compressor, which refuses to compress.
pub struct Compressor<'a>(PhantomData<&'a [u8]>);

impl Compressor<'static> {
    /// Makes a compressor.
    ///
    /// # Errors
    /// None.
    pub fn new(_level: i32) -> Result<Self> {
        Ok(Self(PhantomData))
    }
}

impl Compressor<'_> {
    /// Compresses nothing.
    ///
    /// # Errors
    /// Always.
    pub fn compress_to_buffer(&mut self, _source: &[u8], _out: &mut Cursor<&mut Vec<u8>>) -> Result<usize> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests;

//! Writes integers and lists of them as little-endian bytes, and reads them back; it checks every length before it
//! allocates memory.

use crate::error::{Error, Result};

/// The version of all byte forms of shards.
const VERSION: u32 = 1;

/// Writes a message.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// Begins a message; four letters name its kind.
    pub(super) fn new(letters: &[u8; 4]) -> Self {
        let mut writer = Self(letters.to_vec());
        writer.u32(VERSION);
        writer
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    pub(super) fn u128(&mut self, value: u128) {
        self.0.extend(value.to_le_bytes());
    }

    /// Writes the number of values, then the values.
    pub(super) fn list<T: Copy, const N: usize>(&mut self, values: &[T], bytes: fn(T) -> [u8; N]) {
        self.u64(values.len() as u64);
        self.0.reserve(values.len() * N);
        values.iter().for_each(|value| self.0.extend(bytes(*value)));
    }
}

/// Reads a message.
pub(super) struct Reader<'a> {
    what: &'static str,
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Begins to read a message whose kind four letters name; errors call it `what`.
    pub(super) fn new(what: &'static str, letters: &[u8; 4], bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Self { what, left: bytes };
        if reader.take::<4>()? != *letters {
            return Err(reader.unusable("it begins otherwise"));
        }
        match reader.u32()? {
            VERSION => Ok(reader),
            version => {
                let reason = format!("it has version {version}, not {VERSION}; use one version of semid everywhere");
                Err(Error::message(what, reason))
            }
        }
    }

    /// Refuses bytes after the end.
    pub(super) fn finish(self) -> Result<()> {
        match self.left.len() {
            0 => Ok(()),
            more => Err(self.unusable(format!("{more} bytes follow its end"))),
        }
    }

    pub(super) fn unusable(&self, reason: impl Into<String>) -> Error {
        Error::message(self.what, format!("{}; send it again", reason.into()))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, left) = self.left.split_first_chunk::<N>().ok_or_else(|| self.unusable("it is cut off"))?;
        self.left = left;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.take()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    pub(super) fn u128(&mut self) -> Result<u128> {
        Ok(u128::from_le_bytes(self.take()?))
    }

    /// Reads a byte that must be 0 or 1.
    pub(super) fn flag(&mut self) -> Result<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.unusable(format!("{other} stands for neither yes nor no"))),
        }
    }

    /// Reads the number of values, then the values.
    pub(super) fn list<T, const N: usize>(&mut self, value: fn([u8; N]) -> T) -> Result<Vec<T>> {
        let count = self.u64()?;
        let bytes = usize::try_from(count).ok().and_then(|count| count.checked_mul(N));
        let Some((values, left)) = bytes.and_then(|bytes| self.left.split_at_checked(bytes)) else {
            return Err(self.unusable(format!("it is too short for {count} values")));
        };
        self.left = left;
        Ok(values.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)).collect())
    }
}

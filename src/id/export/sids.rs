//! Writes all IDs as the keys of one JSON object, a form that serving engines read as their catalogue.

use super::depth::Depth;
use super::{Export, Exported};
use crate::error::{Error, Result};
use crate::io::AtomicFile;
use std::path::Path;

/// How [`Export::sids`] writes an ID as a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SidKey {
    /// Codes with commas between them: `12,5,33`.
    Commas,
    /// The same with the code of the mark that ends an ID, 1, as its last level: `12,5,33,1`.
    CommasWithEnd,
    /// One integer, the codes as digits of a number with this base, the first code as the highest digit: with base
    /// 8192, `12 * 8192^2 + 5 * 8192 + 33`.
    Packed {
        /// The base, which is larger than every code.
        base: u64,
    },
}

/// Levels that readers of packed integers assume where the integers do not need more.
const PACKED_LEVELS: usize = 3;

impl Export<'_> {
    /// Writes `{"12,5,33":1,...}`: every ID as a key, codes from 0, in the order of the IDs and in constant memory.
    ///
    /// FlashRec reads this as its catalogue. All IDs have to have the same depth; a suffix is one more code.
    ///
    /// A packed integer does not say how many codes it has: readers take three, or as many as the largest integer
    /// needs. So IDs of fewer than three codes are refused, and also longer ones that three codes could hold.
    ///
    /// # Errors
    /// [`ErrorKind::MixedDepths`](crate::ErrorKind::MixedDepths) for IDs of different depths;
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a registry without items, for IDs that end in item
    /// keys, for IDs that a reader would take for others, and for a base that is not larger than every code or with
    /// which integers reach 2^63; [`ErrorKind::Io`](crate::ErrorKind::Io); any error of the store.
    pub fn sids(&self, path: impl AsRef<Path>, key: SidKey) -> Result<Exported> {
        self.check_tokens()?;
        let mut out = AtomicFile::create(path.as_ref())?;
        let (mut depth, mut items, mut last) = (Depth::default(), 0_u64, 0);
        let mut before = "{";
        self.each_record(&mut |record| {
            let Some(item) = &record.item else { return Ok(()) };
            let id = &record.entry.id;
            depth.add(self, id, item)?;
            let codes: Vec<u64> = id.codes.iter().map(|code| u64::from(*code)).chain(self.suffix(id.suffix)).collect();
            let (text, number) = key.write(&codes)?;
            out.put(format!("{before}\"{text}\":1").as_bytes())?;
            before = ",\n";
            (items, last) = (items + 1, number);
            Ok(())
        })?;
        key.check(depth.get()?, last)?;
        out.put(b"}\n")?;
        out.commit()?;
        Ok(Exported { items: Some(items), ..Exported::default() })
    }
}

impl SidKey {
    /// Returns the key of these codes, and the integer if it is one.
    fn write(self, codes: &[u64]) -> Result<(String, u64)> {
        let commas = || codes.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        Ok(match self {
            Self::Commas => (commas(), 0),
            Self::CommasWithEnd => (commas() + ",1", 0),
            Self::Packed { base } => {
                let number = packed(codes, base)?;
                (number.to_string(), number)
            }
        })
    }

    /// Refuses IDs of `depth` codes, the largest of which is `last`, where a reader would take them for others.
    fn check(self, depth: usize, last: u64) -> Result<()> {
        let expected = match self {
            Self::Commas if depth < 2 => "must be integers, as IDs of one code have no comma".to_owned(),
            // With a first code of 0 in every ID, no integer needs more than the codes that follow.
            Self::Packed { base }
                if depth < PACKED_LEVELS || (depth > PACKED_LEVELS && last < power(base, depth - 1)) =>
            {
                format!("must be codes with commas: readers would take integers of {depth} codes for those of others")
            }
            _ => return Ok(()),
        };
        Err(Error::parameter("key", format!("{self:?}"), expected))
    }
}

fn power(base: u64, exponent: usize) -> u64 {
    u32::try_from(exponent).map_or(u64::MAX, |exponent| base.saturating_pow(exponent))
}

fn packed(codes: &[u64], base: u64) -> Result<u64> {
    if power(base, codes.len()) > 1 << 63 {
        let expected = format!("must be small enough for integers of {} codes below 2^63", codes.len());
        return Err(Error::parameter("base", base, expected));
    }
    match codes.iter().find(|code| **code >= base) {
        Some(code) => {
            Err(Error::parameter("base", base, format!("must be larger than every code; there is a code {code}")))
        }
        // No overflow: with every code below the base, the sum stays below base^levels.
        None => Ok(codes.iter().fold(0, |number, code| number * base + code)),
    }
}

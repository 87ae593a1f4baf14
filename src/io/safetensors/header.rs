//! The header of a safetensors file: its length, then JSON that names the tensors and where they lie.
//!
//! The `safetensors` crate needs the whole file in memory to check a header, so this module makes the same checks
//! itself.

use crate::error::{Result, try_zeros};
use crate::io::file::{Source, format_of};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// Longest header that is read, as in the format's own library.
const MAX_HEADER: u64 = 100_000_000;

#[derive(Debug)]
pub(super) struct Header {
    pub(super) tensors: BTreeMap<String, TensorEntry>,
    /// Byte at which the data begin.
    pub(super) data: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct TensorEntry {
    pub(super) dtype: Dtype,
    pub(super) shape: Sides,
    /// First byte and the byte after the last, from the beginning of the data.
    pub(super) data_offsets: [u64; 2],
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) enum Dtype {
    F16,
    BF16,
    F32,
    F64,
    #[serde(other)]
    Other,
}

/// A shape, of which only the first two sides are kept, so that it takes the same memory whatever the file says.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) sides: usize,
    first: [u64; 2],
}

impl Sides {
    /// Returns the two sides of a matrix.
    pub(super) fn matrix(&self) -> Option<[usize; 2]> {
        let [rows, columns] = self.first.map(usize::try_from);
        (self.sides == 2).then_some([rows.ok()?, columns.ok()?])
    }
}

impl Header {
    pub(super) fn read(source: &Source) -> Result<Self> {
        let mut len = [0; 8];
        source.read(0, &mut len)?;
        if let Some(found) = format_of(&len) {
            return Err(source.error(format!("it is {found}")));
        }
        let len = u64::from_le_bytes(len);
        let found = source.len().saturating_sub(8);
        if len > MAX_HEADER || len > found {
            let most = found.min(MAX_HEADER);
            return Err(source.error(format!("its header claims {len} bytes, more than the {most} there can be")));
        }
        let mut text = try_zeros(len as usize, "the header of a file")?;
        source.read(8, &mut text)?;
        let TensorTable(tensors) =
            serde_json::from_slice(&text).map_err(|error| source.error(format!("its header: {error}")))?;
        check_offsets(&tensors, found - len).map_err(|reason| source.error(reason))?;
        Ok(Self { tensors, data: 8 + len })
    }
}

/// The tensors must cover the data without holes and overlaps, or the file is truncated or made to deceive.
fn check_offsets(tensors: &BTreeMap<String, TensorEntry>, len: u64) -> Result<(), String> {
    let mut ranges: Vec<[u64; 2]> = tensors.values().map(|tensor| tensor.data_offsets).collect();
    ranges.sort_unstable();
    let mut covered = 0;
    for [begin, end] in ranges {
        if begin != covered || end < begin {
            return Err(format!("bytes {begin}..{end} of a tensor do not follow byte {covered}: it is damaged"));
        }
        covered = end;
    }
    match covered == len {
        true => Ok(()),
        false => Err(format!("its tensors need {covered} bytes, there are {len}: it is truncated or damaged")),
    }
}

struct TensorTable(BTreeMap<String, TensorEntry>);

impl<'de> Deserialize<'de> for TensorTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;

        impl<'de> Visitor<'de> for Map {
            type Value = TensorTable;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TensorTable, A::Error> {
                let mut tensors = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                    } else if tensors.insert(name, map.next_value()?).is_some() {
                        return Err(A::Error::custom("a tensor appears twice"));
                    }
                }
                Ok(TensorTable(tensors))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

impl<'de> Deserialize<'de> for Sides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seq;

        impl<'de> Visitor<'de> for Seq {
            type Value = Sides;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the sides of a shape")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sides, A::Error> {
                let mut shape = Sides::default();
                while let Some(side) = seq.next_element()? {
                    if let Some(slot) = shape.first.get_mut(shape.sides) {
                        *slot = side;
                    }
                    shape.sides += 1;
                }
                Ok(shape)
            }
        }
        deserializer.deserialize_seq(Seq)
    }
}

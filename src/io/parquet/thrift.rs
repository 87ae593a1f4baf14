//! A walk through Thrift's compact protocol, in which the footer and the page headers of parquet files are written.
//!
//! The decoder of the `parquet` crate believes the sizes that it reads: it loops over a list of 2^31 elements that take
//! no bytes, and allocates the memory that a text claims. So the walk goes through the decoder's input first, in time
//! proportional to its bytes. It refuses input where a size does not fit the bytes, or where a field does not have its
//! type in [`shape`](super::shape), because the decoder would then read something else than the walk checked.

use super::shape::{FOOTER, FieldType, Fields, PAGE_HEADER};
use super::varint::{signed, varint};

/// Deepest nesting of structures and lists; parquet needs about 10.
const DEPTH: usize = 32;

/// Deepest nesting of a schema; the crate visits it by recursion.
const SCHEMA_DEPTH: usize = 64;

/// The header of a page.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PageHeader {
    /// 0 data, 1 index, 2 dictionary, 3 data of version 2.
    pub(super) kind: Option<i64>,
    pub(super) unpacked_bytes: Option<i64>,
    pub(super) packed_bytes: Option<i64>,
    pub(super) values: Option<i64>,
    /// Number of rows, which pages of version 2 state.
    pub(super) rows: Option<i64>,
    /// Bytes of the two kinds of levels, which come before the data in pages of version 2 and are not packed.
    pub(super) level_bytes: [Option<i64>; 2],
}

impl PageHeader {
    /// Reads the header at the beginning of `bytes`; returns it with its length, or `None` where `bytes` end within it
    /// or it is damaged.
    pub(super) fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut header = Self::default();
        let mut seen = |path: &[i64], value| match path {
            [1] => header.kind = Some(value),
            [2] => header.unpacked_bytes = Some(value),
            [3] => header.packed_bytes = Some(value),
            [5 | 7 | 8, 1] => header.values = Some(value),
            [8, 3] => header.rows = Some(value),
            [8, 5] => header.level_bytes[0] = Some(value),
            [8, 6] => header.level_bytes[1] = Some(value),
            _ => {}
        };
        let mut walk = ThriftWalk { rest: bytes, path: Vec::new(), depth: 0, seen: &mut seen };
        walk.fields(PAGE_HEADER)?;
        let len = bytes.len() - walk.rest.len();
        Some((header, len))
    }
}

/// Whether `bytes` are a footer that can be decoded in time and memory proportional to their number.
pub(super) fn is_footer(bytes: &[u8]) -> bool {
    let mut schema = Schema::default();
    let mut seen = |path: &[i64], value| match path {
        [2] => schema.element(),
        [2, 5] => schema.children = value,
        _ => {}
    };
    let footer = ThriftWalk { rest: bytes, path: Vec::new(), depth: 0, seen: &mut seen }.fields(FOOTER);
    footer.is_some() && schema.deepest <= SCHEMA_DEPTH
}

/// Measures the depth of a schema: a tree in pre-order, each element of which says how many children it has.
#[derive(Default)]
struct Schema {
    /// Children of the last element.
    children: i64,
    /// Children that are still to come, at each depth.
    open: Vec<i64>,
    deepest: usize,
}

impl Schema {
    /// Begins an element.
    fn element(&mut self) {
        match std::mem::take(&mut self.children) {
            children if children > 0 => self.open.push(children),
            _ => {}
        }
        while self.open.pop_if(|left| *left == 0).is_some() {}
        if let Some(left) = self.open.last_mut() {
            *left -= 1;
        }
        self.deepest = self.deepest.max(self.open.len());
    }
}

/// A walk; every step returns `None` where the bytes end too early or are wrong.
struct ThriftWalk<'a> {
    rest: &'a [u8],
    /// Numbers of the fields that are being read, from the outermost on.
    path: Vec<i64>,
    /// Structures and lists that are being read.
    depth: usize,
    /// Hears of every number, and of every element of a list before its fields.
    seen: &'a mut dyn FnMut(&[i64], i64),
}

impl ThriftWalk<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    /// Reads the length of a list and the type of its elements; every element takes at least one byte.
    fn list(&mut self) -> Option<(u64, u8)> {
        let byte = self.byte()?;
        let len = match byte >> 4 {
            15 => varint(&mut self.rest)?,
            len => len.into(),
        };
        (len <= self.rest.len() as u64).then_some((len, byte & 15))
    }

    /// Walks a structure, which has fields among `known` and may have others.
    fn fields(&mut self, known: Fields) -> Option<()> {
        let mut id = 0_i64;
        loop {
            let byte = self.byte()?;
            let kind = byte & 15;
            if kind == 0 {
                return Some(());
            }
            id = match byte >> 4 {
                0 => signed(&mut self.rest)?,
                step => id.checked_add(step.into())?,
            };
            let shape = known.iter().find(|(known, _)| *known == id).map_or(&FieldType::Any, |(_, shape)| shape);
            self.path.push(id);
            self.value(kind, shape)?;
            self.path.pop();
        }
    }

    /// Walks the value of a field of type `kind`, which has to be that of `shape`.
    fn value(&mut self, kind: u8, shape: &FieldType) -> Option<()> {
        match (kind, shape) {
            // The type says the value.
            (1 | 2, FieldType::Flag | FieldType::Any) => Some(()),
            (3, FieldType::Byte | FieldType::Any) => self.pass(1),
            (4..=6, FieldType::Int | FieldType::Any) => {
                let value = signed(&mut self.rest)?;
                (self.seen)(&self.path, value);
                Some(())
            }
            (7, FieldType::Double | FieldType::Any) => self.pass(8),
            (8, FieldType::Text | FieldType::Any) => {
                let len = varint(&mut self.rest)?;
                self.pass(len)
            }
            (9 | 10, FieldType::List(shape)) => self.deeper(|walk| walk.elements(shape)),
            (9 | 10, FieldType::Any) => self.deeper(|walk| walk.elements(&FieldType::Any)),
            (12, FieldType::Struct(fields)) => self.deeper(|walk| walk.fields(fields)),
            (12, FieldType::Any) => self.deeper(|walk| walk.fields(&[])),
            // Parquet has no maps, and other types do not exist.
            _ => None,
        }
    }

    fn deeper(&mut self, walk: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        if self.depth == DEPTH {
            return None;
        }
        self.depth += 1;
        walk(self)?;
        self.depth -= 1;
        Some(())
    }

    fn elements(&mut self, shape: &FieldType) -> Option<()> {
        let (len, kind) = self.list()?;
        // Parquet has no lists of flags here, and the decoder would pass over the elements of such a list without
        // reading bytes.
        if len > 0 && matches!(kind, 1 | 2) {
            return None;
        }
        (0..len).try_for_each(|i| {
            (self.seen)(&self.path, i as i64);
            self.value(kind, shape)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data page of 7 values, 30 bytes packed to 20.
    const PAGE: [u8; 17] = [0x15, 0, 0x15, 60, 0x15, 40, 0x2c, 0x15, 14, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];

    #[test]
    fn a_header_is_read_and_every_truncation_noticed() {
        let (header, len) = PageHeader::parse(&PAGE).unwrap();
        let found = (header.kind, header.unpacked_bytes, header.packed_bytes, header.values, header.rows);
        assert_eq!((found, len), ((Some(0), Some(30), Some(20), Some(7), None), PAGE.len()));
        (0..PAGE.len()).for_each(|len| assert_eq!(PageHeader::parse(&PAGE[..len]), None));
    }

    #[test]
    fn lists_texts_and_maps_that_do_not_fit_are_refused() {
        let huge = [0xff, 0xff, 0xff, 0xff, 0x07];
        for start in [&[0xf9, 0xf1][..], &[0xf9, 0xf9], &[0xf8], &[0xfb]] {
            let mut bytes = start.to_vec();
            bytes.extend(huge);
            bytes.extend([0x11; 40]);
            bytes.push(0);
            assert!(!is_footer(&bytes), "{start:x?}");
            assert_eq!(PageHeader::parse(&bytes), None, "{start:x?}");
        }
        // A list of two numbers, a flag and the end, in a field that is not known.
        assert!(is_footer(&[0xf9, 0x25, 1, 2, 0x11, 0]));
        // A list of flags, and a text where the version belongs.
        assert!(!is_footer(&[0xf9, 0x21, 1, 2, 0x11, 0]));
        assert!(!is_footer(&[0x18, 1, 2, 0]));
    }

    #[test]
    fn deep_nesting_is_refused() {
        let structs = |depth: usize| [vec![0xfc; depth], vec![0; depth + 1]].concat();
        assert!(is_footer(&structs(10)));
        assert!(!is_footer(&structs(1000)));

        // Groups of one child each.
        let schema = |depth: usize| {
            let mut bytes = vec![0x29, 0xfc, (depth & 0x7f) as u8 | 0x80, (depth >> 7) as u8];
            (0..depth).for_each(|_| bytes.extend([0x55, 2, 0]));
            bytes.push(0);
            bytes
        };
        assert!(is_footer(&schema(40)));
        assert!(!is_footer(&schema(4000)));
    }
}

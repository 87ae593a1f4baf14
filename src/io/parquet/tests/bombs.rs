//! Small files that state much: they are refused before memory or time is spent on them.

use super::{read_path, reason};
use crate::error::ErrorKind;
use crate::io::parquet::read_strings;
use crate::io::testing::Folder;
use std::time::{Duration, Instant};

/// Thrift's compact protocol, written field by field.
#[derive(Clone, Default)]
struct Thrift(Vec<u8>);

impl Thrift {
    fn int(mut self, step: u8, value: i64) -> Self {
        self.0.push(step << 4 | 5);
        self.0.extend(varint(((value << 1) ^ (value >> 63)) as u64));
        self
    }

    fn text(mut self, step: u8, text: &str) -> Self {
        self.0.push(step << 4 | 8);
        self.0.extend(varint(text.len() as u64));
        self.0.extend(text.as_bytes());
        self
    }

    fn node(mut self, step: u8, node: Self) -> Self {
        self.0.push(step << 4 | 12);
        self.0.extend(node.end());
        self
    }

    fn list(mut self, step: u8, kind: u8, elements: &[Vec<u8>]) -> Self {
        self.0.extend([step << 4 | 9, 0xf0 | kind]);
        self.0.extend(varint(elements.len() as u64));
        self.0.extend(elements.concat());
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.0.push(0);
        self.0
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A run of `count` levels or indices.
fn run(count: u64, level: u8) -> Vec<u8> {
    [varint(count << 1), vec![level]].concat()
}

fn with_len(bytes: Vec<u8>) -> Vec<u8> {
    [(bytes.len() as u32).to_le_bytes().to_vec(), bytes].concat()
}

/// A page with the header of a data page, or of a dictionary page.
fn page(kind: i64, unpacked: i64, values: i64, encoding: i64, body: &[u8]) -> Vec<u8> {
    let header = Thrift::default().int(1, kind).int(1, unpacked).int(1, body.len() as i64);
    let of_kind = Thrift::default().int(1, values).int(1, encoding);
    let header = match kind {
        0 => header.node(2, of_kind.int(1, 3).int(1, 3)),
        _ => header.node(4, of_kind),
    };
    [header.end(), body.to_vec()].concat()
}

/// A file with one column, of lists of f32 named `x` or of strings named `name`.
fn file(strings: bool, pages: &[Vec<u8>], rows: i64, values: i64) -> Vec<u8> {
    packed(strings, 0, pages, rows, values)
}

/// [`file`], with a number for how its pages are compressed.
fn packed(strings: bool, codec: i64, pages: &[Vec<u8>], rows: i64, values: i64) -> Vec<u8> {
    let root = Thrift::default().text(4, "schema").int(1, 1).end();
    let (kind, path, schema) = match strings {
        true => (6, vec!["name"], vec![root, Thrift::default().int(1, 6).int(2, 0).text(1, "name").int(2, 0).end()]),
        false => {
            let group = Thrift::default().int(3, 0).text(1, "x").int(1, 1).int(1, 3).end();
            let repeated = Thrift::default().int(3, 2).text(1, "list").int(1, 1).end();
            let element = Thrift::default().int(1, 4).int(2, 0).text(1, "element").end();
            (4, vec!["x", "list", "element"], vec![root, group, repeated, element])
        }
    };
    let body = pages.concat();
    let path: Vec<Vec<u8>> =
        path.iter().map(|name| [vec![name.len() as u8], name.as_bytes().to_vec()].concat()).collect();
    let meta = Thrift::default().int(1, kind).list(1, 5, &[vec![0]]).list(1, 8, &path).int(1, codec).int(1, values);
    let meta = meta.int(1, body.len() as i64).int(1, body.len() as i64).int(2, 4);
    let group = Thrift::default().list(1, 12, &[Thrift::default().int(2, 4).node(1, meta).end()]);
    let group = group.int(1, body.len() as i64).int(1, rows).end();
    let footer = Thrift::default().int(1, 1).list(1, 12, &schema).int(1, rows).list(1, 12, &[group]).end();
    framed(&body, &footer)
}

fn framed(body: &[u8], footer: &[u8]) -> Vec<u8> {
    let len = (footer.len() as u32).to_le_bytes();
    [b"PAR1", body, footer, &len, b"PAR1"].concat()
}

/// Rows of these lengths, of zeros, by a dictionary.
fn lists(lengths: &[u64]) -> Vec<u8> {
    let values = lengths.iter().sum::<u64>();
    let levels = |len: &u64| if *len > 1 { [run(1, 0), run(len - 1, 1)].concat() } else { run(1, 0) };
    let body = [with_len(lengths.iter().flat_map(levels).collect()), with_len(run(values, 1)), vec![1], run(values, 0)];
    let body = body.concat();
    let dictionary = page(2, 4, 1, 0, &[0; 4]);
    let data = page(0, body.len() as i64, values as i64, 8, &body);
    file(false, &[dictionary, data], lengths.len() as i64, values as i64)
}

/// Runs `check`, which has to end soon.
fn soon<T>(check: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = check();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    result
}

#[test]
fn a_file_made_by_hand_is_read() {
    let folder = Folder::new();
    let (dim, values) = read_path(&folder.put("x.parquet", &lists(&[4; 100])), None).unwrap();
    assert_eq!((dim, values), (4, vec![0.0; 400]));
    let body = [with_len(b"one".to_vec()), with_len(b"two".to_vec())].concat();
    let bytes = file(true, &[page(0, body.len() as i64, 2, 0, &body)], 2, 2);
    assert_eq!(read_strings(folder.put("n.parquet", &bytes), "name").unwrap(), ["one", "two"]);
}

#[test]
fn rows_that_go_on_are_refused_before_they_are_decoded() {
    let folder = Folder::new();
    // Decoded, the two billion values would take 16 GB.
    let mut lengths = vec![250_000; 8000];
    lengths[0] = 4;
    let bytes = lists(&lengths);
    assert!(bytes.len() < 100_000);
    assert!(soon(|| reason(&bytes, None)).contains("claims to hold 1999750004 values"));

    lengths.truncate(200);
    let path = folder.put("x.parquet", &lists(&lengths));
    let error = soon(|| read_path(&path, None).unwrap_err());
    assert!(error.to_string().contains("row 1 has 250000 values or more"), "{error}");
    assert_eq!(error.path(), Some(path.as_path()));

    lengths[0] = 250_000;
    let error = soon(|| read_path(&folder.put("x.parquet", &lists(&lengths)), None).unwrap_err());
    assert!(matches!(error.kind(), ErrorKind::Dim { dim: 250_000 }), "{error}");
}

#[test]
fn rows_beyond_any_measure_are_refused() {
    let body = [with_len(run(1 << 30, 0)), with_len(run(1 << 30, 1)), vec![1], run(1 << 30, 0)].concat();
    let pages = [page(2, 4, 1, 0, &[0; 4]), page(0, body.len() as i64, 1 << 30, 8, &body)];
    assert!(soon(|| reason(&file(false, &pages, 1 << 30, 1 << 30), None)).contains("claims 1073741824 rows"));
}

#[test]
fn pages_that_state_too_much_are_refused() {
    let huge = i64::from(i32::MAX);
    let states = |kind, unpacked, values| {
        let body = [0; 100];
        soon(|| reason(&file(false, &[page(kind, unpacked, values, 0, &body)], 1, 1), None))
    };
    assert!(states(0, huge, 1).contains("claims to unpack 100 bytes to 2147483647"));
    assert!(states(2, huge, 1).contains("claims to unpack 100 bytes to 2147483647"));
    assert!(states(0, 100, huge).contains("claims to hold 2147483647 values in 100 bytes"));
    assert!(states(2, 100, 101).contains("claims to hold 101 values in 100 bytes"));
    assert!(states(0, -1, 1).contains("does not say its size"));
    assert!(states(9, 100, 1).contains("unknown kind"));
}

/// A list of 2^31 lists of 2^31 flags, many times: the decoder counts through them all.
fn endless() -> Vec<u8> {
    [vec![0xf9, 0xf9], varint(0x7fff_ffff), [vec![0xf1], varint(0x7fff_ffff)].concat().repeat(900), vec![0]].concat()
}

#[test]
fn headers_without_end_are_refused() {
    let bytes = file(false, &[endless()], 1, 1);
    assert!(bytes.len() < 6000);
    assert!(soon(|| reason(&bytes, None)).contains("header of the page at byte 4 is damaged"));
    assert!(soon(|| reason(&framed(&[], &endless()), None)).contains("its footer is damaged"));
}

#[test]
fn texts_that_state_too_much_are_refused() {
    let folder = Folder::new();
    let failed = |encoding, body: Vec<u8>, rows| {
        let bytes = file(true, &[page(0, body.len() as i64, rows, encoding, &body)], rows, rows);
        soon(|| read_strings(folder.put("x.parquet", &bytes), "name").unwrap_err().to_string())
    };
    // Blocks of 128 in 4 parts, 2^40 numbers, all of them 0.
    let many = [varint(128), varint(4), varint(1 << 40), vec![0; 20]].concat();
    for encoding in [6, 7] {
        assert!(failed(encoding, many.clone(), 3).contains("a page states lengths"));
    }
    // 129 texts that begin with all of the one before.
    let len = 1 << 20;
    let prefixes = [varint(128), varint(4), varint(129), varint(0), varint(0), vec![21, 0, 0, 0]];
    let mut rest = vec![0; 84 - 3];
    rest.splice(..0, (len as u32).to_le_bytes()[..3].iter().copied());
    let prefixes = [prefixes.concat(), rest, vec![0, 0, 0, 0, 0]].concat();
    let suffixes = [varint(128), varint(4), varint(129), varint(2 * len), varint(0), vec![0; 5]].concat();
    let body = [prefixes, suffixes, vec![b'x'; len as usize]].concat();
    assert!(failed(7, body, 129).contains("a page states lengths"));

    // One long text for each of many rows.
    let (len, rows) = (1 << 22, 1 << 13);
    let dictionary = page(2, len + 4, 1, 0, &with_len(vec![b'x'; len as usize]));
    let body = [vec![1], run(rows, 0)].concat();
    let pages = [dictionary, page(0, body.len() as i64, rows as i64, 8, &body)];
    let path = folder.put("x.parquet", &file(true, &pages, rows as i64, rows as i64));
    let error = soon(|| read_strings(&path, "name").unwrap_err().to_string());
    assert!(error.contains("more text than a file of its size can mean"), "{error}");
}

#[test]
fn compressions_that_are_not_read_are_named_with_those_that_are() {
    let error = reason(&packed(false, 3, &[page(0, 100, 1, 0, &[0; 100])], 1, 1), None);
    assert!(error.contains("LZO") && error.contains("zstd, snappy, lz4, gzip, brotli or no compression"), "{error}");
}

#[cfg(feature = "parquet-brotli")]
#[test]
fn pages_of_brotli_that_unpack_to_more_than_they_state_are_refused() {
    use std::io::Read;
    // Half a gigabyte in a small file.
    let mut packed_page = Vec::new();
    let zeros = std::io::repeat(0).take(1 << 29);
    brotli::CompressorReader::new(zeros, 1 << 16, 1, 22).read_to_end(&mut packed_page).unwrap();
    assert!(packed_page.len() < 1 << 20, "{}", packed_page.len());
    let error = soon(|| reason(&packed(false, 4, &[page(0, 100, 1, 0, &packed_page)], 1, 1), None));
    assert!(error.contains("unpacks to more than the 100 bytes that it states"), "{error}");
}

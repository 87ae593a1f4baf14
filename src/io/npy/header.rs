//! The header of an npy file: magic, version, length, and a Python dict literal.

use crate::error::Result;
use crate::io::dense::data_len;
use crate::io::file::Source;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Longest header that is read; a header of two dimensions takes about 60 bytes.
const MAX_HEADER: usize = 1 << 16;

/// What the header says about a 2-D array in C order, checked against the length of the file.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) descr: Descr,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Byte at which the values begin.
    pub(crate) start: u64,
}

/// Type of the values, as in `<f4`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Descr {
    pub(crate) big_endian: bool,
    pub(crate) kind: u8,
    pub(crate) size: usize,
}

impl Header {
    pub(crate) fn read(source: &Source) -> Result<Self> {
        let (start, text) = read_text(source)?;
        let dict = Parser { rest: &text }.dict().map_err(|reason| source.error(format!("its header has {reason}")))?;
        if dict.fortran_order {
            let remedy = "save `np.ascontiguousarray(x)` instead";
            return Err(source.error(format!("its values are in Fortran order; {remedy}")));
        }
        let [rows, columns] = dict.shape[..] else {
            let hint = if dict.shape.len() == 1 { "; save `x.reshape(-1, columns)` instead" } else { "" };
            return Err(source.error(format!("it has {} dimensions, not 2{hint}", dict.shape.len())));
        };
        let found = source.len() - start;
        match data_len(rows, columns, dict.descr.size) {
            Some(expected) if expected == found => Ok(Self { descr: dict.descr, rows, columns, start }),
            Some(expected) => Err(source.error(format!(
                "shape ({rows}, {columns}) needs {expected} bytes of data, the file has {found}: it is {}",
                if found < expected { "truncated" } else { "damaged" }
            ))),
            None => Err(source.error(format!("shape ({rows}, {columns}) is larger than any file"))),
        }
    }
}

/// The header text and the byte after it.
fn read_text(source: &Source) -> Result<(u64, Vec<u8>)> {
    let mut fixed = [0; 8];
    source.read(0, &mut fixed)?;
    let [magic @ .., major, _minor] = fixed;
    if magic != *MAGIC {
        return Err(source.error("it does not begin with the magic bytes of numpy"));
    }
    let mut len = [0; 4];
    let width = match major {
        1 => 2,
        2 | 3 => 4,
        _ => return Err(source.error(format!("it has format version {major}; 1 to 3 are supported"))),
    };
    source.read(8, &mut len[..width])?;
    let len = u32::from_le_bytes(len) as usize;
    let begin = 8 + width as u64;
    let end = begin + len as u64;
    if len > MAX_HEADER || end > source.len() {
        return Err(source.error(format!("its header claims {len} bytes, more than the file or {MAX_HEADER} bytes")));
    }
    let mut text = vec![0; len];
    source.read(begin, &mut text)?;
    Ok((end, text))
}

/// A header of version 1.0, byte for byte what numpy writes for two dimensions.
pub(crate) fn write(descr: &str, rows: usize, columns: usize) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // 117 bytes and a line end after the first 10 make 128; two numbers of 20 digits fit.
    text = format!("{text:<117}\n");
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header
}

struct Dict {
    descr: Descr,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// Reads the one dict literal that numpy writes, and nothing more of Python.
struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    fn dict(&mut self) -> Result<Dict, String> {
        let (mut descr, mut order, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.eat(b'}') {
            let key = self.string()?;
            self.expect(b':')?;
            let repeated = match key {
                b"descr" => descr.replace(self.descr()?).is_some(),
                b"fortran_order" => order.replace(self.boolean()?).is_some(),
                b"shape" => shape.replace(self.shape()?).is_some(),
                _ => return Err(format!("the unknown key `{}`", key.escape_ascii())),
            };
            if repeated {
                return Err(format!("the key `{}` twice", key.escape_ascii()));
            }
            if !self.eat(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        match (self.peek(), descr, order, shape) {
            (Some(_), ..) => Err("something after the closing `}`".to_owned()),
            (None, Some(descr), Some(fortran_order), Some(shape)) => Ok(Dict { descr, fortran_order, shape }),
            _ => Err("no `descr`, `fortran_order` or `shape`".to_owned()),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        match self.eat(byte) {
            true => Ok(()),
            false => Err(format!("no `{}` where one belongs", byte as char)),
        }
    }

    fn string(&mut self) -> Result<&'a [u8], String> {
        let quote = self.peek().filter(|byte| matches!(byte, b'\'' | b'"')).ok_or("no string where one belongs")?;
        let mut parts = self.rest.get(1..).unwrap_or_default().splitn(2, |byte| *byte == quote);
        match (parts.next(), parts.next()) {
            (Some(string), Some(rest)) => {
                self.rest = rest;
                Ok(string)
            }
            _ => Err("an unfinished string".to_owned()),
        }
    }

    fn descr(&mut self) -> Result<Descr, String> {
        if self.peek() == Some(b'[') {
            return Err("a structured type; save one plain array of numbers instead".to_owned());
        }
        let text = self.string()?;
        let unknown = || format!("the type `{}`, which is none of f2, f4, f8 or integers", text.escape_ascii());
        let [order @ (b'<' | b'>' | b'|'), kind @ (b'f' | b'i' | b'u'), size] = *text else { return Err(unknown()) };
        match (size, order) {
            (b'1', _) if kind != b'f' => {}
            (b'2' | b'4' | b'8', b'<' | b'>') => {}
            _ => return Err(unknown()),
        }
        Ok(Descr { big_endian: order == b'>', kind, size: usize::from(size - b'0') })
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.peek();
        for (word, value) in [(&b"True"[..], true), (b"False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("no `True` or `False` for `fortran_order`".to_owned())
    }

    fn shape(&mut self) -> Result<Vec<usize>, String> {
        let mut shape = Vec::new();
        self.expect(b'(')?;
        while !self.eat(b')') {
            shape.push(self.number()?);
            if !self.eat(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(shape)
    }

    fn number(&mut self) -> Result<usize, String> {
        self.peek();
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
        number.ok_or_else(|| "a shape that is not of whole numbers a machine can address".to_owned())
    }
}

//! The Python dict literal in the header of an npy file.

/// Type of the values, as in `<f4`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Descr {
    pub(crate) big_endian: bool,
    pub(crate) kind: u8,
    pub(crate) size: usize,
}

/// The letter used here for bfloat16, for which numpy has none.
pub(crate) const BFLOAT: u8 = b'b';

/// The contents of the dict.
#[derive(Debug)]
pub(super) struct Dict {
    pub(super) descr: Descr,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<usize>,
}

impl Dict {
    /// Parses the dict in `text`; an error says what is wrong, in words that follow "its header has".
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        Parser { rest: text }.dict()
    }
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

    /// Returns the next byte that is no white space.
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
        let unknown = || {
            // An array of objects is often one of arrays, one for each row.
            let rows = if text == b"|O" || text == b"O" { "np.stack(x)" } else { "x" };
            format!(
                "the type `{}`, which is none of f2, f4, f8, bfloat16 or integers; save \
                 `{rows}.astype(np.float32)` instead",
                text.escape_ascii()
            )
        };
        let named = |kind, size| Ok(Descr { big_endian: false, kind, size });
        match text {
            // Numpy writes the bfloat16 of ml_dtypes as `V2`: two bytes without a type of their own.
            b"bfloat16" | b"V2" | b"<V2" | b"|V2" => return named(BFLOAT, 2),
            b"float16" | b"f2" | b"=f2" => return named(b'f', 2),
            b"float32" | b"f4" | b"=f4" => return named(b'f', 4),
            b"float64" | b"f8" | b"=f8" => return named(b'f', 8),
            _ => {}
        }
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

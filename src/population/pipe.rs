//! Brings requests to a worker through a pipe, as between two processes.
//!
//! | from | message | bytes |
//! | --- | --- | --- |
//! | worker | greeting | `SIDw`, version (u32, 1), rows (u64), dimensions (u64) |
//! | driver | request | length (u64), then so many bytes of a request |
//! | worker | answer | 0 for a reply or 1 for an error (u8), length (u64), then so many bytes of a reply, or a text in UTF-8 |
//!
//! Numbers are little endian. The worker ends when its input ends.

use super::worker::Worker;
use crate::error::{Error, ErrorKind, Result};
use std::io::{self, Read, Write};

/// Four letters, and the version of everything that is written to a pipe.
const GREETING: [u8; 8] = *b"SIDw\x01\0\0\0";

impl Worker<'_> {
    /// Greets, and answers the requests that come in until the input ends. A request that has no answer gets the text
    /// of its error, and the worker goes on.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where reading or writing fails; [`ErrorKind::Message`] for input that ends within a request.
    pub fn serve(&mut self, mut input: impl Read, mut output: impl Write) -> Result<()> {
        let mut greeting = GREETING.to_vec();
        greeting.extend(self.rows().to_le_bytes());
        greeting.extend((self.dim() as u64).to_le_bytes());
        write(&mut output, &greeting)?;
        while let Some(request) = next(&mut input, "request")? {
            let (kind, answer) = match self.answer(&request) {
                Ok(reply) => (0, reply),
                Err(error) => (1, error.to_string().into_bytes()),
            };
            let mut message = vec![kind];
            message.extend((answer.len() as u64).to_le_bytes());
            message.extend(answer);
            write(&mut output, &message)?;
        }
        Ok(())
    }
}

/// The driver's end of the pipes to a worker that [serves](Worker::serve), such as a process of `semid worker`.
///
/// ```
/// use semid::shards::{Pipe, Worker};
/// use semid::{Device, Matrix};
///
/// let rows = Matrix::new(&[1.0, 2.0, 3.0, 4.0], 2)?;
/// let mut output = Vec::new();
/// Worker::new(rows, 0, &Device::cpu()).serve(&[][..], &mut output)?;
/// let pipe = Pipe::open(&output[..], std::io::sink())?;
/// assert_eq!((pipe.rows(), pipe.dim()), (2, 2));
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Debug)]
pub struct Pipe<R, W> {
    from: R,
    to: W,
    rows: u64,
    dim: usize,
}

impl<R: Read, W: Write> Pipe<R, W> {
    /// Waits for the worker's greeting.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where reading fails; [`ErrorKind::Message`] for what no worker of this version says.
    pub fn open(mut from: R, to: W) -> Result<Self> {
        let mut greeting = [0; 24];
        read(&mut from, &mut greeting, "greeting")?;
        let (letters, numbers) = greeting.split_at(GREETING.len());
        let (rows, dim) = numbers.split_at(8);
        if letters != GREETING {
            return Err(unusable("greeting", "it is that of another program or version"));
        }
        match usize::try_from(number(dim)) {
            Ok(dim) if (1..=crate::MAX_DIM).contains(&dim) => Ok(Self { from, to, rows: number(rows), dim }),
            _ => Err(unusable("greeting", "rows have another number of dimensions than it says")),
        }
    }

    /// Returns the number of the worker's rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the number of dimensions, D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Sends a request and waits for the bytes of its reply.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where writing or reading fails; [`ErrorKind::Message`] for a worker that has ended or says
    /// something else; [`ErrorKind::Source`] with the text of the worker's own error.
    pub fn answer(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        write(&mut self.to, &(request.len() as u64).to_le_bytes())?;
        write(&mut self.to, request)?;
        let mut kind = [0];
        read(&mut self.from, &mut kind, "answer")?;
        let answer = next(&mut self.from, "answer")?.ok_or_else(|| unusable("answer", "it is cut off"))?;
        match kind {
            [0] => Ok(answer),
            [1] => Err(Error::source_of_rows(String::from_utf8_lossy(&answer).into_owned())),
            [kind] => Err(unusable("answer", format!("{kind} stands for no kind of answer"))),
        }
    }
}

/// Reads a length and so many bytes; none where the input has ended. Memory is taken as the bytes come in, so that a
/// wrong length takes none.
fn next(input: &mut impl Read, what: &'static str) -> Result<Option<Vec<u8>>> {
    let mut length = Vec::new();
    let failed = |error| Error::io("reading", error);
    input.by_ref().take(8).read_to_end(&mut length).map_err(failed)?;
    if length.is_empty() {
        return Ok(None);
    }
    let Ok(length) = length.try_into().map(u64::from_le_bytes) else { return Err(unusable(what, "it is cut off")) };
    let mut bytes = Vec::new();
    input.by_ref().take(length).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 == length {
        true => Ok(Some(bytes)),
        false => Err(unusable(what, format!("it is cut off after {} of {length} bytes", bytes.len()))),
    }
}

fn read(input: &mut impl Read, bytes: &mut [u8], what: &'static str) -> Result<()> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => unusable(what, "the worker has ended"),
        _ => Error::io("reading", error),
    })
}

fn write(output: &mut impl Write, bytes: &[u8]) -> Result<()> {
    output.write_all(bytes).and_then(|()| output.flush()).map_err(|error| Error::io("writing", error))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn unusable(what: &'static str, reason: impl Into<String>) -> Error {
    ErrorKind::Message { what, reason: reason.into() }.into()
}

//! Brings requests to a worker through a pipe, as between two processes.
//!
//! | from | message | bytes |
//! | --- | --- | --- |
//! | worker | greeting | `SIDw`, version (u32, 1), rows (u64), dimensions (u64) |
//! | driver | request | length (u64), then that many bytes of a request |
//! | worker | answer | 0 for a reply, 1 for an error (u8); length (u64), then that many bytes: a reply, or UTF-8 |
//!
//! Numbers are little endian. The worker ends when its input ends.

use super::worker::Worker;
#[cfg(doc)]
use crate::ErrorKind;
use crate::error::{Error, Result};
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
        let mut part = || {
            let mut bytes = [0; 8];
            read(&mut from, &mut bytes, "greeting").map(|()| bytes)
        };
        if part()? != GREETING {
            return Err(Error::message(
                "greeting",
                "it is that of another program or version; start the worker with this semid",
            ));
        }
        let (rows, dim) = (u64::from_le_bytes(part()?), u64::from_le_bytes(part()?));
        match usize::try_from(dim) {
            Ok(dim) if (1..=crate::MAX_DIM).contains(&dim) => Ok(Self { from, to, rows, dim }),
            _ => Err(Error::message(
                "greeting",
                format!("its rows have {dim} dimensions; start a worker of this semid again"),
            )),
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
        let answer = next(&mut self.from, "answer")?.ok_or_else(|| cut_off("answer"))?;
        match kind {
            [0] => Ok(answer),
            [1] => Err(Error::source_of_rows(String::from_utf8_lossy(&answer).into_owned())),
            [kind] => {
                Err(Error::message("answer", format!("{kind} stands for no kind of answer; start the worker again")))
            }
        }
    }
}

/// Reads a length, and as many bytes as it says; none where the input has ended. Memory is taken as the bytes come in,
/// so that a wrong length takes none.
fn next(input: &mut impl Read, what: &'static str) -> Result<Option<Vec<u8>>> {
    let mut length = Vec::new();
    let failed = |error| Error::io("reading", error);
    input.by_ref().take(8).read_to_end(&mut length).map_err(failed)?;
    if length.is_empty() {
        return Ok(None);
    }
    let Ok(length) = length.try_into().map(u64::from_le_bytes) else {
        return Err(cut_off(what));
    };
    let mut bytes = Vec::new();
    input.by_ref().take(length).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 == length {
        true => Ok(Some(bytes)),
        false => {
            Err(Error::message(what, format!("it is cut off after {} of {length} bytes; send it again", bytes.len())))
        }
    }
}

fn cut_off(what: &'static str) -> Error {
    Error::message(what, "it is cut off; send it again")
}

fn read(input: &mut impl Read, bytes: &mut [u8], what: &'static str) -> Result<()> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::message(what, "the worker has ended; start it again"),
        _ => Error::io("reading", error),
    })
}

fn write(output: &mut impl Write, bytes: &[u8]) -> Result<()> {
    output.write_all(bytes).and_then(|()| output.flush()).map_err(|error| Error::io("writing", error))
}

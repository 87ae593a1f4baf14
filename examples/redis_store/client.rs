//! Just enough of a Redis client: commands out, replies in.

use semid::{ErrorKind, Result};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// What a server answers.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    Nil,
    Integer(i64),
    Bytes(Vec<u8>),
    List(Vec<Reply>),
}

/// A connection.
pub(crate) struct Client {
    input: BufReader<TcpStream>,
    output: BufWriter<TcpStream>,
    /// How often it waited for the server.
    pub(crate) round_trips: usize,
}

/// Commands sent before their replies are read: few enough that neither side waits for the other one to read.
const PIPELINE: usize = 1000;

impl Client {
    pub(crate) fn connect(address: &str) -> Result<Self> {
        let addresses = address.to_socket_addrs().map_err(failed)?;
        let streams = addresses.map(|address| TcpStream::connect_timeout(&address, Duration::from_secs(2)));
        let stream = streams.reduce(Result::or).unwrap_or_else(|| Err(std::io::ErrorKind::NotFound.into()));
        let stream = stream.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(failed)?;
        let output = BufWriter::new(stream.try_clone().map_err(failed)?);
        Ok(Self { input: BufReader::new(stream), output, round_trips: 0 })
    }

    /// Runs a command.
    pub(crate) fn call(&mut self, command: &[&[u8]]) -> Result<Reply> {
        self.send(command)?;
        self.output.flush().map_err(failed)?;
        self.round_trips += 1;
        self.reply()
    }

    /// Runs many commands, a thousand in a round trip.
    pub(crate) fn call_all(&mut self, commands: &[Vec<Vec<u8>>]) -> Result<Vec<Reply>> {
        let mut replies = Vec::with_capacity(commands.len());
        for commands in commands.chunks(PIPELINE) {
            for command in commands {
                self.send(&command.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
            }
            self.output.flush().map_err(failed)?;
            self.round_trips += 1;
            // All of them, so that the next command gets its own.
            let of_these: Vec<Result<Reply>> = commands.iter().map(|_| self.reply()).collect();
            replies.extend(of_these.into_iter().collect::<Result<Vec<_>>>()?);
        }
        Ok(replies)
    }

    fn send(&mut self, command: &[&[u8]]) -> Result<()> {
        write!(self.output, "*{}\r\n", command.len()).map_err(failed)?;
        for part in command {
            write!(self.output, "${}\r\n", part.len()).map_err(failed)?;
            self.output.write_all(part).map_err(failed)?;
            self.output.write_all(b"\r\n").map_err(failed)?;
        }
        Ok(())
    }

    fn reply(&mut self) -> Result<Reply> {
        let mut line = String::new();
        self.input.read_line(&mut line).map_err(failed)?;
        let line = line.trim_end();
        let kind = line.chars().next().ok_or_else(|| failed("the server closed the connection"))?;
        let rest = line.get(1..).unwrap_or_default();
        let number = || rest.parse::<i64>().map_err(failed);
        match kind {
            '+' => Ok(Reply::Bytes(rest.as_bytes().to_vec())),
            '-' => Err(failed(rest)),
            ':' => Ok(Reply::Integer(number()?)),
            '$' | '*' if rest.starts_with('-') => Ok(Reply::Nil),
            '$' => {
                let mut bytes = Vec::new();
                let len = u64::try_from(number()?).map_err(failed)?;
                self.input.by_ref().take(len + 2).read_to_end(&mut bytes).map_err(failed)?;
                match bytes.strip_suffix(b"\r\n") {
                    Some(bytes) => Ok(Reply::Bytes(bytes.to_vec())),
                    None => Err(failed("the server closed the connection")),
                }
            }
            '*' => (0..number()?).map(|_| self.reply()).collect::<Result<_>>().map(Reply::List),
            _ => Err(failed(format!("unexpected reply {line:?}"))),
        }
    }
}

impl Reply {
    pub(crate) fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn list(self) -> Vec<Reply> {
        match self {
            Self::List(list) => list,
            _ => Vec::new(),
        }
    }
}

pub(crate) fn failed(error: impl std::fmt::Display) -> semid::Error {
    ErrorKind::Store { reason: format!("redis: {error}") }.into()
}

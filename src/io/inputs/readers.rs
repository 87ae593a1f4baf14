//! Readers of many files, of which only some are open at a time.

use crate::error::{Error, Result};
use crate::io::dialect::Dialect;
use crate::io::opening;
use crate::io::{BadRows, ReadOptions};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Most files that are open at once, fewer than an operating system allows a process.
const MOST_OPEN: usize = 128;

/// A file with rows.
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) rows: usize,
    /// The reader of a part that cannot be opened again.
    pinned: Option<Arc<dyn Dialect>>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("path", &self.path).field("rows", &self.rows).finish()
    }
}

/// The files, and the readers of those that were used last.
pub(super) struct Readers {
    pub(super) parts: Vec<Part>,
    pub(super) dim: usize,
    /// The number of dimensions of every block of a row.
    pub(super) widths: Vec<usize>,
    /// Whether a file is decoded when it is read.
    pub(super) decoded: bool,
    pub(super) options: ReadOptions,
    /// The reader used last is the last one.
    open: Mutex<Vec<(usize, Arc<dyn Dialect>)>>,
}

impl Readers {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Self {
            parts: Vec::new(),
            dim: 0,
            widths: Vec::new(),
            decoded: false,
            options: options.clone(),
            open: Mutex::default(),
        }
    }

    /// Returns what the readers do about rows that cannot be used.
    pub(super) fn bad_rows(&self) -> BadRows {
        self.options.bad_rows
    }

    /// Adds a file with its reader.
    pub(super) fn push(&mut self, path: PathBuf, reader: Box<dyn Dialect>, is_pinned: bool) {
        (self.dim, self.widths) = (reader.dim(), reader.widths());
        self.decoded |= reader.is_decoded();
        let (rows, reader): (_, Arc<dyn Dialect>) = (reader.len(), reader.into());
        self.parts.push(Part { path, rows, pinned: is_pinned.then(|| reader.clone()) });
        if !is_pinned {
            self.keep(self.parts.len() - 1, reader);
        }
    }

    fn keep(&self, part: usize, reader: Arc<dyn Dialect>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MOST_OPEN {
            open.remove(0);
        }
        open.push((part, reader));
    }

    /// Returns the reader of a part, and opens it again if it was closed.
    pub(super) fn get(&self, part: usize) -> Result<Arc<dyn Dialect>> {
        if let Some(reader) = self.find(part) {
            return Ok(reader);
        }
        let Some(Part { path, rows, pinned }) = self.parts.get(part) else {
            return Err(Error::parameter("part", part, format!("must be below {}", self.parts.len())));
        };
        if let Some(reader) = pinned {
            return Ok(reader.clone());
        }
        let reader: Arc<dyn Dialect> = opening::open(path, &self.options)?.into();
        if (reader.len(), reader.dim()) != (*rows, self.dim) || reader.widths() != self.widths {
            let reason = format!(
                "it has {} rows of {} values, where it had {rows} of {}: it was changed while it was read",
                reader.len(),
                reader.dim(),
                self.dim
            );
            return Err(Error::format("input", reason).at(path));
        }
        self.keep(part, reader.clone());
        Ok(reader)
    }

    fn find(&self, part: usize) -> Option<Arc<dyn Dialect>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.iter().rposition(|(open, _)| *open == part)?;
        let entry = open.remove(at);
        let reader = entry.1.clone();
        open.push(entry);
        Some(reader)
    }
}

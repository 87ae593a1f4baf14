//! The search for all bad rows of an input.

use super::Inputs;
use crate::error::{BadRow, Error, ErrorKind, Fault, NAMED, Result, try_zeros};
use std::ops::ControlFlow;

/// Number of values that are read at a time.
const CHUNK: usize = 1 << 20;

impl Inputs {
    /// Calls `each` with every row of the input that cannot be used, in order, and returns their number. It calls
    /// `progress`, which can stop it, with the number of rows searched.
    ///
    /// # Errors
    /// Errors of reads and of `each`; [`ErrorKind::Cancelled`] where `progress` breaks.
    pub fn scan(
        &self,
        mut each: impl FnMut(BadRow) -> Result<()>,
        mut progress: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<usize> {
        let (total, dim) = (self.total(), self.readers.dim);
        let step = (CHUNK / dim).max(1).min(total.max(1));
        let mut buffer = try_zeros(step * dim, "rows that are searched")?;
        let (mut count, mut found) = (0, Vec::new());
        for first in (0..total).step_by(step) {
            let (out, _) = buffer.split_at_mut(step.min(total - first) * dim);
            self.read_input(first, out, &mut |part, fault| found.push((part, fault)))?;
            count += found.len();
            found.drain(..).try_for_each(|(part, fault)| each(self.bad_row(part, fault)))?;
            if progress(first + out.len() / dim).is_break() {
                return Err(ErrorKind::Cancelled.into());
            }
        }
        Ok(count)
    }

    fn bad_row(&self, part: usize, fault: Fault) -> BadRow {
        let path = self.readers.parts.get(part).map(|part| part.path.clone()).unwrap_or_default();
        let row = self.spans.start(part) + fault.row;
        BadRow { path, file_row: fault.row, row, column: fault.column, kind: fault.kind }
    }

    /// Makes the error about all bad rows of the input.
    pub(super) fn refusal(&self) -> Error {
        let mut first = Vec::new();
        let counted = self.scan(
            |bad| {
                if first.len() < NAMED {
                    first.push(bad);
                }
                Ok(())
            },
            |_| ControlFlow::Continue(()),
        );
        let count = match counted {
            Ok(count) => count,
            Err(error) => return error,
        };
        let mut files = first.iter().map(|bad| &bad.path);
        let file = files.next().filter(|path| files.all(|other| other == *path)).cloned();
        let error = Error::from(ErrorKind::BadRows { count, rows: self.total(), first });
        match file {
            Some(path) => error.at(path),
            None => error,
        }
    }
}

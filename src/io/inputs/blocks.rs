//! Blocks of rows, which all cores decode together and which are kept while they are read.

use super::readers::Readers;
use crate::error::{Fault, Result, try_zeros};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes of values that are kept.
const MOST_BYTES: usize = 160 << 20;

/// The decoded rows of a block of a part.
pub(super) struct DecodedBlock {
    part: usize,
    rows: Range<usize>,
    values: Vec<f32>,
    faults: Vec<Fault>,
}

/// The blocks that were decoded last.
#[derive(Default)]
pub(super) struct Blocks(Mutex<VecDeque<Arc<DecodedBlock>>>);

impl DecodedBlock {
    /// Copies rows from `first` on until the block or `out` ends, and returns the number of values.
    pub(super) fn copy(&self, dim: usize, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> usize {
        let skip = first.saturating_sub(self.rows.start).saturating_mul(dim);
        let values = self.values.get(skip..).unwrap_or_default();
        let count = values.len().min(out.len());
        let (out, _) = out.split_at_mut(count);
        out.copy_from_slice(values.get(..count).unwrap_or_default());
        let rows = first..first + count / dim.max(1);
        faults.extend(self.faults.iter().filter(|fault| rows.contains(&fault.row)));
        count
    }

    fn has(&self, part: usize, row: usize) -> bool {
        self.part == part && self.rows.contains(&row)
    }
}

impl Blocks {
    /// Returns the block with `row` of `part`, if the rows of the part come in blocks. A caller that reads blocks in
    /// their order gets the next ones decoded along with it.
    ///
    /// New threads decode, not those of a pool: a pool's thread that waits could take up other work, which might read
    /// here too and wait for the lock that this call holds.
    pub(super) fn get(&self, readers: &Readers, part: usize, row: usize) -> Result<Option<Arc<DecodedBlock>>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = kept.iter().find(|block| block.has(part, row)) {
            return Ok(Some(block.clone()));
        }
        let Some(rows) = readers.get(part)?.block(row) else { return Ok(None) };
        // Reading is in order at the very beginning, and after the block decoded last.
        let in_order = match kept.back() {
            Some(last) if last.part == part => last.rows.end == rows.start,
            Some(last) => last.part + 1 == part && rows.start == 0,
            None => part == 0 && rows.start == 0,
        };
        let mut wanted = vec![(part, rows)];
        let size = |rows: &Range<usize>| rows.len().saturating_mul(readers.dim).saturating_mul(size_of::<f32>());
        let mut bytes = wanted.iter().map(|(_, rows)| size(rows)).sum::<usize>();
        while in_order && wanted.len() < rayon::current_num_threads() {
            let Some((part, rows)) = wanted.last().and_then(|(part, rows)| next(readers, *part, rows)) else { break };
            bytes = bytes.saturating_add(size(&rows));
            if bytes > MOST_BYTES {
                break;
            }
            wanted.push((part, rows));
        }
        kept.clear();
        let decoded = decode(readers, wanted);
        // An error of a later block comes back when that block is read.
        for block in decoded {
            match block {
                Ok(block) => kept.push_back(Arc::new(block)),
                Err(error) if kept.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(kept.front().cloned())
    }
}

/// Returns the block after that of `rows`.
fn next(readers: &Readers, part: usize, rows: &Range<usize>) -> Option<(usize, Range<usize>)> {
    let (part, row) = if rows.end < readers.parts.get(part)?.rows { (part, rows.end) } else { (part + 1, 0) };
    readers.parts.get(part)?;
    Some((part, readers.get(part).ok()?.block(row)?))
}

/// Decodes blocks, each on a thread of its own.
fn decode(readers: &Readers, wanted: Vec<(usize, Range<usize>)>) -> Vec<Result<DecodedBlock>> {
    let one = |(part, rows): (usize, Range<usize>)| {
        let mut values = try_zeros(rows.len().saturating_mul(readers.dim), "a block of rows")?;
        let mut faults = Vec::new();
        readers.get(part)?.read_block(rows.start, &mut values, &mut faults)?;
        Ok(DecodedBlock { part, rows, values, faults })
    };
    let mut wanted = wanted.into_iter();
    let first = wanted.next();
    std::thread::scope(|scope| {
        let others: Vec<_> = wanted.map(|of| scope.spawn(move || one(of))).collect();
        let first = first.into_iter().map(one);
        let joined =
            others.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        first.chain(joined).collect()
    })
}

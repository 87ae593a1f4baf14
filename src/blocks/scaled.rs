//! Rows whose blocks are scaled when they are read.

use super::fit::{is_missing, places};
use super::{Block, Blocks};
use crate::error::{Result, try_zeros};
use crate::rows::Rows;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Rows of a source whose blocks are scaled; the block's mean takes the place of a block that a row lacks. A row that
/// lacks all blocks stays a row of NaN, which every use of rows refuses.
///
/// # Shapes
/// (N, D), as the source.
///
/// # Exactness
/// A value is one product, rounded to f32 once; see [`Blocks`]. It takes no memory but one bit per row and block.
pub struct BlockRows<R> {
    rows: R,
    blocks: Blocks,
    places: Vec<Range<usize>>,
    /// For every block, a bit for each row that was read and lacks the block.
    missing: Vec<Vec<AtomicU64>>,
}

impl<R: Rows> BlockRows<R> {
    pub(super) fn new(blocks: Blocks, rows: R) -> Result<Self> {
        let words = rows.len().div_ceil(64);
        let bits = || {
            let zeros = try_zeros::<u64>(words, "marks of missing blocks")?;
            Ok(zeros.into_iter().map(AtomicU64::new).collect())
        };
        let missing = blocks.iter().map(|_| bits()).collect::<Result<_>>()?;
        Ok(Self { places: places(blocks.iter().map(Block::width)), missing, blocks, rows })
    }

    /// Returns the source.
    pub fn source(&self) -> &R {
        &self.rows
    }

    /// Returns the blocks by which rows are scaled.
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// Returns for every block how many of the rows that were read so far lack it; a row that is read again counts
    /// once.
    pub fn imputed(&self) -> Vec<u64> {
        let ones = |words: &Vec<AtomicU64>| words.iter().map(|word| u64::from(word.load(Relaxed).count_ones())).sum();
        self.missing.iter().map(ones).collect()
    }

    /// Scales the blocks of the row with this number.
    fn scale(&self, number: usize, row: &mut [f32]) {
        if is_missing(row) {
            return;
        }
        for ((block, place), missing) in self.blocks.iter().zip(&self.places).zip(&self.missing) {
            let values = row.get_mut(place.clone()).unwrap_or_default();
            if is_missing(values) {
                values.copy_from_slice(&block.mean);
                if let Some(word) = missing.get(number / 64) {
                    word.fetch_or(1 << (number % 64), Relaxed);
                }
            }
            values.iter_mut().for_each(|x| *x = block.scaled(*x));
        }
    }
}

impl<R: Rows> Rows for BlockRows<R> {
    crate::forward_rows!(rows);

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.rows.read(first, out)?;
        for (number, row) in (first..).zip(out.chunks_exact_mut(self.dim().max(1))) {
            self.scale(number, row);
        }
        Ok(())
    }
}

impl<R> fmt::Debug for BlockRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockRows").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}

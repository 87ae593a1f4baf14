//! Gives rows codes of all levels, and sums what these leave of the rows.

use super::Ask;
use super::held::Held;
use super::reductions;
use super::weighted::Weighted;
use crate::beam::{Beam, BeamStart};
use crate::codebook::Codebook;
use crate::device::{Device, Table};
use crate::error::{Error, Result, try_zeros};
use crate::joint::{CodePairCounts, JointSums};
use std::ops::Range;
use std::sync::Arc;

impl Held {
    /// Gives the rows, of which no level has been subtracted, codes of all `levels` by a beam; returns the sums of what
    /// is left by these codes. Afterwards the rows are what they were before, unless there was an error.
    pub(super) fn joint(
        &mut self,
        levels: &[Arc<Codebook>],
        beam: usize,
        device: &Device,
        ask: Ask<'_>,
    ) -> Result<JointSums> {
        if !self.state.levels.is_empty() || self.state.quantization.normalize_residuals {
            let expected = "must be 0: levels are refined together, from the rows before the first level";
            return Err(Error::parameter("state", self.state.levels.len(), expected));
        }
        self.codes_of = None;
        self.weighted.iter_mut().for_each(Weighted::forget);
        let codes = match beam {
            1 => nearest(&mut *self.table, levels)?,
            _ => self.by_beam(levels, beam, device, ask)?,
        };
        let sums = self.sums(levels, &codes)?;
        // A residual and any of its codewords add up to what was there before, within 2^24.
        for (level, codes) in levels.iter().zip(&codes) {
            self.table.set_codes(codes)?;
            self.table.subtract(&negated(level))?;
        }
        Ok(sums)
    }

    /// Finds codes by a beam, and subtracts their codewords.
    fn by_beam(
        &mut self,
        levels: &[Arc<Codebook>],
        width: usize,
        device: &Device,
        ask: Ask<'_>,
    ) -> Result<Vec<Vec<u32>>> {
        let (rows, table) = (self.table.rows(), &mut self.table);
        let books: Vec<&Codebook> = levels.iter().map(|level| &**level).collect();
        let mut codes = Vec::with_capacity(levels.len());
        for _ in levels {
            codes.push(try_zeros(rows, "codes")?);
        }
        let mut read = |chunk: Range<usize>| {
            let residuals = table.gather(&chunk.collect::<Vec<usize>>())?;
            Ok(BeamStart { codes: Vec::new(), residuals })
        };
        Beam { width, count: 1 }.each_chunk(&books, rows, device, &mut read, &mut |chunk, found, _| {
            for (level, codes) in codes.iter_mut().enumerate() {
                let found = found.codes().iter().skip(level).step_by(levels.len());
                codes.iter_mut().skip(chunk.start).zip(found).for_each(|(code, found)| *code = *found);
            }
            ask()
        })?;
        for (level, codes) in levels.iter().zip(&codes) {
            self.table.set_codes(codes)?;
            self.table.subtract(level)?;
        }
        Ok(codes)
    }

    /// Sums the residuals by the codes of every level, and counts the pairs of codes.
    fn sums(&mut self, levels: &[Arc<Codebook>], codes: &[Vec<u32>]) -> Result<JointSums> {
        let weights = self.weighted.as_ref().map(Weighted::weights);
        let energy = reductions::energy(&mut *self.table, weights)?;
        let times = |row| weights.map_or(1, |weights| weights.of(row));
        let mut pairs = Vec::new();
        for (number, first) in codes.iter().enumerate() {
            for (second, level) in codes.iter().zip(levels).skip(number + 1) {
                pairs.push(CodePairCounts::of(first, second, level.clusters(), times));
            }
        }
        let mut sums = Vec::with_capacity(levels.len());
        for (level, codes) in levels.iter().zip(codes) {
            let table = &mut *self.table;
            sums.push(match &mut self.weighted {
                Some(weighted) => {
                    weighted.forget();
                    weighted.sums(table, codes, level.clusters())?
                }
                None => {
                    table.set_codes(codes)?;
                    table.sums(level.clusters())?
                }
            });
        }
        self.weighted.iter_mut().for_each(Weighted::forget);
        JointSums::from_parts(sums.into_iter().map(|sums| sums.with(energy, 0)).collect(), pairs)
    }
}

/// Gives every row its nearest codeword, level by level, and subtracts it.
fn nearest(table: &mut dyn Table, levels: &[Arc<Codebook>]) -> Result<Vec<Vec<u32>>> {
    let subtracted = |level: &Arc<Codebook>| {
        let mut codes = try_zeros(table.rows(), "codes")?;
        table.assign_and_codes(level, &mut codes)?;
        table.subtract(level)?;
        Ok(codes)
    };
    levels.iter().map(subtracted).collect()
}

/// Returns the codewords with their signs turned; they are within 2^23.
fn negated(codebook: &Codebook) -> Codebook {
    Codebook::new(codebook.values().iter().map(|value| -value).collect(), codebook.dim())
}

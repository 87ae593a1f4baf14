//! Codes of all levels, a block of rows at a time: codebooks prepared once, and rows that stay in the cache.

use super::Pool;
use super::block::{ROWS, block_rows};
use super::lanes::Lanes;
use super::panel::Panel;
use super::row_buffer::RowBuffer;
use super::scores::Scores;
use super::select::nearest;
use super::tally::{Tallies, Tally};
use super::unit::Unit;
use super::unit_length::UnitLength;
use crate::clock::Instant;
use crate::codebook::Codebook;
use crate::device::FewRows;
use crate::error::Result;
use pulp::Simd;
use rayon::prelude::*;
use std::sync::Arc;

/// The codebooks of a model, and buffers for some rows, which are reused.
pub(super) struct Few {
    pool: Pool,
    unit: Unit,
    tallies: Arc<Tallies>,
    levels: Arc<Vec<PreparedLevel>>,
    buffers: Buffers,
}

/// Buffers of one thread.
#[derive(Default)]
struct Buffers {
    rows: RowBuffer,
    scores: Scores,
}

/// The codewords of a level, and whether its residuals are scaled to unit length.
struct PreparedLevel {
    panel: Panel,
    scales: bool,
}

impl Few {
    pub(super) fn new(pool: Pool, unit: Unit, tallies: Arc<Tallies>, levels: &[(&Codebook, bool)]) -> Result<Self> {
        let level = |(codebook, scales): &(&Codebook, bool)| {
            Ok(PreparedLevel { panel: Panel::new(unit, codebook)?, scales: *scales })
        };
        let levels = levels.iter().map(level).collect::<Result<_>>()?;
        Ok(Self { pool, unit, tallies, levels: Arc::new(levels), buffers: Buffers::default() })
    }
}

impl FewRows for Few {
    fn encode(&mut self, rows: &[i32], codes: &mut [u32]) {
        let Self { unit, levels, buffers, .. } = self;
        let Some(dim) = levels.first().map(|level| level.panel.dim()) else { return };
        for (rows, codes) in rows.chunks(ROWS * dim).zip(codes.chunks_mut(ROWS * levels.len())) {
            buffers.rows.load(rows, dim);
            unit.run(FewEncode { levels, buffers, codes, tally: None });
        }
    }

    fn encode_many(&self, rows: &[i32], codes: &mut [u32]) -> u64 {
        let Self { pool, unit, levels, .. } = self;
        let Some(dim) = levels.first().map(|level| level.panel.dim()) else { return 0 };
        let encode = |buffers: &mut Buffers, (rows, codes): (&[i32], &mut [u32])| {
            buffers.rows.load(rows, dim);
            let (start, mut tally) = (Instant::now(), Tally::default());
            unit.run(FewEncode { levels, buffers, codes, tally: Some(&mut tally) });
            Tally { assigning: start.elapsed(), ..tally }
        };
        let tally = pool.run(|| {
            let block = block_rows(rows.len() / dim);
            let blocks = rows.par_chunks(block * dim).zip(codes.par_chunks_mut(block * levels.len()));
            blocks.map_init(Buffers::default, encode).reduce(Tally::default, Tally::plus)
        });
        self.tallies.add(tally);
        tally.undecided
    }

    fn copy(&self) -> Box<dyn FewRows> {
        let (pool, tallies, levels) = (self.pool.clone(), self.tallies.clone(), self.levels.clone());
        Box::new(Self { pool, unit: self.unit, tallies, levels, buffers: Buffers::default() })
    }
}

/// The codes of all levels for the rows in the buffer.
struct FewEncode<'a> {
    levels: &'a [PreparedLevel],
    buffers: &'a mut Buffers,
    codes: &'a mut [u32],
    /// Counts what the rows took. It has no clock, which for a few rows would take its share of the time.
    tally: Option<&'a mut Tally>,
}

impl pulp::WithSimd for FewEncode<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { levels, buffers: Buffers { rows, scores }, codes: all, mut tally } = self;
        let count = levels.len();
        for (at, PreparedLevel { panel, scales }) in levels.iter().enumerate() {
            let dim = panel.dim();
            if *scales {
                UnitLength { rows: rows.values_mut(), dim }.with_simd(simd);
            }
            rows.measure(panel.unit.products.width());
            let start = tally.is_some().then(Instant::now);
            scores.compute(rows.rows(), panel);
            if let Some((tally, start)) = tally.as_deref_mut().zip(start) {
                tally.add_scores(rows.rows().len(), panel, start);
            }
            for (i, (codes, scores)) in all.chunks_exact_mut(count).zip(scores.rows()).enumerate() {
                let found = nearest(simd, (&Lanes::of(simd, scores), scores), (rows.rows(), i), panel);
                codes.iter_mut().skip(at).take(1).for_each(|code| *code = found.code);
                if let Some(tally) = tally.as_deref_mut() {
                    tally.add_row(found.candidates.into());
                }
            }
            if at + 1 == count {
                break;
            }
            for (row, codes) in rows.values_mut().chunks_exact_mut(dim).zip(all.chunks_exact(count)) {
                let codeword = codes.get(at).map_or(&[][..], |code| panel.codeword(*code as usize));
                row.iter_mut().zip(codeword).for_each(|(value, c)| *value -= c);
            }
        }
    }
}

//! Codes of a few rows at a time: codebooks prepared once, on the thread of the caller.

use super::lanes::Lanes;
use super::panel::Panel;
use super::rows::RowBuffer;
use super::scores::Scores;
use super::select::nearest;
use super::unit::Unit;
use super::unit_length::UnitLength;
use crate::codebook::Codebook;
use crate::device::FewRows;
use crate::error::Result;
use pulp::Simd;
use std::sync::Arc;

/// Rows that are encoded at a time: their scores stay in the cache.
const BLOCK: usize = 252;

/// The codebooks of a model, and buffers for some rows, which are reused.
pub(super) struct Few {
    unit: Unit,
    levels: Arc<Vec<Level>>,
    rows: RowBuffer,
    scores: Scores,
}

/// The codewords of a level, and whether its residuals are scaled to unit length.
struct Level {
    panel: Panel,
    scales: bool,
}

impl Few {
    pub(super) fn new(unit: Unit, levels: &[(&Codebook, bool)]) -> Result<Self> {
        let level =
            |(codebook, scales): &(&Codebook, bool)| Ok(Level { panel: Panel::new(unit, codebook)?, scales: *scales });
        let levels = levels.iter().map(level).collect::<Result<_>>()?;
        Ok(Self { unit, levels: Arc::new(levels), rows: RowBuffer::default(), scores: Scores::default() })
    }
}

impl FewRows for Few {
    fn encode(&mut self, rows: &[i32], codes: &mut [u32]) {
        let Some(dim) = self.levels.first().map(|level| level.panel.dim()) else { return };
        let levels = self.levels.len();
        for (rows, codes) in rows.chunks(BLOCK * dim).zip(codes.chunks_mut(BLOCK * levels)) {
            self.rows.load(rows, dim);
            self.unit.run(Encode { few: self, codes });
        }
    }

    fn copy(&self) -> Box<dyn FewRows> {
        let (levels, rows, scores) = (self.levels.clone(), RowBuffer::default(), Scores::default());
        Box::new(Self { unit: self.unit, levels, rows, scores })
    }
}

/// The codes of all levels for the rows in the buffer.
struct Encode<'a> {
    few: &'a mut Few,
    codes: &'a mut [u32],
}

impl pulp::WithSimd for Encode<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Few { unit, levels, rows, scores } = self.few;
        let count = levels.len();
        for (at, Level { panel, scales }) in levels.iter().enumerate() {
            let dim = panel.dim();
            if *scales {
                UnitLength { rows: rows.values_mut(), dim }.with_simd(simd);
            }
            rows.measure(unit.products.width());
            scores.compute(rows.rows(), panel);
            for (i, (codes, scores)) in self.codes.chunks_exact_mut(count).zip(scores.rows()).enumerate() {
                let measured = rows.rows();
                let bounds = (measured.length(i), measured.error(i));
                let found = nearest(simd, (&Lanes::of(scores), scores), measured.row(i), bounds, panel);
                codes.iter_mut().skip(at).take(1).for_each(|code| *code = found.code);
            }
            for (row, codes) in rows.values_mut().chunks_exact_mut(dim).zip(self.codes.chunks_exact(count)) {
                let codeword = codes.get(at).map_or(&[][..], |code| panel.codeword(*code as usize));
                row.iter_mut().zip(codeword).for_each(|(value, c)| *value -= c);
            }
        }
    }
}

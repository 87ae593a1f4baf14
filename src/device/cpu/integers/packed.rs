//! Codewords as small integers, and lower bounds of scores from their products with rows.

use super::lower::{Columns, FewScores, ScoreBuffers, ScoreGroups};
use super::multiply::{Portable, Task};
use super::round::round;
#[cfg(target_arch = "x86_64")]
use super::vnni;
use super::{Instructions, Integers, SHIFT, Width};
use crate::device::cpu::bounds::{Coefficients, GROUP, up};
use crate::device::cpu::pairs::Group;
use crate::error::{Result, try_vec, try_zeros};

/// Codewords as integers, in groups of 16.
pub(in crate::device::cpu) struct Packed {
    instructions: Instructions,
    width: Width,
    /// Words of a codeword.
    pub(super) words: usize,
    /// Words of groups of 16 codewords: group by group, the first word of every codeword of the group, then the second,
    /// ...
    pub(super) groups: Vec<Group>,
    /// The words (K, words) once more, codeword by codeword.
    pub(super) codewords: Vec<i32>,
    /// Codeword = integers * scale / 2 + rest, and the length of the rest (K); scales with zeros up to whole groups.
    pub(super) scales: Vec<f32>,
    spreads: Vec<f64>,
}

impl Packed {
    pub(in crate::device::cpu) fn new(
        instructions: Instructions,
        width: Width,
        values: &[f32],
        dim: usize,
    ) -> Result<Self> {
        let (words, clusters) = (width.words(dim), values.len() / dim);
        let groups = try_vec(Group::default(), clusters.div_ceil(GROUP) * words, "codewords as integers")?;
        let codewords = try_zeros(clusters * words, "codewords as integers")?;
        let (scales, spreads) = (Vec::new(), Vec::new());
        let mut packed = Self { instructions, width, words, groups, codewords, scales, spreads };
        let places = values.chunks_exact(dim).zip(packed.codewords.chunks_exact_mut(words));
        for (k, (codeword, integers)) in places.enumerate() {
            let square: f64 = codeword.iter().map(|c| f64::from(*c) * f64::from(*c)).sum();
            let scaled = round(width, codeword, up(square.sqrt()), integers);
            packed.scales.push(2.0 * scaled.inverse);
            packed.spreads.push(f64::from(scaled.error));
            integers.iter_mut().for_each(|word| *word = shifted(width, *word));
            let (group, lane) = (k / GROUP, k % GROUP);
            for (column, word) in packed.groups.iter_mut().skip(group * words).zip(&*integers) {
                if let Some(place) = column.0.get_mut(lane) {
                    *place = *word;
                }
            }
        }
        packed.scales.resize(clusters.next_multiple_of(GROUP), 0.0);
        Ok(packed)
    }

    /// Bound of the length of what rounding took from codeword `k`.
    pub(in crate::device::cpu) fn spread(&self, k: usize) -> f64 {
        self.spreads.get(k).copied().unwrap_or(f64::INFINITY)
    }

    /// Scores of a row: those of all codewords, and what fills the last group up.
    pub(in crate::device::cpu) fn stride(&self) -> usize {
        self.scales.len()
    }

    /// Lower bounds (n, stride) of the scores of rows, see [`crate::device::cpu::panel::Panel`].
    #[inline(always)]
    pub(in crate::device::cpu) fn scores(&self, rows: Integers<'_>, of: &Coefficients, out: &mut [f32]) {
        let of = ScoreGroups::new(&self.scales, of);
        self.run(ScoreBuffers { columns: self.columns(), rows, of, out });
    }

    /// Lower bounds of the scores of row `row` with some codewords, the same as [`Packed::scores`] has.
    #[inline(always)]
    pub(in crate::device::cpu) fn few(
        &self,
        rows: Integers<'_>,
        row: usize,
        codewords: &[u16],
        of: &Coefficients,
        out: &mut [f32],
    ) {
        self.run(FewScores { columns: self.columns(), rows, row, codewords, of, out });
    }

    #[inline(always)]
    fn columns(&self) -> Columns<'_> {
        let Self { words, groups, codewords, scales, .. } = self;
        Columns { words: *words, groups, codewords, scales }
    }

    #[inline(always)]
    fn run(&self, task: impl Task) {
        match self.instructions {
            Instructions::Portable => task.run::<_, 2, 1>(Portable(self.width)),
            #[cfg(target_arch = "x86_64")]
            Instructions::Vnni512 => vnni::run_512(task),
            #[cfg(target_arch = "x86_64")]
            Instructions::Vnni256 => vnni::run_256(task),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(simd) => task.run::<_, 6, 1>(simd),
            #[cfg(target_arch = "wasm32")]
            Instructions::Simd128(simd) => task.run::<_, 3, 1>(simd),
        }
    }
}

/// A word of integers as codewords store it.
fn shifted(width: Width, word: i32) -> i32 {
    match width {
        // -128 and 128 are the same byte.
        Width::Bits8 => i32::from_ne_bytes(word.to_ne_bytes().map(|byte| byte.wrapping_add(SHIFT as u8))),
        Width::Bits16 => word,
    }
}

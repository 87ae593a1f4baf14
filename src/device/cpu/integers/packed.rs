//! Codewords as small integers, and lower bounds of scores from their products with rows.

use super::multiply::{Multiply, Portable};
use super::round::{Scaled, round};
use super::{SHIFT, Width};
use crate::device::cpu::bounds::{Coefficients, GROUP, up};
use crate::device::cpu::pairs::Group;
use crate::device::cpu::rows::Rows;
use crate::device::cpu::unit::{Simd, Unit};
use crate::error::{Result, try_vec};

/// Codewords as integers, in groups of 16.
pub(in crate::device::cpu) struct Packed {
    unit: Unit,
    width: Width,
    clusters: usize,
    /// Words of a codeword.
    words: usize,
    /// For every group of 16 codewords, and every word of these, the word of each.
    groups: Vec<Group>,
    /// Codeword = integers * scale / 2 + rest, and the length of the rest (K); scales with zeros up to whole groups.
    scales: Vec<f32>,
    spreads: Vec<f64>,
}

impl Packed {
    pub(in crate::device::cpu) fn new(unit: Unit, width: Width, values: &[f32], dim: usize) -> Result<Self> {
        let (words, clusters) = (width.words(dim), values.len() / dim);
        let groups = try_vec(Group::default(), clusters.div_ceil(GROUP) * words, "codewords as integers")?;
        let mut packed = Self { unit, width, clusters, words, groups, scales: Vec::new(), spreads: Vec::new() };
        let mut integers = vec![0; words];
        for (k, codeword) in values.chunks_exact(dim).enumerate() {
            let square: f64 = codeword.iter().map(|c| f64::from(*c) * f64::from(*c)).sum();
            let scaled = round(width, codeword, up(square.sqrt()), &mut integers);
            packed.scales.push(2.0 * scaled.inverse);
            packed.spreads.push(f64::from(scaled.error));
            let (group, lane) = (k / GROUP, k % GROUP);
            for (column, word) in packed.groups.iter_mut().skip(group * words).zip(&integers) {
                if let Some(place) = column.0.get_mut(lane) {
                    *place = shifted(width, *word);
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

    /// Lower bounds (n, K) of the scores of rows, see [`crate::device::cpu::panel::Panel`].
    #[inline(always)]
    pub(in crate::device::cpu) fn scores(&self, rows: Rows<'_>, of: &Coefficients, out: &mut [f32]) {
        let work = Work { packed: self, rows, of, out };
        #[cfg(target_arch = "x86_64")]
        match (self.width, self.unit.simd) {
            (Width::Bits8, Simd::Avx512Vnni) => return super::vnni::run_512(work),
            (Width::Bits8, Simd::AvxVnni) => return super::vnni::run_256(work),
            (Width::Bits16, _) => {
                if let Some(simd) = self.unit.avx2() {
                    return work.run::<_, 6, 1>(simd);
                }
            }
            _ => {}
        }
        work.run::<_, 2, 1>(Portable(self.width));
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

/// Scores to compute.
pub(super) struct Work<'a> {
    packed: &'a Packed,
    rows: Rows<'a>,
    of: &'a Coefficients,
    out: &'a mut [f32],
}

impl Work<'_> {
    /// Computes the scores in tiles of R rows and G groups, and what is left over by single rows and groups.
    #[inline(always)]
    pub(super) fn run<M: Multiply, const R: usize, const G: usize>(mut self, multiplier: M) {
        let (words, groups) = (self.packed.words, &self.packed.groups);
        let several = groups.chunks_exact(words * G);
        let single = several.remainder().chunks_exact(words);
        let first_single = several.len() * G;
        for (g, groups) in several.enumerate() {
            self.columns::<M, R, G>(multiplier, g * G, groups);
        }
        for (g, group) in single.enumerate() {
            self.columns::<M, R, 1>(multiplier, first_single + g, group);
        }
    }

    /// Scores of all rows for some groups, of which `first` is the first.
    #[inline(always)]
    fn columns<M: Multiply, const R: usize, const G: usize>(&mut self, multiplier: M, first: usize, groups: &[Group]) {
        let count = self.rows.scaled.len();
        let tiles = count / R;
        for tile in 0..tiles {
            self.tile::<M, R, G>(multiplier, tile * R, first, groups);
        }
        for row in tiles * R..count {
            self.tile::<M, 1, G>(multiplier, row, first, groups);
        }
    }

    /// Scores of R rows from row `row` on for G groups from group `first` on.
    #[inline(always)]
    fn tile<M: Multiply, const R: usize, const G: usize>(
        &mut self,
        multiplier: M,
        row: usize,
        first: usize,
        groups: &[Group],
    ) {
        let (words, clusters) = (self.packed.words, self.packed.clusters);
        let (mut rows, mut starts) = ([&[][..]; R], [0; R]);
        for r in 0..R {
            rows[r] = &self.rows.words[(row + r) * words..][..words];
            starts[r] = self.rows.scaled[row + r].start;
        }
        let mut columns = [&[][..]; G];
        for g in 0..G {
            columns[g] = &groups[g * words..][..words];
        }
        let sums = multiplier.multiply(rows, starts, columns);
        for r in 0..R {
            let (scaled, length) = (self.rows.scaled[row + r], self.rows.lengths[row + r]);
            let out = &mut self.out[(row + r) * clusters..][..clusters];
            for g in 0..G {
                let scores = self.packed.lower(first + g, &sums[r][g], scaled, length, self.of);
                let out = &mut out[(first + g) * GROUP..];
                match out.first_chunk_mut::<GROUP>() {
                    Some(out) => *out = scores,
                    None => out.iter_mut().zip(scores).for_each(|(out, score)| *out = score),
                }
            }
        }
    }
}

impl Packed {
    /// Turns the products of a row with the codewords of group `g` into lower bounds of scores.
    #[inline(always)]
    fn lower(&self, g: usize, sums: &[i32; GROUP], row: Scaled, length: f32, of: &Coefficients) -> [f32; GROUP] {
        let scale = Coefficients::group(&self.scales, g);
        let norm = Coefficients::group(&of.norm, g);
        let slope = Coefficients::group(&of.slope, g);
        let tilt = Coefficients::group(&of.tilt, g);
        let mut scores = [0.0; GROUP];
        for i in 0..GROUP {
            let product = sums[i] as f32 * (scale[i] * row.inverse);
            scores[i] = ((norm[i] - product) - length * slope[i]) - row.error * tilt[i];
        }
        scores
    }
}

//! Codewords as small integers, and lower bounds of scores from their products with rows.

use super::multiply::{Multiply, Portable, Task};
use super::round::{Scaled, round};
use super::{SHIFT, Width};
use crate::device::cpu::bounds::{Coefficients, GROUP, up};
use crate::device::cpu::pairs::Group;
use crate::device::cpu::rows::Rows;
#[cfg(target_arch = "x86_64")]
use crate::device::cpu::unit::Simd;
use crate::device::cpu::unit::Unit;
use crate::error::{Result, try_vec};

/// Codewords as integers, in groups of 16.
pub(in crate::device::cpu) struct Packed {
    unit: Unit,
    width: Width,
    /// Words of a codeword.
    words: usize,
    /// For every group of 16 codewords, and every word of these, the word of each.
    groups: Vec<Group>,
    /// The words (K, words) once more, codeword by codeword.
    codewords: Vec<i32>,
    /// Codeword = integers * scale / 2 + rest, and the length of the rest (K); scales with zeros up to whole groups.
    scales: Vec<f32>,
    spreads: Vec<f64>,
}

impl Packed {
    pub(in crate::device::cpu) fn new(unit: Unit, width: Width, values: &[f32], dim: usize) -> Result<Self> {
        let (words, clusters) = (width.words(dim), values.len() / dim);
        let groups = try_vec(Group::default(), clusters.div_ceil(GROUP) * words, "codewords as integers")?;
        let codewords = try_vec(0, clusters * words, "codewords as integers")?;
        let (scales, spreads) = (Vec::new(), Vec::new());
        let mut packed = Self { unit, width, words, groups, codewords, scales, spreads };
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
    pub(in crate::device::cpu) fn scores(&self, rows: Rows<'_>, of: &Coefficients, out: &mut [f32]) {
        let of = Groups::new(&self.scales, of);
        self.run(Work { packed: self, rows, of, out });
    }

    /// Lower bounds of the scores of row `row` with some codewords, the same as [`Packed::scores`] has.
    #[inline(always)]
    pub(in crate::device::cpu) fn few(
        &self,
        rows: Rows<'_>,
        row: usize,
        codewords: &[u16],
        of: &Coefficients,
        out: &mut [f32],
    ) {
        self.run(Few { packed: self, rows, row, codewords, of, out });
    }

    #[inline(always)]
    fn run(&self, task: impl Task) {
        #[cfg(target_arch = "x86_64")]
        match (self.width, self.unit.simd) {
            (Width::Bits8, Simd::Avx512Vnni) => return super::vnni::run_512(task),
            (Width::Bits8, Simd::AvxVnni) => return super::vnni::run_256(task),
            (Width::Bits16, _) => {
                if let Some(simd) = self.unit.avx2() {
                    return task.run::<_, 6, 1>(simd);
                }
            }
            _ => {}
        }
        #[cfg(target_arch = "wasm32")]
        if let (Width::Bits16, Some(simd)) = (self.width, self.unit.simd128()) {
            return task.run::<_, 3, 1>(simd);
        }
        task.run::<_, 2, 1>(Portable(self.width));
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

/// What turns products into scores, in groups of codewords.
#[derive(Clone, Copy)]
struct Groups<'a> {
    scale: &'a [[f32; GROUP]],
    norm: &'a [[f32; GROUP]],
    slope: &'a [[f32; GROUP]],
    tilt: &'a [[f32; GROUP]],
}

impl<'a> Groups<'a> {
    #[inline(always)]
    fn new(scales: &'a [f32], of: &'a Coefficients) -> Self {
        let groups = |list: &'a [f32]| list.as_chunks::<GROUP>().0;
        Self { scale: groups(scales), norm: groups(&of.norm), slope: groups(&of.slope), tilt: groups(&of.tilt) }
    }

    /// `count` groups from group `first` on.
    #[inline(always)]
    fn part(self, first: usize, count: usize) -> Self {
        let part = |groups: &'a [[f32; GROUP]]| &groups[first..][..count];
        Self { scale: part(self.scale), norm: part(self.norm), slope: part(self.slope), tilt: part(self.tilt) }
    }

    /// Turns the products of a row with the codewords of group `g` into lower bounds of scores.
    #[inline(always)]
    fn lower(&self, g: usize, sums: &[i32; GROUP], row: Scaled, length: f32) -> [f32; GROUP] {
        let (scale, norm, slope, tilt) = (&self.scale[g], &self.norm[g], &self.slope[g], &self.tilt[g]);
        let mut scores = [0.0; GROUP];
        for i in 0..GROUP {
            scores[i] = lower(sums[i], (scale[i], norm[i], slope[i], tilt[i]), row, length);
        }
        scores
    }
}

/// Turns the product of a row with a codeword of these coefficients into a lower bound of their score.
#[inline(always)]
fn lower(sum: i32, (scale, norm, slope, tilt): (f32, f32, f32, f32), row: Scaled, length: f32) -> f32 {
    let product = sum as f32 * (scale * row.inverse);
    ((norm - product) - length * slope) - row.error * tilt
}

/// Scores of some rows with all codewords.
struct Work<'a> {
    packed: &'a Packed,
    rows: Rows<'a>,
    of: Groups<'a>,
    out: &'a mut [f32],
}

impl Task for Work<'_> {
    /// Computes the scores in tiles of R rows and G groups, and what is left over by single rows and groups.
    #[inline(always)]
    fn run<M: Multiply, const R: usize, const G: usize>(mut self, multiplier: M) {
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
}

impl Work<'_> {
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
        let words = self.packed.words;
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
        let of = self.of.part(first, G);
        let stride = self.packed.stride();
        for r in 0..R {
            let (scaled, length) = (self.rows.scaled[row + r], self.rows.lengths[row + r]);
            let out = &mut self.out[(row + r) * stride + first * GROUP..][..G * GROUP];
            for (g, out) in out.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
                *out = of.lower(g, &sums[r][g], scaled, length);
            }
        }
    }
}

/// Scores of one row with some codewords.
struct Few<'a> {
    packed: &'a Packed,
    rows: Rows<'a>,
    row: usize,
    codewords: &'a [u16],
    of: &'a Coefficients,
    out: &'a mut [f32],
}

impl Task for Few<'_> {
    #[inline(always)]
    fn run<M: Multiply, const R: usize, const G: usize>(self, multiplier: M) {
        let Self { packed: Packed { words, codewords, scales, .. }, rows, row, of, .. } = self;
        let (scaled, length) = (rows.scaled[row], rows.lengths[row]);
        let integers = &rows.words[row * words..][..*words];
        for (k, out) in self.codewords.iter().zip(self.out) {
            let k = usize::from(*k);
            let sum = multiplier.dot(integers, &codewords[k * words..][..*words], scaled.start);
            *out = lower(sum, (scales[k], of.norm[k], of.slope[k], of.tilt[k]), scaled, length);
        }
    }
}

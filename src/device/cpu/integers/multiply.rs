//! Exact sums of products of small integers: any processor, and AVX2.

use super::Width;
use crate::device::cpu::bounds::GROUP;
use crate::device::cpu::pairs::Group;

/// Sums of R rows with the codewords of G groups.
pub(super) type Sums<const R: usize, const G: usize> = [[[i32; GROUP]; G]; R];

/// Something that multiplies rows by groups of codewords, word by word.
pub(super) trait Multiply: Copy {
    /// Returns `starts` plus the sums over all words; all rows and columns have equally many words.
    fn multiply<const R: usize, const G: usize>(
        self,
        rows: [&[i32]; R],
        starts: [i32; R],
        columns: [&[Group]; G],
    ) -> Sums<R, G>;

    /// `start` plus the sum over all words of one row and one codeword, which have as many.
    fn dot(self, row: &[i32], column: &[i32], start: i32) -> i32;
}

/// Work that is compiled for a multiplier and the tile that keeps it busy, of `ROWS` rows and `GROUPS` groups.
pub(super) trait Task {
    fn run<M: Multiply, const ROWS: usize, const GROUPS: usize>(self, multiplier: M);
}

/// Any processor: what all others have to agree with.
#[derive(Clone, Copy)]
pub(super) struct Portable(pub(super) Width);

impl Multiply for Portable {
    #[inline(always)]
    fn multiply<const R: usize, const G: usize>(
        self,
        rows: [&[i32]; R],
        starts: [i32; R],
        columns: [&[Group]; G],
    ) -> Sums<R, G> {
        let mut sums = [[[0; GROUP]; G]; R];
        for r in 0..R {
            for g in 0..G {
                let mut sum = [starts[r]; GROUP];
                for (word, column) in rows[r].iter().zip(columns[g]) {
                    match self.0 {
                        Width::Bits8 => add_8(&mut sum, word.to_ne_bytes(), &column.0),
                        Width::Bits16 => add_16(&mut sum, halves(*word), &column.0),
                    }
                }
                sums[r][g] = sum;
            }
        }
        sums
    }

    #[inline(always)]
    fn dot(self, row: &[i32], column: &[i32], start: i32) -> i32 {
        let product = |(row, column): (&i32, &i32)| -> i32 {
            match self.0 {
                Width::Bits8 => {
                    let (row, column) = (row.to_ne_bytes(), column.to_ne_bytes());
                    (0..4).map(|b| i32::from(row[b] as i8) * i32::from(column[b])).sum()
                }
                Width::Bits16 => {
                    let (row, column) = (halves(*row), halves(*column));
                    row[0] * column[0] + row[1] * column[1]
                }
            }
        };
        row.iter().zip(column).map(product).fold(start, |sum, product| sum + product)
    }
}

/// Adds products of four integers, those of columns without a sign.
#[inline(always)]
fn add_8(sums: &mut [i32; GROUP], row: [u8; 4], column: &[i32; GROUP]) {
    for i in 0..GROUP {
        let column = column[i].to_ne_bytes();
        for b in 0..4 {
            sums[i] += i32::from(row[b] as i8) * i32::from(column[b]);
        }
    }
}

/// Adds products of two integers.
#[inline(always)]
fn add_16(sums: &mut [i32; GROUP], row: [i32; 2], column: &[i32; GROUP]) {
    for i in 0..GROUP {
        let column = halves(column[i]);
        sums[i] += row[0] * column[0] + row[1] * column[1];
    }
}

/// The two 16-bit integers of a word, in any order that is always the same.
#[inline(always)]
fn halves(word: i32) -> [i32; 2] {
    [i32::from(word as i16), word >> 16]
}

/// Pairs of 16-bit integers on 256-bit vectors.
#[cfg(target_arch = "x86_64")]
impl Multiply for pulp::x86::V3 {
    #[inline(always)]
    fn multiply<const R: usize, const G: usize>(
        self,
        rows: [&[i32]; R],
        starts: [i32; R],
        columns: [&[Group]; G],
    ) -> Sums<R, G> {
        use pulp::{cast, i16x16, i32x8};
        let mut sums = [[[self.splat_i32x8(0); 2]; G]; R];
        for r in 0..R {
            sums[r] = [[self.splat_i32x8(starts[r]); 2]; G];
        }
        let words = columns.first().map_or(0, |column| column.len());
        for w in 0..words {
            for g in 0..G {
                let column: [i16x16; 2] = cast(columns[g][w].0);
                for r in 0..R {
                    let row: i16x16 = cast(self.splat_i32x8(rows[r][w]));
                    for half in 0..2 {
                        let products = self.multiply_wrapping_add_adjacent_i16x16(row, column[half]);
                        sums[r][g][half] = self.wrapping_add_i32x8(sums[r][g][half], products);
                    }
                }
            }
        }
        let mut out = [[[0; GROUP]; G]; R];
        for r in 0..R {
            for g in 0..G {
                out[r][g] = cast::<[i32x8; 2], [i32; GROUP]>(sums[r][g]);
            }
        }
        out
    }

    #[inline(always)]
    fn dot(self, row: &[i32], column: &[i32], start: i32) -> i32 {
        use pulp::{cast, i16x16, i32x8};
        let ((rows, row), (columns, column)) = (row.as_chunks::<8>(), column.as_chunks::<8>());
        let mut sum = self.splat_i32x8(0);
        for (row, column) in rows.iter().zip(columns) {
            let (row, column): (i16x16, i16x16) = (cast(*row), cast(*column));
            sum = self.wrapping_add_i32x8(sum, self.multiply_wrapping_add_adjacent_i16x16(row, column));
        }
        let whole: i32 = cast::<i32x8, [i32; 8]>(sum).iter().sum();
        Portable(Width::Bits16).dot(row, column, start + whole)
    }
}

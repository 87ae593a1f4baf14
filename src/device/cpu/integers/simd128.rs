//! Exact sums of products of pairs of 16-bit integers on the 128-bit vectors of WebAssembly.

use super::Width;
use super::multiply::{Multiply, Portable, Sums};
use crate::device::cpu::bounds::GROUP;
use crate::device::cpu::pairs::Group;
use pulp::wasm::Simd128;
use std::arch::wasm32::v128;

/// Vectors of a group of codewords, and pairs of each.
const PARTS: usize = GROUP / LANES;
const LANES: usize = 4;

impl Multiply for Simd128 {
    #[inline(always)]
    fn multiply<const R: usize, const G: usize>(
        self,
        rows: [&[i32]; R],
        starts: [i32; R],
        columns: [&[Group]; G],
    ) -> Sums<R, G> {
        let simd = self.simd128;
        let mut sums = [[[simd.i32x4_splat(0); PARTS]; G]; R];
        for r in 0..R {
            sums[r] = [[simd.i32x4_splat(starts[r]); PARTS]; G];
        }
        // Lengths that the compiler knows are equal need no checks in the loop.
        let words = columns.first().map_or(0, |column| column.len());
        let (rows, columns) = (rows.map(|row| &row[..words]), columns.map(|column| &column[..words]));
        for w in 0..words {
            for g in 0..G {
                let column: [v128; PARTS] = bytemuck::cast(columns[g][w].0);
                for r in 0..R {
                    let row = simd.i32x4_splat(rows[r][w]);
                    for part in 0..PARTS {
                        let products = simd.i32x4_dot_i16x8(row, column[part]);
                        sums[r][g][part] = simd.i32x4_add(sums[r][g][part], products);
                    }
                }
            }
        }
        let mut out = [[[0; GROUP]; G]; R];
        for r in 0..R {
            for g in 0..G {
                out[r][g] = bytemuck::cast::<[v128; PARTS], [i32; GROUP]>(sums[r][g]);
            }
        }
        out
    }

    #[inline(always)]
    fn dot(self, row: &[i32], column: &[i32], start: i32) -> i32 {
        let simd = self.simd128;
        let ((rows, row), (columns, column)) = (row.as_chunks::<LANES>(), column.as_chunks::<LANES>());
        let mut sum = simd.i32x4_splat(0);
        for (row, column) in rows.iter().zip(columns) {
            let (row, column): (v128, v128) = (bytemuck::cast(*row), bytemuck::cast(*column));
            sum = simd.i32x4_add(sum, simd.i32x4_dot_i16x8(row, column));
        }
        let whole: i32 = bytemuck::cast::<v128, [i32; LANES]>(sum).iter().sum();
        Portable(Width::Bits16).dot(row, column, start + whole)
    }
}

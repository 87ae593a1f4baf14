//! Exact sums of products of 8-bit integers by the instruction `vpdpbusd`, which multiplies four pairs and adds them to
//! a sum of 32 bits: on 512-bit vectors, and on 256-bit ones.

use super::Width;
use super::multiply::{Multiply, Portable, Sums, Task};
use crate::device::cpu::bounds::GROUP;
use crate::device::cpu::pairs::Group;
use std::arch::x86_64::{
    __m256i, __m512i, _mm256_dpbusd_avx_epi32, _mm256_dpbusd_epi32, _mm256_set1_epi32, _mm512_dpbusd_epi32,
    _mm512_set1_epi32,
};

/// Whether this processor multiplies 8-bit integers in 512-bit vectors.
pub(in crate::device::cpu) fn has_512() -> bool {
    Evex512::here().is_some()
}

/// Whether this processor multiplies 8-bit integers in 256-bit vectors, in either encoding.
pub(in crate::device::cpu) fn has_256() -> bool {
    Vex256::here().is_some() || Evex256::here().is_some()
}

/// Runs a task with 512-bit vectors; with any where the processor lacks these.
#[inline(always)]
pub(super) fn run_512(task: impl Task) {
    match Evex512::here() {
        Some(multiplier) => multiplier.run(task),
        None => task.run::<_, 2, 1>(Portable(Width::Bits8)),
    }
}

/// Runs a task with 256-bit vectors; with any where the processor lacks these.
#[inline(always)]
pub(super) fn run_256(task: impl Task) {
    match (Vex256::here(), Evex256::here()) {
        (Some(multiplier), _) => multiplier.run(task),
        (_, Some(multiplier)) => multiplier.run(task),
        _ => task.run::<_, 2, 1>(Portable(Width::Bits8)),
    }
}

/// A multiplier by the named intrinsics, for groups of `parts` vectors, and the tile that keeps it busy: more sums than
/// the instruction takes cycles, and as many columns per row as fit the registers.
macro_rules! multiplier {
    ($name:ident, $vector:ty, $parts:literal, $splat:ident, $multiply:ident, $rows:literal x $groups:literal,
     $enable:literal, $($feature:tt),+) => {
        /// Proof that the processor has the instructions.
        #[derive(Clone, Copy)]
        pub(super) struct $name(());

        impl $name {
            pub(super) fn here() -> Option<Self> {
                (true $(&& std::is_x86_feature_detected!($feature))+).then_some(Self(()))
            }

            fn run(self, task: impl Task) {
                #[target_feature(enable = $enable)]
                fn run(multiplier: $name, task: impl Task) {
                    task.run::<_, $rows, $groups>(multiplier);
                }
                // SAFETY: `self` exists only where `here` has found all of these features.
                unsafe { run(self, task) }
            }
        }

        impl Multiply for $name {
            #[inline(always)]
            fn multiply<const R: usize, const G: usize>(
                self,
                rows: [&[i32]; R],
                starts: [i32; R],
                columns: [&[Group]; G],
            ) -> Sums<R, G> {
                let mut sums = [[[<$vector as bytemuck::Zeroable>::zeroed(); $parts]; G]; R];
                for r in 0..R {
                    // SAFETY: `self` exists only where `here` has found the features; the intrinsic has no other
                    // condition.
                    let start = unsafe { $splat(starts[r]) };
                    sums[r] = [[start; $parts]; G];
                }
                let words = columns.first().map_or(0, |column| column.len());
                for w in 0..words {
                    let mut parts = [[<$vector as bytemuck::Zeroable>::zeroed(); $parts]; G];
                    for g in 0..G {
                        parts[g] = bytemuck::cast(columns[g][w].0);
                    }
                    for r in 0..R {
                        // SAFETY: as above.
                        let row = unsafe { $splat(rows[r][w]) };
                        for g in 0..G {
                            for part in 0..$parts {
                                // SAFETY: as above.
                                sums[r][g][part] = unsafe { $multiply(sums[r][g][part], parts[g][part], row) };
                            }
                        }
                    }
                }
                let mut out = [[[0; GROUP]; G]; R];
                for r in 0..R {
                    for g in 0..G {
                        out[r][g] = bytemuck::cast(sums[r][g]);
                    }
                }
                out
            }

            #[inline(always)]
            fn dot(self, row: &[i32], column: &[i32], start: i32) -> i32 {
                const WORDS: usize = GROUP / $parts;
                let ((rows, row), (columns, column)) = (row.as_chunks::<WORDS>(), column.as_chunks::<WORDS>());
                let mut sum = <$vector as bytemuck::Zeroable>::zeroed();
                for (row, column) in rows.iter().zip(columns) {
                    // SAFETY: as above.
                    sum = unsafe { $multiply(sum, bytemuck::cast(*column), bytemuck::cast(*row)) };
                }
                let whole: i32 = bytemuck::cast::<$vector, [i32; WORDS]>(sum).iter().sum();
                Portable(Width::Bits8).dot(row, column, start + whole)
            }
        }
    };
}

multiplier!(Evex512, __m512i, 1, _mm512_set1_epi32, _mm512_dpbusd_epi32, 6 x 4,
    "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni");
multiplier!(Evex256, __m256i, 2, _mm256_set1_epi32, _mm256_dpbusd_epi32, 6 x 1,
    "avx2,fma,avx512f,avx512vl,avx512vnni", "avx2", "fma", "avx512f", "avx512vl", "avx512vnni");
multiplier!(Vex256, __m256i, 2, _mm256_set1_epi32, _mm256_dpbusd_avx_epi32, 6 x 1, "avx2,fma,avxvnni", "avx2",
    "fma", "avxvnni");

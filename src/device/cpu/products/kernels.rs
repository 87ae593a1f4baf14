//! Matrix products in f32, by the kernels of the crate `gemm-f32` for the unit's instructions.

use crate::device::cpu::panel::Panel;
use crate::device::cpu::simd::Simd;
use gemm_common::Parallelism;
use gemm_common::simd::MixedSimd;

/// See [`super`].
pub(in crate::device::cpu) fn products(rows: &[f32], panel: &Panel, out: &mut [f32]) {
    let (clusters, dim) = (panel.clusters(), panel.dim());
    let count = rows.len() / dim;
    assert!(rows.len() == count * dim && panel.values.len() == clusters * dim, "whole rows and codewords");
    assert!(out.len() == count * clusters, "one product per row and codeword");
    let product = match panel.unit.simd {
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512Vnni | Simd::Avx512 => avx512,
        #[cfg(target_arch = "x86_64")]
        Simd::AvxVnni | Simd::Avx2 => avx2,
        #[cfg(target_arch = "aarch64")]
        Simd::Neon => neon,
        _ => portable,
    };
    // SAFETY: the assertions above say that exactly the elements of these shapes exist, and `out` is borrowed mutably,
    // so nothing aliases it.
    unsafe { product((clusters, count, dim), out.as_mut_ptr(), panel.values.as_ptr(), rows.as_ptr()) }
}

/// The product by the kernels of a module of `gemm-f32`, which work on `lanes` values at a time.
macro_rules! product_by {
    ($name:ident, $kernels:ident, $simd:ident, $lanes:literal) => {
        /// # Safety
        /// `out` (n x K, row by row), `codewords` (K x D) and `rows` (n x D) have as many elements as their shapes say,
        /// and nothing aliases `out`.
        unsafe fn $name(shape: (usize, usize, usize), out: *mut f32, codewords: *const f32, rows: *const f32) {
            use gemm_f32::microkernel::$kernels::f32::{H_M, H_N, H_UKR, MR_DIV_N, NR, UKR};
            const MR: usize = MR_DIV_N * $lanes;
            let Some(simd) = <gemm_common::simd::$simd as MixedSimd<f32, f32, f32, f32>>::try_new() else {
                // SAFETY: what this function asks for.
                return unsafe { portable(shape, out, codewords, rows) };
            };
            let (clusters, count, dim) = shape;
            // SAFETY: the call computes out (K x n, column major: row stride 1, column stride K) = 2 * codewords (K x
            // D, row stride D, column stride 1) * rows transposed (D x n, row stride 1, column stride D) without
            // reading `out`. The kernels are those that the crate itself runs with these instructions, which the
            // processor has.
            unsafe {
                gemm_common::gemm::gemm_basic_generic::<_, _, $lanes, MR, NR, MR_DIV_N, H_M, H_N>(
                    simd,
                    clusters,
                    count,
                    dim,
                    out,
                    clusters as isize,
                    1,
                    false,
                    codewords,
                    1,
                    dim as isize,
                    rows,
                    dim as isize,
                    1,
                    0.0,
                    2.0,
                    false,
                    false,
                    false,
                    |a, b, c| a * b + c,
                    &UKR,
                    &H_UKR,
                    false,
                    Parallelism::None,
                );
            }
        }
    };
}

product_by!(portable, scalar, Scalar, 1);
#[cfg(target_arch = "x86_64")]
product_by!(avx2, fma, V3, 8);
#[cfg(target_arch = "x86_64")]
product_by!(avx512, avx512f, V4, 16);
#[cfg(target_arch = "aarch64")]
product_by!(neon, neon, Scalar, 4);

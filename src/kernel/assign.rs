//! Pairwise distance and argmin: which codeword is nearest to each row.
//!
//! # The f32 filter and its proof
//! `|r - c_k|^2 = |r|^2 + 2 s_k` with `s_k = |c_k|^2 / 2 - r . c_k`, so the nearest codeword is the one with the smallest
//! score `s_k`. A device may compute scores in f32 and take the label of a row as proved where the second best score is
//! further from the best one than rounding can explain; all other rows are settled by [`squared_distance`]. The bound
//! below holds for every order of the operations, with or without fusion, for either rounding direction and for
//! subnormals flushed to zero, which is all that WGSL leaves open for `+`, `-`, `*` and `fma`.
//!
//! *One operation.* WGSL's "correctly rounded" means either neighbour of the exact result, which is off by a factor
//! `1 + d` with `|d| <= u = 2^-23`; an exactly representable result is exact. Nothing overflows: with D <= 8,192,
//! components of a row within 2^24 and of a codeword within 2^23, every partial sum is below 2^61. Nothing is subnormal:
//! components are integers, so every product and partial sum, rounded or not, is a multiple of 1/2.
//!
//! *One score.* The host rounds `|c_k|^2 / 2` to f32: one factor. However the device arranges
//! `h_k - (r_1 c_k1 + ... + r_D c_kD)`, it is a sum of D + 1 terms, so a term passes at most D additions, and a product
//! carries one rounding of its own (none where it is fused). Zeros that pad a row add nothing and round nothing. Every term
//! therefore picks up at most D + 1 factors, whose product is off by at most `gamma = (D + 1) u / (1 - (D + 1) u)`
//! (Higham, Accuracy and Stability of Numerical Algorithms, lemma 3.1). With C the largest length of a codeword, the
//! computed score differs from `s_k` by at most
//!
//! ```text
//! gamma (|c_k|^2 / 2 + sum_d |r_d c_kd|)  <=  E = gamma (C^2 / 2 + |r| C)      (Cauchy-Schwarz)
//! ```
//!
//! *Two scores.* Let b be the label with the best score found, and `second` at most a computed score of every other
//! codeword. If `second - best > 2 E`, then `s_k >= second - E > best + E >= s_b` for every other k: b is the only
//! nearest codeword. It does not matter how the comparisons on the way came out, nor whether a compiler evaluates a
//! score twice with different rounding: any evaluation satisfies the bound. An exact tie has a gap of at most 2 E, so a
//! tie is never decided by the filter. By the same argument the nearest codewords have computed scores within 2 E of the
//! best one, wherever either was computed, and only those need exact distances.
//!
//! *The bound itself.* A device tests `fl(second - best) > fl(slope L + base)` with `slope = 2 gamma C`,
//! `base = gamma C^2` and L at least `|r|`. The gap, the sum and its product round once each, and `slope`, `base` and
//! gamma were rounded by the host: less than 8 factors `1 +- u` in all. The host multiplies gamma by `1 + 32 u`, which
//! covers them. L comes from an f32 sum of D squares, off by at most gamma < 2^-9.9 of itself, and a square root within
//! 8 u (2 ULP for `inverseSqrt`, 2.5 ULP for the division): the factor `1 + 2^-10` covers `(1 - 2^-9.9)^-1/2 (1 + 9 u)`.

/// Squared Euclidean distance of two rows.
///
/// # Exactness
/// Components are within 2^24, differences within 2^25, squares within 2^50; up to 8,192 of them sum below 2^63.
pub(crate) fn squared_distance(a: &[i32], b: &[i32]) -> u64 {
    a.iter().zip(b).map(|(a, b)| i64::from(a - b).unsigned_abs().pow(2)).sum()
}

/// Index of the nearest codeword of every row, the lowest index on a tie.
///
/// # Shapes
/// `rows` (N, D), `codewords` (K, D) with K at least 1, `codes` (N).
///
/// # Exactness
/// Integer distances in u64 and a strict comparison: there is nothing to round. A device may use any filter, bound or
/// order, as long as `codes` comes out the same.
pub(crate) fn assign(rows: &[i32], codewords: &[i32], dim: usize, codes: &mut [u32]) {
    for (row, code) in rows.chunks_exact(dim).zip(codes) {
        let mut nearest = u64::MAX;
        for (k, codeword) in codewords.chunks_exact(dim).enumerate() {
            let distance = squared_distance(row, codeword);
            if distance < nearest {
                nearest = distance;
                *code = k as u32;
            }
        }
    }
}

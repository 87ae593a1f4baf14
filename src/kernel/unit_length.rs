//! Unit-length scaling on the integer grid, for the cosine metric and for normalised residuals.

/// Scales every row to length 2^20 on the grid; a row of zeros stays zero.
///
/// With `n2 = sum q^2` and t the even shift that brings `n2 << t` into [2^60, 2^62):
/// `s = isqrt(n2 << t)`, `out = floor((2 q 2^(20 + t/2) + s) / (2 s))`.
///
/// # Shapes
/// `rows` (N, D).
///
/// # Exactness
/// `|q| <= 2^24` and D <= 8,192 give `n2 <= 2^61`, so t is never negative. `t/2 <= 30`, so the magnitude of the
/// numerator is below 2^76, and i128 holds it. As `|q| 2^(t/2) <= sqrt(n2 << t)`, the quotient is at most 2^20 in
/// magnitude.
pub(crate) fn unit_length(rows: &mut [i32], dim: usize) {
    for row in rows.chunks_exact_mut(dim) {
        let n2: u64 = row.iter().map(|q| i64::from(*q).unsigned_abs().pow(2)).sum();
        if n2 == 0 {
            continue;
        }
        let (root, half_shift) = scaled_root(n2);
        for q in row {
            *q = scale(*q, root, half_shift);
        }
    }
}

/// Returns `(isqrt(n2 << t), t / 2)` with t even and `n2 << t` in [2^60, 2^62).
pub(crate) fn scaled_root(n2: u64) -> (u64, u32) {
    let shift = (n2.leading_zeros().saturating_sub(2)) & !1;
    ((n2 << shift).isqrt(), shift / 2)
}

/// Returns `floor((2 q 2^(20 + half_shift) + root) / (2 root))`.
fn scale(q: i32, root: u64, half_shift: u32) -> i32 {
    let root = i128::from(root);
    let numerator = (i128::from(q) << (21 + half_shift)) + root;
    numerator.div_euclid(2 * root) as i32
}

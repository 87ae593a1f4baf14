//! Pairwise distance and argmin: which codeword is nearest to each row.
//!
//! # The f32 filter and its proof
//! `|r - c_k|^2 = |r|^2 + 2 s_k` with `s_k = |c_k|^2 / 2 - r . c_k`, so the nearest codeword is the one with the
//! smallest score `s_k`. A device may compute scores in f32 and take the label of a row as proved where the second best
//! score is further from the best one than rounding can explain; [`squared_distance`] settles all other rows. The bound
//! below holds for every order of the operations, with or without fusion, for either rounding direction and for
//! subnormals flushed to zero, which is all that WGSL leaves open for `+`, `-`, `*` and `fma`. It also holds where a
//! compiler evaluates a score anew wherever it is used, or moves terms from one side of a comparison to the other.
//!
//! *One operation.* WGSL's "correctly rounded" means either neighbour of the exact result, which is off by a factor
//! `1 + d` with `|d| <= u = 2^-23`; an exactly representable result is exact. Nothing overflows: with D of at most
//! 8,192, components of a row within 2^24 and of a codeword within 2^23, every partial sum is below 2^61. Nothing is
//! subnormal: components are integers, so every product and partial sum, rounded or not, is a multiple of 1/2.
//!
//! *One evaluation.* The host, or the kernel `update`, rounds `|c_k|^2 / 2` to f32: one factor. However the device
//! arranges `h_k - (r_1 c_k1 + ... + r_D c_kD)`, it is a sum of D + 1 terms, so a term passes at most D additions, and
//! a product carries one rounding of its own (none where it is fused). Zeros that pad a row add nothing and round
//! nothing. So much for a score that stands alone: D + 1 factors. Where a score is compared, a compiler may move terms
//! across. The longest comparison, `y - x > slope L + base`, holds two scores of two parts each and two terms of the
//! bound; their five additions, in whatever order, include one that is counted already, so no term passes more than
//! four others. An *evaluation* of a score therefore multiplies each term by at most D + 5 factors, whose product is
//! off by at most `gamma = (D + 5) u / (1 - (D + 5) u)` (Higham, Accuracy and Stability of Numerical Algorithms, lemma
//! 3.1). With C the largest length of a codeword, every evaluation differs from `s_k` by at most
//!
//! ```text
//! gamma (|c_k|^2 / 2 + sum_d |r_d c_kd|)  <=  E = gamma (C^2 / 2 + |r| C)      (Cauchy-Schwarz)
//! ```
//!
//! *All scores.* Scores meet in pairs: the loser leaves, `x` becomes the score of the winner, and `y`, the second best,
//! becomes `min(y, max(one, other))`. Nothing is assumed of `x`, `y`, the larger score and the comparison but that each
//! of them takes *some* evaluation of the scores it is made of. Let c be the last winner and `y - x > 4 E`.
//!
//! - Every other codeword j lost to some i: an evaluation of j was not below one of i, so `s_i <= s_j + 2 E`. Their
//!   meeting left `y <= max(s_i, s_j) + E <= s_j + 3 E`. As `x >= s_c - E`, the gap gives `s_j + 3 E >= y > s_c + 3 E`:
//!   j is farther than c, not even tied with it.
//! - A compiler may evaluate the comparison twice as well, once for the score and once for the label. Where the
//!   outcomes differ, the two scores are within 2 E of each other. No codeword i that met c is that near to it, because
//!   `max(s_i, s_c) + E >= y > s_c + 3 E`. So the label is that of c.
//!
//! A gap of `2 E` would not do: with `E = 1` and exact scores j = -1.9, k = 0, m = -0.05, j enters with -0.9, k beats
//! it with -1 but is +1 in `max`, and m beats k with -1.05. The gap is 2.05, and m is not the nearest.
//!
//! *Shares.* A device holds a tournament for each of 16 shares of the codewords and compares what they leave:
//! `candidates.rs` has the rest of the proof, and says which codewords exact distances compare where a row is not
//! decided.
//!
//! *The bound itself.* [`gap`] gives `slope = 4 gamma C` and `base = 2 gamma C^2`, and L is at least `|r|`. The host
//! rounds gamma, `slope` and `base`, the device the product, and up to three additions reach a term: less than 8
//! factors `1 +- u` in all. The host multiplies gamma by `1 + 32 u`, which covers them. L comes from an f32 sum of D
//! squares, off by at most gamma < 2^-9.9 of itself, and a square root within 8 u (2 ULP for `inverseSqrt`, 2.5 ULP for
//! the division): the factor `1 + 2^-10` covers `(1 - 2^-9.9)^-1/2 (1 + 9 u)`.
//!
//! # Duplicates
//! A codeword that equals one with a lower code ([`is_duplicate`]) never is the result. Its half norm is replaced by
//! 2^100, which is also that of a codeword that pads a tile. No other term of a score is above 2^61, so such a codeword
//! beats none that takes part, and is no second best where two of these met. It is not compared by distances either:
//! codebooks with many equal codewords leave no more rows undecided than the distinct ones among them.
//!
//! # Another filter
//! [`bytes`] has a filter that multiplies signed bytes, with a proof of its own.

pub(crate) mod bytes;
#[cfg(test)]
pub(crate) mod candidates;

/// Returns the slope and the base of the bound that proves a label: the best score of a row is nearer than all others
/// where the second best one, in any evaluation, exceeds it by more than `slope * |row| + base`.
///
/// `longest` is the largest squared length of the codewords, of `dim` dimensions each.
#[cfg(any(feature = "gpu", test))]
pub(crate) fn gap(dim: usize, longest: u64) -> (f32, f32) {
    let unit = f64::from(f32::EPSILON);
    let roundings = (dim as f64 + 5.0) * unit;
    // The factor covers the roundings of the bound itself, on the device and here.
    let gamma = roundings / (1.0 - roundings) * (1.0 + 32.0 * unit);
    let squared = longest as f64;
    ((4.0 * gamma * squared.sqrt()) as f32, (2.0 * gamma * squared) as f32)
}

/// Computes the squared Euclidean distance of two rows.
///
/// # Exactness
/// Components are within 2^24, differences within 2^25, squares within 2^50; up to 8,192 of them sum below 2^63.
pub(crate) fn squared_distance(a: &[i32], b: &[i32]) -> u64 {
    a.iter().zip(b).map(|(a, b)| i64::from(a - b).unsigned_abs().pow(2)).sum()
}

/// Finds the nearest codeword of every row; of codewords that are equally near, the one with the lowest index.
///
/// # Shapes
/// `rows` (N, D), `codewords` (K, D) with K at least 1, `codes` (N).
///
/// # Exactness
/// Integer distances in u64 and a strict comparison: there is nothing to round. A device may use any filter, bound or
/// order that gives the same `codes`.
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

/// Returns whether a codeword equals one with a lower code, so that it is out of the race.
///
/// # Shapes
/// `codewords` (K, D).
#[cfg(test)]
pub(crate) fn is_duplicate(codewords: &[i32], dim: usize, code: usize) -> bool {
    let mut all = codewords.chunks_exact(dim);
    let own = codewords.chunks_exact(dim).nth(code);
    all.by_ref().take(code).any(|other| Some(other) == own)
}

#[cfg(test)]
mod tests;

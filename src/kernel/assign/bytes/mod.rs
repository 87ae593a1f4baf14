//! The filter of [`super::assign`] that multiplies signed bytes: its contract, its proof, and its scalar twin.
//!
//! # Rounding to bytes
//! Every row and codeword `v` is written as `v = s v' + e` with an integer scale `s = max(1, ceil(max |v_d| / 127))`
//! and bytes `|v'_d| = floor((|v_d| + floor(s / 2)) / s)`, which have the sign of `v_d` and are within 127 ([`round`]).
//! All of this is integer arithmetic: components are within 2^24, so scales are below 2^18 and numerators below 2^25.
//! What rounding takes, `e = v - s v'`, is within `s / 2` and within `|v_d|` in every component, so `|e| <= |v|`. Its
//! length is *measured*, as an upper bound of the exact one, and not estimated from the width of a byte: that is why 8
//! bits are enough for most rows.
//!
//! # Products
//! `r'.c'` is a sum of D products within 127^2, so for D up to 8,192 every partial sum, in any order, stays within
//! 127^2 * 8,192 < 2^27: `dot4I8Packed` and additions in i32 neither overflow nor round. Bytes that fill up the last
//! words of a vector are 0.
//!
//! # The bound
//! With `r = a r' + e` and `c_k = b_k c'_k + f_k`,
//!
//! ```text
//! r.c_k - a b_k r'.c'_k  =  (a r').f_k + e.c_k,     |a r'| <= |r| + |e|
//! ```
//!
//! Let the facts of a row be `a`, its *reach* `A >= |r| + |e|` and its *error* `E >= |e|`, and those of a codeword
//! `b_k`, its error `F_k >= |f_k|` and its length `C_k >= |c_k|`. By Cauchy-Schwarz the score `s_k = |c_k|^2 / 2 -
//! r.c_k` lies between `l_k` and `l_k + 2 m_k`, where
//!
//! ```text
//! m_k = A F_k + E C_k,     l_k = |c_k|^2 / 2 - a b_k r'.c'_k - m_k
//! ```
//!
//! # The race
//! A device computes `l_k` in f32 and keeps the lowest value `x`, the second lowest `y` and the code c of the lowest,
//! by the same steps as the f32 filter, whose proof names what is left open to a device: u = 2^-23 for an operation,
//! any order, fusion, and a new evaluation at every use. The largest comparison, `y - x > 2 m_c + (slope A + base)`,
//! has 12 terms, so none of them passes more than 11 additions, and none carries more than 4 roundings of its own: the
//! conversion of the product and two multiplications, or the host's rounding of half a norm. An evaluation of `l_k`
//! therefore differs from `l_k` by at most `g = gamma (sum of the magnitudes of its terms)`, `gamma = 16 u / (1 - 16
//! u)`. Lengths and errors are at most 1 + 2^-9 of the exact ones, so with C the largest length of a codeword `F_k <=
//! 1.002 C`, `E <= A`, and
//!
//! ```text
//! |c_k|^2 / 2 + A (C + F_k) + A F_k + E C_k  <=  C^2 / 2 + 4.1 A C     g = gamma (C^2 / 2 + 4.1 A C)
//! ```
//!
//! Nothing overflows: scales are below 2^18 and products below 2^27, so terms are below 2^63. Nothing is subnormal:
//! every length and error is 0 or at least 1, and so is every other factor but gamma.
//!
//! - *A loser is farther.* Every j but the winner lost to some i: an evaluation of `l_i` was not above one of `l_j`, so
//!   `l_i <= l_j + 2 g`, and their meeting left `y <= max(l_i, l_j) + g <= l_j + 3 g`. As `x >= l_c - g` and the bound
//!   of the comparison is itself evaluated within g, `y - x > 2 m_c + 6 g` gives `s_j >= l_j >= y - 3 g > l_c + 2 m_c +
//!   g > s_c`: j is farther than c, not even tied with it.
//! - *The label is that of the score.* Where two evaluations of one comparison differ, `l_i` and `l_j` are within 2 g
//!   of each other, so their meeting left `y <= l_c + 3 g` whichever of them c is, and as `x >= l_c - g` the gap is at
//!   most 4 g, which decides nothing.
//!
//! [`gap`] therefore gives 6 g, rounded up. It does not depend on D.
//!
//! # Shares
//! A device holds a race for each of 16 shares of the codewords and compares what they leave: `../candidates.rs` has
//! the rest of the proof, and says which codewords exact distances compare where a row is not decided.
//!
//! # Duplicates
//! A codeword that equals one with a lower code has the half norm 2^100, as in the f32 filter.

/// Returns the slope and the base of `slope * reach + base`, which covers what f32 arithmetic can add to the bound of
/// rounding. `longest` is the largest squared length of the codewords.
#[cfg(any(feature = "gpu", test))]
pub(crate) fn gap(longest: u64) -> (f32, f32) {
    let unit = f64::from(f32::EPSILON);
    let roundings = 16.0 * unit;
    // The factor covers the roundings of the bound itself, on the device and here.
    let gamma = roundings / (1.0 - roundings) * (1.0 + 32.0 * unit);
    let squared = longest as f64;
    ((6.0 * 4.1 * gamma * squared.sqrt()) as f32, (3.0 * gamma * squared) as f32)
}

/// A vector as bytes: `vector = scale * bytes + rest`.
#[cfg(test)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rounded {
    pub(crate) scale: i32,
    pub(crate) bytes: Vec<i8>,
    /// The squared length of what rounding took.
    pub(crate) rest: u64,
}

/// Rounds a vector to bytes.
///
/// # Shapes
/// `vector` (D), components within 2^24.
///
/// # Exactness
/// Integers alone. The rest is within 2^17 in every component, so the sum of its squares is below 2^47.
#[cfg(test)]
pub(crate) fn round(vector: &[i32]) -> Rounded {
    let most = vector.iter().map(|value| value.abs()).max().unwrap_or(0);
    let scale = ((most + 126) / 127).max(1);
    let round = |value: &i32| value.signum() * ((value.abs() + scale / 2) / scale);
    let bytes = vector.iter().map(|value| round(value) as i8).collect();
    let rest = vector.iter().map(|value| i64::from(value - scale * round(value)).unsigned_abs().pow(2)).sum();
    Rounded { scale, bytes, rest }
}

/// Returns the product of two vectors of bytes.
#[cfg(test)]
pub(crate) fn product(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// A codeword in the race for a row: the range of its score.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) code: usize,
    /// `l_k`.
    pub(crate) low: f64,
    /// `2 m_k`.
    pub(crate) width: f64,
}

/// Returns the ranges of the scores of a row with all codewords but duplicates, with the smallest reaches, errors and
/// lengths that the contract allows, in f64.
///
/// # Shapes
/// `row` (D), `codewords` (K, D).
#[cfg(test)]
pub(crate) fn ranges(row: &[i32], codewords: &[i32]) -> Vec<Range> {
    let squared = |vector: &[i32]| super::squared_distance(vector, &vec![0; vector.len()]) as f64;
    let of_row = round(row);
    let error = (of_row.rest as f64).sqrt();
    let reach = squared(row).sqrt() + error;
    let range = |(code, codeword): (usize, &[i32])| {
        let of_codeword = round(codeword);
        let scales = f64::from(of_row.scale) * f64::from(of_codeword.scale);
        let product = scales * f64::from(product(&of_row.bytes, &of_codeword.bytes));
        let bound = reach * (of_codeword.rest as f64).sqrt() + error * squared(codeword).sqrt();
        Range { code, low: squared(codeword) / 2.0 - product - bound, width: 2.0 * bound }
    };
    let all = codewords.chunks_exact(row.len()).enumerate();
    all.filter(|(code, _)| !super::is_duplicate(codewords, row.len(), *code)).map(range).collect()
}

#[cfg(test)]
mod tests;

//! How a batch passes a residual quantizer in training: values forward, commitment back.

use super::float::mul;
use super::on_grid::value_on_grid;
use super::scaled::from_exact;
use crate::grid::pow2;

/// The weight of exact sums on a grid: they are multiplied by 2^-exponent and then by `factor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weight {
    pub(crate) exponent: i32,
    pub(crate) factor: f32,
}

impl Weight {
    /// Weighs a sum; it is rounded to f32 once, and its product with the factor once more.
    #[inline(always)]
    pub(crate) fn of(self, exact: i64) -> f32 {
        mul(from_exact(exact as f64, pow2(-self.exponent)), self.factor)
    }
}

/// The outputs of [`straight_through`].
pub(crate) struct Passed<'a> {
    pub(crate) quantized: &'a mut [f32],
    pub(crate) commitment: &'a mut [f32],
    pub(crate) residuals: &'a mut [f32],
}

/// Subtracts the codewords of each row from its latents, level by level.
///
/// With q the latent on its grid ([`super::on_grid`]), `r_0 = q` and `r_l = r_(l-1) - c_l`: `residuals` are r_1 .. r_L;
/// `quantized`, what the decoder sees, is `(q - r_L) 2^-exponent`; `commitment`, the part of the latents' gradient that
/// pulls them to their codewords, is `factor (r_1 + .. + r_L) 2^-exponent`. The other part, the gradient of what the
/// decoder saw, passes straight through.
///
/// # Shapes
/// `latents` (n, d); `codes` (n, L), numbers of rows of `books`; `books` (K, d), all levels one after the other, on the
/// grid; `quantized` and `commitment` (n, d); `residuals` (n L, d). Codes, codewords and residuals are integers in f32.
///
/// # Exactness
/// The largest codewords of all levels together stay within 2^23, so every residual is within 2^24, an exact f32. Sums
/// of at most 256 residuals are within 2^32. A value that leaves the grid is rounded to f32 once.
///
/// # References
/// A. van den Oord, O. Vinyals, K. Kavukcuoglu, Neural Discrete Representation Learning, 2017, section 3.2.
pub(crate) fn straight_through(
    latents: &[f32],
    codes: &[f32],
    books: &[f32],
    columns: usize,
    weight: Weight,
    out: Passed<'_>,
) {
    let levels = out.residuals.len() / latents.len().max(1);
    let rows = latents.chunks_exact(columns).zip(codes.chunks_exact(levels.max(1)));
    let outs = out.quantized.chunks_exact_mut(columns).zip(out.commitment.chunks_exact_mut(columns));
    let outs = outs.zip(out.residuals.chunks_exact_mut((levels * columns).max(1)));
    for ((latents, codes), ((quantized, commitment), residuals)) in rows.zip(outs) {
        for (i, ((z, quantized), commitment)) in latents.iter().zip(quantized).zip(commitment).enumerate() {
            let start = value_on_grid(*z, weight.exponent);
            let (mut rest, mut left) = (start, 0_i64);
            for (code, out) in codes.iter().zip(residuals.iter_mut().skip(i).step_by(columns)) {
                rest -= books.get(*code as usize * columns + i).map_or(0, |c| *c as i32);
                left += i64::from(rest);
                *out = rest as f32;
            }
            *quantized = from_exact(f64::from(start - rest), pow2(-weight.exponent));
            *commitment = weight.of(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::SATURATION;

    #[test]
    fn by_hand() {
        // A grid of quarters; codewords 4, -3 of the first level and 1 of the second.
        let (books, weight) = ([4.0, -3.0, 1.0], Weight { exponent: 2, factor: 0.5 });
        let (latents, codes) = ([1.3, -0.625, 1e30], [0.0, 2.0, 1.0, 2.0, 0.0, 2.0]);
        let [mut quantized, mut commitment, mut residuals] = [vec![0.0; 3], vec![0.0; 3], vec![0.0; 6]];
        let out = Passed { quantized: &mut quantized, commitment: &mut commitment, residuals: &mut residuals };
        straight_through(&latents, &codes, &books, 1, weight, out);
        // 1.3 is 5 quarters, less 4 and 1; -0.625 is -2.5, to the even -2; 1e30 is the end of the grid.
        let end = SATURATION as f32;
        assert_eq!(residuals, [1.0, 0.0, 1.0, 0.0, end - 4.0, end - 5.0]);
        assert_eq!(quantized, [1.25, -0.5, 1.25]);
        assert_eq!(commitment, [0.125, 0.125, (2.0 * end - 9.0) / 8.0]);
    }
}

//! Unit length in f64, whose quotients are near enough to round like exact ones.

/// The kernel of the same name, of rows (n, D) that are integers within 2^24.
///
/// # Exactness
/// With `s = isqrt(n2 << t)` in [2^30, 2^31) and `x = |q| 2^(t/2) <= s`, the result is `x 2^20 / s` rounded to the
/// nearest integer, a half towards plus infinity of the signed quotient. `x 2^20` is within 2^51 and exact, as is s, so
/// the f64 quotient is off by at most 2^-34, half a unit in the last place of a number up to 2^20. An exact quotient
/// that is not halfway between two integers is at least `1 / (2 s) > 2^-32` away from there, and one that is halfway is
/// an f64: either way the f64 quotient lies on the same side. Adding a half rounds to 2^-33 at most and cannot cross an
/// integer.
pub(super) struct UnitLength<'a> {
    pub(super) rows: &'a mut [f32],
    pub(super) dim: usize,
}

impl pulp::WithSimd for UnitLength<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for row in self.rows.chunks_exact_mut(self.dim) {
            let mut square = 0_u64;
            for value in row.iter() {
                let value = *value as i64;
                square += (value * value) as u64;
            }
            if square == 0 {
                continue;
            }
            // The even shift that brings the squared length into [2^60, 2^62).
            let half = square.leading_zeros().saturating_sub(2) / 2;
            let root = floor_root(square << (2 * half)) as f64;
            let factor = (1_u64 << (20 + half)) as f64;
            for value in row.iter_mut() {
                *value = (f64::from(*value) * factor / root + 0.5).floor() as f32;
            }
        }
    }
}

/// The largest integer whose square is at most `n`, below 2^62.
#[inline(always)]
fn floor_root(n: u64) -> u64 {
    // Off by less than 1: the root is below 2^31, and the two roundings are 2^-53 of their results.
    let near = (n as f64).sqrt() as u64;
    if near * near > n {
        near - 1
    } else if (near + 1) * (near + 1) <= n {
        near + 1
    } else {
        near
    }
}

#[cfg(test)]
mod tests {
    use super::floor_root;

    #[test]
    fn roots_are_rounded_down() {
        for root in [1 << 30, (1 << 30) + 1, (1 << 31) - 1, 0x5a82_799a, 0x7fff_fffe_u64] {
            assert_eq!([root * root - 1, root * root, root * (root + 2)].map(floor_root), [root - 1, root, root]);
        }
    }
}

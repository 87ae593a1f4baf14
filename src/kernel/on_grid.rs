//! Latents on their grid.

use crate::grid::{SATURATION, pow2};

/// Puts values on the grid of an exponent, whose offset is zero.
///
/// # Shapes
/// `values` and `out` have one length.
///
/// # Exactness
/// For finite values `q = clamp(round_half_even(x 2^exponent), -3 * 2^21, 3 * 2^21)`, as of
/// [`Grid::quantize`](crate::grid::Grid::quantize). Exponents are those of a grid, so the product is exact in f64, and
/// q is an exact f32. A value that is not finite becomes some integer within the same bounds, which may differ between
/// devices.
pub(crate) fn on_grid(values: &[f32], exponent: i32, out: &mut [i32]) {
    out.iter_mut().zip(values).for_each(|(q, x)| *q = value_on_grid(*x, exponent));
}

/// Puts one value on the grid.
pub(crate) fn value_on_grid(x: f32, exponent: i32) -> i32 {
    let limit = f64::from(SATURATION);
    (f64::from(x) * pow2(exponent)).round_ties_even().clamp(-limit, limit) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{EXPONENTS, Grid};
    use crate::rng::row_hash;

    /// Embeddings and latents get the same integers.
    #[test]
    fn a_grid_without_offset_is_this_one() {
        for exponent in EXPONENTS {
            let orders = |i: u64| f32::from_bits((row_hash(9, i) as u32) & 0xbfff_ffff);
            let halves = |i: u64| ((i as f64 - 100.5) * pow2(-exponent)) as f32;
            let ends = |i: u64| ((f64::from(SATURATION) - 20.0 + i as f64 / 5.0) * pow2(-exponent)) as f32;
            let values: Vec<f32> = (0..200).flat_map(|i| [orders(i), halves(i), ends(i)]).collect();
            let values: Vec<f32> = values.into_iter().filter(|x| x.is_finite()).collect();
            let [mut found, mut expected] = [(); 2].map(|()| vec![0; values.len()]);
            on_grid(&values, exponent, &mut found);
            Grid::new(vec![0.0; values.len()], exponent).quantize(&values, &mut expected);
            assert_eq!(found, expected, "{exponent}");
        }
    }
}

//! The residual that slices are cut from.

use crate::codebook::Codebook;
use crate::grid::SATURATION;
use crate::kernel::residual::subtract;

/// Turns rows of level 0 into the residual that slices are cut from: subtracts the codewords of the residual levels,
/// and cuts every component off at 3 * 2^21, as values on the grid are.
///
/// # Shapes
/// `q` (n, D), `levels` (R) of D dimensions, `codes` (n, R).
///
/// # Exactness
/// Components of rows are within 3 * 2^21 and those of all codewords together within 2^23, so no difference exceeds
/// 2^24. Without residual levels nothing changes.
pub(super) fn leave(q: &mut [i32], levels: &[Codebook], codes: &[u32]) {
    let Some(dim) = levels.first().map(Codebook::dim) else { return };
    let mut of_level = Vec::new();
    for (level, codebook) in levels.iter().enumerate() {
        of_level.clear();
        of_level.extend(codes.iter().skip(level).step_by(levels.len()));
        subtract(q, codebook.values(), dim, &of_level);
    }
    cut_off(q);
}

/// Cuts the components of a residual off, as values on the grid are.
pub(super) fn cut_off(q: &mut [i32]) {
    q.iter_mut().for_each(|value| *value = (*value).clamp(-SATURATION, SATURATION));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codewords_are_subtracted_and_far_components_cut_off() {
        let levels = [Codebook::new(vec![0, 0, 5, -3], 2), Codebook::new(vec![1, 1, -4_194_304, 9], 2)];
        let mut q = [10, 20, SATURATION, 7];
        leave(&mut q, &levels, &[1, 0, 0, 1]);
        assert_eq!(q, [4, 22, SATURATION, -2]);
        leave(&mut q, &[], &[]);
        assert_eq!(q, [4, 22, SATURATION, -2]);
    }
}

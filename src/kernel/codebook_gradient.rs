//! How a batch pulls the codewords of a residual quantizer.

use super::straight_through::Weight;

/// Computes the gradient of the codebook loss: `factor 2^-exponent` times `n c - sum of the members` for every codeword
/// c with n members, which is minus the sum of their residuals.
///
/// # Shapes
/// `residuals` (n L, d), as of [`super::straight_through`]; `rows` (n L), numbers of rows of `residuals` in the order
/// of their codewords; `starts` (K + 1), where the rows of each codeword begin; `out` (K, d). Numbers are integers in
/// f32.
///
/// # Exactness
/// Residuals are within 2^24 and a batch has at most 2^16 rows, so sums are within 2^40 in any order. A sum is rounded
/// to f32 once, and its product with the factor once more.
pub(crate) fn codebook_gradient(
    residuals: &[f32],
    rows: &[f32],
    starts: &[f32],
    columns: usize,
    weight: Weight,
    out: &mut [f32],
) {
    for (range, out) in starts.windows(2).zip(out.chunks_exact_mut(columns)) {
        let [start, end] = [range.first(), range.last()].map(|at| at.map_or(0, |at| *at as usize));
        let members = rows.get(start..end).unwrap_or_default();
        for (i, out) in out.iter_mut().enumerate() {
            let rest = |row: &f32| residuals.get(*row as usize * columns + i).map_or(0, |rest| *rest as i64);
            *out = weight.of(-members.iter().map(rest).sum::<i64>());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::straight_through::{Passed, straight_through};
    use crate::rng::row_hash;

    /// `n c - sum of the members`, from the latents.
    #[test]
    fn codewords_are_pulled_to_their_members() {
        let (n, d, clusters) = (50, 3, 7);
        let hash = |i: usize| (row_hash(3, i as u64) % 2001) as i32 - 1000;
        let latents: Vec<f32> = (0..n * d).map(|i| hash(i) as f32 / 8.0).collect();
        let books: Vec<f32> = (0..clusters * d).map(|i| hash(1000 + i) as f32).collect();
        let codes: Vec<usize> = (0..n).map(|i| row_hash(4, i as u64) as usize % (clusters - 1)).collect();
        let [mut quantized, mut commitment, mut residuals] = [(); 3].map(|()| vec![0.0; n * d]);
        let out = Passed { quantized: &mut quantized, commitment: &mut commitment, residuals: &mut residuals };
        let weight = Weight { exponent: 3, factor: 0.25 };
        straight_through(&latents, &codes.iter().map(|k| *k as f32).collect::<Vec<_>>(), &books, d, weight, out);

        let mut rows: Vec<usize> = (0..n).collect();
        rows.sort_by_key(|row| codes[*row]);
        let starts: Vec<f32> = (0..=clusters).map(|k| codes.iter().filter(|code| **code < k).count() as f32).collect();
        let rows: Vec<f32> = rows.into_iter().map(|row| row as f32).collect();
        let mut found = vec![1.0; clusters * d];
        codebook_gradient(&residuals, &rows, &starts, d, weight, &mut found);
        for (k, found) in found.chunks(d).enumerate() {
            let members: Vec<usize> = (0..n).filter(|row| codes[*row] == k).collect();
            for (i, found) in found.iter().enumerate() {
                let sum: f32 = members.iter().map(|row| 8.0 * latents[row * d + i]).sum();
                assert_eq!(*found, (members.len() as f32 * books[k * d + i] - sum) / 8.0 * 0.25);
            }
        }
    }
}

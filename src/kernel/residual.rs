//! Residual update: the rows that a level leaves to the next one.

/// Subtracts from every row the codeword it is assigned to.
///
/// # Shapes
/// `rows` (N, D), `codewords` (K, D), `codes` (N) below K.
///
/// # Exactness
/// By the model's invariant a residual stays within 2^24, so i32 subtraction cannot overflow and the result is an
/// exact f32.
pub(crate) fn subtract(rows: &mut [i32], codewords: &[i32], dim: usize, codes: &[u32]) {
    for (row, code) in rows.chunks_exact_mut(dim).zip(codes) {
        if let Some(codeword) = codewords.chunks_exact(dim).nth(*code as usize) {
            row.iter_mut().zip(codeword).for_each(|(value, c)| *value -= c);
        }
    }
}

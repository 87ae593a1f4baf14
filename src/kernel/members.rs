//! Which rows of a batch belong to which codeword of a residual quantizer in training.

/// Writes the codes of a level to those of all levels, where they are counted on from the `before` codewords of the
/// levels before.
///
/// # Shapes
/// `codes` (n); `all` (n, levels), of which column `level` is written. Numbers are integers in f32.
///
/// # Exactness
/// A model has at most 256 levels of 65,536 codewords, so codes are below 2^24 and exact f32.
pub(crate) fn number_codes(codes: &[u32], (level, levels): (usize, usize), before: usize, all: &mut [f32]) {
    let column = all.iter_mut().skip(level).step_by(levels.max(1));
    column.zip(codes).for_each(|(all, code)| *all = (before + *code as usize) as f32);
}

/// Lists the rows of every codeword.
///
/// # Shapes
/// `codes` (n L), below K; `starts` (K + 1) becomes where the rows of each codeword begin, and how many there are;
/// `rows` (n L) becomes the places of all codes, codeword by codeword. Numbers are integers in f32.
///
/// # Exactness
/// A batch has at most 2^16 rows and 2^8 levels, so no number is above 2^24. The rows of a codeword are in ascending
/// order here and in any order on other devices: `codebook_gradient`, which reads them, makes exact sums.
pub(crate) fn members(codes: &[f32], starts: &mut [f32], rows: &mut [f32]) {
    let mut next = vec![0_usize; starts.len()];
    for code in codes {
        next.iter_mut().skip(*code as usize + 1).take(1).for_each(|count| *count += 1);
    }
    let mut sum = 0;
    for (next, start) in next.iter_mut().zip(starts) {
        sum += *next;
        (*next, *start) = (sum, sum as f32);
    }
    for (place, code) in codes.iter().enumerate() {
        let Some(next) = next.get_mut(*code as usize) else { continue };
        rows.iter_mut().skip(*next).take(1).for_each(|row| *row = place as f32);
        *next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let mut codes = [9.0; 8];
        number_codes(&[2, 0, 2, 1], (0, 2), 0, &mut codes);
        number_codes(&[1, 1, 1, 0], (1, 2), 3, &mut codes);
        assert_eq!(codes, [2.0, 4.0, 0.0, 4.0, 2.0, 4.0, 1.0, 3.0]);
        let (mut starts, mut rows) = ([7.0; 6], [7.0; 8]);
        members(&codes, &mut starts, &mut rows);
        assert_eq!(starts, [0.0, 1.0, 2.0, 4.0, 5.0, 8.0]);
        assert_eq!(rows, [2.0, 6.0, 0.0, 4.0, 7.0, 1.0, 3.0, 5.0]);
    }
}

//! The nearest candidate of every row in the rounds of k-means||, and draws of rows by their distances from it.

/// Rows whose distances are added up together, as draws take them; shaders have the same number.
pub(crate) const BLOCK_ROWS: usize = crate::rng::BLOCK;

/// Compares the nearest new candidate of every row with the nearest one so far, and keeps the nearer; on a tie, the one
/// so far. Returns the sums of the distances that are kept, of each block of [`BLOCK_ROWS`] rows.
///
/// # Shapes
/// `distances` and `codes` (N) say how far the nearest new candidate is, and which of the new ones it is; `closest` and
/// `nearest` (N) say the same of all of the `known` candidates before, whose indices come first. Where none is known,
/// they may hold anything.
///
/// # Exactness
/// A squared distance is below 2^63, so a sum is below 2^71.
pub(crate) fn nearer(
    distances: &[u64],
    codes: &[u32],
    known: usize,
    closest: &mut [u64],
    nearest: &mut [u32],
) -> Vec<u128> {
    let new = distances.iter().zip(codes);
    for ((closest, nearest), (distance, code)) in closest.iter_mut().zip(nearest).zip(new) {
        if known == 0 || distance < closest {
            (*closest, *nearest) = (*distance, known as u32 + code);
        }
    }
    closest.chunks(BLOCK_ROWS).map(|block| block.iter().map(|distance| u128::from(*distance)).sum()).collect()
}

/// A draw of a row: the block in which it is, and a value below the sum of the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockDraw {
    pub(crate) block: usize,
    pub(crate) value: u128,
}

/// Returns the first row of the block at which the running sum of `closest` exceeds the value.
pub(crate) fn draw_in_block(closest: &[u64], draw: BlockDraw) -> usize {
    let first = draw.block * BLOCK_ROWS;
    let mut sum = 0;
    let exceeds = |distance: &u64| {
        sum += u128::from(*distance);
        sum > draw.value
    };
    first + closest.iter().skip(first).position(exceeds).unwrap_or(0)
}

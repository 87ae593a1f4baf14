//! The update of Lloyd's algorithm: every codeword moves to the centroid of its members.

/// What an update did, over all clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Update {
    /// The sum over all clusters of `c . (2 s - n c)`, with the codewords before the update. The sum of the rows'
    /// squared lengths less this is their squared error.
    pub(crate) gain: i128,
    /// The sum of the codewords' squared movements.
    pub(crate) moved: u128,
    /// The largest squared length of a codeword after the update.
    pub(crate) longest: u64,
    /// The number of clusters without members.
    pub(crate) empty: u64,
    /// The number of codewords that moved.
    pub(crate) movers: u64,
}

/// The most rows that the bounds below allow.
#[cfg(feature = "gpu")]
pub(crate) const MAX_ROWS: usize = 1 << 31;

/// Moves every codeword to `floor((2 sum + n) / (2 n))`, each component cut off at `room`; a codeword of a cluster
/// without members stays.
///
/// # Shapes
/// `sums` (K, D), `counts` (K), `codewords` (K, D); K is at most 65,536 and D at most 8,192.
///
/// # Exactness
/// Everything is integer arithmetic. With rows and codewords within 2^24 and at most 2^31 rows, these bits suffice:
///
/// - *Centroids.* A sum is within `n 2^24`, so `u = sum + n 2^24` is in `0 ..= n 2^25`, below 2^57. With `u = q n +
///   rest` the centroid is `q + (2 rest >= n) - 2^24`, and q is at most 2^25. A long division of u, from its bit 25
///   down, starts with the rest `u >> 26`, which is at most `n / 2`; every rest is below n, so twice a rest and a bit
///   is below 2^32.
/// - *Gain.* `2 s - n c` is within `3 n 2^24`, below 2^57. Its product with c is within `3 n 2^48`. As the n add up to
///   at most 2^31, all products together are within `3 * 2^31 2^48 2^13 < 2^94`: 96 bits hold them in two's complement.
/// - *Movement.* A component moves by at most 2^25 and a codeword by at most `2^13 2^50`, squared; all codewords
///   together by at most 2^79.
/// - *Lengths.* A squared length is at most `2^13 2^48`.
///
/// Integer addition has the same result in any order.
pub(crate) fn update(sums: &[i64], counts: &[u64], dim: usize, codewords: &mut [i32], room: i32) -> Update {
    let mut all = Update::default();
    for ((codeword, sums), n) in codewords.chunks_exact_mut(dim).zip(sums.chunks_exact(dim)).zip(counts) {
        let n = *n as i64;
        all.empty += u64::from(n == 0);
        let (mut length, mut movement) = (0, 0);
        for (c, sum) in codeword.iter_mut().zip(sums) {
            let before = i64::from(*c);
            all.gain += i128::from(before) * i128::from(2 * sum - n * before);
            if n > 0 {
                *c = ((2 * sum + n).div_euclid(2 * n) as i32).clamp(-room, room);
            }
            movement += u128::from((i64::from(*c) - before).unsigned_abs().pow(2));
            length += i64::from(*c).unsigned_abs().pow(2);
        }
        all.longest = all.longest.max(length);
        all.moved += movement;
        all.movers += u64::from(movement > 0);
    }
    all
}

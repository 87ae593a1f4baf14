//! Exact sums of products of pairs of 16-bit integers: what matrix products of networks are made of.

/// Rows of a tile: with two vectors of columns the sums fill 12 of 16 registers.
pub(super) const ROWS: usize = 6;
/// Columns of a group: two vectors of eight pairs.
pub(super) const COLUMNS: usize = 16;

/// A pair of terms, two i16 in an i32, of every row of a tile.
pub(super) type Pairs = [i32; ROWS];

/// A pair of terms of every column of a group, in a cache line of its own.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Group(pub(super) [i32; COLUMNS]);

/// Sums of the rows of a tile with the columns of a group.
pub(super) type Sums = [[i32; COLUMNS]; ROWS];

/// Something that multiplies.
pub(super) trait Multiplier: Copy + Send + Sync {
    /// Sums over all pairs; the caller sees to it that they stay within i32.
    fn multiply(self, tile: &[Pairs], group: &[Group]) -> Sums;
}

/// What is to be run with a multiplier; see [`super::unit::Unit::run_pairs`].
pub(super) trait PairWork: Send {
    fn work<M: Multiplier>(self, multiplier: M);
}

/// Runs `work` compiled for 256-bit vectors.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn run_avx2<W: PairWork>(simd: pulp::x86::V3, work: W) {
    struct On<W>(pulp::x86::V3, W);
    impl<W: PairWork> pulp::NullaryFnOnce for On<W> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            self.1.work(self.0);
        }
    }
    simd.vectorize(On(simd, work));
}

#[cfg(target_arch = "x86_64")]
impl Multiplier for pulp::x86::V3 {
    #[inline(always)]
    fn multiply(self, tile: &[Pairs], group: &[Group]) -> Sums {
        use pulp::{cast, i16x16, i32x8};
        let mut sums = [[self.splat_i32x8(0); 2]; ROWS];
        for (column, pairs) in group.iter().zip(tile) {
            let columns: [i16x16; 2] = cast(column.0);
            for (sums, pair) in sums.iter_mut().zip(pairs) {
                let pair: i16x16 = cast(self.splat_i32x8(*pair));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = self.wrapping_add_i32x8(*sum, self.multiply_wrapping_add_adjacent_i16x16(pair, column));
                }
            }
        }
        cast::<[[i32x8; 2]; ROWS], Sums>(sums)
    }
}

/// Any processor.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Multiplier for Portable {
    #[inline(always)]
    fn multiply(self, tile: &[Pairs], group: &[Group]) -> Sums {
        let halves = |pair: i32| (i32::from(pair as i16), pair >> 16);
        let mut sums = [[0; COLUMNS]; ROWS];
        for (column, pairs) in group.iter().zip(tile) {
            for (sums, pair) in sums.iter_mut().zip(pairs) {
                let (low, high) = halves(*pair);
                for (sum, column) in sums.iter_mut().zip(column.0) {
                    *sum += low * halves(column).0 + high * halves(column).1;
                }
            }
        }
        sums
    }
}

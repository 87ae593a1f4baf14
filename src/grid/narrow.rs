//! Dimensions that the grid of all of them is coarse for.

/// A warning names a dimension whose values take fewer steps of the grid than `STEPS`, if it is `BESIDE` times narrower
/// than the widest one. Where far values make the grid, usual dimensions have hardly more, and lose nothing.
pub(super) const STEPS: u64 = 1024;
pub(super) const BESIDE: u64 = 16;

/// A warning names a dimension whose values take fewer steps than these in any case: rounding then moves values by some
/// percent of their spread.
pub(super) const FEW_STEPS: u64 = 64;

/// A dimension whose values differ, but only by few steps of the grid.
///
/// All dimensions share one grid, so that the one with the largest range decides the step. Values that differ by less
/// than a thousandth of it hardly count in any distance, and by rounding lose digits of what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NarrowDimension {
    /// The dimension, from 0.
    pub column: usize,
    /// The steps between the 25 % and the 75 % quantile of the rows' values, or where these are equal, between the 5 %
    /// and the 95 % quantile, or else between the smallest and the largest value; at most 1,023.
    pub steps: u64,
}

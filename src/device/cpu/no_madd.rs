//! Where 16-bit products are not the faster way: the f32 products of [`super::scores`] are used everywhere.

use super::panel::Panel;

/// Values that lists of coefficients are filled up to.
pub(super) const GROUP: usize = 1;

/// Codewords as 16-bit integers: there are none.
pub(super) enum Packed {}

impl Packed {
    pub(super) fn new(_values: &[f32], _dim: usize) -> Option<Self> {
        None
    }

    #[cfg(test)]
    pub(super) fn wherever_possible(_values: &[f32], _dim: usize) -> Option<Self> {
        None
    }

    pub(super) fn spread(&self, _k: usize) -> f64 {
        match *self {}
    }

    pub(super) fn scores(&self, _: &[f32], _: &[f32], _: &Panel, _: &mut Buffers, _: &mut [f32]) {
        match *self {}
    }
}

/// Buffers of one thread: none are needed.
#[derive(Default)]
pub(super) struct Buffers;

impl Buffers {
    pub(super) fn errors(&self) -> impl Iterator<Item = f32> {
        std::iter::empty()
    }
}

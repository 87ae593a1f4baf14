//! Dropout: a hash of an element's place says whether the element is kept.

use super::float::{finish, mul};

/// A mask says which elements are kept; the forward and the backward pass of a step use the same one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mask {
    pub(crate) key: [u32; 2],
    /// Elements whose hashes are below it are dropped; it is the probability times 2^32.
    pub(crate) threshold: u32,
    /// `1 / (1 - probability)`.
    pub(crate) factor: f32,
}

impl Mask {
    /// Makes a mask that drops elements with `probability`; both halves of `key` enter the hash.
    pub(crate) fn new(key: u64, probability: f64) -> Self {
        let threshold = (probability * 4_294_967_296.0).clamp(0.0, f64::from(u32::MAX)) as u32;
        Self { key: [(key >> 32) as u32, key as u32], threshold, factor: finish((1.0 / (1.0 - probability)) as f32) }
    }

    #[inline(always)]
    fn keeps(&self, i: u32) -> bool {
        mix(mix(i.wrapping_add(self.key[0])) ^ self.key[1]) >= self.threshold
    }
}

/// Multiplies kept elements by the mask's factor and makes the others +0; `first` is the number of the first element.
///
/// # Exactness
/// Whether an element is kept depends only on the key and on its number, counted row by row; numbers are below 2^32.
#[inline(always)]
pub(crate) fn dropout(x: &mut [f32], first: usize, mask: &Mask) {
    for (i, x) in x.iter_mut().enumerate() {
        *x = if mask.keeps((first + i) as u32) { mul(*x, mask.factor) } else { 0.0 };
    }
}

/// A bijection of 32 bits without visible structure.
///
/// # References
/// C. Wellons, Prospecting for Hash Functions (lowbias32), 2018.
#[inline(always)]
fn mix(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

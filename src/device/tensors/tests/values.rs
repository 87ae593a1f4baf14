//! Values that are hard on kernels.

use crate::rng::row_hash;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Numbers of that many binary orders of magnitude around 1, and zeros.
    Orders(u32),
    /// With infinities, NaN of any bits, subnormals, the largest and the smallest number among them.
    Wild,
    /// Halfway between two integers once they are scaled, to 8 or to 16 bits.
    Ties,
    /// As far from zero as scaled integers go.
    Largest,
    /// Results around 2^-126.
    Tiny,
    /// Results around 2^128.
    Huge,
    /// Hardly anything but zeros of either sign.
    Zeros,
}

pub(super) const KINDS: [Kind; 9] = [
    Kind::Orders(1),
    Kind::Orders(12),
    Kind::Orders(250),
    Kind::Wild,
    Kind::Ties,
    Kind::Largest,
    Kind::Tiny,
    Kind::Huge,
    Kind::Zeros,
];

/// A number of a random sign and significand, and of one of `orders` exponents around that of `scale`.
fn number(hash: u64, scale: i32, orders: u32) -> f32 {
    let exponent = 127 + scale - orders as i32 / 2 + ((hash >> 32) % u64::from(orders)) as i32;
    f32::from_bits((hash as u32 & 0x807f_ffff) | (exponent.clamp(1, 254) as u32) << 23)
}

fn value(kind: Kind, hash: u64) -> f32 {
    let sign = if hash & 1 == 0 { 1.0 } else { -1.0 };
    match (kind, hash >> 56) {
        (Kind::Zeros, 0..250) => 0.0 * sign,
        (Kind::Zeros, _) => number(hash, 0, 4),
        (Kind::Largest, _) => 1.999_999_9 * sign,
        (Kind::Ties, 0..4) => sign,
        (Kind::Ties, byte) => {
            let steps = if byte & 1 == 0 { 64.0 } else { 16384.0 };
            let whole = ((hash >> 32) % steps as u64) as f32;
            sign * (whole + 0.5).min(steps - 0.5) / steps
        }
        (Kind::Tiny, _) => number(hash, -63, 14),
        (Kind::Huge, _) => number(hash, 63, 10),
        (Kind::Wild, 0) => f32::INFINITY * sign,
        (Kind::Wild, 1) => f32::from_bits(0x7f80_0001 | hash as u32),
        (Kind::Wild, 2) => f32::MAX * sign,
        (Kind::Wild, 3) => f32::MIN_POSITIVE * sign,
        (Kind::Wild, 4) => 1e-40 * sign,
        (Kind::Orders(_) | Kind::Wild, 5..15) => 0.0 * sign,
        (Kind::Wild, _) => number(hash, 0, 60),
        (Kind::Orders(orders), _) => number(hash, 0, orders),
    }
}

pub(super) fn values(kind: Kind, seed: u64, len: usize) -> Vec<f32> {
    (0..len).map(|i| value(kind, row_hash(seed, i as u64))).collect()
}

//! Inputs at which a float operation may go wrong.

use super::{CHUNK, Input};
use crate::device::tests::Random;

/// Floats that are special in some way.
fn specials() -> Vec<u32> {
    let exponents = [0, 1, 2, 23, 24, 63, 64, 103, 104, 126, 127, 128, 150, 151, 190, 191, 252, 253, 254, 255];
    let significands = [0, 1, 0x003f_ffff, 0x0040_0000, 0x007f_fffe, 0x007f_ffff];
    let magnitudes = exponents.iter().flat_map(|e: &u32| significands.map(|s: u32| e << 23 | s));
    magnitudes.flat_map(|bits| [bits, bits | 0x8000_0000]).collect()
}

/// Makes a number with that exponent, and a significand that is random, of few bits, or next to a power of two.
fn with_exponent(exponent: u32, random: &mut Random) -> u32 {
    let bits = random.next();
    let significand = match bits >> 61 {
        0 => 0x007f_ffff << (bits >> 32 & 31),
        1 => 1 << (bits >> 32 & 31),
        2 => bits as u32 & 0x007f_f000,
        3 => (bits as u32 & 0xff).wrapping_neg(),
        _ => bits as u32,
    };
    (bits as u32 & 0x8000_0000) | (exponent.min(255) << 23) | (significand & 0x007f_ffff)
}

/// Returns the f32 nearest to `value`, or one of its neighbours.
fn near(value: f64, random: &mut Random) -> u32 {
    (value as f32).to_bits().wrapping_add((random.next() % 3) as u32).wrapping_sub(1)
}

/// Makes pairs for which some operation is at an edge; `index` runs through all pairs of exponents.
fn pair(index: usize, random: &mut Random) -> (u32, u32) {
    let exponents = (index as u32 / 8 % 256, index as u32 / 2048 % 256);
    let some = exponents.0.clamp(1, 254);
    let a = with_exponent(some, random);
    let offset = (random.next() % 5) as u32;
    match index % 8 {
        0 | 1 => (with_exponent(exponents.0, random), with_exponent(exponents.1, random)),
        // Sums that cancel, and sums that round at the end of the smaller number.
        2 => (a, with_exponent((some + exponents.1 % 54).saturating_sub(27), random)),
        // Products and quotients around 2^-126 and around 2^128.
        3 => (a, with_exponent((126 + offset).saturating_sub(some), random)),
        4 => (a, with_exponent((379 + offset).saturating_sub(some), random)),
        5 => match random.next() & 1 {
            0 => (a, with_exponent(some + 124 + offset, random)),
            _ => (a, with_exponent((some + offset).saturating_sub(130), random)),
        },
        // Quotients and products next to the middle of two numbers.
        6 => {
            let b = f64::from(f32::from_bits(a));
            let middle = f64::from(f32::from_bits(0x3f80_0000 | random.next() as u32 & 0x007f_ffff)) + 2_f64.powi(-24);
            match random.next() & 1 {
                0 => (near(b * middle, random), a),
                _ => (near(middle / b, random), a),
            }
        }
        // Squares, and squares of the middle of two numbers.
        _ => {
            let root = f64::from(f32::from_bits((exponents.0 / 2 + 64) << 23 | random.next() as u32 & 0x007f_ffff));
            let middle = (random.next() & 1) as f64 * root * 2_f64.powi(-25);
            (near((root + middle).powi(2), random), random.next() as u32)
        }
    }
}

/// Makes an integer of any length, with a shift that often takes it to 2^-126 or 2^128; it often has 24 bits and a tie.
fn dot(b: u32, random: &mut Random) -> u64 {
    let bits = random.next();
    let shift = i64::from(b & 0x1ff) - 128;
    let length = match bits % 3 {
        0 => 64 - bits % 61,
        1 => (shift - 126 + (bits / 3 % 3) as i64).clamp(1, 63) as u64,
        _ => (shift + 127 + (bits / 3 % 3) as i64).clamp(1, 63) as u64,
    };
    let value = match random.next() % 5 {
        0 => bits & u64::MAX << 39,
        1 => bits | u64::MAX << 40,
        2 => bits >> 24 | u64::MAX << 41,
        3 => (bits | u64::MAX << 39).wrapping_add(random.next() % 3).wrapping_sub(1) | 1 << 63,
        _ => bits,
    };
    let magnitude = (value | 1 << 63) >> (64 - length);
    if bits & 1 << 20 == 0 { magnitude } else { magnitude.wrapping_neg() }
}

pub(super) fn inputs(chunk: usize) -> Vec<Input> {
    let mut random = Random(chunk as u64);
    let specials = specials();
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(CHUNK);
    if chunk == 0 {
        pairs.extend(specials.iter().flat_map(|a| specials.iter().map(|b| (*a, *b))));
    }
    pairs.extend((pairs.len()..CHUNK).map(|i| pair(chunk * CHUNK + i, &mut random)));
    let with_dot = |(a, b)| (a, b, if a == b { u64::from(a) << 32 } else { dot(b, &mut random) });
    pairs.into_iter().map(with_dot).collect()
}

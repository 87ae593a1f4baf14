//! Rounding a vector to small integers, and measuring what that takes from it.

use super::{MOST_8, SHIFT, Width};
use crate::device::cpu::bounds::up;

/// Length that vectors of 16-bit integers are scaled to: sums of their products stay within i32.
const LENGTH: f32 = 46_000.0;
/// Largest 16-bit component after scaling.
const MOST_16: f32 = 32_700.0;
/// Adding 1.5 * 2^23 to an f32 within 2^22 rounds it to an integer, ties to even, that can be read from the bits.
const ROUND: f32 = 12_582_912.0;

/// What belongs to a vector of integers: `vector = integers * inverse + rest`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::device::cpu) struct Scaled {
    pub(super) inverse: f32,
    /// Upper bound of the length of the rest.
    pub(in crate::device::cpu) error: f32,
    /// Where sums of products with shifted codewords start; 0 for 16 bits.
    pub(super) start: i32,
}

/// Components that are rounded at a time.
const LANES: usize = 16;

/// Rounds `row`, no longer than `length`, to integers of `width`: for the largest scale that keeps them within
/// their limits, or zeros where the row is zero. The integers lie in `words`, in the order of the memory.
///
/// # Exactness
/// With `scaled = fl(x * scale)`, `scaled - integer` is exact, and `|x * scale - scaled| <= u |scaled|`. The f32 sum of
/// D squares is within a factor 1.001 for D up to 8,192. The length of `row * scale - integers` is then at most `1.001
/// sqrt(sum) + u |scaled|`, and `u |scaled|` is at most `u LENGTH < 0.003` for 16 bits, `u 127 sqrt(8192) < 0.001` for
/// 8. The scale is the inverse of the returned f32 up to u, which moves the quotient by as much again at most. A
/// largest component within `127 (1 + 3 u)` rounds to 127.
#[inline(always)]
pub(in crate::device::cpu) fn round(width: Width, row: &[f32], length: f32, words: &mut [i32]) -> Scaled {
    let most = largest(row);
    if most == 0.0 {
        words.fill(0);
        return Scaled { inverse: 1.0, error: 0.0, start: 0 };
    }
    let inverse = match width {
        Width::Bits8 => most / MOST_8 as f32,
        Width::Bits16 => (length / LENGTH).max(most / MOST_16),
    };
    let scale = 1.0 / inverse;
    let mut squares = [0.0; LANES];
    let mut sums = [0_i32; LANES];
    let words_of_part = LANES / width.per_word();
    for (part, words) in row.chunks(LANES).zip(words.chunks_mut(words_of_part)) {
        let integers = match part.try_into() {
            Ok(part) => round_lanes(part, scale, &mut squares, &mut sums),
            Err(_) => {
                let mut whole = [0.0; LANES];
                whole.iter_mut().zip(part).for_each(|(whole, value)| *whole = *value);
                round_lanes(&whole, scale, &mut squares, &mut sums)
            }
        };
        match width {
            Width::Bits8 => put(bytemuck::cast::<[i8; LANES], [i32; LANES / 4]>(narrow_to_8(&integers)), words),
            Width::Bits16 => put(bytemuck::cast::<[i16; LANES], [i32; LANES / 2]>(narrow_to_16(&integers)), words),
        }
    }
    let sum: f32 = squares.iter().sum();
    // 0.01 covers `u |scaled|` twice: of the product, and of the inverse.
    let error = up((1.001 * f64::from(sum).sqrt() + 0.01) * f64::from(inverse));
    let start = match width {
        // Codewords are shifted to be unsigned, which adds SHIFT times this sum to every product.
        Width::Bits8 => -SHIFT * sums.iter().sum::<i32>(),
        Width::Bits16 => 0,
    };
    Scaled { inverse, error, start }
}

/// Rounds 16 components to integers, and adds up these and the squares of what rounding took.
#[inline(always)]
fn round_lanes(part: &[f32; LANES], scale: f32, squares: &mut [f32; LANES], sums: &mut [i32; LANES]) -> [i32; LANES] {
    let mut integers = [0; LANES];
    for i in 0..LANES {
        let scaled = part[i] * scale;
        let shifted = scaled + ROUND;
        let rest = scaled - (shifted - ROUND);
        squares[i] += rest * rest;
        integers[i] = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
        sums[i] += integers[i];
    }
    integers
}

#[inline(always)]
fn narrow_to_8(integers: &[i32; LANES]) -> [i8; LANES] {
    let mut narrow = [0; LANES];
    for i in 0..LANES {
        narrow[i] = integers[i] as i8;
    }
    narrow
}

#[inline(always)]
fn narrow_to_16(integers: &[i32; LANES]) -> [i16; LANES] {
    let mut narrow = [0; LANES];
    for i in 0..LANES {
        narrow[i] = integers[i] as i16;
    }
    narrow
}

/// Copies the words for which there is room; those beyond are of dimensions that the row does not have.
#[inline(always)]
fn put<const N: usize>(from: [i32; N], words: &mut [i32]) {
    match <&mut [i32; N]>::try_from(&mut *words) {
        Ok(words) => *words = from,
        Err(_) => words.iter_mut().zip(from).for_each(|(word, from)| *word = from),
    }
}

/// The largest magnitude of a component.
#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let mut most = [0.0_f32; LANES];
    let (parts, rest) = row.as_chunks::<LANES>();
    for part in parts {
        for i in 0..LANES {
            let value = part[i].abs();
            most[i] = if value > most[i] { value } else { most[i] };
        }
    }
    most.iter().chain(rest).fold(0.0, |a: f32, b| a.max(b.abs()))
}

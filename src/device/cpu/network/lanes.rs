//! Single float operations on eight values at a time, in loops that compile to vector code.
//!
//! # Exactness
//! The operations of `kernel::float`: the hardware's own, subnormal results flushed, and one NaN.

pub(super) const LANES: usize = 8;

/// Eight values.
pub(super) type V = [f32; LANES];

const SIGN: u32 = 1 << 31;
const NAN: u32 = 0x7fc0_0000;

/// Returns a result as matrices hold it: the zero of its sign for a subnormal, and one NaN for all.
#[inline(always)]
pub(super) fn held(x: V) -> V {
    let mut out = [0.0; LANES];
    for i in 0..LANES {
        let bits = x[i].to_bits();
        // Without its sign, twice: exponents of 0 and of 255 are at the ends.
        let twice = bits << 1;
        let kept = if twice < 1 << 24 { bits & SIGN } else { bits };
        out[i] = f32::from_bits(if twice > 0xff00_0000 { NAN } else { kept });
    }
    out
}

macro_rules! operation {
    ($name:ident, $operator:tt) => {
        #[inline(always)]
        pub(super) fn $name(a: V, b: V) -> V {
            let mut out = a;
            for i in 0..LANES {
                out[i] = a[i] $operator b[i];
            }
            held(out)
        }
    };
}

operation!(add, +);
operation!(sub, -);
operation!(mul, *);
operation!(div, /);

#[inline(always)]
pub(super) fn sqrt(x: V) -> V {
    let mut out = x;
    for i in 0..LANES {
        out[i] = x[i].sqrt();
    }
    held(out)
}

/// `yes` where the flag is set, bit for bit.
#[inline(always)]
pub(super) fn select(flags: [bool; LANES], yes: V, no: V) -> V {
    let mut out = no;
    for i in 0..LANES {
        let mask = u32::from(flags[i]).wrapping_neg();
        out[i] = f32::from_bits((yes[i].to_bits() & mask) | (no[i].to_bits() & !mask));
    }
    out
}

/// The first values, zeros where there are fewer.
#[inline(always)]
pub(super) fn load(values: &[f32]) -> V {
    match values.first_chunk() {
        Some(whole) => *whole,
        None => {
            let mut some = [0.0; LANES];
            some.iter_mut().zip(values).for_each(|(place, value)| *place = *value);
            some
        }
    }
}

/// Puts values at the start of `to`, as many as it has room for.
#[inline(always)]
pub(super) fn store(values: V, to: &mut [f32]) {
    match to.first_chunk_mut() {
        Some(whole) => *whole = values,
        None => to.iter_mut().zip(values).for_each(|(place, value)| *place = value),
    }
}

//! Sums of f32 values without any error.

use crate::grid::pow2;

/// Bits of a limb.
const LIMB: usize = 64;
/// The exponent of the smallest f32 above 0, which every value is a multiple of.
const LEAST: i32 = -149;

/// The exact sum of f32 values, each of which counts a number of times.
///
/// # Exactness
/// A finite f32 is an integer of 24 bits, shifted by up to 253 bits, in units of 2^-149. It is added to one of four
/// integers, whose units are 2^64 apart, with at most 63 bits of shift left; so for values that count at most 2^37
/// times together, each integer is below 2^(24 + 63 + 37) = 2^124. No addition rounds, so the sum does not depend on
/// the order of the values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ExactSum([i128; 4]);

impl ExactSum {
    /// Adds a finite value `times` times.
    #[inline(always)]
    pub(super) fn add(&mut self, value: f32, times: u32) {
        let bits = value.to_bits();
        let (exponent, fraction) = ((bits >> 23) & 0xff, bits & 0x7f_ffff);
        // Subnormal numbers have the exponent of the smallest normal ones, without the leading bit.
        let (shift, integer) =
            if exponent == 0 { (0, fraction) } else { (exponent as usize - 1, fraction | (1 << 23)) };
        let shifted = (i128::from(integer) * i128::from(times)) << (shift % LIMB);
        if let Some(limb) = self.0.get_mut(shift / LIMB) {
            *limb += if value.is_sign_negative() { -shifted } else { shifted };
        }
    }

    /// Returns the sum, rounded to f64 once, ties to even.
    pub(super) fn rounded(self) -> f64 {
        let (mut digits, mut carry) = ([0_u64; 5], 0_i128);
        for (digit, limb) in digits.iter_mut().zip(self.0) {
            let sum = limb + carry;
            *digit = sum as u64;
            carry = sum >> LIMB;
        }
        if carry < 0 {
            // All digits are positive, so the sign is that of the carry.
            return -Self(self.0.map(|limb| -limb)).rounded();
        }
        let [.., last] = &mut digits;
        *last = carry as u64;
        let Some(top) = digits.iter().rposition(|digit| *digit != 0) else { return 0.0 };
        let digit = |i: usize| digits.get(i).copied().unwrap_or(0);
        let Some(below) = top.checked_sub(1) else { return digit(0) as f64 * pow2(LEAST) };
        // The two highest digits have at least 65 bits, 11 more than are kept: what is below them only says whether
        // they are half way between two numbers.
        let rest = digits.iter().take(below).any(|digit| *digit != 0);
        let high = (u128::from(digit(top)) << LIMB) | u128::from(digit(below)) | u128::from(rest);
        high as f64 * pow2(LIMB as i32 * below as i32 + LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[f32]) -> f64 {
        let mut sum = ExactSum::default();
        values.iter().for_each(|value| sum.add(*value, 1));
        sum.rounded()
    }

    #[test]
    fn single_values_come_back() {
        let mut bits = 1_u32;
        for _ in 0..4000 {
            bits = bits.wrapping_mul(0x9e37_79b9).wrapping_add(0x7f4a_7c15);
            let value = f32::from_bits(bits);
            if value.is_finite() {
                assert_eq!(sum(&[value]), f64::from(value), "{bits:x}");
                assert_eq!(sum(&[value, -value, value]), f64::from(value), "{bits:x}");
            }
        }
        for value in [f32::MAX, f32::MIN, f32::from_bits(1), -f32::from_bits(1), f32::MIN_POSITIVE] {
            assert_eq!(sum(&[value]), f64::from(value));
        }
        assert_eq!(sum(&[0.0, -0.0]).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn sums_are_rounded_once_and_ties_go_to_even() {
        // 2^-140; `powi` divides by 2^140 where nothing is optimised, which is infinite.
        let (one, tiny) = (2.0_f32.powi(60), f32::from_bits(1 << 9));
        // 2^60 + 2^7 is half way between two numbers of 53 bits.
        let half = 2.0_f32.powi(7);
        assert_eq!(sum(&[one, half]), 2.0_f64.powi(60));
        assert_eq!(sum(&[one, half, tiny]), 2.0_f64.powi(60) + 256.0);
        assert_eq!(sum(&[tiny, half, one, 256.0]), 2.0_f64.powi(60) + 512.0);
        assert_eq!(sum(&[one, half, 256.0]), 2.0_f64.powi(60) + 512.0);
        assert_eq!(sum(&[-one, -half, -tiny]), -(2.0_f64.powi(60) + 256.0));
        assert_eq!(sum(&[one, half, -tiny]), 2.0_f64.powi(60));
        // What cancels leaves the smallest values as they are.
        assert_eq!(sum(&[f32::MAX, 3.0, tiny, f32::MIN, -3.0]), f64::from(tiny));
    }

    #[test]
    fn values_that_count_often_do_not_overflow() {
        let mut all = ExactSum::default();
        for _ in 0..32 {
            all.add(f32::MAX, u32::MAX);
        }
        assert_eq!(all.rounded(), f64::from(f32::MAX) * f64::from(u32::MAX) * 32.0);
        all.add(f32::MIN, 5);
        for _ in 0..32 {
            all.add(f32::MIN, u32::MAX);
        }
        assert_eq!(all.rounded(), 5.0 * f64::from(f32::MIN));
    }
}

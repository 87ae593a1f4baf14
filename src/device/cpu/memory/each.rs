//! Lower bounds of the distances of rows to all codewords.

use super::Remember;
use crate::device::cpu::bounds::{U, down, square_at_least};
use crate::device::cpu::lanes::{LANES, Lanes, each_bit};
use crate::device::cpu::panel::Panel;
use pulp::Simd;

/// The bounds of some rows.
pub(in crate::device::cpu) struct Bounds<'a> {
    pub(in crate::device::cpu) marks: &'a mut [Scale],
    /// Bounds (n, K) in units of their rows.
    pub(in crate::device::cpu) bounds: &'a mut [u16],
}

/// When a row was measured, and the unit of its bounds in grid steps.
#[derive(Clone, Copy)]
pub(in crate::device::cpu) struct Scale {
    pub(in crate::device::cpu) epoch: u32,
    unit: f32,
}

/// Steps that a row's bounds are counted in.
const STEPS: f32 = u16::MAX as f32;

/// The smallest size from which on all f32 are integers.
const TWO_23: f32 = 8_388_608.0;

impl Scale {
    /// A row that was never measured.
    pub(in crate::device::cpu) const UNKNOWN: Self = Self { epoch: u32::MAX, unit: 0.0 };

    /// Turns lower bounds of the scores of a row, of a length of at most `length`, into lower bounds of its distances.
    /// No codeword is longer than `longest`.
    ///
    /// # Exactness
    /// A bound is at most the distance times 1 - 8 u when it is read as `fl(bound * unit)`: the roundings of the sum,
    /// the root, two quotients and two products are less than the 16 u taken off here.
    #[inline(always)]
    pub(in crate::device::cpu) fn measure(
        epoch: u32,
        scores: &[f32],
        length: f32,
        longest: f32,
        bounds: &mut [u16],
    ) -> Self {
        let most = length + longest;
        let per_step = STEPS / most * (1.0 - 16.0 * U as f32);
        let square = down(square_at_least(length));
        for (bound, score) in bounds.iter_mut().zip(scores) {
            let distance = (score + square).max(0.0).sqrt();
            let steps = (distance * per_step - 0.5).clamp(0.0, STEPS);
            // The sum is rounded to the nearest integer, which is in its lowest bits: not above what 0.5 was taken
            // from.
            *bound = (steps + TWO_23).to_bits() as u16;
        }
        Self { epoch, unit: most / STEPS }
    }

    /// Hands over every codeword that may be as near as `limit`, given how far at most codewords moved since.
    ///
    /// # Exactness
    /// By the triangle inequality the others are farther: their distance is at least their bound, which is 8 u below
    /// the distance that was measured, less their movement.
    #[inline(always)]
    pub(in crate::device::cpu) fn each_within(
        self,
        bounds: &[u16],
        movements: &[f32],
        limit: f32,
        mut each: impl FnMut(usize),
    ) {
        let within = |bound: u16, movement: f32| f32::from(bound) * self.unit - movement <= limit;
        let (parts, rest) = bounds.as_chunks::<LANES>();
        let (moved_parts, moved_rest) = movements.as_chunks::<LANES>();
        for (p, (part, moved)) in parts.iter().zip(moved_parts).enumerate() {
            let mut flags = [false; LANES];
            for i in 0..LANES {
                flags[i] = within(part[i], moved[i]);
            }
            each_bit(&flags, |i| each(p * LANES + i));
        }
        let first = parts.len() * LANES;
        for (k, (bound, movement)) in (first..).zip(rest.iter().zip(moved_rest)) {
            if within(*bound, *movement) {
                each(k);
            }
        }
    }
}

impl Remember for Bounds<'_> {
    #[inline(always)]
    fn remember<S: Simd>(
        &mut self,
        _: S,
        row: usize,
        epoch: u32,
        (_, scores): (&Lanes, &[f32]),
        length: f32,
        panel: &Panel,
    ) {
        let clusters = panel.clusters();
        let bounds = self.bounds.get_mut(row * clusters..(row + 1) * clusters);
        if let Some((mark, bounds)) = self.marks.get_mut(row).zip(bounds) {
            *mark = Scale::measure(epoch, scores, length, panel.longest, bounds);
        }
    }
}

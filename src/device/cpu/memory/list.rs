//! A short list of the codewords nearest to a row, and how far all others are at least.

use super::Remember;
use crate::device::cpu::bounds::{down, square_at_least};
use crate::device::cpu::lanes::{Lanes, each_within};
use crate::device::cpu::panel::Panel;
use pulp::Simd;

/// Most codewords that a row lists.
pub(in crate::device::cpu) const LISTED: usize = 12;

/// When a row was measured, and what was found.
#[derive(Clone, Copy)]
pub(in crate::device::cpu) struct Mark {
    pub(in crate::device::cpu) epoch: u32,
    /// Lower bound of the distance to all codewords that are not listed.
    rest: f32,
    count: u16,
    listed: [u16; LISTED],
}

/// Lanes whose smallest scores a list reaches over: the first number that gives a list of at most [`LISTED`] codewords.
const RANKS: [u32; 3] = [8, 6, 3];

impl Mark {
    /// A row that was never measured.
    pub(in crate::device::cpu) const UNKNOWN: Self = Self { epoch: u32::MAX, rest: 0.0, count: 0, listed: [0; LISTED] };

    /// Lists the codewords of the lowest scores of a row of a length of at most `length`, given lower bounds of all
    /// scores.
    ///
    /// # Exactness
    /// All others have scores of at least the limit, so their squared distances are at least that and the row's
    /// squared length.
    #[inline(always)]
    pub(in crate::device::cpu) fn measure<S: Simd>(
        simd: S,
        epoch: u32,
        (lanes, scores): (&Lanes, &[f32]),
        length: f32,
    ) -> Self {
        let ranks = lanes.ranks();
        for rank in RANKS {
            let limit = lanes.above(simd, rank, &ranks);
            let (mut listed, mut count) = ([0; LISTED], 0);
            // Those at the limit are listed, too.
            each_within(simd, scores, limit, |k| {
                if let Some(place) = listed.get_mut(count) {
                    *place = k as u16;
                }
                count += 1;
            });
            if count <= LISTED && count > 0 {
                // 1e-12 is more than the roundings of the sum and the root.
                let square = (f64::from(limit) + square_at_least(length)).max(0.0);
                return Self { epoch, rest: down(square.sqrt() * (1.0 - 1e-12)), count: count as u16, listed };
            }
        }
        Self::UNKNOWN
    }

    /// The codewords listed.
    #[inline(always)]
    pub(in crate::device::cpu) fn listed(&self) -> &[u16] {
        self.listed.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// Whether all codewords that are not listed and have moved by at most `moved` are farther than one whose score is
    /// at most `limit`, for a row of a length of at most `length`.
    ///
    /// # Exactness
    /// By the triangle inequality their distance is at least `rest - moved`; that of the other is at most
    /// `sqrt(limit + length^2)`. 1e-12 of all terms is more than the few roundings of 2^-53 on the way.
    #[inline(always)]
    pub(in crate::device::cpu) fn excludes_others(&self, limit: f32, length: f32, moved: f32) -> bool {
        let square = f64::from(length) * f64::from(length);
        let at_most = (f64::from(limit) + square + 1e-12 * (square + f64::from(limit).abs())).max(0.0).sqrt();
        f64::from(self.rest) * (1.0 - 1e-12) - f64::from(moved) > at_most * (1.0 + 1e-12)
    }
}

impl Remember for &mut [Mark] {
    #[inline(always)]
    fn remember<S: Simd>(&mut self, simd: S, row: usize, epoch: u32, scores: (&Lanes, &[f32]), length: f32, _: &Panel) {
        if let Some(mark) = self.get_mut(row) {
            *mark = Mark::measure(simd, epoch, scores, length);
        }
    }
}

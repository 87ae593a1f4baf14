//! The scores of a row taken 32 at a time, in loops that compile to vector code.

pub(super) const LANES: usize = 32;

/// The smallest scores of a row, by the remainder of their index.
pub(super) struct Lanes([f32; LANES]);

/// How many lanes have a smaller score than each lane.
pub(super) struct Ranks([u32; LANES]);

impl Lanes {
    #[inline(always)]
    pub(super) fn of(scores: &[f32]) -> Self {
        let mut lanes = [f32::INFINITY; LANES];
        let (parts, rest) = scores.as_chunks::<LANES>();
        for part in parts {
            for i in 0..LANES {
                lanes[i] = lower(part[i], lanes[i]);
            }
        }
        lanes.iter_mut().zip(rest).for_each(|(lane, score)| *lane = lower(*score, *lane));
        Self(lanes)
    }

    /// How many lanes have a smaller score than each lane.
    #[inline(always)]
    pub(super) fn ranks(&self) -> Ranks {
        let mut below = [0_u32; LANES];
        for score in self.0 {
            for i in 0..LANES {
                below[i] += u32::from(score < self.0[i]);
            }
        }
        Ranks(below)
    }

    /// A limit that the smallest scores of `rank` lanes are below, infinite where there are not as many; scores not
    /// below it may be in these lanes, too.
    #[inline(always)]
    pub(super) fn above(&self, rank: u32, ranks: &Ranks) -> f32 {
        let mut limits = [f32::INFINITY; LANES];
        for i in 0..LANES {
            limits[i] = if ranks.0[i] >= rank { self.0[i] } else { f32::INFINITY };
        }
        lowest(&limits)
    }

    /// The smallest score and an index that has it.
    #[inline(always)]
    pub(super) fn lowest(&self, scores: &[f32]) -> (usize, f32) {
        let lowest = lowest(&self.0);
        let lane = self.0.iter().position(|lane| *lane == lowest).unwrap_or(0);
        let part = scores.iter().skip(lane).step_by(LANES).position(|score| *score == lowest).unwrap_or(0);
        (part * LANES + lane, lowest)
    }
}

#[inline(always)]
fn lower(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[inline(always)]
fn lowest(lanes: &[f32; LANES]) -> f32 {
    let mut low = [f32::INFINITY; 8];
    for part in lanes.as_chunks::<8>().0 {
        for i in 0..8 {
            low[i] = lower(part[i], low[i]);
        }
    }
    low.into_iter().fold(f32::INFINITY, lower)
}

/// The indices of the flags that are set, ascending.
#[inline(always)]
pub(super) fn each_bit(flags: &[bool; LANES], mut each: impl FnMut(usize)) {
    let mut bits = 0_u32;
    for i in 0..LANES {
        bits |= u32::from(flags[i]) << i;
    }
    while bits != 0 {
        each(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

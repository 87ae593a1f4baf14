//! The scores of a row, many at a time: the smallest ones, and those within a limit.

use pulp::Simd;

pub(super) const LANES: usize = 32;
/// Scores of which the smallest one is found before any is looked at by itself.
const GROUP: usize = 128;
/// Vectors that are compared at a time, so that one need not wait for another.
const AT_A_TIME: usize = 4;

/// The smallest scores of a row, by the remainder of their index.
pub(super) struct Lanes([f32; LANES]);

/// How many lanes have a smaller score than each lane.
pub(super) struct Ranks([u32; LANES]);

impl Lanes {
    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, scores: &[f32]) -> Self {
        // A vector has one score at least, so there are no more vectors than lanes.
        let mut low = [simd.splat_f32s(f32::INFINITY); LANES];
        let (parts, rest) = scores.as_chunks::<LANES>();
        for part in parts {
            for (low, scores) in low.iter_mut().zip(S::as_simd_f32s(part).0) {
                *low = simd.min_f32s(*scores, *low);
            }
        }
        let mut lanes = [f32::INFINITY; LANES];
        S::as_mut_simd_f32s(&mut lanes).0.iter_mut().zip(low).for_each(|(lanes, low)| *lanes = low);
        lanes.iter_mut().zip(rest).for_each(|(lane, score)| *lane = if *score < *lane { *score } else { *lane });
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
    pub(super) fn above<S: Simd>(&self, simd: S, rank: u32, ranks: &Ranks) -> f32 {
        let mut limits = [f32::INFINITY; LANES];
        for i in 0..LANES {
            limits[i] = if ranks.0[i] >= rank { self.0[i] } else { f32::INFINITY };
        }
        lowest(simd, S::as_simd_f32s(&limits).0)
    }

    /// The smallest score and an index that has it.
    #[inline(always)]
    pub(super) fn lowest<S: Simd>(&self, simd: S, scores: &[f32]) -> (usize, f32) {
        let lowest = lowest(simd, S::as_simd_f32s(&self.0).0);
        let lane = self.0.iter().position(|lane| *lane == lowest).unwrap_or(0);
        let part = scores.iter().skip(lane).step_by(LANES).position(|score| *score == lowest).unwrap_or(0);
        (part * LANES + lane, lowest)
    }
}

/// The smallest score of some vectors, infinite without any.
#[inline(always)]
fn lowest<S: Simd>(simd: S, vectors: &[S::f32s]) -> f32 {
    let mut low = [simd.splat_f32s(f32::INFINITY); AT_A_TIME];
    let (parts, rest) = vectors.as_chunks::<AT_A_TIME>();
    for part in parts {
        for i in 0..AT_A_TIME {
            low[i] = simd.min_f32s(part[i], low[i]);
        }
    }
    for vector in rest {
        low[0] = simd.min_f32s(*vector, low[0]);
    }
    let [a, b, c, d] = low;
    simd.reduce_min_f32s(simd.min_f32s(simd.min_f32s(a, b), simd.min_f32s(c, d)))
}

/// Hands over the index of every score that is at most `limit`, ascending.
#[inline(always)]
pub(super) fn each_within<S: Simd>(simd: S, scores: &[f32], limit: f32, mut each: impl FnMut(usize)) {
    if S::F32_LANES == 1 {
        return each_within_by_flags(scores, limit, each);
    }
    let (groups, rest) = scores.as_chunks::<GROUP>();
    for (g, group) in groups.iter().enumerate() {
        let (vectors, _) = S::as_simd_f32s(group);
        if lowest(simd, vectors) <= limit {
            each_of(simd, vectors, limit, |i| each(g * GROUP + i));
        }
    }
    let first = groups.len() * GROUP;
    let (vectors, last) = S::as_simd_f32s(rest);
    each_of(simd, vectors, limit, |i| each(first + i));
    let first = first + vectors.len() * S::F32_LANES;
    for (k, score) in (first..).zip(last) {
        if *score <= limit {
            each(k);
        }
    }
}

#[inline(always)]
fn each_of<S: Simd>(simd: S, vectors: &[S::f32s], limit: f32, mut each: impl FnMut(usize)) {
    let limit = simd.splat_f32s(limit);
    for (v, vector) in vectors.iter().enumerate() {
        let mut bits = bits(simd, simd.less_than_or_equal_f32s(*vector, limit));
        while bits != 0 {
            each(v * S::F32_LANES + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
}

/// A mask as bits, the lowest of which is that of the first lane.
#[inline(always)]
fn bits<S: Simd>(simd: S, mask: S::m32s) -> u32 {
    if const { size_of::<S::m32s>() == size_of::<u16>() } {
        // Masks of AVX-512 are bits already.
        return u32::from(bytemuck::cast::<S::m32s, u16>(mask));
    }
    let (places, _) = S::as_simd_f32s(&PLACES);
    let none = simd.splat_f32s(0.0);
    // A sum of different powers of two below 2^16 is exact.
    places.first().map_or(0, |places| simd.reduce_sum_f32s(simd.select_f32s(mask, *places, none)) as u32)
}

/// The values of the bits of a mask.
const PLACES: [f32; 16] = {
    let mut places = [1.0; 16];
    let mut i = 1;
    while i < places.len() {
        places[i] = places[i - 1] * 2.0;
        i += 1;
    }
    places
};

/// [`each_within`] in loops that compile to what vector code there is.
#[inline(always)]
fn each_within_by_flags(scores: &[f32], limit: f32, mut each: impl FnMut(usize)) {
    let (parts, rest) = scores.as_chunks::<LANES>();
    for (p, part) in parts.iter().enumerate() {
        let mut flags = [false; LANES];
        for i in 0..LANES {
            flags[i] = part[i] <= limit;
        }
        each_bit(&flags, |i| each(p * LANES + i));
    }
    for (k, score) in (parts.len() * LANES..).zip(rest) {
        if *score <= limit {
            each(k);
        }
    }
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

#[cfg(test)]
mod tests;

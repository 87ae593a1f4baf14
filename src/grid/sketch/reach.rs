//! How far the values of a dimension are expected to reach.

/// The reach is at least this multiple of the far quantile.
pub(super) const LEAST: f64 = 4096.0;
/// A far quantile beyond this multiple of the near one belongs to no tail.
const TAIL: f64 = 64.0;
/// Heavy tails are taken to reach this many times farther than two more steps of the power law lead.
const BEYOND: f64 = 16.0;
/// No value within this multiple of the far quantile is a far one.
const NEVER_FAR: f64 = 8.0;

/// One dimension of the sample.
pub(super) struct DimensionReach {
    /// Its median, or 0.
    pub(super) offset: f32,
    /// The 99.5 % quantile of the distances from the offset.
    pub(super) far: f64,
    /// The distance up to which values are expected.
    pub(super) reach: f64,
    /// The distance beyond which a value is a far one.
    pub(super) limit: f64,
}

impl DimensionReach {
    /// Measures the values of a dimension, in any order; the offset is 0 without `center`.
    pub(super) fn new(mut values: Vec<f32>, center: bool) -> Self {
        let count = values.len();
        // + 0.0 turns a negative zero into zero.
        let offset = if center { smallest(&mut values, count.div_ceil(2), f32::total_cmp) + 0.0 } else { 0.0 };
        let mut distances: Vec<f64> = values.iter().map(|x| (f64::from(*x) - f64::from(offset)).abs()).collect();
        let far = smallest(&mut distances, (count * 995).div_ceil(1000), f64::total_cmp);
        let mut share = |percent: usize| smallest(&mut distances, (count * percent).div_ceil(100), f64::total_cmp);
        let near = match share(75) {
            0.0 => share(95),
            near => near,
        };
        Self { offset, far, reach: reach(near, far), limit: limit(near, far) }
    }
}

/// Returns the `rank`-th smallest of `values`, counted from 1, or 0 where there is none.
pub(super) fn smallest<T: Copy + Default>(
    values: &mut [T],
    rank: usize,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> T {
    match rank.checked_sub(1).filter(|place| *place < values.len()) {
        Some(place) => *values.select_nth_unstable_by(place, order).1,
        None => T::default(),
    }
}

/// Returns the reach that two quantiles of the distances give.
///
/// From the near quantile, which one value in 4 exceeds, to the far one, which one in 200 exceeds, a power law grows by
/// `far / near` as the share of the values falls by 50; so two such steps on, it exceeds one value in 500,000.
fn reach(near: f64, far: f64) -> f64 {
    if near == 0.0 {
        return 0.0;
    }
    if far > TAIL * near {
        return TAIL * near * LEAST;
    }
    let ratio = far / near;
    far * LEAST.max(BEYOND * (ratio * ratio))
}

/// Returns the distance beyond which a value is a far one, from two quantiles of the distances.
///
/// Two more steps of the power law through both quantiles lead to `far (far / near)^2`, which one value in 500,000
/// exceeds. Light tails end before `8 far`. Beyond a ratio of 64 the quantiles belong to no tail.
fn limit(near: f64, far: f64) -> f64 {
    // Fewer than one value in 200 differ from the median: they may mean something, however far they are.
    if far == 0.0 {
        return f64::INFINITY;
    }
    let ratio = if near > 0.0 { (far / near).min(TAIL) } else { TAIL };
    far * NEVER_FAR.max(ratio * ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_values_lie_beyond_the_tails() {
        // The tails of normal and even values, and of the power laws 1 / x^2 and 1 / x.
        assert_eq!(limit(1.15, 2.8), 2.8 * 8.0);
        assert_eq!(limit(0.75, 0.995), 0.995 * 8.0);
        assert_eq!(limit(2.0, 20.0), 20.0 * 100.0);
        assert_eq!(limit(1.0, 50.0), 50.0 * 2500.0);
        // One value in 200 is never far.
        assert_eq!(limit(1.0, 1e6), 1e6 * 4096.0);
        assert_eq!(limit(0.0, 3.0), 3.0 * 4096.0);
        assert_eq!([limit(0.0, 0.0), limit(1.0, 0.0)], [f64::INFINITY; 2]);
    }

    #[test]
    fn light_tails_heavy_tails_and_what_is_no_tail() {
        assert_eq!(reach(1.0, 2.5), 2.5 * 4096.0);
        assert_eq!(reach(1.0, 16.0), 16.0 * 4096.0);
        assert_eq!(reach(2.0, 80.0), 80.0 * 16.0 * 40.0 * 40.0);
        assert_eq!(reach(1.0, 64.0), 64.0 * 65_536.0);
        assert_eq!(reach(1.0, 64.5), 64.0 * 4096.0);
        assert_eq!([reach(0.0, 0.0), reach(0.0, 1e30)], [0.0, 0.0]);
    }

    #[test]
    fn quantiles_are_those_of_the_nearest_rank() {
        let column = |values: &[f32], center| {
            let DimensionReach { offset, far, reach, .. } = DimensionReach::new(values.to_vec(), center);
            (offset, far, reach)
        };
        // Distances from 2: 0, 1, 1, 2; three quarters of them are at most 1.
        assert_eq!(column(&[4.0, 3.0, 1.0, 2.0], true), (2.0, 2.0, 2.0 * 4096.0));
        assert_eq!(column(&[4.0, 3.0, 1.0, 2.0], false), (0.0, 4.0, 4.0 * 4096.0));
        // Three quarters are equal: the 95 % quantile takes over, if it is not 0 as well.
        let sparse =
            |others: usize| (0..100).map(|i| if i < others { i as f32 + 1.0 } else { 0.0 }).collect::<Vec<_>>();
        assert_eq!(column(&sparse(10), true), (0.0, 10.0, 10.0 * 4096.0));
        assert_eq!(column(&sparse(4), true), (0.0, 4.0, 0.0));
        assert_eq!(column(&[-5.0], true), (-5.0, 0.0, 0.0));
        assert_eq!(column(&[], true), (0.0, 0.0, 0.0));
    }
}

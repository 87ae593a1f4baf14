//! Element-wise steps, eight values at a time.

use super::lanes::{LANES, V, add, div, held, load, mul, select, sqrt, store, sub};
use crate::device::cpu::pairs::{Multiplier, PairWork};
use crate::kernel::adamw::StepFactors;
use crate::kernel::combine::Op;
use crate::kernel::dropout::Mask;

/// `kernel::combine` of values with as many others.
pub(super) struct Combine<'a> {
    pub(super) op: Op,
    pub(super) a: &'a mut [f32],
    pub(super) b: Other<'a>,
}

/// The second operand of [`Combine`].
#[derive(Clone, Copy)]
pub(super) enum Other<'a> {
    One(f32),
    /// A value for each of the first operand.
    Each(&'a [f32]),
    /// A row for every row of the first operand.
    Row(&'a [f32]),
}

impl PairWork for Combine<'_> {
    #[inline(always)]
    fn work<M: Multiplier>(self, _: M) {
        match self.b {
            Other::One(b) => {
                for a in self.a.chunks_mut(LANES) {
                    store(combine(self.op, load(a), [b; LANES]), a);
                }
            }
            Other::Each(b) => combine_each(self.op, self.a, b),
            Other::Row(b) => {
                for a in self.a.chunks_mut(b.len().max(1)) {
                    combine_each(self.op, a, b);
                }
            }
        }
    }
}

#[inline(always)]
fn combine_each(op: Op, a: &mut [f32], b: &[f32]) {
    for (a, b) in a.chunks_mut(LANES).zip(b.chunks(LANES)) {
        store(combine(op, load(a), load(b)), a);
    }
}

#[inline(always)]
fn combine(op: Op, a: V, b: V) -> V {
    match op {
        Op::Add => add(a, b),
        Op::Sub => sub(a, b),
        Op::Mul => mul(a, b),
        Op::SignTimes => sign_times(a, b),
        Op::InverseRoot => div([1.0; LANES], sqrt(add(a, b))),
    }
}

/// The sign of a times b: b with the sign of a changed into it, +0 where a is zero, NaN where a is.
#[inline(always)]
fn sign_times(a: V, b: V) -> V {
    let (mut signed, mut zero, mut nan) = (b, [false; LANES], [false; LANES]);
    for i in 0..LANES {
        signed[i] = f32::from_bits(b[i].to_bits() ^ (a[i].to_bits() & 1 << 31));
        zero[i] = a[i].to_bits() << 1 == 0;
        nan[i] = a[i].is_nan();
    }
    select(nan, held(a), select(zero, [0.0; LANES], held(signed)))
}

/// `kernel::rectify`.
pub(super) struct Rectify<'a> {
    pub(super) x: &'a mut [f32],
    pub(super) slope: f32,
}

impl PairWork for Rectify<'_> {
    #[inline(always)]
    fn work<M: Multiplier>(self, _: M) {
        for x in self.x.chunks_mut(LANES) {
            let values = load(x);
            store(leak(values, values, self.slope), x);
        }
    }
}

/// `kernel::rectify_gradient`.
pub(super) struct RectifyGradient<'a> {
    pub(super) gradient: &'a mut [f32],
    pub(super) output: &'a [f32],
    pub(super) slope: f32,
}

impl PairWork for RectifyGradient<'_> {
    #[inline(always)]
    fn work<M: Multiplier>(self, _: M) {
        for (gradient, output) in self.gradient.chunks_mut(LANES).zip(self.output.chunks(LANES)) {
            store(leak(load(gradient), load(output), self.slope), gradient);
        }
    }
}

/// `x` where `by` is above zero, else its product with `slope`; a slope of zero makes +0 of all but NaN.
#[inline(always)]
fn leak(x: V, by: V, slope: f32) -> V {
    let (mut keep, mut nan) = ([false; LANES], [false; LANES]);
    for i in 0..LANES {
        keep[i] = by[i] > 0.0;
        nan[i] = x[i].is_nan();
    }
    let rest = if slope == 0.0 { select(nan, held(x), [0.0; LANES]) } else { mul(x, [slope; LANES]) };
    select(keep, x, rest)
}

/// `kernel::adamw`: parameters, gradient, first and second moments.
pub(super) struct AdamW<'a> {
    pub(super) values: [&'a mut [f32]; 3],
    pub(super) gradient: &'a [f32],
    pub(super) step: &'a StepFactors,
}

impl PairWork for AdamW<'_> {
    #[inline(always)]
    fn work<M: Multiplier>(self, _: M) {
        let StepFactors { beta1, rest1, beta2, rest2, root, epsilon, decay, rate } = *self.step;
        let [beta1, rest1, beta2, rest2] = [beta1, rest1, beta2, rest2].map(|factor| [factor; LANES]);
        let [root, epsilon, decay, rate] = [root, epsilon, decay, rate].map(|factor| [factor; LANES]);
        let [p, first, second] = self.values.map(|values| values.chunks_mut(LANES));
        for (((p, first), second), gradient) in p.zip(first).zip(second).zip(self.gradient.chunks(LANES)) {
            let g = load(gradient);
            let m = add(mul(beta1, load(first)), mul(rest1, g));
            let v = add(mul(beta2, load(second)), mul(rest2, mul(g, g)));
            let denominator = add(mul(sqrt(v), root), epsilon);
            let moved = sub(mul(load(p), decay), mul(rate, div(m, denominator)));
            store(m, first);
            store(v, second);
            store(moved, p);
        }
    }
}

/// `kernel::dropout` of values from number `first` on.
pub(super) struct Dropout<'a> {
    pub(super) x: &'a mut [f32],
    pub(super) first: usize,
    pub(super) mask: &'a Mask,
}

impl PairWork for Dropout<'_> {
    #[inline(always)]
    fn work<M: Multiplier>(self, _: M) {
        let Mask { key: [key, second_key], threshold, factor } = *self.mask;
        for (part, x) in self.x.chunks_mut(LANES).enumerate() {
            let start = (self.first + part * LANES) as u32;
            let (mut hash, mut keep) = ([0_u32; LANES], [false; LANES]);
            for i in 0..LANES {
                hash[i] = start.wrapping_add(i as u32).wrapping_add(key);
            }
            hash = scramble(hash);
            for i in 0..LANES {
                hash[i] ^= second_key;
            }
            hash = scramble(hash);
            for i in 0..LANES {
                keep[i] = hash[i] >= threshold;
            }
            store(select(keep, mul(load(x), [factor; LANES]), [0.0; LANES]), x);
        }
    }
}

/// C. Wellons' lowbias32 of each value.
#[inline(always)]
fn scramble(mut x: [u32; LANES]) -> [u32; LANES] {
    for (shift, factor) in [(16, 0x7feb_352d), (15, 0x846c_a68b)] {
        for i in 0..LANES {
            x[i] = (x[i] ^ (x[i] >> shift)).wrapping_mul(factor);
        }
    }
    for i in 0..LANES {
        x[i] ^= x[i] >> 16;
    }
    x
}

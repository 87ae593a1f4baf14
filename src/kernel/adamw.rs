//! AdamW: one step of the parameters.

use super::float::{add, div, finish, mul, sqrt, sub};

/// The factors of one step, which are the same for all parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StepFactors {
    /// The decay of each moment, and 1 less the decay.
    pub(crate) beta1: f32,
    pub(crate) rest1: f32,
    pub(crate) beta2: f32,
    pub(crate) rest2: f32,
    /// `1 / sqrt(1 - beta2^t)`.
    pub(crate) root: f32,
    pub(crate) epsilon: f32,
    /// `1 - lr * weight_decay`.
    pub(crate) decay: f32,
    /// `lr / (1 - beta1^t)`.
    pub(crate) rate: f32,
}

/// The settings of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) lr: f64,
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) epsilon: f64,
    pub(crate) weight_decay: f64,
}

impl StepFactors {
    /// Computes the factors of step `t`, counted from 1, in f64, and rounds each to f32 once.
    pub(crate) fn new(rule: &Rule, t: u64) -> Self {
        let left = |beta: f64| 1.0 - libm::pow(beta, t as f64);
        let f32 = |value: f64| finish(value as f32);
        Self {
            beta1: f32(rule.beta1),
            rest1: f32(1.0 - rule.beta1),
            beta2: f32(rule.beta2),
            rest2: f32(1.0 - rule.beta2),
            root: f32(1.0 / left(rule.beta2).sqrt()),
            epsilon: f32(rule.epsilon),
            decay: f32(1.0 - rule.lr * rule.weight_decay),
            rate: f32(rule.lr / left(rule.beta1)),
        }
    }
}

/// Moves parameters against their gradient.
///
/// # Shapes
/// Parameters, gradient and both moments have one length.
///
/// # Exactness
/// In this order, every operation as in [`super::float`]: `m = beta1 m + rest1 g`; `v = beta2 v + rest2 (g g)`;
/// `p = p decay - rate (m / (sqrt(v) root + epsilon))`.
///
/// # References
/// I. Loshchilov, F. Hutter, Decoupled Weight Decay Regularization, ICLR 2019.
#[inline(always)]
pub(crate) fn adamw(p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], step: &StepFactors) {
    for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
        *m = add(mul(step.beta1, *m), mul(step.rest1, *g));
        *v = add(mul(step.beta2, *v), mul(step.rest2, mul(*g, *g)));
        let denominator = add(mul(sqrt(*v), step.root), step.epsilon);
        *p = sub(mul(*p, step.decay), mul(step.rate, div(*m, denominator)));
    }
}

//! Layers on the host: how they are drawn, and how batch norm is folded into them when training is over.

use crate::kernel::float::{add, div, finish, mul, sqrt, sub};
use crate::rng::Stream;

/// A fully connected layer: `y = x weightᵀ + bias`.
///
/// # Shapes
/// `weight` (outputs, inputs), `bias` (outputs).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

/// Whether every number is one that a training gives: finite, and not subnormal, as every device flushes those.
pub(super) fn are_proper(layers: &[Layer]) -> bool {
    let mut values = layers.iter().flat_map(|layer| layer.weight.iter().chain(&layer.bias));
    values.all(|x| x.is_normal() || *x == 0.0)
}

/// Batch norm of a layer's outputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Norm {
    pub(super) gain: Vec<f32>,
    pub(super) shift: Vec<f32>,
    pub(super) mean: Vec<f32>,
    pub(super) variance: Vec<f32>,
}

/// Batch norm adds this to variances, so that it never divides by zero.
pub(super) const NORM_EPSILON: f32 = 1e-5;

impl Layer {
    /// A layer with weights drawn evenly from -a to a, a = sqrt(6 / (inputs + outputs)), and no bias.
    ///
    /// # Exactness
    /// The draw is an integer below 2^53 times 2 a / 2^53, minus a, in f64, rounded to f32 once.
    ///
    /// # References
    /// X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.
    pub(super) fn drawn(inputs: usize, outputs: usize, stream: &mut Stream) -> Self {
        let a = (6.0 / (inputs + outputs) as f64).sqrt();
        let weight = (0..inputs * outputs).map(|_| even(stream, a)).collect();
        Self { inputs, outputs, weight, bias: vec![0.0; outputs] }
    }

    /// A layer of zeros.
    pub(super) fn zero(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, weight: vec![0.0; inputs * outputs], bias: vec![0.0; outputs] }
    }

    /// The layer that does what this one and `norm` behind it do, with the averages in place of a batch's.
    pub(super) fn folded(&self, norm: Option<&Norm>) -> Self {
        let Some(norm) = norm else { return self.clone() };
        let mut layer = self.clone();
        let rows = layer.weight.chunks_exact_mut(self.inputs).zip(&mut layer.bias);
        for (j, (row, bias)) in rows.enumerate() {
            let of = |values: &[f32]| values.get(j).copied().unwrap_or_default();
            let factor = div(of(&norm.gain), sqrt(add(of(&norm.variance), NORM_EPSILON)));
            row.iter_mut().for_each(|weight| *weight = mul(*weight, factor));
            *bias = add(mul(sub(*bias, of(&norm.mean)), factor), of(&norm.shift));
        }
        layer
    }
}

/// A value drawn evenly from -a to a.
pub(super) fn even(stream: &mut Stream, a: f64) -> f32 {
    let draw = (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    finish((draw * 2.0 * a - a) as f32)
}

/// Sizes of a chain of layers.
pub(super) fn widths(input: usize, hidden: impl Iterator<Item = usize>, output: usize) -> Vec<(usize, usize)> {
    let all: Vec<usize> = std::iter::once(input).chain(hidden).chain([output]).collect();
    all.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect()
}

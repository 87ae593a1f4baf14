//! A chain of layers in training: forward, backward, and the steps of the optimiser.

use super::batch_norm::{NormSpace, TrainedNorm};
use super::weights::{Layer, NORM_EPSILON, Norm};
use crate::device::tensors::{Tensor, Tensors, Trained};
use crate::error::Result;
use crate::kernel::adamw::Step;
use crate::kernel::combine::Op;
use crate::kernel::dropout::Mask;
use crate::kernel::matmul::Product;
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::Width;

/// What all layers have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) width: Width,
    pub(super) slope: f32,
    pub(super) dropout: f64,
}

/// A layer with everything that its training keeps.
struct TrainedLayer {
    weight: Trained,
    bias: Trained,
    norm: Option<TrainedNorm>,
}

/// Layers on a device, a rectifier between them.
pub(super) struct Net {
    layers: Vec<TrainedLayer>,
    style: Style,
    /// A sum of squares for every row of every gradient.
    squares: Vec<Tensor>,
}

/// Activations and gradients for a number of rows.
pub(super) struct Space {
    pub(super) rows: usize,
    /// The input of every layer, and the last one's output.
    pub(super) values: Vec<Tensor>,
    /// Their gradients.
    pub(super) gradients: Vec<Tensor>,
    norms: Vec<Option<NormSpace>>,
    /// Factors that depend on the number of rows.
    pub(super) inverse: Tensor,
    pub(super) unbiased: Tensor,
}

/// Single values on the device.
pub(super) struct Scalars {
    pub(super) epsilon: Tensor,
    pub(super) keep: Tensor,
    pub(super) take: Tensor,
    /// What clipped gradients are multiplied by.
    pub(super) clip: Tensor,
}

/// The share of a batch in the running averages of batch norm.
const MOMENTUM: f32 = 0.1;

impl Scalars {
    pub(super) fn new(tensors: &mut dyn Tensors) -> Result<Self> {
        Ok(Self {
            epsilon: scalar(tensors, NORM_EPSILON)?,
            keep: scalar(tensors, 1.0 - MOMENTUM)?,
            take: scalar(tensors, MOMENTUM)?,
            clip: scalar(tensors, 1.0)?,
        })
    }
}

/// A single value on the device.
pub(super) fn scalar(tensors: &mut dyn Tensors, value: f32) -> Result<Tensor> {
    put(tensors, 1, 1, &[value])
}

pub(super) fn put(tensors: &mut dyn Tensors, rows: usize, columns: usize, values: &[f32]) -> Result<Tensor> {
    let tensor = tensors.create(rows, columns)?;
    tensors.upload(tensor, values)?;
    Ok(tensor)
}

pub(super) fn trained(tensors: &mut dyn Tensors, rows: usize, columns: usize, values: &[f32]) -> Result<Trained> {
    let value = put(tensors, rows, columns, values)?;
    let mut zero = || tensors.create(rows, columns);
    Ok(Trained { value, gradient: zero()?, moments: [zero()?, zero()?] })
}

impl Net {
    /// Layers with the given first values; batch norm, if asked for, behind all but the last.
    pub(super) fn new(tensors: &mut dyn Tensors, layers: &[Layer], style: Style, batch_norm: bool) -> Result<Self> {
        let mut all = Vec::with_capacity(layers.len());
        for (i, layer) in layers.iter().enumerate() {
            let normed = batch_norm && i + 1 < layers.len();
            let count = layer.outputs;
            all.push(TrainedLayer {
                weight: trained(tensors, count, layer.inputs, &layer.weight)?,
                bias: trained(tensors, 1, count, &layer.bias)?,
                norm: match normed {
                    true => Some(TrainedNorm::new(tensors, count)?),
                    false => None,
                },
            });
        }
        let mut net = Self { layers: all, style, squares: Vec::new() };
        let rows: Vec<usize> = net.parameters().map(|trained| trained.gradient.rows).collect();
        net.squares = rows.into_iter().map(|rows| tensors.create(rows, 1)).collect::<Result<_>>()?;
        Ok(net)
    }

    /// Room for activations of `rows` rows.
    pub(super) fn space(&self, tensors: &mut dyn Tensors, rows: usize) -> Result<Space> {
        let sizes = self.layers.first().map(|layer| layer.weight.value.columns).into_iter();
        let sizes: Vec<usize> = sizes.chain(self.layers.iter().map(|layer| layer.weight.value.rows)).collect();
        let mut matrices = || sizes.iter().map(|size| tensors.create(rows, *size)).collect::<Result<Vec<Tensor>>>();
        let (values, gradients) = (matrices()?, matrices()?);
        let mut norms = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let size = layer.weight.value.rows;
            norms.push(match layer.norm {
                Some(_) => Some(NormSpace::new(tensors, rows, size)?),
                None => None,
            });
        }
        let inverse = scalar(tensors, 1.0 / rows as f32)?;
        let unbiased = scalar(tensors, rows as f32 / (rows.max(2) - 1) as f32)?;
        Ok(Space { rows, values, gradients, norms, inverse, unbiased })
    }

    /// The way forward, from the input in the first of the space's values to the output in the last.
    pub(super) fn forward(&self, tensors: &mut dyn Tensors, space: &Space, scalars: &Scalars, key: u64) -> Result<()> {
        let steps = space.values.iter().zip(space.values.iter().skip(1)).zip(&self.layers).zip(&space.norms);
        for (i, (((input, output), layer), norm)) in steps.enumerate() {
            self.drop_some(tensors, *input, key, i)?;
            tensors.matmul(Product::Forward, self.style.width, *input, layer.weight.value, *output)?;
            tensors.combine(Op::Add, *output, layer.bias.value)?;
            if let (Some(norm), Some(kept)) = (&layer.norm, norm) {
                norm.forward(tensors, *output, kept, space, scalars)?;
            }
            if i + 1 < self.layers.len() {
                tensors.rectify(*output, self.style.slope)?;
            }
        }
        Ok(())
    }

    /// The way back, from the gradient of the output in the last of the space's gradients; the gradient of the input is
    /// computed only if it is wanted.
    pub(super) fn backward(&self, tensors: &mut dyn Tensors, space: &Space, key: u64, input_too: bool) -> Result<()> {
        for (i, layer) in self.layers.iter().enumerate().rev() {
            let at = |list: &[Tensor], i: usize| list.get(i).copied();
            let (Some(input), Some(output)) = (at(&space.values, i), at(&space.values, i + 1)) else { continue };
            let (Some(before), Some(behind)) = (at(&space.gradients, i), at(&space.gradients, i + 1)) else { continue };
            if i + 1 < self.layers.len() {
                tensors.rectify_gradient(behind, output, self.style.slope)?;
            }
            if let (Some(norm), Some(Some(kept))) = (&layer.norm, space.norms.get(i)) {
                norm.backward(tensors, behind, kept, space)?;
            }
            tensors.column_sums(behind, layer.bias.gradient)?;
            tensors.matmul(Product::Weight, self.style.width, behind, input, layer.weight.gradient)?;
            if i > 0 || input_too {
                tensors.matmul(Product::Input, self.style.width, behind, layer.weight.value, before)?;
                self.drop_some(tensors, before, key, i)?;
            }
        }
        Ok(())
    }

    /// Dropout of the input of layer `i`, or of its gradient.
    fn drop_some(&self, tensors: &mut dyn Tensors, x: Tensor, key: u64, i: usize) -> Result<()> {
        match self.style.dropout > 0.0 {
            true => tensors.dropout(x, &Mask::new(crate::rng::row_hash(key, i as u64), self.style.dropout)),
            false => Ok(()),
        }
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = Trained> {
        self.layers.iter().flat_map(|layer| {
            let norm = layer.norm.iter().flat_map(|norm| [norm.gain, norm.shift]);
            [layer.weight, layer.bias].into_iter().chain(norm)
        })
    }

    #[cfg(test)]
    pub(super) fn weights(&self) -> impl Iterator<Item = Trained> {
        self.layers.iter().flat_map(|layer| [layer.weight, layer.bias])
    }

    /// Everything that a checkpoint keeps: parameters, moments, running averages.
    pub(super) fn state(&self) -> impl Iterator<Item = Tensor> {
        let parameters = self.parameters().flat_map(|trained| [trained.value, trained.moments[0], trained.moments[1]]);
        parameters.chain(self.layers.iter().filter_map(|layer| layer.norm.as_ref()).flat_map(|n| [n.mean, n.variance]))
    }

    pub(super) fn step(&self, tensors: &mut dyn Tensors, step: &Step) -> Result<()> {
        self.parameters().try_for_each(|trained| tensors.adamw(trained, step))
    }

    /// Sum of the squares of all gradients.
    pub(super) fn gradient_square(&self, tensors: &mut dyn Tensors) -> Result<f64> {
        let mut sum = 0.0;
        for (trained, squares) in self.parameters().zip(&self.squares) {
            tensors.row_losses(trained.gradient, Power::Two, *squares)?;
            sum += tensors.download(*squares)?.iter().map(|loss| f64::from(*loss)).sum::<f64>();
        }
        Ok(sum)
    }

    pub(super) fn scale_gradients(&self, tensors: &mut dyn Tensors, factor: Tensor) -> Result<()> {
        self.parameters().try_for_each(|trained| tensors.combine(Op::Mul, trained.gradient, factor))
    }

    /// The layers as they are now, batch norm taken into the weights.
    pub(super) fn layers(&self, tensors: &mut dyn Tensors) -> Result<Vec<Layer>> {
        let mut layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let weight = layer.weight.value;
            let plain = Layer {
                inputs: weight.columns,
                outputs: weight.rows,
                weight: tensors.download(weight)?,
                bias: tensors.download(layer.bias.value)?,
            };
            let norm = match &layer.norm {
                Some(norm) => Some(Norm {
                    gain: tensors.download(norm.gain.value)?,
                    shift: tensors.download(norm.shift.value)?,
                    mean: tensors.download(norm.mean)?,
                    variance: tensors.download(norm.variance)?,
                }),
                None => None,
            };
            layers.push(plain.folded(norm.as_ref()));
        }
        Ok(layers)
    }
}

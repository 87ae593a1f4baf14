//! A chain of layers in training: forward, backward, and the steps of the optimiser.

use super::batch_norm::{NormActivations, TrainedNorm};
use super::parameter::{RowFactors, Scalars, parameter};
use super::weights::{Layer, Norm};
use crate::device::tensors::{Parameter, Tensor, Tensors};
use crate::error::Result;
use crate::kernel::adamw::StepFactors;
use crate::kernel::combine::Op;
use crate::kernel::dropout::Mask;
use crate::kernel::matmul::Product;
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::Width;

/// Settings that all layers share.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerOptions {
    pub(super) width: Width,
    pub(super) slope: f32,
    pub(super) dropout: f64,
}

/// A layer with its parameters, their gradients and their moments.
struct TrainedLayer {
    weight: Parameter,
    bias: Parameter,
    norm: Option<TrainedNorm>,
}

/// A chain of layers on a device, with a rectifier behind each but the last.
pub(super) struct Network {
    layers: Vec<TrainedLayer>,
    options: LayerOptions,
    /// A sum of squares for every row of every gradient.
    squares: Vec<Tensor>,
}

/// Activations and gradients for a number of rows.
pub(super) struct Activations {
    /// The input of every layer, and the last one's output.
    pub(super) values: Vec<Tensor>,
    /// Their gradients.
    pub(super) gradients: Vec<Tensor>,
    norms: Vec<Option<NormActivations>>,
    factors: RowFactors,
}

impl Network {
    /// Layers with the given first values; batch norm, if asked for, behind all but the last.
    pub(super) fn new(
        tensors: &mut dyn Tensors,
        layers: &[Layer],
        options: LayerOptions,
        batch_norm: bool,
    ) -> Result<Self> {
        let mut all = Vec::with_capacity(layers.len());
        for (i, layer) in layers.iter().enumerate() {
            let normed = batch_norm && i + 1 < layers.len();
            let count = layer.outputs;
            all.push(TrainedLayer {
                weight: parameter(tensors, count, layer.inputs, &layer.weight)?,
                bias: parameter(tensors, 1, count, &layer.bias)?,
                norm: match normed {
                    true => Some(TrainedNorm::new(tensors, count)?),
                    false => None,
                },
            });
        }
        let mut net = Self { layers: all, options, squares: Vec::new() };
        let rows: Vec<usize> = net.parameters().map(|parameter| parameter.gradient.rows).collect();
        net.squares = rows.into_iter().map(|rows| tensors.create(rows, 1)).collect::<Result<_>>()?;
        Ok(net)
    }

    /// Activations for `rows` rows.
    pub(super) fn activations(&self, tensors: &mut dyn Tensors, rows: usize) -> Result<Activations> {
        let sizes = self.layers.first().map(|layer| layer.weight.value.columns).into_iter();
        let sizes: Vec<usize> = sizes.chain(self.layers.iter().map(|layer| layer.weight.value.rows)).collect();
        let mut matrices = || sizes.iter().map(|size| tensors.create(rows, *size)).collect::<Result<Vec<Tensor>>>();
        let (values, gradients) = (matrices()?, matrices()?);
        let mut norms = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let size = layer.weight.value.rows;
            norms.push(match layer.norm {
                Some(_) => Some(NormActivations::new(tensors, rows, size)?),
                None => None,
            });
        }
        let factors = RowFactors::new(tensors, rows)?;
        Ok(Activations { values, gradients, norms, factors })
    }

    /// Runs the forward pass, from the input in the first of the activations' values to the output in the last.
    pub(super) fn forward(
        &self,
        tensors: &mut dyn Tensors,
        activations: &Activations,
        scalars: &Scalars,
        key: u64,
    ) -> Result<()> {
        let steps =
            activations.values.iter().zip(activations.values.iter().skip(1)).zip(&self.layers).zip(&activations.norms);
        for (i, (((input, output), layer), norm)) in steps.enumerate() {
            self.drop_some(tensors, *input, key, i)?;
            tensors.matmul(Product::Forward, self.options.width, *input, layer.weight.value, *output)?;
            tensors.combine(Op::Add, *output, layer.bias.value)?;
            if let (Some(norm), Some(kept)) = (&layer.norm, norm) {
                norm.forward(tensors, *output, kept, &activations.factors, scalars)?;
            }
            if i + 1 < self.layers.len() {
                tensors.rectify(*output, self.options.slope)?;
            }
        }
        Ok(())
    }

    /// Runs the backward pass, from the gradient of the output in the last of the activations' gradients. It computes
    /// the gradient of the input only where `input_too` asks for it.
    pub(super) fn backward(
        &self,
        tensors: &mut dyn Tensors,
        activations: &Activations,
        key: u64,
        input_too: bool,
    ) -> Result<()> {
        for (i, layer) in self.layers.iter().enumerate().rev() {
            let at = |list: &[Tensor], i: usize| list.get(i).copied();
            let (Some(input), Some(output)) = (at(&activations.values, i), at(&activations.values, i + 1)) else {
                continue;
            };
            let (Some(before), Some(behind)) = (at(&activations.gradients, i), at(&activations.gradients, i + 1))
            else {
                continue;
            };
            if i + 1 < self.layers.len() {
                tensors.rectify_gradient(behind, output, self.options.slope)?;
            }
            if let (Some(norm), Some(Some(kept))) = (&layer.norm, activations.norms.get(i)) {
                norm.backward(tensors, behind, kept, &activations.factors)?;
            }
            tensors.column_sums(behind, layer.bias.gradient)?;
            tensors.matmul(Product::Weight, self.options.width, behind, input, layer.weight.gradient)?;
            if i > 0 || input_too {
                tensors.matmul(Product::Input, self.options.width, behind, layer.weight.value, before)?;
                self.drop_some(tensors, before, key, i)?;
            }
        }
        Ok(())
    }

    /// Applies dropout to the input of layer `i`, or the same mask to its gradient.
    fn drop_some(&self, tensors: &mut dyn Tensors, x: Tensor, key: u64, i: usize) -> Result<()> {
        match self.options.dropout > 0.0 {
            true => tensors.dropout(x, &Mask::new(crate::rng::row_hash(key, i as u64), self.options.dropout)),
            false => Ok(()),
        }
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = Parameter> {
        self.layers.iter().flat_map(|layer| {
            let norm = layer.norm.iter().flat_map(|norm| [norm.gain, norm.shift]);
            [layer.weight, layer.bias].into_iter().chain(norm)
        })
    }

    #[cfg(test)]
    pub(super) fn weights(&self) -> impl Iterator<Item = Parameter> {
        self.layers.iter().flat_map(|layer| [layer.weight, layer.bias])
    }

    /// Lists everything that a checkpoint keeps: parameters, moments, running averages.
    pub(super) fn state(&self) -> impl Iterator<Item = Tensor> {
        let parameters =
            self.parameters().flat_map(|parameter| [parameter.value, parameter.moments[0], parameter.moments[1]]);
        parameters.chain(self.layers.iter().filter_map(|layer| layer.norm.as_ref()).flat_map(|n| [n.mean, n.variance]))
    }

    pub(super) fn step(&self, tensors: &mut dyn Tensors, step: &StepFactors) -> Result<()> {
        self.parameters().try_for_each(|parameter| tensors.adamw(parameter, step))
    }

    /// Sums the squares of the gradients, row by row; returns the sums of each parameter.
    pub(super) fn square_gradients(&self, tensors: &mut dyn Tensors) -> Result<&[Tensor]> {
        for (parameter, squares) in self.parameters().zip(&self.squares) {
            tensors.row_losses(parameter.gradient, Power::Two, *squares)?;
        }
        Ok(&self.squares)
    }

    pub(super) fn scale_gradients(&self, tensors: &mut dyn Tensors, factor: Tensor) -> Result<()> {
        self.parameters().try_for_each(|parameter| tensors.combine(Op::Mul, parameter.gradient, factor))
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

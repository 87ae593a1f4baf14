//! Networks whose training is over: layers on a device, which rows are run through.

use super::params::RqVae;
use super::weights::Layer;
use crate::device::Device;
use crate::device::tensors::{Tensor, Tensors};
use crate::error::Result;
use crate::kernel::combine::Op;
use crate::kernel::float::finish;
use crate::kernel::matmul::Product;
use crate::kernel::scaled::Width;

/// Rows that go through the layers at a time.
const BLOCK: usize = 1024;

/// A chain of layers with a rectifier between them.
pub(crate) struct Forward {
    tensors: Box<dyn Tensors>,
    layers: Vec<[Tensor; 2]>,
    sizes: Vec<usize>,
    slope: f32,
    width: Width,
    /// Whether the input is added to the output.
    skip: bool,
    /// Activations for the numbers of rows met so far: [`BLOCK`], and smaller powers of two.
    spaces: Vec<(usize, Vec<Tensor>)>,
}

impl Forward {
    pub(super) fn new(layers: &[Layer], slope: f32, width: Width, skip: bool, device: &Device) -> Result<Self> {
        let mut tensors = device.engine().tensors()?;
        let mut put = |rows, columns, values: &[f32]| -> Result<Tensor> {
            let tensor = tensors.create(rows, columns)?;
            tensors.upload(tensor, values)?;
            Ok(tensor)
        };
        let mut on_device = Vec::with_capacity(layers.len());
        for layer in layers {
            let weight = put(layer.outputs, layer.inputs, &layer.weight)?;
            on_device.push([weight, put(1, layer.outputs, &layer.bias)?]);
        }
        let sizes = layers.first().map(|layer| layer.inputs).into_iter();
        let sizes = sizes.chain(layers.iter().map(|layer| layer.outputs)).collect();
        Ok(Self { tensors, layers: on_device, sizes, slope: finish(slope), width, skip, spaces: Vec::new() })
    }

    /// Runs rows through an encoder that no model holds yet.
    pub(super) fn once(layers: &[Layer], params: &RqVae, rows: &[f32], device: &Device) -> Result<Vec<f32>> {
        let mut forward = Self::new(layers, params.slope, params.width.width(), false, device)?;
        let mut out = vec![0.0; rows.len() / forward.inputs() * forward.outputs()];
        forward.run(rows, &mut out)?;
        Ok(out)
    }

    fn inputs(&self) -> usize {
        self.sizes.first().copied().unwrap_or(1)
    }

    fn outputs(&self) -> usize {
        self.sizes.last().copied().unwrap_or(1)
    }

    /// Runs `rows` through the layers.
    ///
    /// # Shapes
    /// `rows` (n, inputs), `out` (n, outputs).
    ///
    /// # Exactness
    /// A row's result depends on no other row.
    pub(super) fn run(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()> {
        let (mut rows, mut out) = (rows, out);
        while !rows.is_empty() {
            // Blocks have few different sizes, so that activations are made for few.
            let left = rows.len() / self.inputs();
            let count = if left >= BLOCK { BLOCK } else { 1 << left.max(1).ilog2() };
            let (block, rest) = rows.split_at((count * self.inputs()).min(rows.len()));
            let (block_out, rest_out) = out.split_at_mut((count * self.outputs()).min(out.len()));
            let activations = self.activations(count)?;
            self.chain(&activations, block)?;
            if let Some(last) = activations.last() {
                block_out.copy_from_slice(&self.tensors.download(*last)?);
            }
            (rows, out) = (rest, rest_out);
        }
        Ok(())
    }

    fn chain(&mut self, activations: &[Tensor], rows: &[f32]) -> Result<()> {
        let Some(first) = activations.first() else { return Ok(()) };
        self.tensors.upload(*first, rows)?;
        let steps = activations.iter().zip(activations.iter().skip(1)).zip(&self.layers);
        for (i, ((input, output), [weight, bias])) in steps.enumerate() {
            self.tensors.matmul(Product::Forward, self.width, *input, *weight, *output)?;
            self.tensors.combine(Op::Add, *output, *bias)?;
            match i + 1 < self.layers.len() {
                true => self.tensors.rectify(*output, self.slope)?,
                false if self.skip => self.tensors.combine(Op::Add, *output, *first)?,
                false => {}
            }
        }
        Ok(())
    }

    fn activations(&mut self, rows: usize) -> Result<Vec<Tensor>> {
        if let Some((_, activations)) = self.spaces.iter().find(|(found, _)| *found == rows) {
            return Ok(activations.clone());
        }
        let made = self.sizes.iter().map(|size| self.tensors.create(rows, *size));
        let made: Vec<Tensor> = made.collect::<Result<_>>()?;
        self.spaces.push((rows, made.clone()));
        Ok(made)
    }
}

//! Networks that are not trained any more: layers on a device, and rows through them.

use super::weights::Layer;
use crate::device::Device;
use crate::device::tensors::{Tensor, Tensors};
use crate::error::Result;
use crate::kernel::combine::Op;
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
    /// Activations for a number of rows.
    space: Option<(usize, Vec<Tensor>)>,
    /// Activations for [`BLOCK`] rows.
    block: Option<(usize, Vec<Tensor>)>,
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
        Ok(Self { tensors, layers: on_device, sizes, slope, width, skip, space: None, block: None })
    }

    fn inputs(&self) -> usize {
        self.sizes.first().copied().unwrap_or(1)
    }

    fn outputs(&self) -> usize {
        self.sizes.last().copied().unwrap_or(1)
    }

    /// What the layers make of `rows`.
    ///
    /// # Shapes
    /// `rows` (n, inputs), `out` (n, outputs).
    ///
    /// # Exactness
    /// A row's result depends on no other row.
    pub(super) fn run(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()> {
        let parts = rows.chunks(BLOCK * self.inputs()).zip(out.chunks_mut(BLOCK * self.outputs()));
        for (rows, out) in parts {
            let activations = self.activations(rows.len() / self.inputs())?;
            self.chain(&activations, rows)?;
            if let Some(last) = activations.last() {
                out.copy_from_slice(&self.tensors.download(*last)?);
            }
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
        let place = if rows == BLOCK { &mut self.block } else { &mut self.space };
        if let Some((_, activations)) = place.as_ref().filter(|(found, _)| *found == rows) {
            return Ok(activations.clone());
        }
        let made = self.sizes.iter().map(|size| self.tensors.create(rows, *size));
        let made: Vec<Tensor> = made.collect::<Result<_>>()?;
        *place = Some((rows, made.clone()));
        Ok(made)
    }
}

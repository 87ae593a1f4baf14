//! Matrices of networks in the memory of the host: the storage of the reference and of the CPU.

use super::tensors::Tensor;
use crate::error::{Result, try_zeros};
use crate::kernel::float::finish;

/// The values of all matrices, by number.
#[derive(Default)]
pub(super) struct HostTensors(Vec<Vec<f32>>);

impl HostTensors {
    pub(super) fn values(&self, tensor: Tensor) -> &[f32] {
        self.0.get(tensor.id).map_or(&[], Vec::as_slice)
    }

    /// Calls `f` with the values of `tensor`, which are away from the others meanwhile.
    pub(super) fn change<R>(&mut self, tensor: Tensor, f: impl FnOnce(&Self, &mut [f32]) -> R) -> Result<R> {
        let mut values = self.take(tensor);
        let result = f(self, &mut values);
        self.put(tensor, values);
        Ok(result)
    }

    /// The values of `tensor`, which has none until they are put back.
    pub(super) fn take(&mut self, tensor: Tensor) -> Vec<f32> {
        self.0.get_mut(tensor.id).map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn put(&mut self, tensor: Tensor, values: Vec<f32>) {
        if let Some(place) = self.0.get_mut(tensor.id) {
            *place = values;
        }
    }

    pub(super) fn create(&mut self, rows: usize, columns: usize) -> Result<Tensor> {
        let id = self.0.len();
        self.0.push(try_zeros(rows.saturating_mul(columns), "a matrix of the network")?);
        Ok(Tensor { id, rows, columns })
    }

    pub(super) fn upload(&mut self, to: Tensor, values: &[f32]) -> Result<()> {
        self.change(to, |_, out| out.iter_mut().zip(values).for_each(|(out, value)| *out = finish(*value)))
    }

    pub(super) fn copy(&mut self, from: Tensor, to: Tensor) -> Result<()> {
        self.change(to, |all, out| out.copy_from_slice(all.values(from)))
    }
}

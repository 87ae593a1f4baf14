//! Matrices of networks, held where an engine computes.

#[cfg(test)]
pub(in crate::device) mod tests;

use crate::codebook::Codebook;
use crate::error::Result;
use crate::kernel::adamw::StepFactors;
use crate::kernel::combine::Op;
use crate::kernel::dropout::Mask;
use crate::kernel::matmul::{Product, ProductShape};
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::Width;
use crate::kernel::straight_through::Weight;

/// The number and shape of a matrix of f32 without subnormals, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub(crate) id: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Tensor {
    pub(crate) fn len(self) -> usize {
        self.rows * self.columns
    }
}

/// Parameters with their gradient and the two moments of AdamW, all of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) value: Tensor,
    pub(crate) gradient: Tensor,
    pub(crate) moments: [Tensor; 2],
}

/// Latents, and the matrices of `kernel::members`, which get their codes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coding {
    pub(crate) latents: Tensor,
    pub(crate) codes: Tensor,
    pub(crate) starts: Tensor,
    pub(crate) rows: Tensor,
}

/// The matrices of `kernel::straight_through`, the last three of which it fills.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passing {
    pub(crate) latents: Tensor,
    pub(crate) codes: Tensor,
    pub(crate) books: Tensor,
    pub(crate) quantized: Tensor,
    pub(crate) commitment: Tensor,
    pub(crate) residuals: Tensor,
}

/// What codewords left over of their members, see `kernel::codebook_gradient`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members {
    pub(crate) residuals: Tensor,
    pub(crate) rows: Tensor,
    pub(crate) starts: Tensor,
}

/// Matrices on a device. Each method does what the kernel of the same name does, bit for bit; an output is none of the
/// operands, unless a method works in place. Callers keep to the shapes that kernels document.
pub(crate) trait Tensors: Send {
    /// Room for a matrix, zero until something is put there.
    fn create(&mut self, rows: usize, columns: usize) -> Result<Tensor>;

    /// Replaces all values; subnormals become zeros.
    fn upload(&mut self, to: Tensor, values: &[f32]) -> Result<()>;

    /// Returns all values.
    fn download(&mut self, from: Tensor) -> Result<Vec<f32>>;

    /// Returns all values of several matrices; a device may wait once instead of once for each.
    fn download_all(&mut self, from: &[Tensor]) -> Result<Vec<Vec<f32>>> {
        from.iter().map(|tensor| self.download(*tensor)).collect()
    }

    /// Has a device that gathers steps begin with those that it was asked for.
    fn submit(&mut self) -> Result<()> {
        Ok(())
    }

    /// Copies all values to a matrix of the same shape.
    fn copy(&mut self, from: Tensor, to: Tensor) -> Result<()>;

    /// `kernel::matmul`, see [`shape`].
    fn matmul(&mut self, product: Product, width: Width, a: Tensor, b: Tensor, out: Tensor) -> Result<()>;

    /// `kernel::combine`, in place.
    fn combine(&mut self, op: Op, a: Tensor, b: Tensor) -> Result<()>;

    /// `kernel::rectify`, in place.
    fn rectify(&mut self, x: Tensor, slope: f32) -> Result<()>;

    /// `kernel::rectify_gradient`, in place of the gradient.
    fn rectify_gradient(&mut self, gradient: Tensor, output: Tensor, slope: f32) -> Result<()>;

    /// `kernel::column_sums`; `out` is (1, columns).
    fn column_sums(&mut self, x: Tensor, out: Tensor) -> Result<()>;

    /// `kernel::row_losses`; `out` is (rows, 1).
    fn row_losses(&mut self, x: Tensor, power: Power, out: Tensor) -> Result<()>;

    /// `kernel::adamw`.
    fn adamw(&mut self, parameters: Parameter, step: &StepFactors) -> Result<()>;

    /// `kernel::dropout`, in place.
    fn dropout(&mut self, x: Tensor, mask: &Mask) -> Result<()>;

    /// Gives latents (n, d) the codes (n, L) of their nearest codewords, level by level, and lists the rows of every
    /// codeword: `kernel::on_grid`, then `assign`, `residual` and `members`. Returns false, and does nothing, where a
    /// caller with a table does it as well.
    fn quantize(&mut self, of: &Coding, levels: &[Codebook], exponent: i32) -> Result<bool> {
        let _ = (of, levels, exponent);
        Ok(false)
    }

    /// `kernel::straight_through`.
    fn straight_through(&mut self, of: &Passing, weight: Weight) -> Result<()>;

    /// `kernel::codebook_gradient`; `out` is (K, d).
    fn codebook_gradient(&mut self, of: &Members, weight: Weight, out: Tensor) -> Result<()>;
}

/// Shape of the product of two matrices.
pub(crate) fn shape(product: Product, a: Tensor, b: Tensor) -> ProductShape {
    let (m, k) = if product == Product::Weight { (a.columns, a.rows) } else { (a.rows, a.columns) };
    ProductShape { m, n: if product == Product::Forward { b.rows } else { b.columns }, k }
}

//! Dispatches matrix products: packs both operands as integers, then multiplies them.

use crate::device::gpu::chunk::slices;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::gpu::vectors::Vectors;
use crate::device::tensors::{Tensor, shape};
use crate::error::Result;
use crate::kernel::matmul::{self, Product};
use crate::kernel::scaled::Width;

/// Rows of packed words that a workgroup takes at a time.
const STEP: usize = 16;
/// Calls of `dot4I8Packed` per word of 16-bit integers: each digit of one operand with each of the other.
const DIGIT_PRODUCTS: usize = 4;

/// Twin: `kernel::matmul::matmul`.
pub(in crate::device::gpu) fn matmul(
    matrices: &mut GpuMatrices,
    product: Product,
    width: Width,
    operands: [Tensor; 2],
    out: Tensor,
) -> Result<()> {
    let shape = shape(product, operands[0], operands[1]);
    let values = [matrices.buffer(operands[0])?, matrices.buffer(operands[1])?];
    let out = matrices.buffer(out)?;
    let GpuMatrices { context, batch, operands, .. } = matrices;
    let wide = width == Width::Bits16;
    let kernel = Kernel::Matmul { wide };
    // A workgroup owns a tile of this many rows and columns of results.
    let tile = kernel.group_rows();
    let rows = shape.k.div_ceil(if wide { 2 * STEP } else { 4 * STEP }) * STEP;
    let (a, b) = matmul::Vectors::of(product, shape, &[], &[]);
    let vectors = [(a, shape.m), (b, shape.n)].map(|(vectors, count)| {
        let matmul::Vectors { vector_stride, term_stride, .. } = vectors;
        let padded = count.next_multiple_of(tile);
        Vectors { vector_stride, term_stride, padded, rows, ..Vectors::rows(count, shape.k, width) }
    });
    for ((vectors, values), operand) in vectors.iter().zip(&values).zip(operands.iter_mut()) {
        operand.make_room(context, vectors)?;
        vectors.run(context, batch, Kernel::ScaleOperand, &[values, &operand.packed, &operand.scales])?;
    }
    let [a, b] = operands;
    let buffers = [&a.packed, &b.packed, &a.scales, &b.scales, &out];
    let [padded_a, padded_b] = vectors.map(|vectors| vectors.padded / 4);
    let work = padded_b * shape.k * if wide { DIGIT_PRODUCTS } else { 1 };
    for slice in slices(context, kernel, shape.m, work) {
        let words = [slice.start / tile, shape.m, shape.n, shape.k, rows, padded_a, padded_b];
        let groups = (shape.n.div_ceil(tile) as u32, slice.len().div_ceil(tile) as u32);
        batch.dispatch(
            context,
            kernel,
            &words.map(|word| word as u32),
            &buffers,
            (groups, slice.len() as u64 * work as u64),
        )?;
    }
    Ok(())
}

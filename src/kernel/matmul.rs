//! Matrix products of networks: exact integer sums, rounded once.

use super::scaled::{Shift, Width, from_exact, scaled};

/// Most terms of a sum: with them, each of the four sums of products of 8-bit digits stays within i32.
pub(crate) const MAX_TERMS: usize = 65_536;

/// A product of two matrices, by the way its operands lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    /// `a bᵀ`: a layer's output from its input (m, k) and its weights (n, k).
    Forward,
    /// `a b`: the gradient of the input from that of the output (m, k) and the weights (k, n).
    Input,
    /// `aᵀ b`: the gradient of the weights from that of the output (k, m) and the input (k, n).
    Weight,
}

/// Shape of a product: m x n sums of k terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProductShape {
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
}

/// A matrix as the vectors that are multiplied: its rows, or its columns.
#[derive(Clone, Copy)]
pub(crate) struct Vectors<'a> {
    values: &'a [f32],
    /// Distance of neighbouring vectors, and of neighbouring terms of a vector.
    pub(crate) vector_stride: usize,
    pub(crate) term_stride: usize,
}

impl<'a> Vectors<'a> {
    fn new(values: &'a [f32], columns: bool, count: usize, terms: usize) -> Self {
        let (vector_stride, term_stride) = if columns { (1, count) } else { (terms, 1) };
        Self { values, vector_stride, term_stride }
    }

    /// Returns the vectors of both operands of a product.
    pub(crate) fn of(product: Product, shape: ProductShape, a: &'a [f32], b: &'a [f32]) -> (Self, Self) {
        let ProductShape { m, n, k } = shape;
        let a = Self::new(a, product == Product::Weight, m, k);
        (a, Self::new(b, product != Product::Forward, n, k))
    }

    pub(crate) fn values(&self) -> &'a [f32] {
        self.values
    }

    fn vector(&self, i: usize, terms: usize) -> impl Iterator<Item = f32> + Clone {
        self.values.iter().skip(i * self.vector_stride).step_by(self.term_stride).take(terms).copied()
    }
}

/// Multiplies two matrices and rounds their vectors along the contracted dimension to scaled integers first.
///
/// # Shapes
/// `a` and `b` as [`Product`] says, `out` (m, n), all row by row; k up to [`MAX_TERMS`].
///
/// # Exactness
/// Integers are within 2^15, so a sum of 2^16 products is within 2^46: exact in i64 and in f64, in any order. The sum
/// is rounded to f32 once. Every vector has a shift of its own, so a row of the result depends on no other vector of
/// `a`.
pub(crate) fn matmul(product: Product, width: Width, shape: ProductShape, a: &[f32], b: &[f32], out: &mut [f32]) {
    let (a, b) = Vectors::of(product, shape, a, b);
    let integers = |vectors: &Vectors<'_>, i: usize| {
        let vector = vectors.vector(i, shape.k);
        let shift = Shift::of(vector.clone(), width);
        (vector.map(|x| scaled(x, shift, width)).collect::<Vec<i64>>(), shift)
    };
    let columns: Vec<_> = (0..shape.n).map(|j| integers(&b, j)).collect();
    for (i, out) in out.chunks_exact_mut(shape.n).enumerate() {
        let (row, shift_a) = integers(&a, i);
        for ((column, shift_b), out) in columns.iter().zip(out) {
            let sum: i64 = row.iter().zip(column).map(|(a, b)| a * b).sum();
            *out = from_exact(sum as f64, shift_a.unscale() * shift_b.unscale());
        }
    }
}

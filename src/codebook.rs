//! A level of codewords on the grid, and the invariants that every model keeps.

use crate::error::{Error, Result};

/// Bounds the sum over the levels of the largest codeword component, so that residuals stay within 2^24.
pub(crate) const CODEWORDS_MAX: i64 = 1 << 23;

/// The codewords of one level, as grid integers.
///
/// # Shapes
/// (K, D), row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codebook {
    values: Vec<i32>,
    dim: usize,
}

impl Codebook {
    /// Makes codewords of `dim` values each from `values`, whose length is a multiple of `dim`.
    pub(crate) fn new(values: Vec<i32>, dim: usize) -> Self {
        debug_assert!(dim > 0 && values.len().is_multiple_of(dim), "codewords are whole rows");
        Self { values, dim }
    }

    /// Returns the number of codewords, K.
    pub fn clusters(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Returns the number of dimensions, D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns all codewords, one after the other.
    pub fn values(&self) -> &[i32] {
        &self.values
    }

    /// Returns the codewords in another order: codeword k becomes codeword `labels[k]`; `labels` is a permutation.
    pub(crate) fn relabelled(&self, labels: &[u32]) -> Self {
        Self { values: relabelled(&self.values, self.dim, labels), dim: self.dim }
    }

    /// Returns codeword `k`; none if there is no such codeword.
    pub fn codeword(&self, k: usize) -> Option<&[i32]> {
        self.values.chunks_exact(self.dim).nth(k)
    }

    pub(crate) fn codewords_mut(&mut self) -> impl Iterator<Item = &mut [i32]> {
        self.values.chunks_exact_mut(self.dim)
    }

    /// Clamps every component to magnitudes of at most `largest`, which moves each codeword to the nearest such point.
    pub(crate) fn limit(&mut self, largest: i64) {
        let largest = i32::try_from(largest).unwrap_or(i32::MAX);
        self.values.iter_mut().for_each(|value| *value = (*value).clamp(-largest, largest));
    }

    /// Returns the largest magnitude of a component.
    pub fn largest(&self) -> i64 {
        self.values.iter().map(|value| i64::from(*value).abs()).max().unwrap_or(0)
    }
}

/// Returns the sum over the levels of the largest component, which a model keeps within [`CODEWORDS_MAX`].
pub(crate) fn largest_sum<'a>(levels: impl IntoIterator<Item = &'a Codebook>) -> i64 {
    levels.into_iter().map(Codebook::largest).sum()
}

/// Returns the largest component that a level may have, given the levels before it, if all levels may add up to `most`:
/// three quarters of `most` on the first level, which is as large as a value on the grid, and half of what is left on
/// every later level.
///
/// # Exactness
/// The bound depends only on the levels before. Only far outliers of the residuals reach it; the best codeword within
/// it is the centroid with each component cut off at the bound.
pub(crate) fn room<'a>(most: i64, before: impl Iterator<Item = &'a Codebook>) -> i64 {
    let used = before.map(Codebook::largest).reduce(|sum, largest| sum + largest);
    used.map_or(most - most / 4, |used| (most - used) / 2)
}

/// Returns pieces of `len` values in another order: piece k becomes piece `labels[k]`.
pub(crate) fn relabelled<T: Copy>(values: &[T], len: usize, labels: &[u32]) -> Vec<T> {
    let mut order: Vec<(u32, &[T])> = labels.iter().copied().zip(values.chunks_exact(len)).collect();
    order.sort_unstable_by_key(|(label, _)| *label);
    order.into_iter().flat_map(|(_, piece)| piece).copied().collect()
}

/// Converts codewords to f32 in units of the embeddings, which are exact multiples of 2^-exponent.
///
/// # Errors
/// [`crate::ErrorKind::Range`] where a value exceeds the range of f32.
pub(crate) fn to_f32(level: usize, codebook: &Codebook, exponent: i32) -> Result<Vec<f32>> {
    let step = crate::grid::pow2(-exponent);
    let values: Vec<f32> = codebook.values.iter().map(|q| (f64::from(*q) * step) as f32).collect();
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values),
        false => Err(crate::ErrorKind::Range { level, reason: "a codeword is too large for f32".into() }.into()),
    }
}

/// Converts f32 values back to codewords; each value must be an exact multiple of 2^-exponent within the grid.
pub(crate) fn from_f32(level: usize, values: &[f32], dim: usize, exponent: i32) -> Result<Codebook> {
    let scale = crate::grid::pow2(exponent);
    let exact = |value: &f32| {
        let scaled = f64::from(*value) * scale;
        let q = scaled as i32;
        (f64::from(q) == scaled && i64::from(q).abs() <= CODEWORDS_MAX).then_some(q)
    };
    let values: Option<Vec<i32>> = values.iter().map(exact).collect();
    let values = values.ok_or_else(|| {
        Error::damaged(format!("codebook.{level} holds a value that is no multiple of 2^-{exponent} within the grid"))
    })?;
    Ok(Codebook::new(values, dim))
}

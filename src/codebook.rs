//! One level of codewords on the grid, and the invariants every model keeps.

use crate::error::{Error, Result};

/// Most dimensions a row may have: squared distances stay exact in u64 up to here.
pub const MAX_DIM: usize = 8192;
/// Most codewords a level may have.
pub const MAX_CLUSTERS: usize = 65_536;
/// Most levels of a model.
pub(crate) const MAX_LEVELS: usize = 256;
/// Bound on the sum over the levels of the largest codeword component: a residual then stays within 2^24.
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
    /// Codewords of `dim` values each over `values`, whose length is a multiple of `dim`.
    pub(crate) fn new(values: Vec<i32>, dim: usize) -> Self {
        debug_assert!(dim > 0 && values.len().is_multiple_of(dim), "codewords are whole rows");
        Self { values, dim }
    }

    /// Number of codewords, K.
    pub fn clusters(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Number of dimensions, D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All codewords, one after the other.
    pub fn values(&self) -> &[i32] {
        &self.values
    }

    /// The codewords in another order: what was codeword k is `labels[k]`; `labels` is a permutation.
    pub(crate) fn relabelled(&self, labels: &[u32]) -> Self {
        Self { values: relabelled(&self.values, self.dim, labels), dim: self.dim }
    }

    /// Codeword `k`, if there is one.
    pub fn codeword(&self, k: usize) -> Option<&[i32]> {
        self.values.chunks_exact(self.dim).nth(k)
    }

    pub(crate) fn codewords_mut(&mut self) -> impl Iterator<Item = &mut [i32]> {
        self.values.chunks_exact_mut(self.dim)
    }

    /// Moves every codeword to the nearest point whose components do not exceed `largest`.
    pub(crate) fn limit(&mut self, largest: i64) {
        let largest = i32::try_from(largest).unwrap_or(i32::MAX);
        self.values.iter_mut().for_each(|value| *value = (*value).clamp(-largest, largest));
    }

    /// Largest magnitude of a component.
    pub fn largest(&self) -> i64 {
        self.values.iter().map(|value| i64::from(*value).abs()).max().unwrap_or(0)
    }
}

/// Sum over the levels of the largest component, which a model keeps within [`CODEWORDS_MAX`].
pub(crate) fn largest_sum<'a>(levels: impl IntoIterator<Item = &'a Codebook>) -> i64 {
    levels.into_iter().map(Codebook::largest).sum()
}

/// Largest component that a level may have after the levels before, where all may add up to `most`: three quarters of
/// it on the first level, as large as a value on the grid, and half of what is left on every later one.
///
/// # Exactness
/// It depends on the levels before alone. Only far outliers of the residuals ever reach it; within it the best codeword
/// is the centroid, each component cut off at the bound.
pub(crate) fn room<'a>(most: i64, before: impl Iterator<Item = &'a Codebook>) -> i64 {
    let used = before.map(Codebook::largest).reduce(|sum, largest| sum + largest);
    used.map_or(most - most / 4, |used| (most - used) / 2)
}

/// Pieces of `len` values in another order: what was piece k is piece `labels[k]`.
pub(crate) fn relabelled<T: Copy>(values: &[T], len: usize, labels: &[u32]) -> Vec<T> {
    let mut order: Vec<(u32, &[T])> = labels.iter().copied().zip(values.chunks_exact(len)).collect();
    order.sort_unstable_by_key(|(label, _)| *label);
    order.into_iter().flat_map(|(_, piece)| piece).copied().collect()
}

/// Codewords as f32 in units of the embeddings: exact multiples of 2^-exponent.
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

/// Reads codewords back from f32 values; each must be an exact multiple of 2^-exponent within the grid.
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

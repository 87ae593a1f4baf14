//! Distances of one row below many prefixes, from inner products.
//!
//! What the codes `p` leave of a row q is r = q - sum c(l, p_l), so `|r - c|^2 = |r|^2 - 2 r.c + |c|^2`, and both
//! `|r|^2` and `r.c` are sums of inner products of q and of codewords: those of codewords are the same for all rows,
//! and those of q for all prefixes. A row of K distances then costs K times the number of levels, whatever the
//! dimensions.
//!
//! # Exactness
//! Integers modulo 2^64: whatever a sum in between overflows to, a distance is below 2^63 and comes out as it is.

use crate::codebook::Codebook;
use crate::error::{Error, ErrorKind, Result};
use std::cell::OnceCell;

/// Most inner products of codewords that are kept: 64 MiB.
const MOST: usize = 1 << 23;

/// Inner products of the codewords of any two levels.
pub(crate) struct Gram {
    /// For levels l <= m, in this order, (K_l, K_m).
    products: Vec<Vec<Vec<i64>>>,
}

impl Gram {
    /// Multiplies the codewords of all levels; returns `None` where that would be too many products.
    pub(crate) fn new(levels: &[Codebook]) -> Option<Self> {
        let pairs = levels.iter().enumerate().flat_map(|(l, a)| levels.iter().skip(l).map(move |b| (a, b)));
        let count = pairs.fold(0_usize, |sum, (a, b)| sum.saturating_add(a.clusters().saturating_mul(b.clusters())));
        let table = |a: &Codebook, b: &Codebook| words(a).flat_map(|x| words(b).map(move |y| dot(x, y))).collect();
        let of = |(l, a): (usize, &Codebook)| levels.iter().skip(l).map(|b| table(a, b)).collect();
        (count <= MOST).then(|| Self { products: levels.iter().enumerate().map(of).collect() })
    }

    /// Codeword `j` of level `l` with codeword `k` of level `m`, which is not below `l`.
    fn get(&self, levels: &[Codebook], (l, j): (usize, usize), (m, k): (usize, usize)) -> i64 {
        let clusters = levels.get(m).map_or(0, Codebook::clusters);
        let table = self.products.get(l).and_then(|of| of.get(m - l));
        table.and_then(|table| table.get(j * clusters + k)).copied().unwrap_or(0)
    }
}

/// A row's inner products with all codewords.
pub(crate) struct Products<'a> {
    gram: &'a Gram,
    levels: &'a [Codebook],
    residual: Vec<i32>,
    square: i64,
    /// Per level, once they are needed.
    of_level: Vec<OnceCell<Vec<i64>>>,
}

impl<'a> Products<'a> {
    /// Starts from `residual`, which is what level 0 sees of a row.
    pub(crate) fn new(gram: &'a Gram, levels: &'a [Codebook], residual: Vec<i32>) -> Self {
        let square = dot(&residual, &residual);
        let of_level = levels.iter().map(|_| OnceCell::new()).collect();
        Self { gram, levels, residual, square, of_level }
    }

    /// Returns the squared distances from what the codes `prefix` leave to all codewords of the next level.
    pub(crate) fn distances(&self, prefix: &[u32]) -> Result<Vec<u64>> {
        let level = prefix.len();
        let too_long =
            || Error::parameter("prefix", level, format!("must be below the model's {} levels", self.levels.len()));
        let codebook = self.levels.get(level).ok_or_else(too_long)?;
        let mut square = self.square;
        for (l, code) in prefix.iter().enumerate() {
            let code = self.checked(l, *code)?;
            let before = prefix.iter().take(l).enumerate();
            let others = before.map(|(m, other)| self.gram.get(self.levels, (m, *other as usize), (l, code)));
            let inner = others.fold(self.of_level(l).get(code).copied().unwrap_or(0), i64::wrapping_sub);
            let own = self.gram.get(self.levels, (l, code), (l, code));
            square = square.wrapping_sub(inner.wrapping_mul(2)).wrapping_add(own);
        }
        let distance = |(k, inner): (usize, &i64)| {
            let before = prefix.iter().enumerate();
            let others = before.map(|(l, code)| self.gram.get(self.levels, (l, *code as usize), (level, k)));
            let inner = others.fold(*inner, i64::wrapping_sub);
            let own = self.gram.get(self.levels, (level, k), (level, k));
            square.wrapping_sub(inner.wrapping_mul(2)).wrapping_add(own) as u64
        };
        Ok(self.of_level(level).iter().take(codebook.clusters()).enumerate().map(distance).collect())
    }

    fn of_level(&self, level: usize) -> &[i64] {
        let products = |codebook: &Codebook| words(codebook).map(|word| dot(&self.residual, word)).collect();
        let make = || self.levels.get(level).map(products).unwrap_or_default();
        self.of_level.get(level).map_or(&[], |cell| cell.get_or_init(make))
    }

    fn checked(&self, level: usize, code: u32) -> Result<usize> {
        let clusters = self.levels.get(level).map_or(0, Codebook::clusters);
        match (code as usize) < clusters {
            true => Ok(code as usize),
            false => Err(ErrorKind::Code { row: 0, level, code, clusters }.into()),
        }
    }
}

fn words(codebook: &Codebook) -> impl Iterator<Item = &[i32]> {
    codebook.values().chunks_exact(codebook.dim().max(1))
}

/// Components are below 2^25 and dimensions at most 2^13, so that sums fit i64.
fn dot(a: &[i32], b: &[i32]) -> i64 {
    a.iter().zip(b).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
}

//! A codebook prepared for filtering: its codewords as f32 and, where that is faster, as small integers, and per
//! codeword what bounds the error of a score.

use super::bounds::{Coefficients, U, up};
use super::exact::approximate_product;
use super::integers::Packed;
use super::rows::RowBlock;
use super::unit::Unit;
use crate::codebook::Codebook;
use crate::error::{Result, try_zeros};
use pulp::Simd;

/// Codewords as exact f32 with the coefficients of the score's lower bound.
///
/// # Exactness
/// The score of codeword c for row r is `s = |c|^2 - 2 r.c`, the squared distance less the row's own `|r|^2`. The
/// filter approximates `r.c` by `product` and computes in f32
///
/// ```text
/// L = norm - 2 product - length slope - error tilt
/// ```
///
/// where `length >= |r|` and `error` belong to the row, the other coefficients to the codeword. It needs
/// `L <= s <= L + 2 (length slope + error tilt + slack)`. Components are integers within 2^24, so that the inputs are
/// exact, nothing underflows, and nothing overflows (`s` is below 2^62). `g_n = n u / (1 - n u)`.
///
/// *f32 products* ([`super::products`], `error = 0`): in any order, with or without fused multiply-add, each of the D
/// terms passes through at most D roundings, so `|product - r.c| <= g_D |r| |c|` by Cauchy-Schwarz.
///
/// *Products of integers* of 8 or 16 bits ([`super::integers`]): `r = a r' + e` and `c = b c' + f` with integer r' and
/// c', `|e| <= error` and `|f| <= spread`. Their product is exact, so `a b r'.c'` differs from `r.c = (a r').(b c') +
/// (a r').f + e.c` by at most `(|r| + error) spread + error |c|`; turning it into f32 and scaling it are four roundings
/// and add less than `5 u` of `(|r| + error) (|c| + spread)`. Nothing is assumed of the integers but that they were
/// measured: however coarse they are, the bound holds.
///
/// In both cases `norm` is `|c|^2 - slack` rounded once, and at most six more roundings, each u relative to values
/// within `|c|^2 + 2 (|r| + error) (|c| + spread) + length slope + error tilt`, follow. With
///
/// ```text
/// slope = 2 (spread + (|c| + spread) g),   g = g_(D + 16) for f32 products, g_16 for integers
/// tilt = 2 (|c| + spread) (1 + g_16),   slack = 8 u |c|^2
/// ```
///
/// everything is covered: `g` and the factor of `tilt` hold 16 u of `2 (|r| + error) (|c| + spread)`, more than twice
/// what the roundings can add. `length`, `error`, `|c|` and `spread` are computed in f64 and rounded up.
pub(super) struct Panel {
    pub(super) unit: Unit,
    clusters: usize,
    dim: usize,
    /// Codewords (K, D).
    pub(super) values: Vec<f32>,
    pub(super) coefficients: Coefficients,
    slack: Vec<f64>,
    /// Upper bound of all lengths of codewords.
    pub(super) longest: f32,
    /// The codewords as integers, where the unit multiplies those.
    pub(super) packed: Option<Packed>,
}

impl Panel {
    pub(super) fn new(unit: Unit, codebook: &Codebook) -> Result<Self> {
        let dim = codebook.dim();
        let mut values = try_zeros::<f32>(codebook.values().len(), "codewords")?;
        values.iter_mut().zip(codebook.values()).for_each(|(value, q)| *value = *q as f32);
        let packed = packed(unit, &values, dim)?;
        Ok(Self::of(unit, values, packed, dim))
    }

    /// Some of the codewords, in the given order.
    pub(super) fn only(&self, codewords: &[u32]) -> Result<Self> {
        let mut values = try_zeros::<f32>(codewords.len() * self.dim, "codewords")?;
        let places = values.chunks_exact_mut(self.dim).zip(codewords);
        places.for_each(|(place, k)| place.copy_from_slice(self.codeword(*k as usize)));
        let packed = packed(self.unit, &values, self.dim)?;
        Ok(Self::of(self.unit, values, packed, self.dim))
    }

    fn of(unit: Unit, values: Vec<f32>, packed: Option<Packed>, dim: usize) -> Self {
        let clusters = values.len() / dim;
        let gamma = |n: f64| n * U / (1.0 - n * U) * 1.0001;
        let of_product = if packed.is_some() { gamma(16.0) } else { gamma((dim + 16) as f64) };
        let (coefficients, slack) = (Coefficients::default(), Vec::new());
        let mut panel = Self { unit, clusters, dim, values, coefficients, slack, longest: 0.0, packed };
        for (k, codeword) in panel.values.chunks_exact(dim).enumerate() {
            // Exact up to 2^53. Beyond, each of at most 8,191 additions is within 2^-53 of the result: within 2^-40 of
            // it together, far below the slack.
            let square: f64 = codeword.iter().map(|c| f64::from(*c) * f64::from(*c)).sum();
            let length = square.sqrt() * (1.0 + 1e-12);
            let spread = panel.packed.as_ref().map_or(0.0, |packed| packed.spread(k));
            let slack = 8.0 * U * square * 1.0001;
            let slope = up(2.0 * (spread + (length + spread) * of_product));
            let tilt = up(2.0 * (length + spread) * (1.0 + gamma(16.0)));
            panel.coefficients.push((square - slack) as f32, slope, tilt);
            panel.slack.push(slack);
            panel.longest = panel.longest.max(up(length));
        }
        panel.coefficients.fill_up();
        panel
    }

    pub(super) fn clusters(&self) -> usize {
        self.clusters
    }

    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    #[inline(always)]
    pub(super) fn codeword(&self, k: usize) -> &[f32] {
        self.values.chunks_exact(self.dim).nth(k).unwrap_or_default()
    }

    /// Lower bounds of the scores of row `row` with some codewords.
    #[inline(always)]
    pub(super) fn few<S: Simd>(&self, simd: S, rows: RowBlock<'_>, row: usize, codewords: &[u16], out: &mut [f32]) {
        if let Some(packed) = &self.packed {
            return packed.few(rows.integers(), row, codewords, &self.coefficients, out);
        }
        let Coefficients { norm, slope, .. } = &self.coefficients;
        let (values, length) = (rows.row(row), rows.length(row));
        for (k, out) in codewords.iter().zip(out) {
            let product = 2.0 * approximate_product(simd, values, self.codeword(usize::from(*k)));
            let of = norm.get(usize::from(*k)).zip(slope.get(usize::from(*k)));
            *out = of.map_or(f32::NEG_INFINITY, |(norm, slope)| (norm - product) - length * slope);
        }
    }

    /// Upper bound of the score of codeword `k` from its lower bound, for a row of the given `length` and `error`.
    #[inline(always)]
    pub(super) fn upper(&self, k: usize, lower: f32, length: f32, error: f32) -> f64 {
        let get = |list: &[f32]| list.get(k).map_or(f64::INFINITY, |value| f64::from(*value));
        let slack = self.slack.get(k).copied().unwrap_or(f64::INFINITY);
        let half =
            f64::from(length) * get(&self.coefficients.slope) + f64::from(error) * get(&self.coefficients.tilt) + slack;
        f64::from(lower) + 2.001 * half
    }
}

/// The codewords as integers, where the unit multiplies such.
fn packed(unit: Unit, values: &[f32], dim: usize) -> Result<Option<Packed>> {
    let width = unit.products.width();
    width.map(|width| Packed::new(unit.instructions(width), width, values, dim)).transpose()
}

#[cfg(test)]
mod tests;

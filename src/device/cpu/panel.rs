//! A codebook prepared for filtering: f32 codewords, and per codeword what bounds the error of a score.

use crate::codebook::Codebook;
use crate::error::{Result, try_vec};

/// Unit roundoff of binary32, round to nearest.
const U: f64 = 1.0 / 16_777_216.0;

/// Codewords as exact f32 with the coefficients of the score's lower bound.
///
/// # Exactness
/// The score of codeword c for row r is `s = |c|^2 - 2 r.c`, the squared distance less the row's own `|r|^2`. The
/// filter computes, in f32 and in any order, with or without fused multiply-add,
///
/// ```text
/// dot = sum_d r_d c_d            L = (norm - 2 dot) - |r| slope
/// ```
///
/// and needs `L <= s <= L + 2 (|r| slope + slack)` for every codeword. Inputs are integers within 2^24, so they are
/// exact, no product underflows, and nothing overflows (`s` is below 2^62). Each of the D terms of `dot` passes
/// through at most D roundings, so `|dot_computed - r.c| <= g_D sum |r_d c_d| <= g_D |r| |c|` by Cauchy-Schwarz,
/// with `g_n = n u / (1 - n u)`. `norm` is `|c|^2` less `slack`, rounded once; the subtraction of `2 dot`, the product
/// `|r| slope` and the last subtraction round three times, each by at most u relative to values bounded by
/// `2 |r| |c| (1 + g_D) + |c|^2 + |r| slope`. Together the error is at most
///
/// ```text
/// 2 |r| |c| (g_D + 3.1 u) + 3.1 u (|c|^2 + |r| slope) < |r| slope + slack,
/// slope = 2 |c| g_(D + 8),    slack = 8 u |c|^2
/// ```
///
/// as `g_(D + 8) - g_D >= 8 u` leaves `2 |r| |c| 4.9 u`, more than `3.1 u |r| slope` for D up to 8,192
/// (`slope < 2 |c| 5e-4`). `|r|`, `|c|` and `slope` are computed in f64 and rounded up.
pub(super) struct Panel {
    clusters: usize,
    dim: usize,
    /// Codewords (K, D).
    pub(super) values: Vec<f32>,
    /// `|c|^2 - slack` (K).
    pub(super) norm: Vec<f32>,
    /// `2 |c| g_(D + 8)` (K).
    pub(super) slope: Vec<f32>,
    /// `8 u |c|^2` (K).
    slack: Vec<f64>,
}

impl Panel {
    pub(super) fn new(codebook: &Codebook) -> Result<Self> {
        let (clusters, dim) = (codebook.clusters(), codebook.dim());
        let mut values = try_vec(0.0_f32, codebook.values().len(), "codewords")?;
        values.iter_mut().zip(codebook.values()).for_each(|(value, q)| *value = *q as f32);
        Ok(Self::of(values, clusters, dim))
    }

    /// The codewords `chosen` of this panel.
    pub(super) fn subset(&self, chosen: &[u32]) -> Self {
        let codeword = |k: &u32| self.codeword(*k as usize);
        let values = chosen.iter().flat_map(codeword).copied().collect();
        Self::of(values, chosen.len(), self.dim)
    }

    fn of(values: Vec<f32>, clusters: usize, dim: usize) -> Self {
        let n = (dim + 8) as f64;
        let gamma = n * U / (1.0 - n * U) * 1.0001;
        let mut panel = Self { clusters, dim, values, norm: vec![], slope: vec![], slack: vec![] };
        for codeword in panel.values.chunks_exact(dim) {
            // Exact up to 2^53, and within 2^-50 beyond: far below the slack.
            let square: f64 = codeword.iter().map(|c| f64::from(*c) * f64::from(*c)).sum();
            let slack = 8.0 * U * square * 1.0001;
            panel.norm.push((square - slack) as f32);
            panel.slope.push(up(2.0 * square.sqrt() * gamma));
            panel.slack.push(slack);
        }
        panel
    }

    pub(super) fn clusters(&self) -> usize {
        self.clusters
    }

    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    pub(super) fn codeword(&self, k: usize) -> &[f32] {
        self.values.chunks_exact(self.dim).nth(k).unwrap_or_default()
    }

    /// Upper bound of the score of codeword `k` for a row of length at most `length`, from its lower bound.
    #[inline(always)]
    pub(super) fn upper(&self, k: usize, lower: f32, length: f32) -> f64 {
        let (slope, slack) = (self.slope.get(k), self.slack.get(k));
        let (slope, slack) = (slope.copied().unwrap_or(f32::INFINITY), slack.copied().unwrap_or(f64::INFINITY));
        f64::from(lower) + 2.001 * (f64::from(length) * f64::from(slope) + slack)
    }
}

/// A positive f64 as an f32 that is not smaller.
#[inline(always)]
pub(super) fn up(value: f64) -> f32 {
    // One rounding of at most u relative: half of what is added.
    (value * (1.0 + 2.0 * U)) as f32
}

/// A positive f64 as an f32 that is not larger.
#[inline(always)]
pub(super) fn down(value: f64) -> f32 {
    (value * (1.0 - 2.0 * U)) as f32
}

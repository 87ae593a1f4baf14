//! A codebook on the device, with the values that bound the rounding of `assign`.

use super::context::Context;
use crate::codebook::Codebook;
use crate::error::{Result, try_vec};
use crate::kernel::assign;
use rayon::prelude::*;

/// Half norm of the codewords that pad a tile; no score of a real codeword comes near it.
const FAR: f32 = f32::from_bits((127 + 100) << 23);

/// Codewords as f32.
///
/// # Shapes
/// `values` (width, padded) vec4, so that neighbouring invocations read neighbouring codewords; `half_norms` (padded).
#[derive(Clone)]
pub(super) struct Codewords {
    pub(super) values: wgpu::Buffer,
    pub(super) half_norms: wgpu::Buffer,
    pub(super) clusters: u32,
    pub(super) padded: u32,
    pub(super) slope: f32,
    pub(super) base: f32,
}

impl Codewords {
    pub(super) fn new(context: &Context, codebook: &Codebook, width: usize) -> Result<Self> {
        let (clusters, dim) = (codebook.clusters(), codebook.dim());
        let padded = clusters.next_multiple_of(if wide_codes(clusters) { 128 } else { 64 });
        let mut values = try_vec([0.0_f32; 4], width.saturating_mul(padded), "codewords")?;
        let mut half_norms = try_vec(FAR, padded, "codewords")?;
        let codeword = |k: usize| codebook.codeword(k).unwrap_or_default();
        values.par_chunks_exact_mut(padded).enumerate().for_each(|(at, to)| {
            for (k, to) in to.iter_mut().enumerate().take(clusters) {
                let from = codeword(k).iter().skip(4 * at);
                to.iter_mut().zip(from).for_each(|(to, c)| *to = *c as f32);
            }
        });
        let norm = |k| -> u64 { codeword(k).iter().map(|c| i64::from(*c).unsigned_abs().pow(2)).sum() };
        let norms: Vec<u64> = (0..clusters).into_par_iter().map(norm).collect();
        half_norms.iter_mut().zip(&norms).for_each(|(half, norm)| *half = (*norm as f64 / 2.0) as f32);
        let longest = norms.into_iter().max().unwrap_or(0);
        let (slope, base) = assign::gap(dim, longest);
        Ok(Self {
            values: context.filled("codewords", &values)?,
            half_norms: context.filled("codewords", &half_norms)?,
            clusters: clusters as u32,
            padded: padded as u32,
            slope,
            base,
        })
    }
}

/// Returns whether it is faster to walk over so many codewords 128 at a time than 64: it is, unless that pads them by
/// more than an eighth.
pub(super) fn wide_codes(clusters: usize) -> bool {
    clusters.next_multiple_of(128) * 8 <= clusters.next_multiple_of(64) * 9
}

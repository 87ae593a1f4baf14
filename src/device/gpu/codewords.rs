//! A codebook on the device, with the values that bound the rounding of `assign`.

use super::batch::CommandBatch;
use super::context::Context;
use super::params::Params;
use super::span::{Span, words};
use crate::codebook::Codebook;
use crate::error::{Result, try_vec, try_zeros};
use crate::kernel::assign;
use rayon::prelude::*;

/// Codewords are padded to a multiple of this: whole tiles of every variant of the filters.
pub(super) const PADDING: usize = 128;
/// Half norm of the codewords that pad a tile; no score of a real codeword comes near it.
const FAR: f32 = f32::from_bits((127 + 100) << 23);

/// Codewords as f32.
///
/// # Shapes
/// `values` (width, padded) vec4, so that neighbouring invocations read neighbouring codewords; `half_norms` and
/// `race_norms` (padded).
#[derive(Clone)]
pub(super) struct Codewords {
    pub(super) values: wgpu::Buffer,
    pub(super) half_norms: wgpu::Buffer,
    /// The half norms with which they take part in the race, see shaders/distinct.wgsl; valid after an assignment.
    pub(super) race_norms: wgpu::Buffer,
    pub(super) clusters: u32,
    pub(super) padded: u32,
    pub(super) slope: f32,
    pub(super) base: f32,
    /// Their largest squared length.
    pub(super) longest: u64,
}

impl Codewords {
    /// Makes room for `clusters` codewords, which are zeros.
    pub(super) fn room(context: &Context, clusters: usize, width: usize) -> Result<Self> {
        let padded = clusters.next_multiple_of(PADDING);
        Ok(Self {
            values: context.storage("codewords", padded as u64 * width as u64 * 16)?,
            half_norms: context.filled("codewords", &try_vec(FAR, padded, "codewords")?)?,
            race_norms: context.storage("half norms of the race", padded as u64 * 4)?,
            clusters: clusters as u32,
            padded: padded as u32,
            slope: 0.0,
            base: 0.0,
            longest: 0,
        })
    }

    /// Returns the same codewords with the bound for those whose largest squared length is `longest`.
    pub(super) fn bounded(self, dim: usize, longest: u64) -> Self {
        let (slope, base) = assign::gap(dim, longest);
        Self { slope, base, longest, ..self }
    }

    /// Returns the parameters of a dispatch that takes these codewords.
    pub(super) fn params(&self, params: Params) -> Params {
        let Self { clusters, padded, slope, base, .. } = *self;
        Params { clusters, padded, slope, base, ..params }
    }

    /// Reads the codewords back.
    pub(super) fn read(&self, context: &Context, dim: usize) -> Result<Codebook> {
        let (clusters, padded) = (self.clusters as usize, self.padded as usize);
        let mut values = try_zeros::<i32>(clusters.saturating_mul(dim), "codewords")?;
        // Four components of all codewords.
        let row_bytes = padded * 16;
        let at_once = (context.piece() / row_bytes).max(1);
        let rows = dim.div_ceil(4);
        for first in (0..rows).step_by(at_once) {
            let here = at_once.min(rows - first);
            let span =
                Span { buffer: &self.values, offset: (first * row_bytes) as u64, size: (here * row_bytes) as u64 };
            let bytes = context.read(&[span], |_| {})?;
            values.par_chunks_exact_mut(dim).enumerate().for_each(|(k, codeword)| {
                let columns = bytes.chunks_exact(row_bytes).filter_map(|row| row.get(k * 16..k * 16 + 16));
                let to = codeword.iter_mut().skip(4 * first);
                to.zip(columns.flat_map(words)).for_each(|(to, word)| *to = f32::from_bits(word) as i32);
            });
        }
        Ok(Codebook::new(values, dim))
    }

    pub(super) fn new(context: &Context, codebook: &Codebook, width: usize) -> Result<Self> {
        let Layout { values, half_norms, longest } = Layout::of(codebook, width)?;
        let codewords = Self {
            values: context.filled("codewords", &values)?,
            half_norms: context.filled("codewords", &half_norms)?,
            race_norms: context.storage("half norms of the race", half_norms.len() as u64 * 4)?,
            clusters: codebook.clusters() as u32,
            padded: half_norms.len() as u32,
            slope: 0.0,
            base: 0.0,
            longest: 0,
        };
        Ok(codewords.bounded(codebook.dim(), longest))
    }

    /// Puts other codewords, of the same number and width, in place of these.
    pub(super) fn replace(
        &mut self,
        context: &Context,
        batch: &mut CommandBatch,
        codebook: &Codebook,
        width: usize,
    ) -> Result<()> {
        let Layout { values, half_norms, longest } = Layout::of(codebook, width)?;
        batch.write(context, &self.values, bytemuck::cast_slice(&values))?;
        batch.write(context, &self.half_norms, bytemuck::cast_slice(&half_norms))?;
        *self = self.clone().bounded(codebook.dim(), longest);
        Ok(())
    }
}

/// A codebook as it lies on the device.
struct Layout {
    values: Vec<[f32; 4]>,
    half_norms: Vec<f32>,
    /// The largest squared length of a codeword.
    longest: u64,
}

impl Layout {
    fn of(codebook: &Codebook, width: usize) -> Result<Self> {
        let clusters = codebook.clusters();
        let padded = clusters.next_multiple_of(PADDING);
        let mut values = try_zeros::<[f32; 4]>(width.saturating_mul(padded), "codewords")?;
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
        half_norms.iter_mut().zip(&norms).for_each(|(half, norm)| *half = *norm as f32 / 2.0);
        Ok(Self { values, half_norms, longest: norms.into_iter().max().unwrap_or(0) })
    }
}

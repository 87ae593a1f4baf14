//! The residual quantizer in training: codebooks in f32, put on a grid for every step, where all of it is exact.

use super::params::{CodebookUpdate, Estimator, RqVae};
use crate::codebook::{CODEWORDS_MAX, Codebook, largest_sum};
use crate::device::{Device, Purpose, Table};
use crate::error::{ErrorKind, Result};
use crate::grid::{EXPONENTS, Grid, pow2};
use crate::kernel::adamw::{Step, adamw};
use crate::kernel::assign::squared_distance;
use crate::kernel::float::finish;
use crate::partial::Partial;
use crate::rq::sinkhorn;
use rayon::prelude::*;

/// Bits of the largest latent when a grid is chosen; it may grow 32 times as large before it saturates.
const LATENT_BITS: i32 = 18;

/// The codewords of a level with what their training keeps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Book {
    /// (K, d).
    pub(super) values: Vec<f32>,
    pub(super) moments: [Vec<f32>; 2],
    /// Moving averages of member counts (K) and of member sums (K, d), in units of the latents.
    pub(super) counts: Vec<f64>,
    pub(super) sums: Vec<f64>,
}

impl Book {
    pub(super) fn new(values: Vec<f32>, dim: usize) -> Self {
        let (len, clusters) = (values.len(), values.len() / dim);
        let sums = values.iter().map(|value| f64::from(*value)).collect();
        Self { values, moments: [vec![0.0; len], vec![0.0; len]], counts: vec![1.0; clusters], sums }
    }

    fn on_grid(&self, exponent: i32, dim: usize) -> Codebook {
        let grid = Grid::new(vec![0.0; dim], exponent);
        let mut q = vec![0; self.values.len()];
        grid.quantize(&self.values, &mut q);
        Codebook::new(q, dim)
    }

    /// Gives codeword `k` a new value and no past.
    pub(super) fn restart(&mut self, k: usize, value: &[f32]) {
        let dim = value.len();
        fn part<T>(list: &mut [T], k: usize, dim: usize) -> &mut [T] {
            list.chunks_exact_mut(dim).nth(k).unwrap_or_default()
        }
        part(&mut self.values, k, dim).copy_from_slice(value);
        self.moments.iter_mut().for_each(|moment| part(moment, k, dim).fill(0.0));
        part(&mut self.counts, k, 1).fill(1.0);
        part(&mut self.sums, k, dim).iter_mut().zip(value).for_each(|(sum, value)| *sum = f64::from(*value));
    }

    /// Moves the codewords to the moving averages of their members.
    ///
    /// # Exactness
    /// In f64 from exact sums, element by element.
    fn average(&mut self, decay: f64, sums: &Partial, unit: f64) {
        let dim = sums.dim();
        for (count, new) in self.counts.iter_mut().zip(sums.counts()) {
            *count = decay * *count + (1.0 - decay) * *new as f64;
        }
        for (sum, new) in self.sums.iter_mut().zip(sums.sums()) {
            *sum = decay * *sum + (1.0 - decay) * (*new as f64 * unit);
        }
        let codewords = self.values.chunks_exact_mut(dim).zip(self.sums.chunks_exact(dim));
        for ((codeword, sums), count) in codewords.zip(&self.counts) {
            // A codeword that has had no rows for long stays where it is.
            if *count > 1e-3 {
                codeword.iter_mut().zip(sums).for_each(|(c, sum)| *c = finish((sum / count) as f32));
            }
        }
    }
}

/// All levels.
pub(super) struct Quantizer {
    pub(super) books: Vec<Book>,
    pub(super) dim: usize,
    /// The grid of the current epoch.
    pub(super) exponent: i32,
    device: Device,
    table: Option<Box<dyn Table>>,
    /// What is given back for a batch, reused.
    pub(super) batch: Batch,
}

/// What the quantizer makes of the latents of a batch.
#[derive(Default)]
pub(super) struct Batch {
    /// (n, d): the sums of codewords.
    pub(super) quantized: Vec<f32>,
    /// (n, d): what each level left over, added up over the levels, on the grid.
    pub(super) left: Vec<i64>,
    /// Mean over the levels of the squared distance, per value of the latents.
    pub(super) error: f64,
    sums: Vec<Partial>,
    grid_books: Vec<Codebook>,
}

impl Quantizer {
    pub(super) fn new(books: Vec<Book>, dim: usize, device: &Device) -> Self {
        Self { books, dim, exponent: 0, device: device.clone(), table: None, batch: Batch::default() }
    }

    /// Chooses the grid on which the largest of these latents and of all codewords is in [2^17, 2^18).
    pub(super) fn choose_grid(&mut self, latents: &[f32]) {
        let values = latents.iter().chain(self.books.iter().flat_map(|book| &book.values));
        let largest = values.fold(0.0_f32, |largest, x| largest.max(x.abs()));
        let exponent = (largest.to_bits() >> 23) as i32 - 127;
        let finest = if largest > 0.0 { LATENT_BITS - 1 - exponent } else { LATENT_BITS };
        self.exponent = finest.clamp(*EXPONENTS.start(), *EXPONENTS.end());
    }

    /// The codebooks on the grid.
    ///
    /// # Errors
    /// [`ErrorKind::Diverged`] where they have grown out of it.
    pub(super) fn codebooks(&self) -> Result<Vec<Codebook>> {
        let books: Vec<Codebook> = self.books.iter().map(|book| book.on_grid(self.exponent, self.dim)).collect();
        match largest_sum(&books) > CODEWORDS_MAX {
            true => Err(ErrorKind::Diverged { what: "the codebooks outgrew the latents' grid".into() }.into()),
            false => Ok(books),
        }
    }

    /// Quantizes the latents (n, d) of a batch, which are finite.
    ///
    /// # Exactness
    /// Distances, residuals and sums are integers on the grid; `error` is an exact integer sum turned into f64.
    pub(super) fn quantize(&mut self, latents: &[f32], params: &RqVae) -> Result<()> {
        let (dim, rows, levels) = (self.dim, latents.len() / self.dim, self.books.len());
        let grid_books = self.codebooks()?;
        let mut residual = vec![0; latents.len()];
        Grid::new(vec![0.0; dim], self.exponent).quantize(latents, &mut residual);
        let start = residual.clone();
        let mut left = vec![0_i64; latents.len()];
        let mut level_codes = vec![0; rows];
        let mut squares = 0_u128;
        let mut all_sums = Vec::with_capacity(levels);
        for (level, book) in grid_books.iter().enumerate() {
            match params.sinkhorn_of(level) {
                None => self.assign(book, &residual, &mut level_codes)?,
                Some(epsilon) => level_codes = self.balance(book, &residual, epsilon, params.sinkhorn.1),
            }
            let mut sums = Partial::new(book.clusters(), dim);
            for (row, code) in residual.chunks_exact_mut(dim).zip(&level_codes) {
                sums.add(*code as usize, row);
                let codeword = book.codeword(*code as usize).unwrap_or_default();
                squares += u128::from(squared_distance(row, codeword));
                row.iter_mut().zip(codeword).for_each(|(value, c)| *value -= c);
            }
            all_sums.push(sums);
            left.iter_mut().zip(&residual).for_each(|(left, value)| *left += i64::from(*value));
        }
        let unit = pow2(-self.exponent);
        let quantized = start.iter().zip(&residual).map(|(start, rest)| (f64::from(start - rest) * unit) as f32);
        self.batch = Batch {
            quantized: quantized.collect(),
            left,
            error: squares as f64 * unit * unit / (levels * latents.len().max(1)) as f64,
            sums: all_sums,
            grid_books,
        };
        Ok(())
    }

    fn assign(&mut self, book: &Codebook, residual: &[i32], codes: &mut [u32]) -> Result<()> {
        let mut table = match self.table.take() {
            Some(table) if table.rows() == codes.len() => table,
            _ => self.device.engine().table(codes.len(), self.dim, Purpose::Encode)?,
        };
        table.upload(0, residual)?;
        table.assign(book)?;
        table.codes(codes)?;
        self.table = Some(table);
        Ok(())
    }

    /// Codes by Sinkhorn, on the host.
    fn balance(&self, book: &Codebook, residual: &[i32], epsilon: f64, iterations: usize) -> Vec<u32> {
        let (dim, unit) = (self.dim, pow2(-self.exponent) * pow2(-self.exponent));
        let of_row = |row: &[i32]| {
            let distance = |codeword: &[i32]| squared_distance(row, codeword) as f64 * unit;
            book.values().chunks_exact(dim).map(distance).collect::<Vec<f64>>()
        };
        let mut distances: Vec<f64> = residual.par_chunks_exact(dim).flat_map_iter(of_row).collect();
        sinkhorn::codes(&mut distances, book.clusters(), epsilon, iterations)
    }

    /// The gradient (n, d) of the commitment loss: `factor` times what was left over.
    pub(super) fn commitment(&self, factor: f64) -> Vec<f32> {
        let factor = factor * pow2(-self.exponent);
        self.batch.left.iter().map(|left| finish((*left as f64 * factor) as f32)).collect()
    }

    /// The gradients of the codebook loss per level: `factor (n_k c_k - sum of the members)`.
    pub(super) fn gradients(&self, factor: f64) -> Vec<Vec<f32>> {
        let factor = factor * pow2(-self.exponent);
        let level = |(book, sums): (&Codebook, &Partial)| {
            let codewords = book.values().chunks_exact(self.dim).zip(sums.sums().chunks_exact(self.dim));
            let of_codeword = |((codeword, sums), count): ((&[i32], &[i64]), &u64)| {
                let count = *count as i64;
                let pull = codeword.iter().zip(sums).map(move |(c, sum)| count * i64::from(*c) - sum);
                pull.map(|pull| finish((pull as f64 * factor) as f32)).collect::<Vec<f32>>()
            };
            codewords.zip(sums.counts()).flat_map(of_codeword).collect()
        };
        self.batch.grid_books.iter().zip(&self.batch.sums).map(level).collect()
    }

    /// Moves the codebooks after a batch.
    pub(super) fn update(&mut self, update: CodebookUpdate, gradients: &[Vec<f32>], step: &Step) {
        for ((book, gradient), sums) in self.books.iter_mut().zip(gradients).zip(&self.batch.sums) {
            match update {
                CodebookUpdate::Gradient => {
                    let [m, v] = &mut book.moments;
                    adamw(&mut book.values, gradient, m, v, step);
                }
                CodebookUpdate::MovingAverage(decay) => book.average(decay, sums, pow2(-self.exponent)),
            }
        }
    }

    /// Rows of every codeword in the batch, per level.
    pub(super) fn counts(&self) -> impl Iterator<Item = &[u64]> {
        self.batch.sums.iter().map(Partial::counts)
    }

    /// The gradient of the latents from that of the quantized values.
    pub(super) fn estimate(&self, estimator: Estimator, latents: &[f32], gradient: &mut [f32]) {
        if estimator == Estimator::StraightThrough {
            return;
        }
        let rows = latents.chunks_exact(self.dim).zip(self.batch.quantized.chunks_exact(self.dim));
        rows.zip(gradient.chunks_exact_mut(self.dim)).for_each(|((z, q), gradient)| rotate(z, q, gradient));
    }
}

/// `|q| / |z| Rᵀ g`, R being the rotation in their plane that turns z into the direction of q:
/// `Rᵀ g = g - 2 r (r g) + 2 z (q g)` with z and q of unit length and r that of their sum. Where one of the three vectors
/// is zero the gradient stays as it is.
///
/// # Exactness
/// In f64, sums from the first dimension to the last, on the host: the same everywhere.
fn rotate(z: &[f32], q: &[f32], gradient: &mut [f32]) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let unit = |vector: Vec<f64>| {
        let length = dot(&vector, &vector).sqrt();
        (length > 0.0).then(|| (vector.iter().map(|x| x / length).collect::<Vec<f64>>(), length))
    };
    let wide = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
    let (Some((z, z_length)), Some((q, q_length))) = (unit(wide(z)), unit(wide(q))) else { return };
    let Some((r, _)) = unit(z.iter().zip(&q).map(|(z, q)| z + q).collect()) else { return };
    let g = wide(gradient);
    let (along_r, along_q, scale) = (2.0 * dot(&r, &g), 2.0 * dot(&q, &g), q_length / z_length);
    for (((out, g), r), z) in gradient.iter_mut().zip(&g).zip(&r).zip(&z) {
        *out = finish((scale * (g - r * along_r + z * along_q)) as f32);
    }
}

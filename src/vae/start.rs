//! Where trainings start, and where codewords restart.

use super::book::Book;
use super::data::Data;
use super::forward::Forward;
use super::params::RqVae;
use super::quantizer::Quantizer;
use super::train::Start;
use super::weights::{Layer, even, widths};
use crate::codebook;
use crate::device::Device;
use crate::error::Result;
use crate::grid::Grid;
use crate::kernel::assign::assign;
use crate::rng::Stream;
use crate::rows::Matrix;
use crate::rq::RqKMeans;

/// Most rows whose latents the first codewords are fitted to.
const KMEANS_ROWS: usize = 16_384;

/// Drawn weights, and codebooks fitted to the latents they give, or drawn evenly from -1/K to 1/K.
pub(super) fn drawn(params: &RqVae, data: &Data, clusters: &[usize], device: &Device) -> Result<Start> {
    let hidden = || params.hidden.iter().copied();
    let mut stream = Stream::new("rq-vae weights", params.seed, 0, 0);
    let mut layers = |sizes: Vec<(usize, usize)>| -> Vec<Layer> {
        sizes.into_iter().map(|(inputs, outputs)| Layer::drawn(inputs, outputs, &mut stream)).collect()
    };
    let encoder = layers(widths(data.dim, hidden(), params.latent));
    let decoder = layers(widths(params.latent, hidden().rev(), data.dim));
    let books = match params.kmeans_init {
        true => fitted(params, data, &encoder, clusters, device)?,
        false => random(params, clusters),
    };
    Ok(Start { encoder, decoder, books, skip: false })
}

/// Layers and codebooks of the right shapes, for a checkpoint to fill.
pub(super) fn shaped(params: &RqVae, data: &Data, clusters: &[usize]) -> Start {
    let hidden = || params.hidden.iter().copied();
    let layers = |sizes: Vec<(usize, usize)>| sizes.into_iter().map(|(i, o)| Layer::zero(i, o)).collect();
    let books = clusters.iter().map(|clusters| Book::new(vec![0.0; clusters * params.latent], params.latent));
    Start {
        encoder: layers(widths(data.dim, hidden(), params.latent)),
        decoder: layers(widths(params.latent, hidden().rev(), data.dim)),
        books: books.collect(),
        skip: false,
    }
}

fn fitted(params: &RqVae, data: &Data, encoder: &[Layer], clusters: &[usize], device: &Device) -> Result<Vec<Book>> {
    let most = clusters.iter().copied().max().unwrap_or(1);
    let count = data.len().min(KMEANS_ROWS.max(most));
    let mut rows = Vec::new();
    data.gather(data.order(params.seed, 0).get(..count).unwrap_or_default(), &mut rows);
    let latents = Forward::once(encoder, params, &rows, device)?;
    let kmeans = RqKMeans::new(clusters.len(), clusters).seed(params.seed).center(false);
    let kmeans = kmeans.max_iter(params.kmeans_iters.max(1));
    let model = kmeans.fit(&Matrix::new(&latents, params.latent)?, device)?;
    let levels = model.levels().iter().enumerate();
    levels
        .map(|(level, book)| Ok(Book::new(codebook::to_f32(level, book, model.codebook_exponent())?, params.latent)))
        .collect()
}

fn random(params: &RqVae, clusters: &[usize]) -> Vec<Book> {
    let book = |(level, clusters): (usize, &usize)| {
        let mut stream = Stream::new("rq-vae codebook", params.seed, level, 0);
        let values = (0..clusters * params.latent).map(|_| even(&mut stream, 1.0 / *clusters as f64));
        Book::new(values.collect(), params.latent)
    };
    clusters.iter().enumerate().map(book).collect()
}

/// Restarts the codewords listed per level at residuals of the given latents (n, d), with a spread of their own.
pub(super) fn revive(
    quantizer: &mut Quantizer,
    latents: &[f32],
    unused: &[Vec<usize>],
    seed: u64,
    epoch: usize,
) -> Result<()> {
    let dim = quantizer.dim;
    let mut residual = vec![0; latents.len()];
    Grid::new(vec![0.0; dim], quantizer.exponent).quantize(latents, &mut residual);
    let books = quantizer.codebooks()?;
    let rows = latents.len() / dim;
    let step = crate::grid::pow2(-quantizer.exponent);
    for (level, (book, unused)) in books.iter().zip(unused).enumerate() {
        let mut stream = Stream::new("rq-vae revive", seed, level, epoch);
        for k in unused {
            let row = stream.below(rows as u128) as usize;
            let value: Vec<f32> =
                residual.iter().skip(row * dim).take(dim).map(|q| (f64::from(*q) * step) as f32).collect();
            if let Some(book) = quantizer.books.get_mut(level) {
                book.restart(*k, &value);
            }
        }
        let mut codes = vec![0; rows];
        assign(&residual, book.values(), dim, &mut codes);
        crate::kernel::residual::subtract(&mut residual, book.values(), dim, &codes);
    }
    Ok(())
}

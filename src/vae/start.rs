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
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::kernel::assign::assign;
use crate::rng::Stream;
use crate::rows::Matrix;
use crate::rq::{Progress, RqKMeans};
use std::ops::ControlFlow;

/// Most rows whose latents the first codewords are fitted to.
const KMEANS_ROWS: usize = 16_384;

/// Drawn weights, and codebooks fitted to the latents they give, or drawn evenly from -1/K to 1/K.
pub(super) fn drawn(
    params: &RqVae,
    data: &Data,
    clusters: &[usize],
    device: &Device,
    progress: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Start> {
    let hidden = || params.hidden.iter().copied();
    let mut stream = Stream::new("rq-vae weights", params.seed, 0, 0);
    let mut layers = |sizes: Vec<(usize, usize)>| -> Vec<Layer> {
        sizes.into_iter().map(|(inputs, outputs)| Layer::drawn(inputs, outputs, &mut stream)).collect()
    };
    let encoder = layers(widths(data.dim, hidden(), params.latent));
    let decoder = layers(widths(params.latent, hidden().rev(), data.dim));
    let books = match params.kmeans_init {
        true => {
            let latents = first_latents(params, data, clusters, &encoder, device)?;
            fitted(params, &latents, clusters, device, progress)?
        }
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

/// Latents of the rows that the first codewords are fitted to.
fn first_latents(
    params: &RqVae,
    data: &Data,
    clusters: &[usize],
    encoder: &[Layer],
    device: &Device,
) -> Result<Vec<f32>> {
    let most = clusters.iter().copied().max().unwrap_or(1);
    let count = data.len().min(KMEANS_ROWS.max(most));
    let mut rows = Vec::new();
    data.gather(data.order(params.seed, 0).get(..count).unwrap_or_default(), &mut rows);
    let latents = Forward::once(encoder, params, &rows, device)?;
    match latents.iter().all(|x| x.is_finite()) {
        true => Ok(latents),
        false => {
            let expected = "the rows are too large for a network as they are; standardise them, or scale them down";
            Err(Error::parameter("standardize", params.standardize, expected))
        }
    }
}

fn fitted(
    params: &RqVae,
    latents: &[f32],
    clusters: &[usize],
    device: &Device,
    progress: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Vec<Book>> {
    let kmeans = RqKMeans::new(clusters.len(), clusters).seed(params.seed).center(false);
    let kmeans = kmeans.max_iter(params.kmeans_iters);
    let (model, _) = kmeans.fit_with(&Matrix::new(latents, params.latent)?, device, progress)?;
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

/// Restarts the codewords listed per level at residuals of the given latents (n, d): each of another row, over all levels,
/// while there are enough.
pub(super) fn revive(quantizer: &mut Quantizer, latents: &[f32], unused: &[Vec<usize>]) {
    let (dim, exponent) = (quantizer.dim, quantizer.exponent);
    let mut residual = vec![0; latents.len()];
    Grid::new(vec![0.0; dim], exponent).quantize(latents, &mut residual);
    let rows = latents.len() / dim;
    let mut codes = vec![0; rows];
    let step = crate::grid::pow2(-exponent);
    let mut next = (0..rows).cycle();
    for (book, unused) in quantizer.books.iter_mut().zip(unused) {
        for (k, row) in unused.iter().zip(&mut next) {
            let value = residual.iter().skip(row * dim).take(dim).map(|q| (f64::from(*q) * step) as f32);
            book.restart(*k, &value.collect::<Vec<f32>>());
        }
        let restarted = book.on_grid(exponent, dim);
        assign(&residual, restarted.values(), dim, &mut codes);
        crate::kernel::residual::subtract(&mut residual, restarted.values(), dim, &codes);
    }
}

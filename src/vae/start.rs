//! Where trainings start.

use super::data::Data;
use super::forward::Forward;
use super::params::RqVae;
use super::trained_codebook::TrainedCodebook;
use super::weights::{Layer, even, widths};
use crate::codebook;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::rng::Stream;
use crate::rows::Matrix;
use crate::rq::{Progress, RqKMeans};
use std::ops::ControlFlow;

/// The networks and codebooks that a training starts from.
pub(super) struct InitialModel {
    pub(super) encoder: Vec<super::weights::Layer>,
    pub(super) decoder: Vec<super::weights::Layer>,
    pub(super) books: Vec<TrainedCodebook>,
    /// Set where the encoder adds its input to its output.
    pub(super) skip: bool,
}

/// Most rows whose latents the first codewords are fitted to.
const KMEANS_ROWS: usize = 16_384;

/// Drawn weights, and codebooks fitted to the latents they give, or drawn evenly from -1/K to 1/K.
pub(super) fn drawn(
    params: &RqVae,
    data: &Data,
    clusters: &[usize],
    device: &Device,
    progress: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<InitialModel> {
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
    Ok(InitialModel { encoder, decoder, books, skip: false })
}

/// Layers and codebooks of the right shapes, for a checkpoint to fill.
pub(super) fn shaped(params: &RqVae, data: &Data, clusters: &[usize]) -> InitialModel {
    let hidden = || params.hidden.iter().copied();
    let layers = |sizes: Vec<(usize, usize)>| sizes.into_iter().map(|(i, o)| Layer::zero(i, o)).collect();
    let books =
        clusters.iter().map(|clusters| TrainedCodebook::new(vec![0.0; clusters * params.latent], params.latent));
    InitialModel {
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
            let expected = "must be true, or scale the rows down: they are too large for a network as they are";
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
) -> Result<Vec<TrainedCodebook>> {
    let kmeans = RqKMeans::new(clusters.len(), clusters).seed(params.seed).center(false);
    let kmeans = kmeans.max_iter(params.kmeans_iters);
    let (model, _) = kmeans.fit_with(&Matrix::new(latents, params.latent)?, device, progress)?;
    let levels = model.levels().iter().enumerate();
    levels
        .map(|(level, book)| {
            Ok(TrainedCodebook::new(codebook::to_f32(level, book, model.codebook_exponent())?, params.latent))
        })
        .collect()
}

fn random(params: &RqVae, clusters: &[usize]) -> Vec<TrainedCodebook> {
    let book = |(level, clusters): (usize, &usize)| {
        let mut stream = Stream::new("rq-vae codebook", params.seed, level, 0);
        let values = (0..clusters * params.latent).map(|_| even(&mut stream, 1.0 / *clusters as f64));
        TrainedCodebook::new(values.collect(), params.latent)
    };
    clusters.iter().enumerate().map(book).collect()
}

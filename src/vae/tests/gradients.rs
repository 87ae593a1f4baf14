//! Losses and gradients of a step against PyTorch's autograd, see tests/spec/rq_vae.py.

use crate::vae::data::Data;
use crate::vae::fit::RqVaeFit;
use crate::vae::standard::Standard;
use crate::vae::start::InitialModel;
use crate::vae::trained_codebook::TrainedCodebook;
use crate::vae::weights::{Layer, widths};
use crate::vae::{Estimator, Loss, MatmulWidth, Reduction};
use crate::{Device, RqVae};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    slope: f32,
    beta: f64,
    weight: f64,
    loss: String,
    reduction: String,
    batch_norm: bool,
    rotation: bool,
    dropout: f64,
    hidden: Vec<usize>,
    dim: usize,
    latent: usize,
    clusters: Vec<usize>,
    x: Vec<f32>,
    encoder: Vec<Affine>,
    decoder: Vec<Affine>,
    books: Vec<Vec<f32>>,
    reconstruction: f64,
    quantization: f64,
    encoder_gradients: Vec<Affine>,
    decoder_gradients: Vec<Affine>,
    book_gradients: Vec<Vec<f32>>,
}

#[derive(Clone, Deserialize)]
struct Affine {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Case {
    fn layers(&self, affine: &[Affine], sizes: Vec<(usize, usize)>) -> Vec<Layer> {
        let layer = |((inputs, outputs), affine): ((usize, usize), &Affine)| {
            let Affine { weight, bias } = affine.clone();
            Layer { inputs, outputs, weight, bias }
        };
        sizes.into_iter().zip(affine).map(layer).collect()
    }

    fn training(&self, width: MatmulWidth, device: &Device) -> RqVaeFit {
        let params = RqVae::new(self.clusters.len(), self.clusters.clone())
            .hidden(self.hidden.clone())
            .latent(self.latent)
            .batch(self.x.len() / self.dim)
            .slope(self.slope)
            .beta(self.beta)
            .quantization_weight(self.weight)
            .batch_norm(self.batch_norm)
            .dropout(self.dropout)
            .estimator(if self.rotation { Estimator::Rotation } else { Estimator::StraightThrough })
            .loss(if self.loss == "l1" { Loss::L1 } else { Loss::Mse })
            .reduction(if self.reduction == "sum" { Reduction::Sum } else { Reduction::Mean })
            .standardize(false)
            .held_out(0.0)
            .width(width);
        let rows = crate::Matrix::new(&self.x, self.dim).unwrap();
        let data = Data::read(&rows, &params, Some(Standard::none(self.dim)), device).unwrap();
        let hidden = || self.hidden.iter().copied();
        let start = InitialModel {
            encoder: self.layers(&self.encoder, widths(self.dim, hidden(), self.latent)),
            decoder: self.layers(&self.decoder, widths(self.latent, hidden().rev(), self.dim)),
            books: self.books.iter().map(|book| TrainedCodebook::new(book.clone(), self.latent)).collect(),
            skip: false,
        };
        RqVaeFit::assemble(&params, data, start, device).unwrap()
    }
}

/// `|found - expected| / |expected|` over whole tensors.
fn error(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>();
    let difference = square(&mut found.iter().zip(expected).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    (difference / square(&mut expected.iter().map(|x| f64::from(*x))).max(1e-30)).sqrt()
}

#[test]
fn losses_and_gradients_are_those_of_autograd() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../../tests/spec/rq_vae.json")).unwrap();
    assert_eq!(cases.len(), 9);
    for case in &cases {
        // With 8 bits a row of these few can get another code, or a difference another sign.
        for (width, limit) in [(MatmulWidth::Sixteen, 1e-3), (MatmulWidth::Eight, 0.5)] {
            let device = Device::reference();
            let mut training = case.training(width, &device);
            let (report, nets, books) = training.gradients(&case.x).unwrap();
            let expected = case.encoder_gradients.iter().chain(&case.decoder_gradients);
            let expected: Vec<&[f32]> = expected.flat_map(|affine| [&affine.weight[..], &affine.bias[..]]).collect();
            assert_eq!(nets.len(), expected.len(), "{}", case.name);
            let all = nets.iter().zip(expected).chain(books.iter().zip(case.book_gradients.iter().map(|g| &g[..])));
            for (i, (found, expected)) in all.enumerate() {
                // Batch norm takes the mean away, and with it the bias before it: its gradient is zero.
                let largest = expected.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
                if largest < 1e-12 {
                    assert!(found.iter().all(|x| x.abs() < 1e-4), "{} {width:?} tensor {i}: {found:?}", case.name);
                    continue;
                }
                let error = error(found, expected);
                assert!(error < limit, "{} {width:?} tensor {i}: relative error {error}", case.name);
            }
            let close = |found: f64, expected: f64| (found / expected - 1.0).abs() < limit;
            assert!(close(report.reconstruction, case.reconstruction), "{} {}", case.name, report.reconstruction);
            assert!(close(report.quantization, case.quantization), "{} {}", case.name, report.quantization);
        }
    }
}

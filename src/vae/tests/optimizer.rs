//! AdamW, schedules and moving averages against PyTorch, see tests/spec/optimizer.py, and against their definition.

use crate::codebook::Codebook;
use crate::kernel::adamw::{Rule, StepFactors, adamw};
use crate::rng::row_hash;
use crate::vae::Schedule;
use crate::vae::trained_codebook::TrainedCodebook;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    adamw: Vec<Steps>,
    schedules: Vec<Rates>,
}

#[derive(Deserialize)]
struct Steps {
    lr: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    start: Vec<f32>,
    gradients: Vec<Vec<f32>>,
    values: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Rates {
    schedule: String,
    warmup: usize,
    step_epochs: usize,
    gamma: f64,
    steps: u64,
    epochs: usize,
    rates: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../tests/spec/optimizer.json")).unwrap()
}

#[test]
fn parameters_move_as_pytorch_moves_them() {
    for case in golden().adamw {
        let Steps { lr, beta1, beta2, epsilon, weight_decay, start, gradients, values } = case;
        let rule = Rule { lr, beta1, beta2, epsilon, weight_decay };
        let (mut p, mut m, mut v) = (start.clone(), vec![0.0; start.len()], vec![0.0; start.len()]);
        assert_eq!(gradients.len(), 40);
        for ((t, gradient), expected) in (1..).zip(&gradients).zip(&values) {
            adamw(&mut p, gradient, &mut m, &mut v, &StepFactors::new(&rule, t));
            for (found, expected) in p.iter().zip(expected) {
                // Some roundings of 2^-24 a step, of values that are around 1.
                assert!((f64::from(*found) - expected).abs() < 3e-6, "step {t}: {found} {expected}");
            }
        }
    }
}

#[test]
fn learning_rates_are_those_of_pytorch() {
    for case in golden().schedules {
        let schedule = match case.schedule.as_str() {
            "cosine" => Schedule::Cosine,
            "step" => Schedule::Step { epochs: case.step_epochs, gamma: case.gamma },
            _ => Schedule::Constant,
        };
        assert_eq!(case.rates.len(), 40);
        for (step, expected) in (0..).zip(&case.rates) {
            let found = schedule.factor(step, case.steps, case.epochs, case.warmup);
            assert!((found - expected).abs() < 1e-12, "{schedule:?} step {step}: {found} {expected}");
        }
    }
}

/// The averages of the members themselves, which the book only knows by their pull on codewords.
#[test]
fn averages_are_those_of_the_members() {
    let (dim, clusters, decay, exponent) = (3, 4, 0.97, 6);
    let hash = |i: usize| (row_hash(5, i as u64) % 4001) as i32 - 2000;
    let step = 2.0_f64.powi(-exponent);
    let codewords: Vec<i32> = (0..clusters * dim).map(hash).collect();
    let start: Vec<f32> = codewords.iter().map(|c| (f64::from(*c) * step) as f32).collect();
    // Latents on the grid; the last codeword has none.
    let members: Vec<(usize, Vec<i32>)> =
        (0..20).map(|row| (row % (clusters - 1), (0..dim).map(|i| hash(100 + row * dim + i)).collect())).collect();
    let of = |k: usize| members.iter().filter(move |(code, _)| *code == k).map(|(_, row)| row);
    let counts: Vec<u64> = (0..clusters).map(|k| of(k).count() as u64).collect();
    let pull = |k: usize, i: usize| of(k).map(|row| codewords[k * dim + i] - row[i]).sum::<i32>();
    let pulls: Vec<f32> = (0..clusters * dim).map(|at| (f64::from(pull(at / dim, at % dim)) * step) as f32).collect();
    let codewords = Codebook::new(codewords, dim);
    // Codewords that had a row on average so far, few, and none.
    for past in [1.0, 0.02, 0.0] {
        let mut book = TrainedCodebook::new(start.clone(), dim);
        book.counts.fill(past);
        book.sums.iter_mut().for_each(|sum| *sum *= past);
        book.average(decay, &codewords, exponent, &counts, &pulls);
        for k in 0..clusters {
            let count = decay * past + (1.0 - decay) * counts[k] as f64;
            for i in 0..dim {
                let sum: f64 = of(k).map(|row| f64::from(row[i]) * step).sum();
                let before = f64::from(start[k * dim + i]);
                let averaged = (decay * past * before + (1.0 - decay) * sum) / count;
                let expected = if count > 0.0 { averaged } else { before };
                let found = f64::from(book.values[k * dim + i]);
                assert!(
                    (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
                    "{past} {k} {i}: {found} {expected}"
                );
            }
        }
    }
}

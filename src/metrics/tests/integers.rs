//! Distances between decoded IDs are those of the codewords' integers, where models have such: ties stay ties.

use crate::codebook::Codebook;
use crate::grid::Grid;
use crate::metrics::{Evaluation, Quality};
use crate::quantization::Quantization;
use crate::rng::row_hash;
use crate::{Codes, Device, Matrix, Metric, RqKMeansModel};
use std::ops::ControlFlow;

const DIM: usize = 3;
const ROWS: usize = 90;
const K: usize = 7;

/// Codewords on a lattice of odd integers, so that many IDs are equally far apart, around an offset so large beside
/// them that decoded f32 keep only some of the lattice.
fn model() -> RqKMeansModel {
    let grid = Grid::new(vec![1000.1, -3000.7, 77.3], 20);
    let quantization = Quantization { grid, metric: Metric::L2, normalize_residuals: false };
    let book = |level: u64| {
        let value = |i: u64| (row_hash(level, i) % 5) as i32 * 37 - 74;
        Codebook::new((0..6 * DIM as u64).map(value).collect(), DIM)
    };
    RqKMeansModel::new(quantization, vec![book(1), book(2)], 0).unwrap()
}

fn square(a: &[i64], b: &[i64]) -> i64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The probability of every other item to be among the K nearest, all orders of equally far ones being equally likely.
fn shares(points: &[Vec<i64>], query: usize) -> Vec<f64> {
    let distances: Vec<i64> = points.iter().map(|point| square(point, &points[query])).collect();
    let others = || (0..points.len()).filter(|other| *other != query);
    let share = |item: usize| {
        let nearer = others().filter(|other| distances[*other] < distances[item]).count();
        let tied = others().filter(|other| distances[*other] == distances[item]).count();
        (K as f64 - nearer as f64).clamp(0.0, tied as f64) / tied as f64
    };
    (0..points.len()).map(|item| if item == query { 0.0 } else { share(item) }).collect()
}

#[test]
fn recall_is_that_of_exact_integers() {
    let model = model();
    let codes: Vec<u32> = (0..2 * ROWS as u64).map(|i| (row_hash(3, i) % 6) as u32).collect();
    let integers: Vec<Vec<i64>> = (0..ROWS as u64)
        .map(|row| (0..DIM as u64).map(|d| (row_hash(4, row * DIM as u64 + d) % 40) as i64).collect())
        .collect();
    let values: Vec<f32> = integers.iter().flatten().map(|x| *x as f32).collect();
    let point = |codes: &[u32]| -> Vec<i64> {
        let codewords = codes.iter().zip(model.levels()).map(|(code, book)| book.codeword(*code as usize).unwrap());
        codewords.fold(vec![0; DIM], |sum, word| sum.iter().zip(word).map(|(a, b)| a + i64::from(*b)).collect())
    };
    let decoded: Vec<Vec<i64>> = codes.chunks(2).map(point).collect();
    let recall = |query: usize| {
        let pairs = shares(&integers, query).into_iter().zip(shares(&decoded, query));
        pairs.map(|(a, b)| a * b).sum::<f64>() / K as f64
    };
    let expected = (0..ROWS).map(recall).sum::<f64>() / ROWS as f64;

    let evaluate = |device: &Device| -> Quality {
        let (rows, codes) = (Matrix::new(&values, DIM).unwrap(), Codes::new(codes.clone(), 2).unwrap());
        let evaluation = Evaluation::new().k(K);
        evaluation.run_on_codes(&model, &rows, &codes, device, |_| ControlFlow::Continue(())).unwrap()
    };
    let quality = evaluate(&Device::cpu());
    let found = quality.neighbors.as_ref().unwrap().recall_at_k.decoded.value;
    assert!((found - expected).abs() < 1e-12, "expected {expected}, found {found}");
    assert_eq!(evaluate(&Device::reference()), quality);
}

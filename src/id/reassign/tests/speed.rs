//! Measures the seconds for large batches, with distances from a model of 3 levels of 256: `cargo test --lib
//! reassign::tests::speed -- --ignored --nocapture`.

use super::*;
use crate::codebook::Codebook;
use crate::grid::Grid;
use crate::quantization::{Metric, Quantization};
use crate::rq::RowDistances;
use crate::{Device, Matrix, RqKMeansModel};
use std::collections::BTreeSet;
use std::time::Instant;

/// Makes a model whose codewords are half as long at every further level.
fn model(dim: usize) -> RqKMeansModel {
    let value = |level: u32, i: usize| ((random(u64::from(level), i as u64, 1 << 18) as i32) - (1 << 17)) >> level;
    let codebook = |level| Codebook::new((0..256 * dim).map(|i| value(level, i)).collect(), dim);
    let grid = Grid::new(vec![0.0; dim], 0);
    let quantization = Quantization { grid, metric: Metric::L2, normalize_residuals: false };
    RqKMeansModel::new(quantization, (0..3).map(codebook).collect(), 0).unwrap()
}

/// Makes rows within `noise` of the points that the first `levels` of `centers` random codes decode to.
fn rows(model: &RqKMeansModel, count: usize, centers: u64, levels: usize, noise: u64) -> Vec<f32> {
    let value = |(row, d): (usize, usize)| {
        let center = random(1, row as u64, centers);
        let code = |level: usize| random(2 + level as u64, center, 256) as usize;
        let word = |level: usize| model.levels()[level].codeword(code(level)).unwrap()[d];
        let noise = random(9, (row * model.dim() + d) as u64, 2 * noise + 1) as i32 - noise as i32;
        ((0..levels).map(word).sum::<i32>() + noise) as f32
    };
    (0..count).flat_map(|row| (0..model.dim()).map(move |d| (row, d))).map(value).collect()
}

#[test]
#[ignore = "a measurement"]
fn speed() {
    // Items, centers, levels of a center, noise, dimensions, capacity.
    let cases = [
        ("codes with 3 items on average", 60_000, 20_000, 3, 20, 64, 1),
        ("300 prefixes, half of the items collide", 60_000, 300, 2, 30_000, 64, 1),
        ("300 prefixes, half of the items collide", 60_000, 300, 2, 30_000, 768, 1),
        ("one prefix", 4_000, 1, 2, 30_000, 64, 1),
        ("one prefix", 4_000, 1, 2, 30_000, 64, 16),
        ("one prefix", 4_000, 1, 2, 30_000, 768, 1),
        ("one code", 4_000, 1, 3, 10, 64, 1),
        ("one code", 4_000, 1, 3, 10, 64, 16),
        ("one row", 4_000, 1, 3, 0, 64, 1),
        ("one prefix", 60_000, 1, 2, 30_000, 64, 1),
    ];
    for (name, count, centers, levels, noise, dim, capacity) in cases {
        let model = model(dim);
        let values = rows(&model, count, centers, levels, noise);
        let rows = Matrix::new(&values, dim).unwrap();
        let codes = model.encode(&rows, &Device::cpu()).unwrap();
        let codes: Vec<Vec<u32>> = codes.rows().map(<[u32]>::to_vec).collect();
        let keys: Vec<String> = (0..count).map(|item| item.to_string()).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let costs = RowDistances::new(&model, &rows).unwrap();
        let start = Instant::now();
        let (used, places) = (Used::new(), space(&[256; 3], capacity));
        let placed = reassign(&codes, &keys, places, &mut below(&used), &costs, None).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let distinct = codes.iter().collect::<BTreeSet<_>>().len();
        let moved = |len: usize| placed.iter().zip(&codes).filter(|(to, from)| to.codes[..len] != from[..len]).count();
        println!(
            "{name}: {count} items of {dim} dimensions, {distinct} codes, capacity {capacity}: {} moved, {} of them to \
             another prefix, {seconds:.2} s",
            moved(3),
            moved(2)
        );
    }
}

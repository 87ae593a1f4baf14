//! Every device, any number of threads and any order of the rows give the same bits.

use super::golden::cases;
use crate::device::tests::adapters;
use crate::metrics::{Evaluation, Quality};
use crate::{Device, Matrix, Metric, RqKMeans};

/// Returns the CPU with several numbers of threads, and every adapter that can be opened.
pub(super) fn devices() -> Vec<Device> {
    let cpus = [Device::cpu(), Device::cpu_with_threads(1).unwrap(), Device::cpu_with_threads(3).unwrap()];
    cpus.into_iter().chain(adapters().iter().cloned()).collect()
}

#[test]
fn every_device_measures_the_same_bits() {
    let expected: Vec<Quality> = cases().iter().map(|case| case.quality(&Device::reference())).collect();
    for device in devices() {
        for (case, expected) in cases().iter().zip(&expected) {
            assert_eq!(&case.quality(&device), expected, "{} on {device:?}", case.name);
        }
    }
}

/// Makes rows in loose groups, some of them twice.
fn rows(count: usize, dim: usize) -> Vec<f32> {
    let hash = |i: usize| (crate::rng::row_hash(7, i as u64) % 2001) as f32 / 100.0;
    let value = |row: usize, d: usize| {
        let row = if row.is_multiple_of(17) { row % 51 } else { row };
        2.0 * hash(row % 23 * dim + d) + 0.5 * hash(100_000 + row * dim + d)
    };
    (0..count).flat_map(|row| (0..dim).map(move |d| value(row, d))).collect()
}

#[test]
fn more_rows_than_a_block_are_the_same_everywhere() {
    let (count, dim) = (700, 20);
    let values = rows(count, dim);
    let rows = Matrix::new(&values, dim).unwrap();
    for metric in [Metric::L2, Metric::Cosine] {
        let reference = Device::reference();
        let model = RqKMeans::new(3, 8).metric(metric).max_iter(5).fit(&rows, &reference).unwrap();
        let evaluation = Evaluation::new().k(12).sample(200);
        let expected = evaluation.run(&model, &rows, &reference).unwrap();
        let recall = expected.neighbors.as_ref().unwrap().recall_at_k.decoded;
        assert!(recall.value > 0.2 && recall.low < recall.high && recall.samples == 200, "{recall:?}");
        for device in devices() {
            assert_eq!(evaluation.run(&model, &rows, &device).unwrap(), expected, "{metric:?} on {device:?}");
        }
    }
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let (count, dim) = (300, 4);
    let values = rows(count, dim);
    let turned: Vec<f32> = values.chunks_exact(dim).rev().flatten().copied().collect();
    let device = Device::cpu();
    let [first, second] = [&values, &turned].map(|values| Matrix::new(values, dim).unwrap());
    let model = RqKMeans::new(2, 6).fit(&first, &device).unwrap();
    let of = |rows| Evaluation::new().pairs(1 << 20).run(&model, rows, &device).unwrap().neighbors.unwrap();
    let (first, second) = (of(&first), of(&second));
    // The only difference may come from the order in which the scores of the rows are added.
    for (a, b) in [(first.recall_at_k, second.recall_at_k), (first.ndcg_at_k, second.ndcg_at_k)] {
        for (a, b) in [(a.prefix, b.prefix), (a.decoded, b.decoded), (a.hamming, b.hamming)] {
            assert!((a.value - b.value).abs() < 1e-13, "{a:?} {b:?}");
        }
    }
    assert_eq!(first.distance_correlation, second.distance_correlation);
}

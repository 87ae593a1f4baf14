//! Compares fits over shards with fits of the whole.

use super::*;
use crate::population::{MemoryNeeds, divide};
use crate::rq::WarmStart;

#[test]
fn every_division_has_the_fingerprint_of_the_whole() {
    let (rows, dim) = (300, 5);
    let values = values(rows, dim, 3);
    let matrix = Matrix::new(&values, dim).unwrap();
    // The second level has more clusters than a sixteenth of the rows, so its first codewords are chosen among all
    // rows.
    for params in kinds(&RqKMeans::new(3, [6, 23, 4]).seed(5).max_iter(9)) {
        let (expected, report) = whole(&params, &matrix);
        for held in HELD {
            for shards in [1, 2, 5, 17] {
                let population = population(&matrix, &spans(rows, shards), held);
                let (model, found) = fit_over(&params, population).unwrap();
                assert_eq!(model.fingerprint(), expected.fingerprint(), "{shards} shards, {held:?}, {params:?}");
                assert_eq!(found, report, "{shards} shards, {held:?}, {params:?}");
            }
        }
    }
}

/// Shards start from a model, too, and put their rows on its grid.
#[test]
fn every_division_starts_from_a_model_alike() {
    let (rows, dim) = (300, 5);
    let old = values(rows, dim, 3);
    let new: Vec<f32> = old.iter().map(|x| x * 1.25 + 1.0).collect();
    let (old, new) = (Matrix::new(&old, dim).unwrap(), Matrix::new(&new, dim).unwrap());
    let base = RqKMeans::new(3, [6, 23, 4]).max_iter(9);
    for params in [base.clone(), base.clone().sample(150), base.metric(Metric::Cosine)] {
        let model = params.fit(&old, &Device::cpu()).unwrap();
        let start = WarmStart::new(&model).freeze_levels(1);
        let expected = params.fit_from(&start, &new, &Device::cpu()).unwrap();
        assert_ne!(expected.fingerprint(), model.fingerprint());
        for held in HELD {
            for shards in [1, 5, 17] {
                let population = population(&new, &spans(rows, shards), held);
                let go_on = &mut |_: &crate::rq::Progress| ControlFlow::Continue(());
                let mut fit = params.begin_over(population, Start::Model(&start), &Device::cpu(), go_on).unwrap();
                while fit.next_level().unwrap().is_some() {}
                let found = fit.finish().unwrap().0;
                assert_eq!(found, expected, "{shards} shards, {held:?}, {params:?}");
            }
        }
    }
}

/// A row that counts w times stands for w copies of it, however rows are divided and held.
#[test]
fn weights_over_shards_are_repetitions() {
    let (rows, dim) = (120, 3);
    let values = values(rows, dim, 4);
    let weights: Vec<u64> = (0..rows as u64).map(|row| row_hash(6, row) % 4).collect();
    let copies = values.chunks_exact(dim).zip(&weights).flat_map(|(row, weight)| row.repeat(*weight as usize));
    let copies: Vec<f32> = copies.collect();
    let (matrix, copies) = (Matrix::new(&values, dim).unwrap(), Matrix::new(&copies, dim).unwrap());
    let weights = Weights::new(weights).unwrap();
    for params in kinds(&RqKMeans::new(2, [5, 17]).seed(5).max_iter(6)) {
        let (expected, report) = whole(&params, &copies);
        for held in HELD {
            for shards in [1, 5] {
                let population = weighted(&matrix, Some(&weights), &spans(rows, shards), held);
                let (model, found) = fit_over(&params, population).unwrap();
                assert_eq!(model.fingerprint(), expected.fingerprint(), "{shards} shards, {held:?}, {params:?}");
                assert_eq!(found, report, "{shards} shards, {held:?}, {params:?}");
            }
        }
    }
}

/// Small fits with many clusters and few different rows, some of them far, so that ties, empty clusters and draws among
/// equal rows occur.
#[test]
fn random_fits_have_the_fingerprint_of_the_reference() {
    let mut reseeded = 0;
    for case in 0..200_u64 {
        let hash = |i: u64| row_hash(case + 100, i) as usize;
        let (rows, dim) = (1 + hash(0) % 90, 1 + hash(1) % 4);
        let few = 2 + hash(2) % 30;
        let value =
            |i: usize| (hash(10 + i as u64) % few) as f32 * if hash(5000 + i as u64) % 19 == 0 { 50.0 } else { 1.0 };
        let values: Vec<f32> = (0..rows * dim).map(value).collect();
        let matrix = Matrix::new(&values, dim).unwrap();
        let clusters: Vec<usize> = (3..4 + hash(3) as u64 % 3).map(|level| 1 + hash(level) % rows.min(40)).collect();
        let sample = clusters.iter().max().unwrap() + hash(7) % rows;
        let base = RqKMeans::new(clusters.len(), clusters).seed(case).tol(0.0).max_iter(1 + hash(8) % 7);
        let kinds = kinds(&base);
        let params = match hash(9) % kinds.len() {
            5 => base.sample(sample),
            kind => kinds[kind].clone(),
        };
        let (expected, report) = whole(&params, &matrix);
        reseeded += report.levels.iter().map(|level| level.empty_reseeded).sum::<u64>();
        let mut ends: Vec<usize> = (0..hash(11) % 6).map(|i| hash(12 + i as u64) % (rows + 1)).chain([rows]).collect();
        ends.sort_unstable();
        let spans: Vec<_> = std::iter::once(0).chain(ends.clone()).zip(ends).map(|(start, end)| start..end).collect();
        let held = HELD[hash(13) % HELD.len()];
        let (model, found) = fit_over(&params, population(&matrix, &spans, held)).unwrap();
        assert_eq!(
            (model.fingerprint(), &found),
            (expected.fingerprint(), &report),
            "{case}: {held:?}, {spans:?}, {params:?}"
        );
    }
    assert!(reseeded > 50, "{reseeded} empty clusters were given rows");
}

/// Rows that do not fit take turns, and the fit says nothing about it.
#[test]
fn fits_keep_to_their_memory_and_change_nothing() {
    let (rows, dim) = (20_000, 2);
    let values = values(rows, dim, 9);
    let matrix = Matrix::new(&values, dim).unwrap();
    let weights = Weights::new((0..rows as u64).map(|row| row_hash(6, row) % 4)).unwrap();
    let small = MiniBatch { batch: 100, init_buffer: 200, layer_wise: true };
    let base = RqKMeans::new(2, [8, 4]).max_iter(4);
    for params in [base.clone(), base.clone().sample(15_000), base.algorithm(Algorithm::MiniBatch(small))] {
        let expected = params.fit(&matrix, &Device::cpu()).unwrap();
        let weighted = params.fit_weighted(&matrix, &weights, &Device::cpu()).unwrap();
        for (kilobytes, most) in [(66_200, 30), (66_600, 10), (66_900, 3)] {
            let device = Device::cpu().with_memory(kilobytes << 10);
            let needs = MemoryNeeds {
                rows,
                dim,
                clusters: 8,
                levels: 2,
                candidates: 128,
                whole: false,
                weighted: false,
                pairs: 0,
            };
            let shards = divide(&matrix, None, &needs, &device).unwrap().shards().len();
            assert!(shards > 1 && shards <= most, "{kilobytes} KiB: {shards} shards");
            assert_eq!(params.fit(&matrix, &device).unwrap(), expected, "{kilobytes} KiB, {params:?}");
            let found = params.fit_weighted(&matrix, &weights, &device).unwrap();
            assert_eq!(found, weighted, "{kilobytes} KiB, {params:?}");
        }
    }
    let further: Vec<f32> = values.iter().map(|x| x * 1.25).collect();
    let (params, further) = (RqKMeans::new(2, [8, 4]).max_iter(4), Matrix::new(&further, dim).unwrap());
    let model = params.fit(&matrix, &Device::cpu()).unwrap();
    let start = WarmStart::new(&model).freeze_levels(1);
    let expected = params.fit_from(&start, &further, &Device::cpu()).unwrap();
    assert_eq!(params.fit_from(&start, &further, &Device::cpu().with_memory(66_600 << 10)).unwrap(), expected);
}

#[test]
fn streamed_fits_can_be_cancelled_at_every_call() {
    let values = values(120, 2, 1);
    let matrix = Matrix::new(&values, 2).unwrap();
    let params = RqKMeans::new(2, [4, 3]).max_iter(3);
    let calls = |stop: usize| {
        let mut count = 0;
        let mut callback = |_: &crate::rq::Progress| {
            count += 1;
            if count == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let begin = params.begin_over(
            population(&matrix, &spans(120, 5), Held::Turns),
            Start::Rows,
            &Device::cpu(),
            &mut callback,
        );
        let result = begin.and_then(|mut fit| {
            while fit.next_level_with(&mut callback)?.is_some() {}
            fit.finish()
        });
        (count, result.map(drop))
    };
    let (all, result) = calls(usize::MAX);
    assert!(result.is_ok() && all > 60, "{all} calls: between shards too");
    for stop in 1..=all {
        let (count, result) = calls(stop);
        assert!(matches!(result.unwrap_err().kind(), crate::ErrorKind::Cancelled), "call {stop}");
        assert_eq!(count, stop, "nobody is asked again");
    }
}

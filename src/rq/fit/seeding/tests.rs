//! Draws by weight, and the rows they choose.

use super::chosen_rows::{ORDERED, ROUNDS_MAX, distinct_rows, is_direct, oversample};
use super::plus_plus::{floor_ln, plus_plus};
use super::*;
use crate::device::tests::adapters;
use crate::device::{Device, Purpose, Table};
use crate::rng::{self, BLOCK, Draws};
use crate::rq::params::MiniBatch;

fn table(device: &Device, rows: &[i32], dim: usize) -> Box<dyn Table> {
    let mut table = device.engine().table(rows.len() / dim, dim, Purpose::Fit).unwrap();
    table.upload(0, rows).unwrap();
    table
}

fn residuals(device: &Device, rows: &[i32], dim: usize) -> Residuals<'static> {
    Residuals::of(table(device, rows, dim), device)
}

#[test]
fn draws_fall_by_weight_and_never_on_a_weight_of_zero() {
    let weights: [u128; 7] = [0, 3, 0, 0, 1, 6, 0];
    let weight = |index: usize| weights[index];
    let draws = Draws::new(7, &weight);
    // Every value a draw can have, one by one.
    assert_eq!(draws.total(), 10);
    assert_eq!((0..10).map(|value| draws.at(value)).collect::<Vec<_>>(), [1, 1, 1, 4, 5, 5, 5, 5, 5, 5]);
    let mut stream = Stream::new("test", 5, 0, 0);
    let mut counts = [0; 7];
    (0..10_000).for_each(|_| counts[draws.draw(&mut stream)] += 1);
    assert!(
        counts.iter().zip(weights).all(|(count, weight)| (*count - 1000 * weight as i32).abs() < 250),
        "{counts:?}"
    );
    assert_eq!((counts[0], counts[2], counts[3], counts[6]), (0, 0, 0, 0));
}

#[test]
fn draws_over_many_blocks_fall_where_a_running_sum_says() {
    for count in [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
        let weight = |index: usize| (rng::row_hash(3, index as u64) % 4) as u128;
        let draws = Draws::new(count, &weight);
        let expected: Vec<usize> = (0..count).flat_map(|index| vec![index; weight(index) as usize]).collect();
        assert_eq!(draws.total(), expected.len() as u128);
        assert_eq!((0..draws.total()).map(|value| draws.at(value)).collect::<Vec<_>>(), expected, "{count}");
    }
}

#[test]
fn the_number_of_candidates_needs_no_logarithm() {
    // No integer is so near a power of e that f64 could err.
    for k in 1..=65_536 {
        assert_eq!(floor_ln(k), (k as f64).ln().floor() as usize, "{k}");
    }
}

#[test]
fn only_few_rows_are_candidates_at_once() {
    let direct = [(4096, 256), (1, 1), (32_768, 2048), (16_384, 4096)];
    let not = [(4097, 256), (32_769, 2048), (16_385, 4096), (usize::MAX, usize::MAX)];
    assert_eq!(direct.map(|(rows, clusters)| is_direct(rows, clusters)), [true; 4]);
    assert_eq!(not.map(|(rows, clusters)| is_direct(rows, clusters)), [false; 4]);
}

#[test]
fn random_rows_are_distinct_while_there_are_any() {
    // Rows 0..40 with 5 values.
    let rows: Vec<i32> = (0..40).map(|row| row % 5).collect();
    for seed in 0..20 {
        let chosen = distinct_rows(&mut residuals(&Device::reference(), &rows, 1), 5, seed, &mut || Ok(())).unwrap();
        let mut sorted = chosen.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4]);
        let more = distinct_rows(&mut residuals(&Device::reference(), &rows, 1), 7, seed, &mut || Ok(())).unwrap();
        assert_eq!((more.len(), &more[..5]), (7, &chosen[..]));
    }
}

/// Rows that are held elsewhere are asked for in few requests, however many of them are equal.
#[test]
fn many_equal_rows_take_few_requests() {
    let rows: Vec<i32> = (0..100_000).map(|row| row % 5).collect();
    let mut asked = 0;
    let mut ask = || {
        asked += 1;
        Ok(())
    };
    let chosen = distinct_rows(&mut residuals(&Device::cpu(), &rows, 1), 8, 1, &mut ask).unwrap();
    assert_eq!((chosen.len(), asked < 60), (8, true), "{asked} requests");
}

/// The order is known in parts of a bounded number of rows, the later of which begin where the one before ends.
#[test]
fn rows_are_distinct_in_the_order_of_all_hashes_however_late_they_come() {
    let (len, seed) = (3 * ORDERED, 9);
    let mut order: Vec<u64> = (0..len as u64).collect();
    order.sort_unstable_by_key(|row| (rng::row_hash(seed, *row), *row));
    for ranks in [[1, 7, 8], [100, ORDERED, len - 1], [ORDERED + 1, 2 * ORDERED, 2 * ORDERED + 1]] {
        let mut rows = vec![0; len];
        ranks.iter().zip(1..).for_each(|(rank, value)| rows[order[*rank] as usize] = value);
        let of_four = || distinct_rows(&mut residuals(&Device::cpu(), &rows, 1), 4, seed, &mut || Ok(())).unwrap();
        assert_eq!(of_four(), [0, 1, 2, 3], "{ranks:?}");
    }
}

/// With rows far apart, every draw after the first must be a row that has no codeword yet.
#[test]
fn k_means_plus_plus_takes_every_distinct_row_before_any_twice() {
    let rows: Vec<i32> = (0..60).map(|row| (row % 6) * 1000).collect();
    for seed in 0..10 {
        for device in [Device::reference(), Device::cpu()] {
            let mut stream = Stream::new("test", seed, 0, 0);
            let mut chosen =
                plus_plus(&mut *table(&device, &rows, 1), &[1; 60], 8, &mut stream, &mut || Ok(())).unwrap();
            assert_eq!(chosen.len(), 8);
            chosen.truncate(6);
            chosen.sort_unstable();
            assert_eq!(chosen, [0, 1000, 2000, 3000, 4000, 5000]);
        }
    }
}

/// Candidates of the oversampling are rows, and their weights count all rows.
#[test]
fn oversampling_weighs_every_row_once() {
    let rows: Vec<i32> = (0..500).map(|row| row * row % 97).collect();
    let mut stream = Stream::new("test", 1, 0, 0);
    let (candidates, weights) =
        oversample(&mut residuals(&Device::cpu(), &rows, 2), 4, &mut stream, &mut || Ok(())).unwrap();
    assert_eq!(weights.iter().sum::<u64>(), 250);
    assert_eq!(candidates.clusters(), weights.len());
    assert!(candidates.values().chunks_exact(2).all(|candidate| rows.chunks_exact(2).any(|row| row == candidate)));
    // One value only: one candidate with all the weight.
    let (candidates, weights) =
        oversample(&mut residuals(&Device::cpu(), &[3; 500], 2), 4, &mut stream, &mut || Ok(())).unwrap();
    assert_eq!((candidates.values(), &weights[..]), (&[3, 3][..], &[250][..]));
}

/// Rows whose distances fall by powers of two give all draws of three rounds to the few far ones: only further rounds
/// find the many near ones. Where rows are alike, three rounds are enough.
#[test]
fn heavy_tails_get_more_rounds() {
    let candidates = |rows: &[i32]| {
        let mut stream = Stream::new("test", 1, 0, 0);
        oversample(&mut residuals(&Device::cpu(), rows, 1), 8, &mut stream, &mut || Ok(())).unwrap().0.values().to_vec()
    };
    let sign = |row: i32| if row % 2 == 0 { 1 } else { -1 };
    let heavy: Vec<i32> = (1..=4000).map(|row| sign(row) * (8_000_000 / row + row % 5)).collect();
    let found = candidates(&heavy);
    assert!(found.len() > 1 + 3 * 8 && found.len() <= 1 + ROUNDS_MAX * 8, "{}", found.len());
    let left = |candidates: &[i32]| {
        let nearest = |row: &i32| candidates.iter().map(|x| i64::from(x - row).pow(2)).min().unwrap();
        heavy.iter().map(nearest).sum::<i64>()
    };
    // The last round did not halve the sum: another one is not worth its time.
    assert!(left(&found[..1 + 2 * 8]) > 4 * left(&found), "{} {}", left(&found[..17]), left(&found));
    let alike: Vec<i32> = (0..4000).map(|row| (rng::row_hash(9, row) % 1000) as i32).collect();
    assert!(candidates(&alike).len() <= 1 + 3 * 8);
}

/// Distances that stay on a device lead to the same rows as distances on the host.
#[test]
fn every_device_seeds_the_same() {
    // Few rows enough for k-means++ over all of them, and more than all pairs are computed for.
    let (rows, dim, clusters) = (2100, 3, 100);
    let values: Vec<i32> = (0..rows * dim).map(|i| (rng::row_hash(9, i as u64) % 4001) as i32 - 2000).collect();
    let seeded = |device: &Device| {
        let mut rows = residuals(device, &values, dim);
        seed(&RqKMeans::new(1, clusters), &mut rows, clusters, (0, 0), &mut || Ok(())).unwrap()
    };
    let expected = seeded(&Device::cpu());
    assert_eq!(expected.clusters(), clusters);
    for device in [Device::reference()].iter().chain(adapters()) {
        assert_eq!(seeded(device), expected, "{device:?}");
    }
}

/// Codewords of a hierarchy are means of rows inside their groups, which are not drawn toward the mean of all rows,
/// even where that would leave less: in many dimensions, they suit few of the rows that the hierarchy did not see.
#[test]
fn hierarchies_keep_their_codewords() {
    let (dim, count, clusters) = (1000, 4000, 9);
    let value = |i: usize| (rng::row_hash(4, i as u64) % 2001) as i32 - 1000;
    let values: Vec<i32> = (0..count * dim).map(value).collect();
    let device = Device::cpu();
    let plain = RqKMeans::new(1, clusters);
    let hierarchies =
        [plain.clone().init(Init::Hierarchical), plain.clone().algorithm(Algorithm::Hierarchical(Default::default()))];
    let seeded = |params: &RqKMeans| {
        seed(params, &mut residuals(&device, &values, dim), clusters, (0, 0), &mut || Ok(())).unwrap()
    };
    for params in hierarchies {
        let mut rows = residuals(&device, &values, dim);
        let kept = hierarchy::codewords(&params, &mut rows, clusters, (0, 0), &mut || Ok(())).unwrap();
        assert!(seeded(&params) == kept);
        let mut stream = Stream::new("shrinkage", params.seed, 0, 0);
        let drawn = shrinkage::toward_mean(&mut rows, kept.clone(), &mut stream, &mut || Ok(())).unwrap();
        assert!(drawn != kept, "drawing them would change nothing: too easy");
    }
}

/// Where memory is limited, a fit has room for every row that it copies into a table of its own.
#[test]
fn batches_count_among_the_rows_of_a_table() {
    let candidates = |algorithm| candidates(&RqKMeans::new(1, 64).algorithm(algorithm), 64);
    let batches = |batch, init_buffer| Algorithm::MiniBatch(MiniBatch { batch, init_buffer, layer_wise: true });
    assert_eq!(candidates(Algorithm::Lloyd), 1024);
    assert_eq!(candidates(batches(100, 50)), 1024);
    assert_eq!(candidates(batches(5000, 50)), 5000);
    assert_eq!(candidates(batches(100, 7000)), 7000);
}

//! A request has one answer, whatever was asked before and whoever is asked.

use super::*;
use crate::codebook::Codebook;
use crate::grid::Grid;
use crate::population::request::{Answer, FarRow, FittedLevel, Reduction};
use crate::quantization::Quantization;
use crate::rng::Sample;

/// Requests about several states, in an order that no fit would have.
fn requests(dim: usize) -> Vec<Request> {
    let codebook = |seed: u64, clusters: usize| {
        let values = (0..clusters * dim).map(|i| (row_hash(seed, i as u64) % 2_000_001) as i32 - 1_000_000).collect();
        Arc::new(Codebook::new(values, dim))
    };
    let quantization = |exponent: i32, normalize_residuals: bool| Quantization {
        grid: Grid::new(vec![0.5; dim], exponent),
        metric: Metric::L2,
        normalize_residuals,
    };
    let level = |seed: u64| FittedLevel { codebook: codebook(seed, 3), codes: None };
    let state = |sample, exponent, normalize, levels: &[u64]| State {
        sample,
        quantization: quantization(exponent, normalize),
        levels: levels.iter().map(|seed| level(*seed)).collect(),
    };
    let states = [
        state(Sample::ALL, 14, false, &[]),
        state(Sample::ALL, 14, false, &[1]),
        state(Sample::ALL, 14, false, &[1, 2]),
        state(Sample::new(4, 90, 40), 14, false, &[1]),
        state(Sample::ALL, 13, true, &[3]),
    ];
    let states = states.map(Arc::new);
    let reductions = [
        Reduction::Sketch,
        Reduction::Loaded,
        Reduction::Assign { before: None, now: codebook(1, 3) },
        Reduction::Assign { before: Some(codebook(1, 3)), now: codebook(2, 5) },
        Reduction::Potential { candidates: codebook(7, 4) },
        Reduction::Draw { candidates: codebook(7, 6), values: vec![0, 1, 1 << 39] },
        Reduction::Weights { candidates: codebook(7, 6) },
        Reduction::Farthest { codebook: codebook(2, 5), count: 4 },
        Reduction::Gather { places: vec![3, 0, 3, 11] },
    ];
    let request =
        |state: &Arc<State>, reduction: &Reduction| Request { state: state.clone(), reduction: reduction.clone() };
    states.iter().flat_map(|state| reductions.iter().map(|reduction| request(state, reduction))).collect()
}

#[test]
fn the_same_request_has_the_same_answer_in_every_order() {
    let values = values(90, 3, 2);
    let matrix = Matrix::new(&values, 3).unwrap();
    let requests = requests(3);
    let bytes: Vec<Vec<u8>> = requests.iter().map(|request| request.to_bytes().unwrap()).collect();
    let fresh = |device: &Device, bytes: &[u8]| Worker::new(matrix, 0, device).answer(bytes).unwrap();
    let expected: Vec<Vec<u8>> = bytes.iter().map(|bytes| fresh(&Device::reference(), bytes)).collect();
    for device in devices() {
        let mut worker = Worker::new(matrix, 0, device);
        let mut keeping = Shard::new(matrix, 0..90, 0, device, Purpose::Encode).keeping(true);
        // Reductions of the first state between which nothing may be left over, and then any of any state.
        let one_state = [7, 4, 7, 3, 5, 3, 2, 6, 2, 6, 5, 4, 5, 8, 5, 7];
        let any = (0..120).map(|step| row_hash(8, step) as usize % requests.len());
        for (step, i) in one_state.into_iter().chain(any).enumerate() {
            assert_eq!(worker.answer(&bytes[i]).unwrap(), expected[i], "{:?} on {device:?}", requests[i]);
            let reply = keeping.answer(&requests[i], &mut None, &mut || Ok(())).unwrap();
            assert_eq!(reply.to_bytes(), expected[i], "{:?} on {device:?}", requests[i]);
            if step % 2 == 0 {
                keeping.release().unwrap();
            }
        }
    }
}

/// Computes the reductions by their definitions, from grid integers alone.
#[test]
fn answers_are_what_they_are_said_to_be() {
    let values = values(60, 2, 6);
    let matrix = Matrix::new(&values, 2).unwrap();
    let ask = |request: &Request| {
        Worker::new(matrix, 0, &Device::cpu()).shard().answer(request, &mut None, &mut || Ok(())).unwrap().0
    };
    let distance = |row: &[i32], c: &[i32]| row.iter().zip(c).map(|(a, b)| i64::from(a - b).pow(2) as u64).sum::<u64>();
    let nearest = |row: &[i32], codebook: &Codebook| {
        let distances = codebook.values().chunks_exact(2).map(|c| distance(row, c));
        distances.zip(0..).min().unwrap()
    };
    for request in requests(2).iter().filter(|request| request.state.levels.is_empty()) {
        let mut q = vec![0; values.len()];
        request.state.quantization.grid.quantize(&values, &mut q);
        let rows: Vec<&[i32]> = q.chunks_exact(2).collect();
        match (&request.reduction, ask(request)) {
            (Reduction::Assign { before, now }, Answer::Sums(sums)) => {
                let codes = |of: &Codebook| rows.iter().map(|row| nearest(row, of).1).collect::<Vec<usize>>();
                let now_codes = codes(now);
                let changed = before
                    .as_ref()
                    .map_or(60, |before| codes(before).iter().zip(&now_codes).filter(|(a, b)| a != b).count());
                assert_eq!(sums.changed(), changed as u64);
                assert_eq!(sums.energy(), rows.iter().map(|row| u128::from(distance(row, &[0, 0]))).sum());
                let count = |k: usize| now_codes.iter().filter(|code| **code == k).count() as u64;
                assert_eq!(sums.counts(), (0..now.clusters()).map(count).collect::<Vec<_>>());
                let error: u128 = rows.iter().map(|row| u128::from(nearest(row, now).0)).sum();
                assert_eq!(sums.squared_error(now), error);
            }
            (Reduction::Potential { candidates }, Answer::Potential(sum)) => {
                assert_eq!(sum, rows.iter().map(|row| u128::from(nearest(row, candidates).0)).sum());
            }
            (Reduction::Draw { candidates, values }, Answer::Places(places)) => {
                let mut ends = Vec::new();
                let mut sum = 0;
                for row in &rows {
                    sum += u128::from(nearest(row, candidates).0);
                    ends.push(sum);
                }
                let expected: Vec<u64> =
                    values.iter().map(|value| ends.partition_point(|end| end <= value) as u64).collect();
                assert_eq!(places, expected);
            }
            (Reduction::Weights { candidates }, Answer::Weights(weights)) => {
                let mut expected = vec![0; candidates.clusters()];
                rows.iter().for_each(|row| expected[nearest(row, candidates).1] += 1);
                assert_eq!(weights, expected);
            }
            (Reduction::Farthest { codebook, count }, Answer::Farthest(found)) => {
                let mut all: Vec<FarRow> = rows
                    .iter()
                    .zip(0..)
                    .map(|(row, place)| {
                        let (distance, code) = nearest(row, codebook);
                        FarRow { distance, place, code: code as u32 }
                    })
                    .collect();
                all.sort_by_key(|row| (std::cmp::Reverse(row.distance), row.place));
                assert_eq!(found, all[..*count]);
            }
            (Reduction::Gather { places }, Answer::Rows(found)) => {
                assert_eq!(found, places.iter().flat_map(|place| rows[*place as usize]).copied().collect::<Vec<_>>());
            }
            (Reduction::Loaded, Answer::Loaded(_)) | (Reduction::Sketch, Answer::Sketch(_)) => {}
            (reduction, answer) => panic!("{reduction:?} was answered by {answer:?}"),
        }
    }
}

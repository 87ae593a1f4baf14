//! Writes and reads requests, replies and partial sums as bytes, intact and damaged.

use super::*;
use crate::codebook::Codebook;
use crate::grid::{Grid, GridSketch, Loss, Saturation};
use crate::joint::{CodePairCounts, JointSums};
use crate::partial::Partial;
use crate::population::Loaded;
use crate::population::request::{Answer, FarRow, FittedLevel, Reduction};
use crate::quantization::Quantization;
use crate::rng::Sample;
use proptest::collection::vec;
use proptest::prelude::*;

fn codebook(dim: usize) -> impl Strategy<Value = Arc<Codebook>> {
    vec(-(1 << 20)..=1_i32 << 20, dim..=3 * dim).prop_map(move |mut values| {
        values.truncate(values.len() / dim * dim);
        Arc::new(Codebook::new(values, dim))
    })
}

fn request() -> impl Strategy<Value = Request> {
    (1_usize..4).prop_flat_map(|dim| {
        let state =
            (any::<u64>(), any::<Option<(u64, u64)>>(), vec(-1e9_f32..1e9, dim), -108..=126_i32, any::<(bool, bool)>());
        let levels = vec(codebook(dim), 0..3);
        let reduction = (0..9, codebook(dim), codebook(dim), any::<bool>(), vec(any::<u128>(), 0..4), any::<u64>());
        (state, levels, reduction).prop_map(
            |((seed, last, offset, exponent, (cosine, normalize)), levels, reduction)| {
                let metric = if cosine { Metric::Cosine } else { Metric::L2 };
                let quantization =
                    Quantization { grid: Grid::new(offset, exponent), metric, normalize_residuals: normalize };
                let mut levels: Vec<_> =
                    levels.into_iter().map(|codebook| FittedLevel { codebook, codes: None }).collect();
                let (kind, now, candidates, some, values, number) = reduction;
                let refines = kind == 8 && !normalize;
                if refines {
                    levels.clear();
                }
                let reduction = match kind {
                    0 => Reduction::Sketch,
                    1 => Reduction::Loaded,
                    2 => Reduction::Assign { before: some.then_some(candidates), now },
                    3 => Reduction::Potential { candidates },
                    4 => Reduction::Draw { candidates, values },
                    5 => Reduction::Weights { candidates },
                    6 => Reduction::Farthest { codebook: now, count: number as usize },
                    8 if refines => Reduction::Joint { levels: vec![now, candidates], beam: 1 + number as usize % 9 },
                    _ => Reduction::Gather { places: values.iter().map(|value| *value as u64).collect() },
                };
                Request { state: Arc::new(State { sample: Sample { seed, last }, quantization, levels }), reduction }
            },
        )
    })
}

fn partial() -> impl Strategy<Value = Partial> {
    (1_usize..4, vec((0_u64..1 << 20, -(1_i64 << 24)..=1 << 24), 0..4), 0_u128..1 << 40).prop_map(
        |(dim, clusters, energy)| {
            let (counts, sums): (Vec<u64>, Vec<i64>) = clusters.into_iter().unzip();
            let sums = sums.iter().zip(&counts).flat_map(|(sum, count)| vec![*sum * *count as i64; dim]).collect();
            let rows: u64 = counts.iter().sum();
            Partial::from_parts(counts, sums, dim).with(energy * u128::from(rows), rows / 2)
        },
    )
}

/// Sums of rows with two codes, 0 to 2 and 0 to 1.
fn joint(rows: &[(u64, u64, u32)], energy: u128) -> JointSums {
    let codes =
        |of: fn(&(u64, u64, u32)) -> u64, clusters| rows.iter().map(|row| (of(row) % clusters) as u32).collect();
    let codes: [Vec<u32>; 2] = [codes(|row| row.0, 3), codes(|row| row.1, 2)];
    let sums = codes.iter().zip([3, 2]).map(|(codes, clusters)| {
        let mut sums = Partial::new(clusters, 1);
        codes.iter().zip(rows).for_each(|(code, row)| sums.add(*code as usize, &[row.2 as i32 >> 8]));
        sums.with(energy % ((rows.len() as u128) << 48).max(1), 0)
    });
    JointSums::from_parts(sums.collect(), vec![CodePairCounts::of(&codes[0], &codes[1], 2, |_| 1)]).unwrap()
}

fn reply() -> impl Strategy<Value = Reply> {
    let numbers = vec(any::<(u64, u64, u32)>(), 0..5);
    (0..9, numbers, partial(), any::<u128>()).prop_map(|(kind, numbers, sums, large)| {
        let first = || numbers.iter().map(|(a, ..)| *a).collect::<Vec<u64>>();
        Reply(match kind {
            0 => {
                let rows: Vec<f32> =
                    numbers.iter().map(|(.., x)| *x as f32 - 1e5 + (large % 3) as f32 * 1e18).collect();
                let grid = Grid::new(vec![1.5], 9);
                let (mut q, mut loss) = (vec![0; rows.len()], Loss::default());
                let values = grid.quantize(&rows, &mut q);
                loss.add(&grid, &rows, &q, |_| 1);
                Answer::Loaded(Loaded { saturation: Saturation::of(&grid, &rows, values, |row| row), loss })
            }
            7 => {
                let mut sketch = GridSketch::new(2);
                numbers.iter().for_each(|(a, b, _)| sketch.add(&[*a as f32, *b as f32]).unwrap());
                Answer::Sketch(sketch)
            }
            1 => Answer::Sums(sums),
            2 => Answer::Potential(large),
            3 => Answer::Places(first()),
            4 => Answer::Weights(first()),
            5 => {
                let row = |(distance, place, code): &(u64, u64, u32)| FarRow {
                    distance: *distance,
                    place: *place,
                    code: *code,
                };
                Answer::Farthest(numbers.iter().map(row).collect())
            }
            8 => Answer::Joint(joint(&numbers, large)),
            _ => Answer::Rows(numbers.iter().map(|(.., code)| *code as i32).collect()),
        })
    })
}

/// Damages the bytes in every way: reading gives an error, or a value that has exactly these bytes.
fn damage<T>(bytes: &[u8], from: impl Fn(&[u8]) -> Result<T>, to: impl Fn(&T) -> Vec<u8>) {
    let check = |bytes: &[u8]| match from(bytes) {
        Ok(value) => assert_eq!(to(&value), bytes),
        Err(error) => assert!(matches!(error.kind(), crate::ErrorKind::Message { .. }), "{error}"),
    };
    for len in 0..bytes.len() {
        assert!(from(&bytes[..len]).is_err(), "cut off at {len}");
    }
    assert!(from(&[bytes, &[0]].concat()).is_err(), "a byte more");
    let mut damaged = bytes.to_vec();
    for at in 0..bytes.len() {
        for bit in [0x01, 0x80, 0xff] {
            damaged[at] ^= bit;
            check(&damaged);
            damaged[at] = bytes[at];
        }
    }
    // Lists that claim to be longer than any memory.
    for at in 0..bytes.len().saturating_sub(8) {
        damaged[at..at + 8].copy_from_slice(&(u64::MAX >> 3).to_le_bytes());
        check(&damaged);
        damaged[at..at + 8].copy_from_slice(&bytes[at..at + 8]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_come_back(request in request()) {
        let bytes = request.to_bytes().unwrap();
        prop_assert_eq!(&Request::from_bytes(&bytes).unwrap(), &request);
        damage(&bytes, Request::from_bytes, |request| request.to_bytes().unwrap());
    }

    #[test]
    fn replies_come_back(reply in reply()) {
        let bytes = reply.to_bytes();
        prop_assert_eq!(&Reply::from_bytes(&bytes).unwrap(), &reply);
        damage(&bytes, Reply::from_bytes, Reply::to_bytes);
    }

    #[test]
    fn partial_sums_come_back(partial in partial()) {
        let bytes = partial.to_bytes();
        prop_assert_eq!(&Partial::from_bytes(&bytes).unwrap(), &partial);
        damage(&bytes, Partial::from_bytes, Partial::to_bytes);
    }

    /// A worker answers or refuses every request.
    #[test]
    fn workers_survive_every_request(request in request()) {
        let values = values(12, 2, 4);
        let matrix = Matrix::new(&values, 2).unwrap();
        let mut worker = Worker::new(matrix, 3, &Device::cpu());
        let bytes = request.to_bytes().unwrap();
        if let Ok(reply) = worker.answer(&bytes) {
            prop_assert!(Reply::from_bytes(&reply).is_ok());
        }
    }
}

#[test]
fn balanced_levels_do_not_travel() {
    let level = FittedLevel { codebook: Arc::new(Codebook::new(vec![1, 2], 1)), codes: Some(Arc::new(vec![0, 1])) };
    let quantization = Quantization { grid: Grid::new(vec![0.0], 3), metric: Metric::L2, normalize_residuals: false };
    let state = State { sample: Sample::ALL, quantization, levels: vec![level] };
    let error = Request { state: Arc::new(state), reduction: Reduction::Sketch }.to_bytes().unwrap_err();
    assert!(matches!(error.kind(), crate::ErrorKind::NotWhole), "{error}");
}

/// docs/scale.md says how many bytes travel.
#[test]
fn messages_are_as_long_as_the_documentation_says() {
    let (clusters, dim, levels) = (64, 24, 2);
    let codebook = || Arc::new(Codebook::new(vec![5; clusters * dim], dim));
    let quantization =
        Quantization { grid: Grid::new(vec![0.5; dim], 9), metric: Metric::L2, normalize_residuals: false };
    let levels = (0..levels).map(|_| FittedLevel { codebook: codebook(), codes: None }).collect::<Vec<_>>();
    let before = 4 * dim + 4 * levels.len() * clusters * dim;
    let state = Arc::new(State { sample: Sample::ALL, quantization, levels });
    let length = |reduction| Request { state: state.clone(), reduction }.to_bytes().unwrap().len();
    let candidates = codebook();
    let few = |length: usize, documented: usize| {
        assert!((documented..documented + 100).contains(&length), "{length} bytes, {documented} in the documentation");
    };
    few(length(Reduction::Sketch), before);
    few(length(Reduction::Assign { before: Some(codebook()), now: codebook() }), before + 8 * clusters * dim);
    few(length(Reduction::Potential { candidates: candidates.clone() }), before + 4 * clusters * dim);
    let draw = Reduction::Draw { candidates, values: vec![7; 10] };
    few(length(draw), before + 4 * clusters * dim + 16 * 10);
    few(length(Reduction::Farthest { codebook: codebook(), count: 3 }), before + 4 * clusters * dim);
    few(length(Reduction::Gather { places: vec![1; 10] }), before + 8 * 10);
    let first = Arc::new(State { levels: Vec::new(), ..(*state).clone() });
    let joint = Reduction::Joint { levels: vec![codebook(); 3], beam: 4 };
    let joint = Request { state: first, reduction: joint }.to_bytes().unwrap().len();
    few(joint, 4 * dim + 3 * 4 * clusters * dim);
    let reply = |answer| Reply(answer).to_bytes().len();
    let codes: Vec<u32> = (0..50).collect();
    let pairs = vec![CodePairCounts::of(&codes, &codes, clusters, |_| 1); 3];
    let mut sums = Partial::new(clusters, dim);
    codes.iter().for_each(|code| sums.add(*code as usize, &vec![1; dim]));
    let sums = JointSums::from_parts(vec![sums; 3], pairs).unwrap();
    few(reply(Answer::Joint(sums)) - 100, 3 * (8 * clusters * dim + 8 * clusters) + 3 * 12 * 50);
    few(reply(Answer::Sums(Partial::new(clusters, dim))), 8 * clusters * dim + 8 * clusters);
    few(reply(Answer::Potential(1)), 16);
    few(reply(Answer::Places(vec![1; 10])), 8 * 10);
    few(reply(Answer::Weights(vec![1; clusters])), 8 * clusters);
    few(reply(Answer::Farthest(vec![FarRow { distance: 1, place: 2, code: 3 }; 10])), 20 * 10);
    few(reply(Answer::Rows(vec![1; 10 * dim])), 4 * dim * 10);
}

//! Tests steps of k-means++ on adapters, and faults that must be found.

use super::faults::{self, Fault};
use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::kernels::seed::{Buffers, seed, steps};
use crate::device::gpu::span::{Span, words};
use crate::device::gpu::{Gpu, GpuRows, adapter};
use crate::device::seeding_cases::{CASES, Case, difference};
use crate::device::tests::Random;
use crate::device::{Engine, Purpose};
use crate::kernel::seed::{self as twin, MAX_WEIGHT};
use crate::rng::{Stream, row_hash};
use std::sync::Arc;

#[test]
fn a_step_of_seeding_is_that_of_the_twin() {
    for found in adapter::all() {
        let Ok(gpu) = Gpu::open(found) else { continue };
        for case in &CASES {
            let Case { rows, dim, .. } = case;
            assert_eq!(difference(&gpu, case), None, "{rows} x {dim} on {}", found.info.description);
        }
    }
}

/// Returns `count` values by the twin, and how many words they took; none where there are too few words.
fn values_of(words: &[u64], bound: u128, count: usize) -> Option<(Vec<u128>, usize)> {
    let mut at = 0;
    let next = |at: &mut usize| {
        *at += 1;
        words.get(*at - 1).copied()
    };
    let values = (0..count).map(|_| Stream::below_from(bound, || next(&mut at))).collect::<Option<_>>()?;
    Some((values, at))
}

/// Returns what is wrong with the values that the device draws, below bounds of every kind, from too few words and from
/// enough.
fn wrong_values(gpu: &Gpu) -> Option<String> {
    const COUNT: usize = 7;
    let (context, mut random) = (&gpu.context, Random(11));
    let mut batch = CommandBatch::new(context).expect("a batch");
    let supply: Vec<u64> = (0..80).map(|_| random.next()).collect();
    let on_device = context.filled("words", &supply).expect("words");
    let around = |power: u32| [(1 << power) - 1, 1 << power, (1 << power) + 1];
    let bounds: [[u128; 3]; 8] =
        [[0, 1, 2], around(2), around(31), around(32), around(63), around(64), around(65), around(95)];
    for bound in bounds.into_iter().flatten() {
        let needed = values_of(&supply, bound, COUNT).expect("values").1;
        for most in [0, 1, needed.saturating_sub(1), needed, supply.len()] {
            let word = |at: u32| (bound >> (32 * at)) as u32;
            let chosen = context.filled("chosen", &[word(0), word(1), word(2), 0, 0]).expect("chosen");
            let [values, state] = [16 * COUNT as u64, 16].map(|size| context.storage("values", size).expect("values"));
            let buffers = [&on_device, &chosen, &values, &state];
            let params = [COUNT as u32, most as u32];
            batch.dispatch(context, Kernel::Values, &params, &buffers, ((1, 1), 1)).expect("a dispatch");
            let spans = [&state, &values].map(|buffer| Span { buffer, offset: 0, size: buffer.size() });
            let found: Vec<u32> = words(&batch.read(context, &spans).expect("a read-back")).collect();
            let drawn = values_of(&supply[..most], bound, COUNT);
            let expected: Vec<u32> = match &drawn {
                _ if bound == 0 => vec![0, 0, 1, 0],
                None => vec![0, 0, 2, 0],
                Some((values, spent)) => {
                    let words = values.iter().flat_map(|value| [0, 32, 64, 96].map(|shift| (value >> shift) as u32));
                    [*spent as u32, 0, 0, 0].into_iter().chain(words).collect()
                }
            };
            if found.get(..expected.len()) != Some(expected.as_slice()) {
                return Some(format!("{most} words below {bound}: {found:?} instead of {expected:?}"));
            }
        }
    }
    None
}

/// Returns what is wrong with steps whose words run out, after which they go on with others.
fn wrong_steps(gpu: &Gpu) -> Option<String> {
    const VALUES: usize = 3;
    let (rows, dim) = (700, 2);
    let values: Vec<i32> = (0..rows * dim).map(|i| (row_hash(5, i as u64) % 4001) as i32 - 2000).collect();
    let weights: Vec<u64> = (0..rows as u64).map(|row| row % 3).collect();
    let mut table = GpuRows::new(Arc::clone(&gpu.context), rows, dim).expect("a table");
    table.upload(0, &values).expect("upload");
    let buffers = Buffers::new(&table, &weights).expect("buffers");
    buffers.forget(&mut table).expect("forget");
    let mut closest = vec![u64::MAX; rows];
    let mut last = twin::best_of(&values, dim, &weights, &mut closest, &[7]);
    if seed(&mut table, &buffers, &[[7, 0, 0, 1]]).expect("a step") != last {
        return Some("the first row".into());
    }
    let mut stream = Stream::new("steps", 1, 0, 0);
    for supply in [0, 1, 4, 15, 9, 2, 60] {
        let mut ahead = stream.clone();
        let supply: Vec<u64> = (0..supply).map(|_| ahead.next_u64()).collect();
        let (mut spent, mut expected) = (0, Vec::new());
        while expected.len() < 8
            && let Some((drawn, more)) = values_of(&supply[spent..], last.potential, VALUES)
        {
            spent += more;
            last = twin::seed(&values, dim, &weights, &mut closest, &drawn);
            expected.push(last);
        }
        let found = steps(&mut table, &buffers, (8, VALUES), &supply).expect("steps");
        if found != (spent as u64, expected) {
            return Some(format!("{found:?} of {} words and not {spent}", supply.len()));
        }
        stream.skip(spent as u64);
    }
    None
}

#[test]
fn steps_draw_the_values_of_the_twin() {
    for found in adapter::all() {
        let Ok(gpu) = Gpu::open(found) else { continue };
        assert_eq!(wrong_values(&gpu).or_else(|| wrong_steps(&gpu)), None, "{}", found.info.description);
    }
}

/// Faults that the values and the steps must find.
const FAULTS_OF_VALUES: [Fault; 8] = [
    (Kernel::Values, "+ u32(bits > 64u)", ""),
    (Kernel::Values, "96u - bits)", "(96u - bits) / 2u)"),
    (Kernel::Values, "32u - min(bits, 32u)", "32u - min(bits + 1u, 32u)"),
    (Kernel::Values, "64u - max(bits, 33u)", "63u - max(bits, 33u)"),
    (Kernel::Values, "state[2] = 2u", "state[2] = 1u"),
    (Kernel::Values, "u96_less(value, bound)", "!u96_less(bound, value)"),
    (Kernel::Values, "    state[0] = at;", "    state[0] += 1u;"),
    (Kernel::Seed, "chosen[4] = NONE", "chosen[4] = 0u"),
];

#[test]
fn faults_of_values_are_found() {
    faults::are_found(&FAULTS_OF_VALUES, |gpu| wrong_values(gpu).or_else(|| wrong_steps(gpu)));
}

/// Faults that the cases must find.
const FAULTS: [Fault; 9] = [
    (Kernel::Draw, "u96_add(end, u96_negate(own))", "end"),
    (Kernel::Draw, "before = ends[SIZE - 1u]", "before = ends[0]"),
    (Kernel::Draw, "if (local >= step)", "if (local > step)"),
    (Kernel::Draw, "select(found.x, value.x, value.w == 1u)", "found.x"),
    (Kernel::Potential, "row < params.rows", "row + 1u < params.rows"),
    (Kernel::Seed, "u96_less(potential, best)", "!u96_less(best, potential)"),
    (Kernel::Seed, "a.z < b.z ||", ""),
    (Kernel::Take, "closest_sums[row] = ", "closest_sums[0] = "),
    (Kernel::Take, "point * params.rows + row", "row"),
];

#[test]
fn faults_of_seeding_are_found() {
    faults::are_found(&FAULTS, |gpu| CASES.iter().find_map(|case| difference(gpu, case)));
}

/// Rows that the device cannot take are left to the host.
#[test]
fn too_large_weights_are_left_to_the_host() {
    let Some(gpu) = adapter::all().find_map(|found| Gpu::open(found).ok()) else { return };
    let mut table = gpu.table(2, 1, Purpose::Encode).expect("a table");
    assert!(table.seeding(&[MAX_WEIGHT - 2, 1]).expect("seeding").is_some());
    assert!(table.seeding(&[MAX_WEIGHT - 1, 1]).expect("seeding").is_none());
    assert!(table.seeding(&[u64::MAX, 1]).expect("seeding").is_none());
}

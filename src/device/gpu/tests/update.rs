//! Tests `update` alone, with sums and counts at the limits of its contract that no small table reaches, against its
//! twin.

use super::faults::{self, Fault};
use crate::codebook::Codebook;
use crate::device::gpu::codewords::Codewords;
use crate::device::gpu::context::Context;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::kernels::update::{self, Updating};
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, words};
use crate::device::gpu::{Gpu, adapter};
use crate::device::tests::Random;
use crate::kernel::update::{MAX_ROWS, Update};
use std::sync::Arc;

const LIMIT: i64 = 1 << 24;

/// Sums, counts and codewords.
struct Case {
    sums: Vec<i64>,
    counts: Vec<u64>,
    codebook: Codebook,
    room: i32,
}

/// Members of clusters: none, few, and numbers around powers of two up to all rows.
const COUNTS: [u64; 14] =
    [0, 1, 2, 3, 4, 7, 255, 256, 65_535, 65_537, (1 << 24) - 1, 1 << 24, (1 << 31) - 1, MAX_ROWS as u64];

/// Returns a sum of `n` values within 2^24: limits, halves either way of them, and anything between.
fn sum(n: u64, random: &mut Random) -> i64 {
    let (n, limit) = (n as i64, n as i64 * LIMIT);
    let middle = (random.next() % (2 * limit as u64 + 1)) as i64 - limit;
    let step = (random.next() % (2 * LIMIT as u64)) as i64 - LIMIT;
    match random.next() % 10 {
        0 => -limit,
        1 => limit,
        2 => 0,
        3 => (limit - n / 2).max(-limit),
        4 => ((n + 1) / 2 - limit).min(limit),
        // Just around a half.
        5 => step * n + n / 2,
        6 => step * n + (n + 1) / 2,
        7 => step * n + (n / 2 - 1).max(0),
        8 => step * n,
        _ => middle,
    }
    .clamp(-limit, limit)
}

fn case(dim: usize, clusters: usize, seed: u64) -> Case {
    let mut random = Random(seed);
    let counts: Vec<u64> = (0..clusters).map(|k| COUNTS[k % COUNTS.len()]).collect();
    let sums = counts.iter().flat_map(|n| (0..dim).map(|_| sum(*n, &mut random)).collect::<Vec<_>>()).collect();
    let mut value = || match random.next() % 6 {
        0 => -(LIMIT as i32),
        1 => LIMIT as i32,
        2 => 0,
        _ => (random.next() % (2 * LIMIT as u64 + 1)) as i32 - LIMIT as i32,
    };
    let codebook = Codebook::new((0..dim * clusters).map(|_| value()).collect(), dim);
    let room = [LIMIT as i32, 1 << 23, 1000, 1][seed as usize % 4];
    Case { sums, counts, codebook, room }
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [(1, 14), (5, 28), (17, 300), (384, 29), (8192, 14)]
        .into_iter()
        .zip(0..)
        .map(|((d, k), s)| case(d, k, s))
        .collect();
    // The largest sums of all: every row and codeword at opposite corners.
    for sign in [-1, 1] {
        let (dim, n) = (8192, MAX_ROWS as u64);
        let codebook = Codebook::new(vec![-sign * LIMIT as i32; dim], dim);
        let sums = vec![i64::from(sign) * n as i64 * LIMIT; dim];
        cases.push(Case { sums, counts: vec![n], codebook, room: LIMIT as i32 });
    }
    cases
}

/// What the twin and the device give: facts, codewords, and the bits of their half norms.
type Found = (Update, Vec<i32>, Vec<u32>);

fn expected(case: &Case, context: &Context, width: usize) -> Found {
    let mut codewords = case.codebook.values().to_vec();
    let dim = case.codebook.dim();
    let update = crate::kernel::update::update(&case.sums, &case.counts, dim, &mut codewords, case.room);
    let uploaded = Codewords::new(context, &Codebook::new(codewords.clone(), dim), width).expect("codewords");
    (update, codewords, half_norms(context, &uploaded))
}

fn half_norms(context: &Context, codewords: &Codewords) -> Vec<u32> {
    let span = Span { buffer: &codewords.half_norms, offset: 0, size: u64::from(codewords.padded) * 4 };
    words(&context.read(&[span], |_| {}).expect("half norms")).collect()
}

fn found(case: &Case, table: &mut GpuRows) -> Found {
    let context = Arc::clone(&table.context);
    let (dim, clusters, width) = (case.codebook.dim(), case.codebook.clusters(), table.width);
    let before = Codewords::new(&context, &case.codebook, width).expect("codewords");
    let after = Codewords::room(&context, clusters, width).expect("codewords");
    let mut padded = vec![0_i64; clusters * width * 4];
    for (to, from) in padded.chunks_exact_mut(width * 4).zip(case.sums.chunks_exact(dim)) {
        to[..dim].copy_from_slice(from);
    }
    let totals: Vec<u32> = [3, 5].into_iter().chain(case.counts.iter().map(|n| *n as u32)).collect();
    let updating = Updating {
        sums: context.filled("sums", &padded).expect("sums"),
        totals: context.filled("totals", &totals).expect("totals"),
        ..Updating::new(&context, clusters, (1, 16)).expect("buffers")
    };
    update::queue_update(table, &updating, [&before, &after], (0, clusters), case.room).expect("a dispatch");
    update::queue_summary(table, &updating, clusters).expect("a dispatch");
    let bytes = table.batch.read(&context, &[updating.summary()]).expect("a summary");
    let iteration = update::read_summary(&bytes);
    assert_eq!((iteration.assigned.settled, iteration.assigned.changed), (3, 5));
    let codewords = after.read(&context, dim).expect("codewords").values().to_vec();
    (iteration.update, codewords, half_norms(&context, &after))
}

fn table(gpu: &Gpu, case: &Case) -> GpuRows {
    GpuRows::new(Arc::clone(&gpu.context), 1, case.codebook.dim()).expect("a table")
}

#[test]
fn an_update_is_that_of_the_twin() {
    for adapter in adapter::all() {
        let Ok(gpu) = Gpu::open(adapter) else { continue };
        for case in cases() {
            let mut table = table(&gpu, &case);
            let expected = expected(&case, &gpu.context, table.width);
            let shape = (case.codebook.dim(), case.codebook.clusters());
            assert!(found(&case, &mut table) == expected, "{shape:?} on {}", adapter.info.description);
        }
    }
}

/// Faults that the cases must find.
const FAULTS: [Fault; 14] = [
    (Kernel::Update, "vec4<u32>(u_low < low)", "vec4<u32>(0u)"),
    (Kernel::Update, "(rest << vec4<u32>(1u)) >= members", "(rest << vec4<u32>(1u)) > members"),
    (Kernel::Update, "var bit = 26u", "var bit = 25u"),
    (Kernel::Update, "let fits = rest >= members", "let fits = rest > members"),
    (Kernel::Update, "-limit, limit", "-limit - 1, limit"),
    (Kernel::Update, "if (n > 0u)", "if (n > 1u)"),
    (Kernel::Update, "negative != (c < 0)", "negative"),
    (Kernel::Update, "(s.y << 1u) | (s.x >> 31u)", "s.y << 1u"),
    (Kernel::Update, "squares[0].zw, 1)", "squares[0].zw, 0)"),
    (Kernel::Update, "now, old)", "now, now)"),
    (Kernel::Update, "u32(u64_less(low, a.xy))", "0u"),
    (Kernel::Summary, "select(a, b, u64_less(a, b))", "select(b, a, u64_less(a, b))"),
    (Kernel::Summary, "u32(u64_less(low, a.xy))", "0u"),
    (Kernel::Summary, "a.zw + b.zw)", "a.zw)"),
];

#[test]
fn faults_of_an_update_are_found() {
    let cases: Vec<Case> = cases();
    faults::are_found(&FAULTS, |gpu| {
        cases.iter().position(|case| {
            let mut table = table(gpu, case);
            found(case, &mut table) != expected(case, &gpu.context, table.width)
        })
    });
}

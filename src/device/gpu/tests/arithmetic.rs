//! Compares 64-bit arithmetic on pairs of u32 with u64.

use crate::device::gpu::adapter;
use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::params::Params;
use crate::device::gpu::span::{Span, doubles};

use crate::device::tests::Random;

fn expected(a: u64, b: u64) -> [u64; 8] {
    let (a_low, b_low, b_high) = (a as u32, b as u32, (b >> 32) as u32);
    let root = (a_low >> 2) | 1 << 30;
    let value = b_low % (root + 1);
    let half_shift = b_high % 31;
    let q = (value >> half_shift).min(1 << 24) as i32;
    let scale = |q: i32| {
        let numerator = (i128::from(q) << (21 + half_shift)) + i128::from(root);
        u64::from(numerator.div_euclid(2 * i128::from(root)) as u32)
    };
    [
        a.wrapping_add(b),
        a.wrapping_sub(b),
        u64::from(a < b) | u64::from(b < a) << 32,
        u64::from(a_low) * u64::from(b_low),
        a << (b_low & 63),
        a.isqrt() | u64::from(a.leading_zeros()) << 32,
        a.min(b),
        scale(q) | scale(-q) << 32,
    ]
}

#[test]
fn pairs_of_u32_are_u64() {
    let edges: Vec<u64> = (0..64)
        .flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1, !(1 << bit)])
        .chain([u64::MAX, 0xffff_ffff_0000_0000, 0xffff_0000_ffff_0000, 0xfffe_ffff_fffe_ffff])
        .collect();
    let mut pairs: Vec<(u64, u64)> = edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b))).collect();
    let mut random = Random(1);
    pairs.extend((0..200_000).map(|_| {
        let (a, b) = (random.next(), random.next());
        // Numbers of every length; for the root, squares with their neighbours.
        match random.next() % 4 {
            0 => (a, b),
            1 => (a >> (b & 63), b >> (a & 63)),
            2 => ((a >> 32).pow(2), b),
            _ => ((a >> 32).pow(2).wrapping_sub(1), b >> 32),
        }
    }));
    let words: Vec<u32> =
        pairs.iter().flat_map(|(a, b)| [*a as u32, (a >> 32) as u32, *b as u32, (b >> 32) as u32]).collect();
    for found in adapter::all() {
        let Ok(context) = found.open() else { continue };
        let input = context.filled("pairs", &words).expect("upload");
        let size = pairs.len() as u64 * 64;
        let output = context.storage("results", size).expect("room");
        let params = Params { end: pairs.len() as u32, ..Params::default() };
        let groups = pairs.len().div_ceil(64) as u32;
        let mut batch = CommandBatch::new(&context).expect("a batch");
        let work = ((groups, 1), pairs.len() as u64);
        batch.dispatch(&context, Kernel::Arithmetic, &params.words(), &[&input, &output], work).expect("dispatch");
        let bytes = batch.read(&context, &[Span { buffer: &output, offset: 0, size }]).expect("read");
        let results: Vec<u64> = doubles(&bytes).collect();
        for ((a, b), results) in pairs.iter().zip(results.chunks_exact(8)) {
            assert_eq!(results, expected(*a, *b), "{a:#x}, {b:#x} on {}", found.info.description);
        }
    }
}

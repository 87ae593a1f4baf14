//! Compares soft floats with native f32, bit for bit.

mod inputs;

use crate::device::gpu::adapter;
use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::context::Context;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::params::Params;
use crate::device::gpu::span::{Span, words};

use inputs::inputs;
use std::array;

/// Two floats, and a 64-bit integer for `float_from_exact`.
type Input = (u32, u32, u64);

/// The inputs of a dispatch.
const CHUNK: usize = 1 << 19;

const NAMES: [&str; 8] = ["add", "sub", "mul", "div", "sqrt", "from_exact", "scaled", "positive, nan"];

/// Turns subnormals into zeros of their sign, and any NaN into the one. It works on bits, as the compiler may swap
/// NaNs.
fn flush(bits: u32) -> u32 {
    match bits & 0x7fff_ffff {
        ..0x0080_0000 => bits & 0x8000_0000,
        0x7f80_0001.. => 0x7fc0_0000,
        _ => bits,
    }
}

fn flushed(value: f32) -> u32 {
    flush(value.to_bits())
}

/// Computes dot 2^-shift. Where there is no underflow, the language rounds it to 24 bits; otherwise it is compared in
/// 128 bits to decide between 2^-126 and zero.
fn from_exact(dot: i64, shift: i32) -> f32 {
    let rounded = f64::from(dot as f32) * 2_f64.powi(-shift);
    if dot == 0 || rounded.abs() >= f64::from(f32::MIN_POSITIVE) {
        return rounded as f32;
    }
    // Half a step of 2^-149 below 2^-126, in steps of 2^-150.
    let reach = ((1_u128 << 24) - 1) << (shift - 100).min(100);
    let reaches = u128::from(dot.unsigned_abs()) << 50 >= reach;
    let magnitude = if reaches { f32::MIN_POSITIVE } else { 0.0 };
    if dot < 0 { -magnitude } else { magnitude }
}

fn scaled(value: f32, shift: i32, limit: f64) -> i32 {
    (f64::from(f32::from_bits(flush(value.to_bits()))) * 2_f64.powi(shift)).round_ties_even().clamp(-limit, limit)
        as i32
}

fn expected((a, b, dot): Input) -> [u32; 8] {
    let (x, y) = (f32::from_bits(flush(a)), f32::from_bits(flush(b)));
    let finite = if a & 0x7f80_0000 == 0x7f80_0000 { a ^ 0x4000_0000 } else { a };
    let exponent = ((finite >> 23) & 0xff).max(1) as i32;
    let largest = (exponent + (b & 31) as i32).min(254);
    let finite = f32::from_bits(finite);
    let (bytes, words) = (scaled(finite, 133 - largest, 127.0), scaled(finite, 141 - largest, 32767.0));
    [
        flushed(x + y),
        flushed(x - y),
        flushed(x * y),
        flushed(x / y),
        flushed(x.sqrt()),
        from_exact(dot as i64, (b & 0x1ff) as i32 - 128).to_bits(),
        ((words << 8) + bytes) as u32,
        u32::from(x > 0.0) | u32::from(x.is_nan()) << 1,
    ]
}

/// Counts how many results of each operation were of each kind; every kind must occur.
#[derive(Default)]
struct Seen([[usize; 5]; 6]);

impl Seen {
    const KINDS: [&str; 5] = ["zero", "2^-126", "normal", "infinity", "NaN"];

    fn add(&mut self, results: &[u32; 8]) {
        for (seen, result) in self.0.iter_mut().zip(results) {
            let kind = match result & 0x7fff_ffff {
                0 => 0,
                0x0080_0000 => 1,
                0x7f80_0000 => 3,
                0x7f80_0001.. => 4,
                _ => 2,
            };
            seen[kind] += 1;
        }
    }

    fn check(&self, chunks: usize) {
        for (name, seen) in NAMES.iter().zip(&self.0) {
            assert_eq!(seen.iter().sum::<usize>(), chunks * CHUNK, "{name}");
            println!("{name:10} {seen:?} {:?}", Self::KINDS);
            for (kind, seen) in Self::KINDS.iter().zip(seen) {
                // Roots are never small, and integers are never NaN.
                let possible = !matches!((*name, *kind), ("sqrt", "2^-126") | ("from_exact", "NaN"));
                assert_eq!(*seen >= 50, possible, "{name}: {seen} results are {kind}");
            }
        }
    }
}

fn results(context: &Context, inputs: &[Input]) -> Vec<[u32; 8]> {
    let words_in: Vec<u32> = inputs.iter().flat_map(|(a, b, c)| [*a, *b, *c as u32, (*c >> 32) as u32]).collect();
    let input = context.filled("inputs", &words_in).expect("upload");
    let size = inputs.len() as u64 * 32;
    let output = context.storage("results", size).expect("room");
    let params = Params { end: inputs.len() as u32, ..Params::default() };
    let groups = inputs.len().div_ceil(64) as u32;
    let mut batch = CommandBatch::new(context).expect("a batch");
    let work = ((groups, 1), inputs.len() as u64);
    batch.dispatch(context, Kernel::SoftFloat, &params.words(), &[&input, &output], work).expect("dispatch");
    let bytes = batch.read(context, &[Span { buffer: &output, offset: 0, size }]).expect("read");
    let mut words = words(&bytes);
    (0..inputs.len()).map(|_| array::from_fn(|_| words.next().expect("a word"))).collect()
}

/// Returns the first difference, in words.
fn difference(inputs: &[Input], expected: &[[u32; 8]], found: &[[u32; 8]]) -> Option<String> {
    assert_eq!(expected.len(), found.len());
    let at = expected.iter().zip(found).position(|(expected, found)| expected != found)?;
    let operation = (0..8).find(|i| expected[at][*i] != found[at][*i])?;
    let (a, b, c) = inputs[at];
    let (name, expected, found) = (NAMES[operation], expected[at][operation], found[at][operation]);
    Some(format!("{name} of {a:#010x}, {b:#010x}, {c:#x} is {found:#010x}, not {expected:#010x}"))
}

fn check(chunks: usize) {
    let contexts: Vec<_> = adapter::all().filter_map(|found| Some((found, found.open().ok()?))).collect();
    let mut seen = Seen::default();
    for chunk in 0..chunks {
        let inputs = inputs(chunk);
        let expected: Vec<[u32; 8]> = inputs.iter().map(|input| expected(*input)).collect();
        expected.iter().for_each(|results| seen.add(results));
        for (found, context) in &contexts {
            let difference = difference(&inputs, &expected, &results(context, &inputs));
            assert_eq!(difference, None, "{}", found.info.description);
        }
    }
    seen.check(chunks);
}

/// Compares a million inputs of every operation.
#[test]
fn soft_floats_are_native_floats() {
    check(2);
}

#[test]
#[ignore = "ten million inputs of every operation: 10 seconds"]
fn ten_million_soft_floats_are_native_floats() {
    check(20);
}

/// Plants faults in every part of the shader, each of which the inputs must find.
const FAULTS: [(&str, &str); 22] = [
    ("exponent >= 255", "exponent > 255"),
    ("exponent == 0 && m >= 0xffffff00u", "exponent == 0 && m >= 0xffffff80u"),
    ("exponent == 0 && m >= 0xffffff00u", "exponent == 0 && m >= 0xfffffe00u"),
    ("exponent == 0 && m", "m"),
    ("(kept & 1u) > 0x80u", "1u > 0x80u"),
    ("(kept & 1u) > 0x80u", "(kept & 1u) >= 0x80u"),
    ("- SMALLEST <= INFINITY", "- SMALLEST < INFINITY"),
    ("differ && (small", "(small"),
    ("select(large, large & small,", "select(large, small,"),
    ("moved | u32((moved << distance) != n)", "moved"),
    ("if (sum == 0u)", "if (sum == 1u)"),
    ("max(x, y) > INFINITY || min(x, y) == 0u", "max(x, y) > INFINITY"),
    ("product.y | u32(product.x != 0u)", "product.y"),
    ("x == y && (x == 0u || x == INFINITY)", "x == y && x == 0u"),
    ("x == INFINITY || y == 0u", "x == INFINITY"),
    ("x == 0u || y == INFINITY", "x == 0u"),
    ("(quotient << 7u) | u32(left != 0u)", "quotient << 7u"),
    ("(root << 7u) | u32(left != 0u)", "root << 7u"),
    ("m.y | u32(m.x != 0u)", "m.y"),
    ("(dot.y & SIGN) != 0u", "(dot.y & SIGN) == 1u"),
    ("(kept & 1u) > (1u << (n - 1u))", "1u > (1u << (n - 1u))"),
    ("min(kept + u32(up), limit)", "kept + u32(up)"),
];

#[test]
fn faults_are_found() {
    let inputs = &inputs(0)[..CHUNK / 4];
    let expected: Vec<[u32; 8]> = inputs.iter().map(|input| expected(*input)).collect();
    if let Some(context) = adapter::all().find_map(|found| found.open().ok()) {
        for (right, wrong) in FAULTS {
            let source = Kernel::SoftFloat.source();
            assert!(source.contains(right), "{right}");
            context.plant(Kernel::SoftFloat, &source.replacen(right, wrong, 1)).expect("a pipeline");
            let difference = difference(inputs, &expected, &results(&context, inputs));
            assert!(difference.is_some(), "{wrong} instead of {right} goes unseen");
        }
    }
}

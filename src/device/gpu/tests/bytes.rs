//! Tests the filter of bytes against its twin: the bytes, which rows it decides, and the codes.

use super::candidates::left_of_rows;
use super::faults::{self, Fault};
use crate::codebook::Codebook;
use crate::device::Table;
use crate::device::gpu::context::Context;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, words};
use crate::device::gpu::tile::{Tile, Wanted};
use crate::device::gpu::{Gpu, adapter, bytes};
use crate::device::tests::{Case, Random, compare, data, outcome, reference};
use crate::kernel::assign;
use crate::kernel::assign::bytes::{Range, ranges, round};
use crate::kernel::assign::candidates::Left;
use crate::kernel::assign::is_duplicate;
use std::sync::Arc;

/// Rows and codewords of one table.
struct Sample {
    name: String,
    dim: usize,
    rows: Vec<i32>,
    codewords: Vec<i32>,
}

impl Sample {
    fn rows(&self) -> impl Iterator<Item = &[i32]> {
        self.rows.chunks_exact(self.dim)
    }

    fn codewords(&self) -> impl Iterator<Item = &[i32]> {
        self.codewords.chunks_exact(self.dim)
    }
}

/// Returns one sample of each of the adversarial kinds of data, and shapes around the tiles.
fn samples() -> Vec<Sample> {
    const SHAPES: [(usize, usize, usize); 10] = [
        (200, 17, 70),
        (65, 18, 129),
        (130, 19, 1),
        (64, 100, 65),
        (129, 64, 257),
        (1, 65, 2),
        (63, 33, 300),
        (90, 130, 20),
        (150, 40, 64),
        (3, 8192, 5),
    ];
    let shapes = SHAPES.into_iter().zip([0, 2, 7, 3, 4, 5, 6, 1, 5, 6]);
    let random = shapes.map(|((rows, dim, clusters), kind)| {
        let case = Case { rows, dim, clusters, data: kind };
        let (rows, codewords) = data(&case, &mut Random(kind as u64 + 1));
        Sample { name: format!("{case:?}"), dim, rows, codewords }
    });
    random.chain([halves(), duplicates(), many_near()]).collect()
}

/// Rows whose components are just where one byte ends and the next begins, with the largest scales, and with some for
/// which an f32 estimate is one too low or one too high.
fn halves() -> Sample {
    let dim = 256;
    let scales = (1..9).chain([41, 47, 55, 97, 500, 501, 65_535, 103_121, 103_303, 103_737, 132_103, 132_104]);
    let rows = scales.flat_map(|scale| {
        let edge = move |at: i32| match at {
            0 => 127 * scale,
            _ => (at / 2) * scale - scale / 2 - at % 2,
        };
        (0..dim as i32).map(edge).collect::<Vec<_>>()
    });
    let rows: Vec<i32> = rows.collect();
    let codewords = rows[..9 * dim].iter().map(|value| value / 2).collect();
    Sample { name: "halves".into(), dim, rows, codewords }
}

/// Codewords that are there many times: the rows are as decided as if each were there once.
fn duplicates() -> Sample {
    let (dim, mut random) = (32, Random(11));
    let mut row = || (0..dim).map(|_| (random.next() >> 44) as i32 - (1 << 19)).collect::<Vec<_>>();
    let distinct: Vec<Vec<i32>> = (0..7).map(|_| row()).collect();
    let codewords = (0..200).flat_map(|k| distinct[k % 7].clone()).collect();
    let rows =
        (0..80).flat_map(|i| distinct[i % 7].iter().map(move |value| value + (i as i32 % 5)).collect::<Vec<_>>());
    Sample { name: "duplicates".into(), dim, rows: rows.collect(), codewords }
}

/// Far more codewords near every row than a list of candidates has room for at once.
fn many_near() -> Sample {
    let (dim, mut random) = (20, Random(12));
    let mut values = |count: usize, limit: u64| -> Vec<i32> {
        (0..count * dim).map(|at| 1_000_000 * (at as i32 % 3) + (random.next() % limit) as i32).collect()
    };
    let (rows, codewords) = (values(37, 40), values(700, 40));
    Sample { name: "many near".into(), dim, rows, codewords }
}

/// What a device finds in a sample.
struct Found {
    /// The words and facts of rows and codewords.
    row_words: Vec<u32>,
    codeword_words: Vec<u32>,
    padded: usize,
    /// The rows that the filter left undecided.
    undecided: Vec<bool>,
    codes: Vec<u32>,
    settled: u64,
}

fn found(context: &Arc<Context>, sample: &Sample) -> Found {
    let dim = sample.dim;
    let rows = sample.rows.len() / dim;
    let mut table = GpuRows::new(Arc::clone(context), rows, dim).expect("a table");
    table.filter = Some(Filter::Bytes);
    table.upload(0, &sample.rows).expect("upload");
    let codebook = Codebook::new(sample.codewords.clone(), dim);
    let assigned = Table::assign(&mut table, &codebook).expect("assign");
    let mut codes = vec![0; rows];
    table.codes(&mut codes).expect("codes");
    let whole = |buffer: &wgpu::Buffer| -> Vec<u32> {
        let span = Span { buffer, offset: 0, size: buffer.size() };
        words(&context.read(&[span], |_| {}).expect("a read-back")).collect()
    };
    let [chunk] = table.chunks.as_slice() else { panic!("several chunks") };
    let row_words = whole(chunk.bytes.as_ref().expect("rows as bytes"));
    let codeword_words = whole(table.codeword_bytes.as_ref().expect("codewords as bytes"));
    let left = left_of_rows(context, &table, &codes).unwrap_or_default();
    let undecided: Vec<bool> = left.iter().map(|left| !matches!(left, Left::Code(_))).collect();
    let padded = codeword_words.len() / 4 / (bytes::quads(dim) + 1);
    Found { row_words, codeword_words, padded, undecided, codes, settled: assigned.settled }
}

/// Whether a measured length is an upper bound of the exact one and close to it.
fn measures(bits: u32, squared: f64) -> bool {
    let (measured, exact) = (f64::from(f32::from_bits(bits)), squared.sqrt());
    exact <= measured && measured <= exact * (1.0 + 1.0 / 512.0) && (measured == 0.0 || measured >= 1.0)
}

fn squared_length(vector: &[i32]) -> u64 {
    assign::squared_distance(vector, &vec![0; vector.len()])
}

fn word(vector: &[i8], at: usize) -> u32 {
    let byte = |i: usize| vector.get(4 * at + i).map_or(0, |byte| u32::from(*byte as u8) << (8 * i));
    (0..4).map(byte).sum()
}

/// What is wrong with the bytes and facts of the rows.
fn wrong_rows(sample: &Sample, found: &Found) -> Option<String> {
    let quads = bytes::quads(sample.dim);
    let room = found.row_words.len() / 4 / (quads + 1);
    sample.rows().enumerate().find_map(|(row, values)| {
        let rounded = round(values);
        let at = |word: usize| found.row_words[row * quads * 4 + word];
        let facts = &found.row_words[(room * quads + row) * 4..][..4];
        let [scale, reach, error] = [facts[0], facts[1], facts[2]];
        let exact = (squared_length(values) as f64).sqrt() + (rounded.rest as f64).sqrt();
        let right = (0..quads * 4).all(|i| at(i) == word(&rounded.bytes, i))
            && f32::from_bits(scale) == rounded.scale as f32
            && measures(error, rounded.rest as f64)
            && measures(reach, exact * exact);
        (!right).then(|| format!("bytes of row {row}"))
    })
}

/// What is wrong with the bytes and facts of the codewords.
fn wrong_codewords(sample: &Sample, found: &Found) -> Option<String> {
    let (quads, padded) = (bytes::quads(sample.dim), found.padded);
    let of_codewords = sample.codewords().enumerate().find_map(|(k, values)| {
        let rounded = round(values);
        let at = |word: usize| found.codeword_words[(word / 4 * padded + k) * 4 + word % 4];
        let facts = &found.codeword_words[(quads * padded + k) * 4..][..4];
        let [half_norm, scale, error, length] = [facts[0], facts[1], facts[2], facts[3]];
        let half = match is_duplicate(&sample.codewords, sample.dim, k) {
            true => 2.0_f32.powi(100),
            false => squared_length(values) as f32 / 2.0,
        };
        let right = (0..quads * 4).all(|i| at(i) == word(&rounded.bytes, i))
            && f32::from_bits(half_norm) == half
            && f32::from_bits(scale) == rounded.scale as f32
            && measures(error, rounded.rest as f64)
            && measures(length, squared_length(values) as f64);
        (!right).then(|| format!("bytes of codeword {k}"))
    });
    let clusters = sample.codewords.len() / sample.dim;
    let far = |k: &usize| found.codeword_words[(quads * padded + k) * 4] != 2.0_f32.powi(100).to_bits();
    of_codewords.or_else(|| (clusters..padded).find(far).map(|k| format!("padding {k}")))
}

/// What the twin says of a row: the filter has to prove this code, or has to leave it open, or may do either, as far as
/// devices measure lengths differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Proved(u32),
    Open,
    Either,
}

/// A device's lengths and errors exceed the exact ones by at most this.
const MEASURING: f64 = 1.0 / 128.0;

fn decision(row: &[i32], sample: &Sample, (slope, base): (f32, f32)) -> Decision {
    let mut ranges = ranges(row, &sample.codewords);
    ranges.sort_by(|a, b| a.low.total_cmp(&b.low));
    let Some((best, others)) = ranges.split_first() else { return Decision::Either };
    let Some(second) = others.first() else { return Decision::Proved(best.code as u32) };
    let reach = (squared_length(row) as f64).sqrt() + (round(row).rest as f64).sqrt();
    let arithmetic = f64::from(slope) * reach + f64::from(base);
    let widest = ranges.iter().map(|range| range.width).fold(0.0, f64::max);
    // How far either of the two lowest bounds may be from the twin's.
    let off = widest / 2.0 * MEASURING + arithmetic / 6.0;
    let gap = second.low - best.low;
    let near = |range: &&Range| range.low <= best.low + 2.0 * off;
    let least = ranges.iter().filter(near).map(|range| range.width).fold(f64::INFINITY, f64::min);
    if gap - 2.0 * off > (best.width + arithmetic) * (1.0 + MEASURING) {
        Decision::Proved(best.code as u32)
    } else if gap + 2.0 * off < least + arithmetic / 2.0 {
        Decision::Open
    } else {
        Decision::Either
    }
}

/// What is wrong with the choice of undecided rows.
fn wrong_decisions(sample: &Sample, found: &Found, decisions: &[Decision]) -> Option<String> {
    if found.undecided.is_empty() {
        return Some("a row is listed twice".to_owned());
    }
    let listed = found.undecided.iter().filter(|open| **open).count() as u64;
    if listed != found.settled {
        return Some(format!("{listed} rows are listed, {} counted", found.settled));
    }
    decisions.iter().enumerate().find_map(|(row, decision)| {
        let right = match decision {
            Decision::Proved(code) => !found.undecided[row] && found.codes[row] == *code,
            Decision::Open => found.undecided[row],
            Decision::Either => true,
        };
        (!right).then(|| format!("{}: row {row} is {decision:?}", sample.name))
    })
}

fn decisions(sample: &Sample) -> Vec<Decision> {
    let longest = sample.codewords().map(squared_length).max().unwrap_or(0);
    let gap = assign::bytes::gap(longest);
    sample.rows().map(|row| decision(row, sample, gap)).collect()
}

fn nearest(sample: &Sample) -> Vec<u32> {
    let mut codes = vec![0; sample.rows.len() / sample.dim];
    assign::assign(&sample.rows, &sample.codewords, sample.dim, &mut codes);
    codes
}

/// A sample and all that the twin says of it.
struct Expected {
    sample: Sample,
    decisions: Vec<Decision>,
    codes: Vec<u32>,
}

fn expected() -> Vec<Expected> {
    let expect = |sample: Sample| Expected { decisions: decisions(&sample), codes: nearest(&sample), sample };
    samples().into_iter().map(expect).collect()
}

fn wrong(context: &Arc<Context>, expected: &Expected) -> Option<String> {
    let Expected { sample, decisions, codes } = expected;
    let found = found(context, sample);
    let wrong = wrong_rows(sample, &found).or_else(|| wrong_codewords(sample, &found));
    let wrong = wrong.or_else(|| wrong_decisions(sample, &found, decisions));
    wrong.or_else(|| (found.codes != *codes).then(|| format!("{}: codes", sample.name)))
}

/// Every adapter with two tiles of the byte filter, and with none.
fn contexts() -> Vec<Arc<Context>> {
    let of = |tile| {
        adapter::all().filter_map(move |found| {
            let mut context = found.open().ok()?;
            context.tiles.wanted = Ok(Wanted::Tile(tile));
            Some(Arc::new(context))
        })
    };
    let sized = [true, false].map(|wide_rows| Tile::Sized { wide_rows, wide_codes: true });
    sized.into_iter().chain([Tile::Streamed]).flat_map(of).collect()
}

/// The twin has an opinion of most rows, and of both kinds.
#[test]
fn samples_have_rows_of_both_kinds() {
    let all: Vec<Decision> = samples().iter().flat_map(decisions).collect();
    let count = |of: fn(&Decision) -> bool| all.iter().filter(|decision| of(decision)).count();
    let proved = count(|decision| matches!(decision, Decision::Proved(_)));
    let (open, either) = (count(|d| *d == Decision::Open), count(|d| *d == Decision::Either));
    println!("{proved} proved, {open} open, {either} either");
    assert!(proved > 200 && open > 200 && 10 * either < all.len(), "{proved} proved, {open} open, {either} either");
    let of_duplicates = decisions(&duplicates());
    assert!(of_duplicates.iter().all(|decision| matches!(decision, Decision::Proved(_))));
}

#[test]
fn bytes_decisions_and_codes_are_those_of_the_twin() {
    let expected = expected();
    for context in contexts() {
        for expected in &expected {
            let name = &expected.sample.name;
            assert_eq!(wrong(&context, expected), None, "{name} on {}, {:?}", context.name, context.tiles.wanted);
        }
    }
}

/// All kernels on rows of bytes, among them iterations of Lloyd's algorithm and codebooks larger than a binding.
#[test]
fn tables_of_bytes_give_the_bits_of_the_reference() {
    let cases = [(300, 33, 130, 0), (129, 64, 65, 2), (200, 20, 90, 3), (257, 100, 7, 4), (70, 130, 300, 6)];
    let cases = cases.map(|(rows, dim, clusters, data)| Case { rows, dim, clusters, data });
    let cases = cases.map(|case| (outcome(&reference(), &case), case));
    for found in adapter::all() {
        let Ok(context) = found.open() else { continue };
        let mut context = context.for_tests(96 << 10, 1 << 16);
        context.filter = Ok(Some(Filter::Bytes));
        let gpu = Gpu { info: found.info.clone(), context: Arc::new(context) };
        for (expected, case) in &cases {
            let differences = compare(expected, &outcome(&gpu, case));
            assert_eq!(differences, Vec::<String>::new(), "{} on {case:?}", found.info.description);
        }
    }
}

#[test]
fn an_unknown_filter_is_an_error() {
    let Some(found) = adapter::all().next() else { return };
    let Ok(mut context) = found.open() else { return };
    context.filter = Err("7bit".into());
    let error = GpuRows::new(Arc::new(context), 1, 20).map(|_| ()).expect_err("an error").to_string();
    assert_eq!(error, "SEMID_GPU_FILTER names no filter of a GPU: 7bit; available: 8bit, f32");
}

const ASSIGN: Kernel = Kernel::AssignBytes { wide_rows: faults::wide_rows(Filter::Bytes), wide_codes: false };

/// Faults that the samples must find.
const FAULTS: [Fault; 17] = [
    (Kernel::RoundRows, "(u32(largest) + 126u) / 127u", "(u32(largest) + 127u) / 128u"),
    (Kernel::RoundRows, "let half = scale >> 1u", "let half = 0u"),
    (Kernel::RoundRows, "estimate + up", "estimate"),
    (Kernel::RoundRows, "+ up - down", "+ up"),
    (Kernel::RoundRows, "magnitude, negative)", "magnitude, !negative)"),
    (Kernel::RoundRows, "* 1.0009765625", "* 0.9990234375"),
    (Kernel::RoundRows, "length_above(squares.x) + error", "length_above(squares.x)"),
    (Kernel::Distinct, "other < code;", "other < code && other > 0u;"),
    (Kernel::Distinct, "if (any(codewords", "if (all(codewords"),
    (Kernel::RoundCodewords { row_major: false }, "bytes[at] = rounded.word", "bytes[at] = rounded.word & 0xffffffu"),
    (ASSIGN, "of_row.z * facts.lengths", "0.0 * facts.lengths"),
    (ASSIGN, "return 2.0 * (of_row.y", "return 0.0 * (of_row.y"),
    (ASSIGN, "sums.r3, row.w, code", "sums.r3, row.z, code"),
    (ASSIGN, "state.y - best.x", "state.x - best.x"),
    (Kernel::Rerank, "code < best_code;", "code > best_code;"),
    (Kernel::Rerank, "i < LANES; i++", "i < LANES - 1u; i++"),
    (Kernel::Settle, "i += SIZE", "i += 2u * SIZE"),
];

#[test]
fn faults_of_the_byte_filter_are_found() {
    let expected = expected();
    faults::are_found(&FAULTS, |gpu| expected.iter().find_map(|expected| wrong(&gpu.context, expected)));
}

//! What the races list of rows that are near several codewords: candidates, or shares of the codewords, among which the
//! nearest always is.

use super::faults::{self, Fault};
use crate::codebook::Codebook;
use crate::device::Table;
use crate::device::gpu::adapter;
use crate::device::gpu::context::Context;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, words};
use crate::device::gpu::tile::{Tile, Variant, Wanted};
use crate::device::tests::Random;
use crate::kernel::assign;
use crate::kernel::assign::candidates::{Left, MOST, SHARES, share_of};
use std::ops::Range;
use std::sync::Arc;

const DIM: usize = 24;
const CODEWORDS: usize = 300;

/// Codewords that are equally far from one point, by their codes, and what a race leaves of a row at the point; shares
/// are those that must be left.
struct Near {
    codes: Vec<usize>,
    left: Left,
}

/// The code in a place of a share: `quad` counts its groups of 4 neighbours.
fn code(share: usize, quad: usize, place: usize) -> usize {
    quad * 64 + share * 4 + place
}

fn nears() -> Vec<Near> {
    let quad = |shares: Range<usize>, quad| -> Vec<usize> { shares.map(|share| code(share, quad, 0)).collect() };
    let candidates = |codes: Vec<usize>| Near { left: Left::Candidates(codes.clone()), codes };
    let shares = |codes: Vec<usize>| {
        let mut shares: Vec<usize> = codes.iter().map(|code| share_of(*code)).collect();
        shares.sort_unstable();
        shares.dedup();
        Near { codes, left: Left::Shares(shares) }
    };
    vec![
        Near { codes: vec![code(15, 3, 3)], left: Left::Code(code(15, 3, 3)) },
        candidates(vec![code(0, 0, 1), code(1, 0, 1)]),
        candidates(vec![code(0, 0, 2), code(10, 4, 3)]),
        candidates(quad(0..4, 1)),
        candidates(quad(4..9, 1)),
        candidates(quad(9..15, 1)),
        // One share has two of them, as neighbours or apart.
        shares(vec![code(2, 0, 1), code(2, 0, 2)]),
        shares(vec![code(3, 0, 1), code(3, 1, 1)]),
        shares(vec![code(8, 0, 1), code(9, 0, 1), code(10, 0, 1), code(10, 3, 2)]),
        // More than there is room for.
        shares(quad(0..7, 2)),
        shares(quad(0..16, 3).into_iter().chain([code(5, 3, 1)]).collect()),
    ]
}

/// Whether a filter leaves what it must of a row at a point. Where the first share has two candidates, all shares may
/// be left; by f32, which takes exact ties for ties, they must be.
fn is_left(left: &Left, expected: &Left, filter: Filter) -> bool {
    let all = Left::Shares((0..SHARES).collect());
    let (may, must) = match expected {
        Left::Shares(shares) => (true, shares.len() == 1 && filter == Filter::F32),
        Left::Code(_) | Left::Candidates(_) => (false, false),
    };
    (left == expected && !must) || (*left == all && may)
}

/// Rows, codewords, and for some of the rows what is left of them.
struct Sample {
    rows: Vec<i32>,
    codewords: Vec<i32>,
    left: Vec<Option<Left>>,
}

/// Codewords around points, one step along an axis from each; two of them are there again, with higher codes. Rows at
/// the points and around them.
fn sample() -> Sample {
    let mut random = Random(29);
    let mut point = || -> Vec<i32> { (0..DIM).map(|_| (random.next() >> 43) as i32 - (1 << 20)).collect() };
    let mut codewords: Vec<i32> = (0..CODEWORDS).flat_map(|_| point()).collect();
    let (mut rows, mut left) = (Vec::new(), Vec::new());
    for Near { codes, left: at_point } in nears() {
        let point = point();
        for (axis, code) in codes.iter().enumerate() {
            let mut codeword = point.clone();
            codeword[axis] += 1000;
            codewords[code * DIM..][..DIM].copy_from_slice(&codeword);
        }
        for near in 0..13 {
            rows.extend(point.iter().enumerate().map(|(at, value)| value + [0, 1, -1][(near * (at + 1)) % 13 % 3]));
            left.push((near == 0).then(|| at_point.clone()));
        }
    }
    for (from, to) in [(code(0, 0, 1), code(7, 4, 0)), (code(2, 0, 1), code(2, 4, 3))] {
        codewords.copy_within(from * DIM..(from + 1) * DIM, to * DIM);
    }
    Sample { rows, codewords, left }
}

/// Reads what was left of every row of the table's only chunk; `codes` are those of the rows. Returns what is wrong
/// where a row is listed twice.
pub(super) fn left_of_rows(context: &Context, table: &GpuRows, codes: &[u32]) -> Result<Vec<Left>, String> {
    let [chunk] = table.chunks.as_slice() else { panic!("several chunks") };
    let whole = |buffer: &wgpu::Buffer| -> Vec<u32> {
        let span = Span { buffer, offset: 0, size: buffer.size() };
        words(&context.read(&[span], |_| {}).expect("a read-back")).collect()
    };
    let (counters, list) = (whole(&chunk.counters), whole(&chunk.list));
    let mut left: Vec<Left> = codes.iter().map(|code| Left::Code(*code as usize)).collect();
    let mut note = |row: u32, found: Left| -> Result<(), String> {
        let place = left.get_mut(row as usize).filter(|left| matches!(left, Left::Code(_)));
        *place.ok_or_else(|| format!("row {row} is listed twice, or there is none"))? = found;
        Ok(())
    };
    for entry in list.chunks_exact(4).take(counters[0] as usize) {
        let codes: Vec<usize> = entry[1..].iter().flat_map(|w| [w & 0xffff, w >> 16]).map(|c| c as usize).collect();
        let others = codes.iter().take_while(|code| **code != codes[MOST - 1]).count();
        let mut candidates = codes[..=others].to_vec();
        candidates.sort_unstable();
        note(entry[0], Left::Candidates(candidates))?;
    }
    for entry in list.chunks_exact(4).rev().take(counters[1] as usize) {
        note(entry[0], Left::Shares((0..32).filter(|share| entry[1] >> share & 1 == 1).collect()))?;
    }
    Ok(left)
}

/// What is wrong with what was left of a row whose nearest codewords, without duplicates, are these.
fn wrong_left(left: &Left, nearest: &[usize]) -> Option<String> {
    let holds = match left {
        Left::Code(code) => nearest == [*code],
        Left::Candidates(codes) => codes.len() > 1 && nearest.iter().all(|code| codes.contains(code)),
        Left::Shares(shares) => {
            shares.iter().all(|share| *share < SHARES) && nearest.iter().all(|code| shares.contains(&share_of(*code)))
        }
    };
    (!holds).then(|| format!("{left:?} without one of {nearest:?}"))
}

/// What is wrong with an assignment of the sample, whose lists are the expected ones where a race has 16 shares.
pub(super) fn wrong(context: &Arc<Context>, filter: Filter) -> Option<String> {
    let Sample { rows, codewords, left: expected } = sample();
    let count = rows.len() / DIM;
    let mut table = GpuRows::new(Arc::clone(context), count, DIM).expect("a table");
    table.filter = Some(filter);
    table.upload(0, &rows).expect("upload");
    let assigned = Table::assign(&mut table, &Codebook::new(codewords.clone(), DIM)).expect("assign");
    let mut codes = vec![0; count];
    table.codes(&mut codes).expect("codes");
    let left = match left_of_rows(context, &table, &codes) {
        Ok(left) => left,
        Err(wrong) => return Some(wrong),
    };
    let has_16_shares = !matches!(context.tiles.wanted, Ok(Wanted::Tile(Tile::Cooperative)));
    let undecided = left.iter().filter(|left| !matches!(left, Left::Code(_))).count();
    if assigned.settled != undecided as u64 {
        return Some(format!("{assigned:?}, but {undecided} rows are listed"));
    }
    let taking_part: Vec<usize> = (0..CODEWORDS).filter(|code| !assign::is_duplicate(&codewords, DIM, *code)).collect();
    rows.chunks_exact(DIM).enumerate().find_map(|(at, row)| {
        let distance = |code: &usize| assign::squared_distance(row, &codewords[code * DIM..][..DIM]);
        let least = taking_part.iter().map(distance).min()?;
        let nearest: Vec<usize> = taking_part.iter().copied().filter(|code| distance(code) == least).collect();
        let wrong = wrong_left(&left[at], &nearest).or_else(|| {
            let expected = expected[at].as_ref();
            let expected = expected.filter(|expected| has_16_shares && !is_left(&left[at], expected, filter))?;
            Some(format!("{:?} instead of {expected:?}", left[at]))
        });
        let wrong = wrong.or_else(|| {
            (codes[at] as usize != nearest[0]).then(|| format!("code {} instead of {}", codes[at], nearest[0]))
        });
        wrong.map(|wrong| format!("row {at}: {wrong}"))
    })
}

#[test]
fn every_variant_keeps_the_nearest_codewords() {
    for found in adapter::all() {
        for variant in Variant::all() {
            let Ok(mut context) = found.open() else { continue };
            context.tiles.wanted = Ok(Wanted::Tile(variant.tile));
            let wrong = wrong(&Arc::new(context), variant.filter);
            assert_eq!(wrong, None, "{} on {}", variant.name(), found.info.description);
        }
    }
}

/// Each list has some of the rows.
#[test]
fn the_sample_fills_both_lists() {
    let left: Vec<Left> = sample().left.into_iter().flatten().collect();
    let of = |list: fn(&Left) -> bool| left.iter().filter(|left| list(left)).count();
    assert_eq!(of(|left| matches!(left, Left::Code(_))), 1);
    assert_eq!(of(|left| matches!(left, Left::Candidates(_))), 5);
    assert_eq!(of(|left| matches!(left, Left::Shares(_))), 5);
}

const ASSIGN: Kernel = Kernel::Assign { wide_rows: faults::wide_rows(Filter::F32), wide_codes: false };
const BYTES: Kernel = Kernel::AssignBytes { wide_rows: faults::wide_rows(Filter::Bytes), wide_codes: false };

/// Faults that the sample must find, by the filter of f32 or by that of bytes.
const FAULTS: [Fault; 15] = [
    (ASSIGN, "found.unknown |= has_second;", ""),
    (ASSIGN, "share != first)", "share != first && share != 3u)"),
    (ASSIGN, "found.others > MOST_OTHERS", "found.others > MOST_OTHERS + 1u"),
    (ASSIGN, "u32(state.z));", "u32(state.z) + 1u);"),
    (ASSIGN, "codes.x >> 16u", "codes.x"),
    (ASSIGN, "found.shares = 0xffffu;", ""),
    (ASSIGN, "searched(found.shares)", "1u"),
    (BYTES, "undecided[atomicAdd(&counters[0], 1u)]", "undecided[arrayLength(&undecided) - 1u]"),
    (BYTES, "found.unknown |= has_second;", ""),
    (Kernel::Rerank, "code < best_code;", "code > best_code;"),
    (Kernel::Rerank, "return i + 1u;", "return max(i, 1u);"),
    (Kernel::Rerank, "place < 4u", "place < 3u"),
    (Kernel::Settle, "nearest_code[local + step] < nearest_code[local]", "false"),
    (Kernel::Settle, "shares[i % of_64 / 4u]", "shares[0]"),
    (Kernel::Settle, "i / of_64 * 64u + shares", "i / of_64 * 32u + shares"),
];

#[test]
fn faults_of_the_lists_are_found() {
    faults::are_found(&FAULTS, |gpu| {
        [Filter::F32, Filter::Bytes].into_iter().find_map(|filter| wrong(&gpu.context, filter))
    });
}

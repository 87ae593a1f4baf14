//! Tests which rows an assignment races for after codewords have moved: lists and scores against the twin, and whole
//! iterations against those of the reference.

use super::faults::{self, Fault};
use crate::codebook::Codebook;
use crate::device::gpu::assignment;
use crate::device::gpu::codewords::Codewords;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::kernels::keep;
use crate::device::gpu::lloyd::GpuLloyd;
use crate::device::gpu::pruning::{self, Pruning};
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, words};
use crate::device::gpu::tile::{Tile, Wanted};
use crate::device::gpu::{Gpu, adapter};
use crate::device::tests::{Random, reference};
use crate::device::{Engine, Lloyd, Purpose, Table};
use crate::kernel::assign::{assign, squared_distance};
use crate::kernel::keep::{Fate, Known, fates};
use std::collections::BTreeSet;
use std::sync::Arc;

const ROOM: i32 = 1 << 23;

/// Rows with the codes of their nearest codewords, a few of which then moved.
pub(super) struct Sample {
    dim: usize,
    rows: Vec<i32>,
    before: Vec<i32>,
    after: Vec<i32>,
    /// The codes, but for rows that another assignment is said to have given theirs.
    codes: Vec<u32>,
    known: Vec<Option<Known>>,
}

/// Returns rows around `clusters` places. A third of the codewords moves: half of these a little, and half toward the
/// rows of the next one. The last codeword moves onto the first.
pub(super) fn sample(rows: usize, dim: usize, clusters: usize, size: i32) -> Sample {
    let mut random = Random((rows + dim) as u64);
    let mut value = |size: i32| (random.next() % (2 * size as u64 + 1)) as i32 - size;
    let before: Vec<i32> = (0..clusters * dim).map(|_| value(size)).collect();
    let around = |row: usize| before[row % clusters * dim..][..dim].to_vec();
    let rows: Vec<i32> = (0..rows).flat_map(around).map(|center| center / 2 + value(size / 2)).collect();
    let moves = |k: usize| k % 3 == 1;
    let mut after = before.clone();
    for (k, codeword) in after.chunks_exact_mut(dim).enumerate().filter(|(k, _)| moves(*k)) {
        let next = before[(k + 1) % clusters * dim..].iter();
        let toward = |(c, next): (&mut i32, &i32)| *c = if k % 2 == 0 { (*c + 3 * next) / 4 } else { *c + *c / 50 };
        codeword.iter_mut().zip(next).for_each(toward);
    }
    let (first, last) = after.split_at_mut((clusters - 1) * dim);
    last.copy_from_slice(&first[..dim]);
    let mut nearest = vec![0; rows.len() / dim];
    assign(&rows, &before, dim, &mut nearest);
    let known = rows.chunks_exact(dim).zip(&nearest).map(|(row, code)| {
        let distance = squared_distance(row, &before[*code as usize * dim..][..dim]);
        Some(Known { distance, code: *code })
    });
    let known = known.collect();
    let given = |(row, code): (usize, &u32)| if row % 50 == 7 { (code + 1) % clusters as u32 } else { *code };
    let codes = nearest.iter().enumerate().map(given).collect();
    Sample { dim, rows, before, after, codes, known }
}

fn samples() -> Vec<Sample> {
    vec![sample(300, 20, 24, 5000), sample(130, 100, 130, 1 << 20), sample(1000, 17, 40, 900)]
}

/// What a device lists, and the codes that it gives afterwards.
struct Found {
    open: BTreeSet<u32>,
    /// With the values that bound the scores of their own codewords.
    challenged: Vec<(u32, f32)>,
    /// Open rows after the challenge.
    opened: BTreeSet<u32>,
    codes: Vec<u32>,
}

/// Returns the first `count` entries of a list.
fn entries(table: &GpuRows, list: &wgpu::Buffer, count: u32) -> Vec<(u32, f32)> {
    let span = Span { buffer: list, offset: 0, size: u64::from(count).max(1) * 16 };
    let words: Vec<u32> = words(&table.context.read(&[span], |_| {}).expect("a list")).collect();
    let entry = |words: &[u32]| (words[0] - 1, f32::from_bits(words[1]));
    words.chunks_exact(4).take(count as usize).map(entry).collect()
}

fn counters(table: &mut GpuRows, kept: &wgpu::Buffer) -> [u32; 2] {
    let bytes = table.batch.read(&table.context, &[Span { buffer: kept, offset: 0, size: 8 }]).expect("counters");
    let mut words = words(&bytes);
    [(); 2].map(|()| words.next().expect("a counter"))
}

fn found(gpu: &Gpu, sample: &Sample, filter: Filter) -> Found {
    let Sample { dim, rows, before, after, codes, known } = sample;
    let mut table = GpuRows::new(Arc::clone(&gpu.context), codes.len(), *dim).expect("a table");
    table.filter = Some(filter);
    table.upload(0, rows).expect("upload");
    let clusters = after.len() / dim;
    let moved: Vec<bool> = before.chunks_exact(*dim).zip(after.chunks_exact(*dim)).map(|(a, b)| a != b).collect();
    let facts: Vec<[u32; 8]> = moved.iter().map(|moved| [0, 0, 0, 0, 0, u32::from(*moved), 0, 0]).collect();
    let facts = table.context.filled("facts", facts.as_flattened()).expect("facts");
    let [before, after] = [before, after].map(|values| {
        Codewords::new(&table.context, &Codebook::new(values.clone(), *dim), table.width).expect("codewords")
    });
    let movers = moved.iter().filter(|moved| **moved).count() as u32;
    let mut pruning = Pruning::new(&table, clusters).expect("memory");
    // What is known comes from the codes of the assignment before; some rows then get others.
    table.set_codes(&known.iter().map(|known| known.map_or(0, |known| known.code)).collect::<Vec<_>>()).expect("codes");
    keep::queue(&mut table, [&before, &before], &facts, &mut pruning).expect("dispatches");
    table.set_codes(codes).expect("codes");
    keep::queue(&mut table, [&before, &after], &facts, &mut pruning).expect("dispatches");
    let [opens, challenges] = counters(&mut table, &pruning.chunks[0].counters);
    let open = entries(&table, &pruning.chunks[0].open, opens).into_iter().map(|(row, _)| row).collect();
    let challenged = entries(&table, &pruning.chunks[0].challenged, challenges);
    assignment::queue_pruned(&mut table, [&before, &after], (movers, &facts), &mut pruning).expect("dispatches");
    let [opens, _] = counters(&mut table, &pruning.chunks[0].counters);
    let opened = entries(&table, &pruning.chunks[0].open, opens).into_iter().map(|(row, _)| row).collect();
    let mut codes = codes.clone();
    Table::codes(&mut table, &mut codes).expect("codes");
    Found { open, challenged, opened, codes }
}

/// Returns what is wrong with what a device finds, if anything.
pub(super) fn difference(gpu: &Gpu, sample: &Sample, filter: Filter) -> Option<&'static str> {
    let Sample { dim, rows, before, after, codes, known } = sample;
    let fates = fates(rows, [before, after], *dim, codes, known);
    let with = |fate: Fate| -> BTreeSet<u32> {
        fates.iter().zip(0..).filter(|(of, _)| **of == fate).map(|(_, row)| row).collect()
    };
    let (open, taken, kept) = (with(Fate::Open), with(Fate::Taken), with(Fate::Kept));
    assert!(open.len() > 10 && !taken.is_empty() && kept.len() > 10, "the sample has rows of all kinds");
    let found = found(gpu, sample, filter);
    if found.open != open {
        return Some("open rows");
    }
    let rest: BTreeSet<u32> = found.challenged.iter().map(|(row, _)| *row).collect();
    if rest != &taken | &kept || rest.len() != found.challenged.len() {
        return Some("challenged rows");
    }
    let is_bound = |(row, bound): &(u32, f32)| {
        let values = &rows[*row as usize * dim..][..*dim];
        let own = &after[codes[*row as usize] as usize * dim..][..*dim];
        let [distance, length] = [own, &vec![0; *dim]].map(|other| i128::from(squared_distance(values, other)));
        let (score, bound) = ((distance - length) as f64 / 2.0, f64::from(*bound));
        bound >= score && bound <= score + score.abs() * 2e-6
    };
    if !found.challenged.iter().all(is_bound) {
        return Some("bounds of scores");
    }
    if !found.opened.is_superset(&(&open | &taken)) {
        return Some("rows that a codeword takes");
    }
    // The filter leaves few rows undecided that nothing takes; of bytes more.
    let most = if filter == Filter::F32 { kept.len() / 20 } else { kept.len() / 2 };
    if found.opened.intersection(&kept).count() > most {
        return Some("rows that keep their codes");
    }
    let mut nearest = codes.clone();
    assign(rows, after, *dim, &mut nearest);
    (found.codes != nearest).then_some("codes")
}

#[test]
fn rows_are_listed_as_the_twin_says() {
    for found in adapter::all() {
        for software in [true, false] {
            let Ok(mut gpu) = Gpu::open(found) else { continue };
            Arc::get_mut(&mut gpu.context).expect("the only owner").tiles.software = software;
            for (sample, number) in samples().iter().zip(1..) {
                for filter in [Filter::F32, Filter::Bytes] {
                    let name = format!("sample {number} on {} by {filter:?}, {software}", found.info.description);
                    assert_eq!(difference(&gpu, sample, filter), None, "{name}");
                }
            }
        }
    }
}

const CHALLENGED: Kernel = Kernel::AssignChallenged { wide_rows: faults::wide_rows(Filter::F32), wide_codes: false };
const LISTED: Kernel = Kernel::AssignListed { wide_rows: faults::wide_rows(Filter::F32), wide_codes: false };

/// Faults that the first sample must show.
const FAULTS: [Fault; 14] = [
    (Kernel::Keep, "was_known && !u64_less(before.xy, now.xy)", "was_known"),
    (Kernel::Keep, "has_code && before.z == label", "has_code"),
    (Kernel::Keep, "any(movement != vec2<u32>(0u))", "false"),
    (Kernel::Keep, "facts[2u * label - 1u]", "facts[2u * label - 2u]"),
    (Kernel::Keep, "select(size, -size, negative)", "size"),
    (Kernel::Keep, "0x1p-20", "-0x1p-20"),
    (Kernel::Keep, "f32(twice.x) * 0.5", "f32(twice.x)"),
    (Kernel::Moved, "chosen = atomicAdd(&taken[0], 1u);", "chosen = min(atomicAdd(&taken[0], 1u), 0u);"),
    (Kernel::Moved, "norms[place] = FAR;", "norms[place] = -FAR;"),
    (Kernel::Moved, "params.padded + code", "params.padded"),
    (CHALLENGED, "state.x - own > rounding && ", ""),
    (CHALLENGED, "bitcast<f32>(listed[at].y)", "-0x1p100"),
    (LISTED, "max(listed[place].x, 1u) - 1u", "place"),
    (LISTED, "vec4<u32>(row_in(place), row_in(place + 1u)", "vec4<u32>(row_in(place), row_in(place)"),
];

#[test]
fn faults_of_the_lists_are_found() {
    let sample = sample(300, 20, 24, 5000);
    faults::are_found(&FAULTS, |gpu| difference(gpu, &sample, Filter::F32));
}

/// Iterations until no row changes its code, with codewords that the host puts in place once.
#[test]
fn iterations_that_race_for_few_rows_are_those_of_the_reference() {
    let (rows, dim, clusters) = (1500, 20, 200);
    let mut random = Random(11);
    let values: Vec<i32> = (0..rows * dim).map(|_| (random.next() % 2001) as i32 - 1000).collect();
    let codebook = Codebook::new(values[..clusters * dim].to_vec(), dim);
    let engine = reference();
    let mut expected = engine.table(rows, dim, Purpose::Fit).expect("a table");
    expected.upload(0, &values).expect("upload");
    let mut expected = expected.lloyd(&codebook, ROOM).expect("lloyd").expect("iterations");
    let mut iterations = Vec::new();
    while iterations.len() < 200 {
        let iteration = expected.iterate().expect("an iteration");
        iterations.push((iteration, expected.codewords().expect("codewords")));
        match iterations.len() {
            12 => expected.restart(&codebook).expect("restart"),
            13.. if iteration.assigned.changed == 0 => break,
            _ => {}
        }
    }
    assert!((20..200).contains(&iterations.len()), "{} iterations", iterations.len());
    for found in adapter::all() {
        let tile = Tile::Sized { wide_rows: false, wide_codes: true };
        for (filter, tile) in [(Filter::F32, tile), (Filter::Bytes, tile), (Filter::Bytes, Tile::Streamed)] {
            let Ok(context) = found.open() else { continue };
            // Tables of several chunks, dispatches of several workgroups, and work enough to prune.
            let mut context = context.for_tests(96 << 10, 1 << 22);
            context.tiles.wanted = Ok(Wanted::Tile(tile));
            let mut table = GpuRows::new(Arc::new(context), rows, dim).expect("a table");
            table.filter = Some(filter);
            table.upload(0, &values).expect("upload");
            let mut lloyd = GpuLloyd::new(&mut table, &codebook, ROOM).expect("lloyd").expect("iterations");
            let mut pruned = 0;
            for (number, (iteration, codewords)) in iterations.iter().enumerate() {
                let known = |lloyd: &GpuLloyd<'_>| lloyd.pruning.as_ref().is_some_and(|pruning| pruning.is_known);
                let next = lloyd.iterate().expect("an iteration");
                let name = format!("iteration {number} on {} by {filter:?}, {tile:?}", found.info.description);
                assert_eq!(
                    (next.assigned.changed, next.update),
                    (iteration.assigned.changed, iteration.update),
                    "{name}"
                );
                assert!(lloyd.codewords().expect("codewords") == *codewords, "{name}");
                pruned += usize::from(known(&lloyd));
                if number + 1 == 12 {
                    lloyd.restart(&codebook).expect("restart");
                }
            }
            assert!(pruned > 5 && pruned < iterations.len() - 2, "{pruned} of {}", iterations.len());
        }
    }
}

/// Pruning takes an assignment of some duration, and codewords of which whole tiles rest.
#[test]
fn pruning_pays_where_codewords_rest() {
    let Some(gpu) = adapter::all().find_map(|found| Gpu::open(found).ok()) else { return };
    let table = |rows| GpuRows::new(Arc::clone(&gpu.context), rows, 16).expect("a table");
    let (small, large) = (table(100), table(200_000));
    let pays = |table, movers| pruning::pays(table, 300, movers);
    assert!(pays(&large, 128) && pays(&large, 1));
    assert!(!pays(&large, 129) && !pays(&large, 0) && !pays(&small, 128));
    assert!(!pruning::pays(&large, 127, 1));
}

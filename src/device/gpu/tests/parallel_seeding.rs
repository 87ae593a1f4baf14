//! Tests the candidates of k-means|| on adapters against the twin, and faults that must be found.

use super::faults::{self, Fault};
use crate::RqKMeans;
use crate::codebook::Codebook;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::{Gpu, GpuRows, adapter};
use crate::device::tests::Random;
use crate::device::{Device, Purpose, Table};
use crate::kernel::nearer::{BLOCK_ROWS, BlockDraw};
use crate::rows::Matrix;
use std::ops::Range;
use std::sync::Arc;

struct Case {
    rows: usize,
    dim: usize,
    /// Rows are within it.
    limit: i64,
    /// The candidates of each round.
    rounds: &'static [usize],
}

/// Of one block that is not full and of several; with a few values, so that rows tie; with sums of more than 64 bits.
const CASES: [Case; 4] = [
    Case { rows: 1, dim: 3, limit: 5, rounds: &[1, 1] },
    Case { rows: 256, dim: 2, limit: 2, rounds: &[1, 7, 3] },
    Case { rows: 1000, dim: 5, limit: 3, rounds: &[1, 40, 17, 300] },
    Case { rows: 700, dim: 8192, limit: (1 << 24) - 1, rounds: &[1, 2] },
];

/// For small bindings: chunks of 128 rows, which are a block, and of 384, which are one and a half.
const PARTS: [Case; 2] = [
    Case { rows: 700, dim: 190, limit: 2, rounds: &[1, 9] },
    Case { rows: 1000, dim: 60, limit: 1, rounds: &[1, 20, 5] },
];

/// Rows, a third of which are opposite corners.
fn rows_of(case: &Case, random: &mut Random) -> Vec<i32> {
    let Case { rows, dim, limit, .. } = *case;
    let mut value = |i: usize| match i / dim % 3 {
        0 if limit > 5 => limit as i32 * if (i / dim).is_multiple_of(2) { 1 } else { -1 },
        _ => ((random.next() % (2 * limit as u64 + 1)) as i64 - limit) as i32,
    };
    (0..rows * dim).map(&mut value).collect()
}

/// The nearest candidate of every row so far, found one by one.
#[derive(Default)]
struct Expected {
    candidates: Vec<Vec<i32>>,
    nearest: Vec<(u64, usize)>,
}

impl Expected {
    fn add(&mut self, rows: &[i32], dim: usize, new: &[i32]) {
        self.candidates.extend(new.chunks_exact(dim).map(<[i32]>::to_vec));
        let distance = |row: &[i32], candidate: &[i32]| -> u64 {
            row.iter().zip(candidate).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum()
        };
        let nearest = |row| self.candidates.iter().map(|candidate| distance(row, candidate)).zip(0..).min();
        self.nearest = rows.chunks_exact(dim).map(|row| nearest(row).expect("a candidate")).collect();
    }

    fn sum(&self, rows: Range<usize>) -> u128 {
        self.nearest[rows].iter().map(|(distance, _)| u128::from(*distance)).sum()
    }

    fn drawn(&self, block: &Range<usize>, value: u128) -> usize {
        block.clone().find(|row| self.sum(block.start..row + 1) > value).expect("a value below the sum")
    }

    fn counts(&self) -> Vec<u64> {
        let count = |index| self.nearest.iter().filter(|(_, nearest)| *nearest == index).count() as u64;
        (0..self.candidates.len()).map(count).collect()
    }
}

/// Draws on both sides of the ends of rows and blocks, in any order.
fn draws_of(sums: &[u128], random: &mut Random) -> Vec<BlockDraw> {
    let of_block = |(block, sum): (usize, &u128)| {
        let any = u128::from(random.next()) << 64 | u128::from(random.next());
        let values = [Some(0), sum.checked_sub(1), any.checked_rem(*sum), (sum / 2).checked_sub(1), Some(sum / 2)];
        values.map(|value| value.filter(|value| value < sum).map(|value| BlockDraw { block, value }))
    };
    let mut draws: Vec<BlockDraw> = sums.iter().enumerate().flat_map(of_block).flatten().collect();
    draws.reverse();
    draws
}

/// Returns the round and the result in which a table with these blocks of rows is wrong.
fn difference_of(table: &mut dyn Table, blocks: &[Range<usize>], case: &Case) -> Option<(usize, &'static str)> {
    let Case { rows, dim, rounds, .. } = *case;
    let mut random = Random((rows * 31 + dim) as u64);
    let values = rows_of(case, &mut random);
    table.upload(0, &values).expect("upload");
    let mut expected = Expected::default();
    for (round, count) in rounds.iter().enumerate() {
        // Rows and neighbours of rows, some of which are candidates already.
        let known = expected.candidates.len();
        let new: Vec<i32> = (0..count * dim)
            .map(|i| values[(round * 7 * dim + i) % values.len()].saturating_add(i32::from(i % 5 == 4)).min(1 << 24))
            .collect();
        expected.add(&values, dim, &new);
        let sums = table.add_candidates(&Codebook::new(new, dim), known).expect("sums").expect("on the device");
        if sums != blocks.iter().map(|block| expected.sum(block.clone())).collect::<Vec<_>>() {
            return Some((round, "sums"));
        }
        let draws = draws_of(&sums, &mut random);
        let drawn: Vec<usize> = draws.iter().map(|draw| expected.drawn(&blocks[draw.block], draw.value)).collect();
        if table.draw_candidates(&draws).expect("rows") != drawn {
            return Some((round, "draws"));
        }
        if table.candidate_counts(expected.candidates.len()).expect("counts") != expected.counts() {
            return Some((round, "counts"));
        }
    }
    None
}

fn blocks_of(rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = rows.end;
    rows.step_by(BLOCK_ROWS).map(move |first| first..end.min(first + BLOCK_ROWS))
}

/// Returns what is wrong with a case on a GPU.
fn wrong(gpu: &Gpu, case: &Case) -> Option<(usize, &'static str)> {
    let mut table = GpuRows::new(Arc::clone(&gpu.context), case.rows, case.dim).expect("a table");
    let blocks: Vec<_> = table.chunks.iter().flat_map(|chunk| blocks_of(chunk.rows.clone())).collect();
    // Other candidates are forgotten, with the rows or by wish.
    let before = Codebook::new(vec![1; case.dim], case.dim);
    table.add_candidates(&before, 0).expect("sums").expect("on the device");
    table.upload(0, &vec![0; case.dim]).expect("upload");
    if table.add_candidates(&before, 1).expect("none").is_some() {
        return Some((0, "of other rows"));
    }
    let found = difference_of(&mut table, &blocks, case);
    table.forget_candidates();
    found.or_else(|| table.add_candidates(&before, 1).expect("none").map(|_| (0, "kept")))
}

fn difference(gpu: &Gpu) -> Option<(usize, &'static str)> {
    CASES.iter().find_map(|case| wrong(gpu, case))
}

#[test]
fn candidates_are_those_of_a_loop() {
    for case in CASES.iter().chain(&PARTS) {
        let mut table = Device::reference().engine().table(case.rows, case.dim, Purpose::Fit).expect("a table");
        let blocks: Vec<_> = blocks_of(0..case.rows).collect();
        assert_eq!(difference_of(&mut *table, &blocks, case), None, "the twin, {} rows", case.rows);
    }
    for found in adapter::all() {
        let Ok(gpu) = Gpu::open(found) else { continue };
        assert_eq!(difference(&gpu), None, "{}", found.info.description);
        let Ok(context) = found.open() else { continue };
        let gpu = Gpu { info: found.info.clone(), context: Arc::new(context.for_tests(96 << 10, 1 << 12)) };
        let parts = PARTS.iter().find_map(|case| wrong(&gpu, case));
        assert_eq!(parts, None, "{} in parts", found.info.description);
    }
}

/// Fits of many rows read sums of blocks instead of distances, and have the fingerprint of the reference.
#[test]
fn fits_of_many_rows_keep_distances_on_the_device() {
    const ROWS: usize = 4500;
    let values: Vec<f32> = (0..ROWS * 3).map(|i| ((i * i + 7 * i) % 1009) as f32).collect();
    let rows = Matrix::new(&values, 3).expect("rows");
    let fit = |device: &Device| RqKMeans::new(1, 8).max_iter(1).fit(&rows, device).expect("a model").fingerprint();
    let expected = fit(&Device::reference());
    for found in adapter::all() {
        let Ok(gpu) = Gpu::open(found) else { continue };
        let device = Device::of(Arc::new(gpu));
        device.transfer_counts();
        assert_eq!(fit(&device), expected, "{}", found.info.description);
        // The host reads the squared lengths, and at the end the codes and distances, but 12 bytes in no round.
        let bytes = device.transfer_counts().read_bytes;
        assert!(bytes < 40 * ROWS as u64, "{bytes} bytes on {}", found.info.description);
    }
}

/// Faults that the cases must find.
const FAULTS: [Fault; 7] = [
    (Kernel::Nearer, "params.known == 0u || ", ""),
    (Kernel::Nearer, "u64_less(distances[row], distance)", "!u64_less(distance, distances[row])"),
    (Kernel::Nearer, "params.known + codes[row]", "codes[row]"),
    (Kernel::Nearer, "vec3<u32>(distance, 0u)", "vec3<u32>(distance.x, 0u, 0u)"),
    (Kernel::Nearer, "sums[row / SIZE]", "sums[group.x + 1u]"),
    (Kernel::DrawInBlock, "value.x * SIZE + local", "local"),
    (Kernel::DrawInBlock, "note(row, value.yzw", "note(row, value.ywz"),
];

#[test]
fn faults_of_candidates_are_found() {
    faults::are_found(&FAULTS, difference);
}

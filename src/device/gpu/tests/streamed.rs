//! Faults of the race in which codewords stream past the rows. What is right of it, the tests of all variants see.

use super::candidates;
use super::faults::{self, Fault};
use super::keep;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::tile::{Tile, Wanted};
use crate::device::gpu::{Gpu, adapter};
use crate::device::tests::{Case, compare, outcome, reference};
use std::sync::Arc;

const ALL: Kernel = Kernel::AssignStreamed;
const LISTED: Kernel = Kernel::AssignStreamedListed;
const CHALLENGED: Kernel = Kernel::AssignStreamedChallenged;

const FAULTS: [Fault; 14] = [
    (ALL, "share < 16u; share += 2u", "share < 14u; share += 2u"),
    (ALL, "code += ROUND", "code += 2u * ROUND"),
    (ALL, "var k = 0u;", "var k = 1u;"),
    (ALL, "let far = facts_of(code + 4u)", "let far = facts_of(code)"),
    (ALL, "code + 4.0)", "code)"),
    (ALL, "dots(row.z, codes.z.far)", "dots(row.z, codes.z.near)"),
    (ALL, "codewords[at + 6u]", "codewords[at + 5u]"),
    (ALL, "rows[row2 * quads + k]", "rows[row1 * quads + k]"),
    (ALL, "of_row3, sums3", "of_row2, sums3"),
    (ALL, "place += STRIDE", "place += 2u * STRIDE"),
    (ALL, "atomicAdd(&counters[2], changed)", "atomicAdd(&counters[2], 1u)"),
    (LISTED, "row_in(first + local + 2u * STRIDE)", "row_in(first + local + STRIDE)"),
    (LISTED, "max(listed[place].x, 1u) - 1u", "place"),
    (CHALLENGED, "tile[place * 16u + share + 1u]", "tile[place * 16u + share]"),
];

#[test]
fn faults_of_streams_are_found() {
    let Some(mut gpu) = adapter::all().find_map(|found| Gpu::open(found).ok()) else { return };
    let context = Arc::get_mut(&mut gpu.context).expect("the only owner");
    context.filter = Ok(Some(Filter::Bytes));
    context.tiles.wanted = Ok(Wanted::Tile(Tile::Streamed));
    let case = Case { rows: 170, dim: 200, clusters: 130, data: 0 };
    let right = outcome(&reference(), &case);
    let listed = keep::sample(300, 20, 24, 5000);
    faults::are_found_on(&gpu, &FAULTS, Kernel::source, |gpu| {
        let of_lists = || keep::difference(gpu, &listed, Filter::Bytes).map(str::to_owned);
        let of_outcome = || compare(&right, &outcome(gpu, &case)).into_iter().next();
        candidates::wrong(&gpu.context, Filter::Bytes).or_else(of_lists).or_else(of_outcome)
    });
}

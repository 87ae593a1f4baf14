//! Tests steps of k-means++ on adapters, and faults that must be found.

use super::faults::{self, Fault};
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::{Gpu, adapter};
use crate::device::seeding_cases::{CASES, Case, difference};
use crate::device::{Engine, Purpose};
use crate::kernel::seed::MAX_WEIGHT;

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

/// Faults that the cases must find.
const FAULTS: [Fault; 9] = [
    (Kernel::Draw, "u96_add(end, u96_negate(own))", "end"),
    (Kernel::Draw, "before = ends[SIZE - 1u]", "before = ends[0]"),
    (Kernel::Draw, "if (local >= step)", "if (local > step)"),
    (Kernel::Draw, "select(found.x, value.x, value.w == 1u)", "found.x"),
    (Kernel::Potential, "row < params.rows", "row + 1u < params.rows"),
    (Kernel::Seed, "u96_less(parts[0], best)", "!u96_less(best, parts[0])"),
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

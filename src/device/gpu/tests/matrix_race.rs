//! The race that multiplies by cooperative matrices, with another way to multiply, which every adapter has.

use super::candidates;
use super::faults::{self, Fault};
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::tests::workgroup_bytes;
use crate::device::gpu::kernel::{Kernel, MATRIX_WORKGROUP_BYTES, NEEDS};
use crate::device::gpu::tile::{Tile, Wanted};
use crate::device::gpu::{Gpu, adapter};
use crate::device::tests::{Case, compare, outcome, reference};
use std::sync::Arc;

/// Returns the source of a kernel, with this way to multiply.
fn source(kernel: Kernel) -> String {
    let [matrices, dots] =
        [include_str!("../../../../shaders/assign_matrix.wgsl"), include_str!("matrix_by_dots.wgsl")];
    kernel.source().replace(matrices, dots)
}

/// Returns every adapter that has the workgroup memory for it.
fn gpus() -> impl Iterator<Item = Gpu> {
    let has_memory = |found: &&adapter::FoundAdapter| {
        found.info.limits.is_some_and(|limits| limits.workgroup_bytes >= MATRIX_WORKGROUP_BYTES)
    };
    adapter::all().filter(has_memory).filter_map(|found| {
        let mut context = found.open().ok()?;
        context.filter = Ok(Some(Filter::Bytes));
        context.tiles.wanted = Ok(Wanted::Tile(Tile::Cooperative));
        context.cooperative = true;
        context.plant(Kernel::AssignMatrix, &source(Kernel::AssignMatrix)).expect("a pipeline");
        Some(Gpu { info: found.info.clone(), context: Arc::new(context) })
    })
}

#[test]
fn a_race_of_matrices_gives_the_bits_of_the_reference() {
    let cases =
        [(300, 33, 130, 0), (129, 64, 65, 2), (200, 20, 90, 3), (257, 100, 7, 4), (70, 200, 300, 6), (128, 256, 64, 5)];
    let cases = cases.map(|(rows, dim, clusters, data)| Case { rows, dim, clusters, data });
    let cases = cases.map(|case| (outcome(&reference(), &case), case));
    for gpu in gpus() {
        for (expected, case) in &cases {
            let differences = compare(expected, &outcome(&gpu, case));
            assert_eq!(differences, Vec::<String>::new(), "{} on {case:?}", gpu.info.description);
        }
    }
}

#[test]
fn a_race_of_matrices_keeps_the_nearest_codewords() {
    for gpu in gpus() {
        // 8 shares are wider than the 16 of the sample, so more rows are left to all codewords of a share.
        let wrong = candidates::wrong(&gpu.context, Filter::Bytes);
        assert_eq!(wrong, None, "{}", gpu.info.description);
    }
}

const FAULTS: [Fault; 8] = [
    (Kernel::AssignMatrix, "code + 28u)", "code + 24u)"),
    (Kernel::AssignMatrix, "quad < params.quads", "step == 0u"),
    (Kernel::AssignMatrix, "shares | (shares << 8u))", "shares)"),
    (Kernel::AssignMatrix, "of_row.x * facts.scales", "of_row.x * facts.errors"),
    (Kernel::AssignMatrix, "vec4<f32>(states.s5, 0.0)", "vec4<f32>(states.s4, 0.0)"),
    (Kernel::AssignMatrix, "code + 2.0)", "code)"),
    (Kernel::AssignMatrix, "row < params.end", "row < params.end - 1u"),
    (Kernel::AssignMatrix, "start += TILE_CODES", "start += 2u * TILE_CODES"),
];

#[test]
fn faults_of_the_race_are_found() {
    let Some(gpu) = gpus().next() else { return };
    let case = Case { rows: 170, dim: 200, clusters: 130, data: 0 };
    let right = outcome(&reference(), &case);
    faults::are_found_on(&gpu, &FAULTS, source, |gpu| {
        let differences = || compare(&right, &outcome(gpu, &case)).into_iter().next();
        candidates::wrong(&gpu.context, Filter::Bytes).or_else(differences)
    });
}

#[test]
fn the_memory_of_a_workgroup_is_known() {
    let module = naga::front::wgsl::parse_str(&source(Kernel::AssignMatrix)).expect("WGSL");
    let shared = module.global_variables.iter().map(|(_, variable)| variable);
    let shared = shared.filter(|variable| variable.space == naga::AddressSpace::WorkGroup);
    let bytes: u32 = shared.map(|variable| workgroup_bytes(&module, variable)).sum();
    assert_eq!(bytes, MATRIX_WORKGROUP_BYTES);
    const { assert!(MATRIX_WORKGROUP_BYTES > NEEDS.workgroup_bytes) };
}

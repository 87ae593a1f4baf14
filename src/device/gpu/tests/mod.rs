//! Tests of what only the GPU has: shaders that must translate, arithmetic made of u32, floats made of integers,
//! limits, and failures.

mod arithmetic;
mod bytes;
mod candidates;
mod duplicates;
mod encoder;
mod failures;
mod faults;
mod grid;
#[cfg(feature = "_noop")]
mod host_time;
mod keep;
mod matrix_race;
mod network;
mod parallel_seeding;
mod pieces;
mod prepared;
mod seed;
mod shaders;
mod soft_float;
mod speed;
mod streamed;
mod traffic;
mod update;
mod uploads;

use super::Gpu;
use super::adapter;
use super::filter::Filter;
use crate::device::tests::{Case, compare, outcome, reference};
use std::sync::Arc;

/// Small bindings and dispatches divide tables, lists and sums into many parts; bytes.rs does the same with the other
/// filter. Checked shaders catch an index out of
/// bounds that unchecked ones might hide.
#[test]
fn cut_into_parts() {
    // Tables of one chunk and of several; the last two codebooks have more codewords than a binding holds.
    let cases = [(300, 33, 130), (513, 64, 65), (130, 5, 700), (700, 100, 7), (70, 40, 1000), (64, 130, 300)];
    let cases = cases.map(|(rows, dim, clusters)| Case { rows, dim, clusters, data: rows });
    let cases = cases.map(|case| (outcome(&reference(), &case), case));
    for found in adapter::all() {
        let Ok(context) = found.open() else { continue };
        let mut context = context.for_tests(96 << 10, 1 << 16);
        context.filter = Ok(Some(Filter::F32));
        let gpu = Gpu { info: found.info.clone(), context: Arc::new(context) };
        for (expected, case) in &cases {
            let differences = compare(expected, &outcome(&gpu, case));
            assert_eq!(differences, Vec::<String>::new(), "{} on {case:?}", found.info.description);
        }
    }
}

#[test]
fn adapters_have_names_and_limits() {
    for (index, found) in adapter::all().enumerate() {
        assert_eq!(found.info.name, format!("gpu:{index}"));
        assert!(["vulkan", "metal", "dx12", "gl", "webgpu"].contains(&found.info.backend.as_str()), "{:?}", found.info);
        assert!(found.info.limits.is_some_and(|limits| limits.buffer_bytes > 0), "{:?}", found.info);
        let by_index = adapter::find(&index.to_string()).map(|found| &found.info);
        assert_eq!(by_index, Some(&found.info));
        let by_name = adapter::find(&found.info.description.to_uppercase()).map(|found| &found.info.description);
        assert_eq!(by_name, Some(&found.info.description));
    }
    assert!(adapter::find("no such adapter").is_none());
    assert!(adapter::find("").is_none());
    assert!(adapter::hardware().all(|found| found.info.hardware));
}

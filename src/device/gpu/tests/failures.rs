//! A lost device, or one that is too small, gives a typed error wherever that happens.

use crate::codebook::Codebook;
use crate::device::Purpose;
use crate::device::gpu::adapter::{self, FoundAdapter};
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::{Gpu, GpuRows};
use crate::device::{Engine, Table};
use crate::error::{ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;

const DIM: usize = 20;
const ROWS: usize = 300;

type Step = fn(&mut dyn Table, &Codebook) -> Result<()>;

const STEPS: [(&str, Step); 10] = [
    // A fault in queued work shows at the next read-back.
    ("upload", |table, _| table.upload(0, &[7; ROWS * DIM]).and_then(|()| table.gather(&[0]).map(drop))),
    ("gather", |table, _| table.gather(&[1, 2]).map(drop)),
    ("unit_length", |table, _| table.unit_length().and_then(|()| table.gather(&[0]).map(drop))),
    ("assign", |table, codebook| table.assign(codebook).map(drop)),
    ("codes", |table, _| table.codes(&mut [0; ROWS])),
    ("assign_and_distances", |table, codebook| table.assign_and_distances(codebook, &mut [0; ROWS]).map(drop)),
    ("sums", |table, _| table.sums(3).map(drop)),
    ("assigned_distances", |table, codebook| table.assigned_distances(codebook).map(drop)),
    ("subtract", |table, codebook| table.subtract(codebook).and_then(|()| table.gather(&[0]).map(drop))),
    ("min_distances", |table, _| table.min_distances(&[1; DIM], &[9; ROWS]).map(drop)),
];

fn open(found: &FoundAdapter) -> Option<(Gpu, GpuRows)> {
    let gpu = Gpu::open(found).ok()?;
    let table = GpuRows::new(Arc::clone(&gpu.context), ROWS, DIM).ok()?;
    Some((gpu, table))
}

#[test]
fn a_lost_device_is_a_typed_error_at_every_step() {
    let codebook = Codebook::new((0..3 * DIM as i32).collect(), DIM);
    for found in adapter::all() {
        for lost_before in 0..STEPS.len() {
            let Some((gpu, mut table)) = open(found) else { continue };
            for (at, (name, step)) in STEPS.iter().enumerate().take(lost_before + 1) {
                if at == lost_before {
                    gpu.context.destroy();
                }
                let result = step(&mut table, &codebook);
                match at == lost_before {
                    false => result.unwrap_or_else(|error| panic!("{name} on {}: {error}", found.info.name)),
                    true => assert!(
                        result.as_ref().is_err_and(|error| {
                            matches!(error.kind(), ErrorKind::Device { device, .. } if *device == found.info.name)
                        }),
                        "{name} on a lost {}: {result:?}",
                        found.info.description
                    ),
                }
            }
            let again = table.assign(&codebook).expect_err("a lost device stays lost");
            assert!(matches!(again.kind(), ErrorKind::Device { .. }), "{again}");
        }
    }
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "starts threads")]
fn a_device_lost_at_work_is_a_typed_error() {
    let codebook = Codebook::new((0..3 * DIM as i32).collect(), DIM);
    for (found, wait) in adapter::all().flat_map(|found| [1, 7, 30].map(|wait| (found, wait))) {
        let Some((gpu, mut table)) = open(found) else { continue };
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(wait));
                gpu.context.destroy();
            });
            loop {
                if let Err(error) = table.assign(&codebook).and_then(|_| table.sums(3)) {
                    return error;
                }
            }
        });
        assert!(matches!(error.kind(), ErrorKind::Device { .. }), "{error}");
    }
}

#[test]
fn too_large_a_codebook_is_a_typed_error() {
    for found in adapter::all() {
        let Ok(context) = found.open() else { continue };
        let gpu = Gpu { info: found.info.clone(), context: Arc::new(context.for_tests(1 << 12, 1 << 20)) };
        let result =
            gpu.table(1 << 10, 3, Purpose::Fit).and_then(|mut table| table.assign(&Codebook::new(vec![1; 6000], 3)));
        assert!(matches!(&result, Err(error) if matches!(error.kind(), ErrorKind::NoAdapter { .. })), "{result:?}");
    }
}

/// So is an adapter that offers compute shaders and compiles none, as some drivers of OpenGL do. One that compiles them
/// is opened.
#[test]
fn an_adapter_that_compiles_nothing_is_refused() {
    let source = Kernel::Count.source();
    let broken = source.replacen("fn main", "fn main_is_missing", 1);
    assert_ne!(broken, source);
    for found in adapter::all() {
        if found.open_and_try(Some(&source)).is_err() {
            continue;
        }
        for shader in [broken.as_str(), "not WGSL"] {
            let refused = found.open_and_try(Some(shader)).err().expect("an adapter that compiles nothing");
            let reason = match refused.kind() {
                ErrorKind::NoAdapter { reason } => reason,
                _ => panic!("{refused}"),
            };
            assert!(reason.contains("it compiles no compute shader: "), "{reason}");
        }
    }
}

#[test]
fn kernels_can_be_timed() {
    for found in adapter::all() {
        let Some((gpu, mut table)) = open(found) else { continue };
        let timed = found.info.limits.is_some_and(|limits| limits.timestamps);
        assert_eq!(gpu.time_kernels(true), timed);
        table.upload(0, &[7; ROWS * DIM]).expect("upload");
        table.assign(&Codebook::new(vec![1; DIM], DIM)).expect("assign");
        let times = gpu.kernel_times();
        let filter = match Filter::unmeasured(&found.info.backend) {
            Filter::F32 => "assign",
            Filter::Bytes if found.info.hardware => "assign_bytes",
            Filter::Bytes => "assign_streamed",
        };
        assert_eq!(times.iter().any(|time| time.name == filter && time.dispatches == 1), timed, "{times:?}");
        assert!(gpu.kernel_times().is_empty());
    }
}

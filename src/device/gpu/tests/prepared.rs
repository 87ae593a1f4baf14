//! The kernels that are compiled before a fit are those that it runs.

use crate::RqKMeans;
use crate::device::Device;
use crate::device::gpu::kernel::{Kernel, of_fits};
use crate::device::gpu::{Gpu, adapter};
use crate::rows::Matrix;
use std::collections::HashSet;
use std::sync::Arc;

#[test]
fn a_fit_runs_the_kernels_that_are_compiled_before_it() {
    let values: Vec<f32> = (0..8400_usize).map(|i| ((i * i + 7 * i) % 1009) as f32).collect();
    let rows = Matrix::new(&values, 4).expect("rows");
    // SwiftShader takes as long as the rest of the test for one kernel.
    let Some(found) = adapter::find("llvmpipe").or_else(|| adapter::all().next()) else { return };
    let Ok(gpu) = Gpu::open(found) else { return };
    let context = Arc::clone(&gpu.context);
    context.prepare(&of_fits()).expect("pipelines");
    assert_eq!(context.compiled(), of_fits().into_iter().collect::<HashSet<Kernel>>());
    RqKMeans::new(2, 256).max_iter(1).fit(&rows, &Device::of(Arc::new(gpu))).expect("a model");
    assert_eq!(context.compiled(), of_fits().into_iter().collect::<HashSet<Kernel>>(), "a fit compiled others");
}

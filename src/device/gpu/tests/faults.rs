//! Faults that are planted in shaders, to see that the tests find them.

use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::tile::Tile;
use crate::device::gpu::{Gpu, adapter};
use std::fmt::Debug;
use std::sync::Arc;

/// A kernel, a part of its source, and what stands there instead.
pub(super) type Fault = (Kernel, &'static str, &'static str);

/// Returns whether workgroups take 128 rows on hardware while nothing has been measured. Their kernel is the one that
/// tests run.
pub(super) const fn wide_rows(filter: Filter) -> bool {
    matches!(Tile::unmeasured(filter), Tile::Sized { wide_rows: true, .. })
}

/// Plants every fault alone, on the first adapter that there is, in the kernels of hardware. With each of them there
/// must be a `difference` from what is right, and without them none.
pub(super) fn are_found<D: Debug>(faults: &[Fault], difference: impl Fn(&Gpu) -> Option<D>) {
    let Some(mut gpu) = adapter::all().find_map(|found| Gpu::open(found).ok()) else { return };
    Arc::get_mut(&mut gpu.context).expect("the only owner").tiles.software = false;
    are_found_on(&gpu, faults, Kernel::source, difference);
}

/// Does the same on an adapter, for kernels with these sources.
pub(super) fn are_found_on<D: Debug>(
    gpu: &Gpu,
    faults: &[Fault],
    source: impl Fn(Kernel) -> String,
    difference: impl Fn(&Gpu) -> Option<D>,
) {
    for (kernel, right, wrong) in faults {
        let source = source(*kernel);
        assert!(source.contains(right), "{right}");
        gpu.context.plant(*kernel, &source.replacen(right, wrong, 1)).expect("a pipeline");
        assert!(difference(gpu).is_some(), "{kernel:?}: {wrong} instead of {right} goes unseen");
        gpu.context.plant(*kernel, &source).expect("a pipeline");
    }
    let left = difference(gpu);
    assert!(left.is_none(), "{left:?}");
}

//! A prepared encoder allocates no memory once it has encoded as many rows.

use semid::{Device, Matrix, RqKMeans};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The allocator of the system, which counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends has no counter any more, and nobody asks for it.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: everything is passed on to the allocator of the system as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller promises what this asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller promises what this asks for.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller promises what this asks for.
        unsafe { System.dealloc(memory, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn a_prepared_encoder_allocates_no_memory() -> semid::Result<()> {
    const DIM: usize = 40;
    let values: Vec<f32> = (0..600 * DIM).map(|i| ((i * 7919) % 1013) as f32).collect();
    let rows = Matrix::new(&values, DIM)?;
    for (name, in_f32) in [("cpu:8bit", false), ("cpu:16bit", false), ("cpu:f32", true), ("cpu:portable", true)] {
        let device = Device::named(name)?;
        let model = RqKMeans::new(3, 20).max_iter(3).fit(&rows, &device)?;
        let expected = model.encode(&rows, &device)?;
        let mut encoder = model.encoder().prepare(&device)?;
        let mut codes = [0; 3 * 16];
        encoder.encode_into(&values[..16 * DIM], &mut codes)?;
        for count in [1, 16, 5] {
            let mut found = Ok(());
            let made = allocations(|| found = encoder.encode_into(&values[..count * DIM], &mut codes[..3 * count]));
            found?;
            // What multiplies f32 packs several rows into memory of its own.
            assert!(made == 0 || (in_f32 && count > 1), "{made} allocations for {count} rows on {name}");
            let same = codes.chunks_exact(3).take(count).eq(expected.rows().take(count));
            assert!(same, "{count} rows on {name}");
        }
        // The counter counts.
        assert!(allocations(|| drop(model.encode(&rows, &device))) > 0);
    }
    Ok(())
}

//! A fit whose rows take turns through memory holds no more answers of shards with more turns.

use semid::rq::Init;
use semid::{Device, ErrorKind, Result, Rows, RqKMeans};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The allocator of the system, which counts the bytes in use, and the most that there were.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the allocator of the system as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(USED.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller promises what this asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller promises what this asks for.
        unsafe { System.dealloc(memory, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const DIM: usize = 256;
const CLUSTERS: usize = 128;
/// The bytes of the sums of all clusters, the answer of a shard to every pass.
const SUMS: usize = 8 * CLUSTERS * DIM;
/// The smallest number of rows of a turn.
const TURN: usize = 1024;

/// Rows that take no memory.
struct Made(usize);

impl Rows for Made {
    fn len(&self) -> usize {
        self.0
    }

    fn dim(&self) -> usize {
        DIM
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let value = |at: usize| ((at.wrapping_mul(2_654_435_761) >> 7) % 4001) as f32;
        out.iter_mut().zip(first * DIM..).for_each(|(out, at)| *out = value(at));
        Ok(())
    }
}

/// Fits the rows of `turns` turns with the least memory that such a fit may have; returns the most bytes in use.
fn most_bytes(params: &RqKMeans, turns: usize) -> Result<usize> {
    let rows = Made(turns * TURN);
    let refused = params.fit(&rows, &Device::cpu().with_memory(1)).unwrap_err();
    let &ErrorKind::Memory { needed, .. } = refused.kind() else { return Err(refused) };
    let before = USED.load(Relaxed);
    MOST.store(before, Relaxed);
    params.fit(&rows, &Device::cpu().with_memory(needed))?;
    Ok(MOST.load(Relaxed) - before)
}

#[test]
fn more_turns_take_no_more_memory() -> Result<()> {
    const FEW: usize = 8;
    const MANY: usize = 48;
    let params = RqKMeans::new(2, CLUSTERS).init(Init::Random).max_iter(1);
    for (name, params) in [("sums", params.clone()), ("refinement", params.refine(1))] {
        let (few, many) = (most_bytes(&params, FEW)?, most_bytes(&params, MANY)?);
        // The codes of the rows are kept, which take a small part of this.
        let allowed = few + (MANY - FEW) * SUMS / 4;
        assert!(many < allowed, "{name}: {few} bytes in {FEW} turns, and {many} in {MANY}");
    }
    Ok(())
}

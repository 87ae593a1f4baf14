//! Ends the program in an orderly way where there is not even a little memory.
//!
//! The library returns an error where memory is missing for what grows with its input. Much else that allocates, down
//! to the text of that error, cannot fail in Rust: the standard library aborts the process. [`Memory`], the program's
//! allocator, is asked before that. It says why the program ends, removes temporary files, and exits with the code of
//! an error. The C library aborts on its own where it finds no memory to start a thread or to unwind a stack; [`watch`]
//! makes such an end as orderly.

use crate::failure::says_sample;
use signal_hook::consts::SIGABRT;
use signal_hook::low_level::{exit, register};
use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::sleep;
use std::time::Duration;

/// An allocation of this many bytes may fail. What needs as much at once grows with the input, and is no batch or
/// sample of it, so the library returns an error that says what the memory was for.
const LARGE: usize = 16 << 20;

/// What is written.
const MISSING: &[u8] = b"error: out of memory; give fewer rows at a time\n";

/// What a command writes instead that can fit to a sample.
const MISSING_IN_FIT: &[u8] = b"error: out of memory; fit on a sample of the rows, or give fewer rows at a time \
    (--sample takes a part of the rows)\n";

/// What is written after an abort.
const ABORTED: &[u8] = b"error: the process was aborted, most often for lack of memory; outputs are as they were\n";

/// Exit code of a command that failed.
const EXIT_CODE: i32 = 2;

/// How long the thread that ends the process may take before another one does it.
const GRACE: Duration = Duration::from_secs(1);

/// The system's allocator. Where it has no memory for less than 16 MiB, the process ends with exit code 2.
#[derive(Debug)]
pub struct Memory;

// SAFETY: every call passes its arguments to the system's allocator and returns that allocator's answer. The caller
// promises of the arguments what the system's allocator asks for. An allocator need not return where it fails; it must
// not unwind, and `end` does not. The system's allocator is not at work meanwhile, so `end` may free
// memory, and even ask for some.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller promises what this asks for.
        checked(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller promises what this asks for.
        checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises what this asks for; all memory that was given out is the system's.
        checked(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller promises what this asks for; all memory that was given out is the system's.
        unsafe { System.dealloc(memory, layout) };
    }
}

/// Returns `memory` of `size` bytes, unless it is missing although the size is small.
#[inline]
fn checked(memory: *mut u8, size: usize) -> *mut u8 {
    if memory.is_null() && size < LARGE {
        end(if says_sample() { MISSING_IN_FIT } else { MISSING });
    }
    memory
}

/// Catches aborts, of all threads. Whoever aborts has said why, in a line of its own.
///
/// This comes before the first thread: the memory that its start lacks makes the C library abort.
pub(crate) fn watch() -> io::Result<()> {
    // SAFETY: a signal handler may write to a descriptor, look at atomics, sleep, remove files and exit, and this one
    // does nothing else: it takes no memory, frees none, and waits for no lock longer than a fraction of a second. The
    // signal comes from this process, so the handler runs on the thread that aborts, and does not return to it.
    unsafe { register(SIGABRT, || end(ABORTED)) }.map(drop)
}

/// Ends the process. Nothing here allocates but the removal of a file with a very long path.
#[cold]
fn end(message: &[u8]) -> ! {
    static ENDING: AtomicBool = AtomicBool::new(false);
    if ENDING.swap(true, Relaxed) {
        // Another thread is ending the process. Or it is this one, for a file with such a path: the file stays.
        sleep(GRACE);
    } else {
        // SAFETY: the pointer is that of as many bytes, which are never changed. A standard stream that is closed or
        // full makes this fail, and then there is nobody to tell.
        unsafe { libc::write(libc::STDERR_FILENO, message.as_ptr().cast(), message.len()) };
        semid::io::remove_unfinished();
    }
    exit(EXIT_CODE)
}

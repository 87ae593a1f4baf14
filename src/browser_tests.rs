//! Runs the tests of this library in a browser, for `tests/browser/kernels.py`.
//!
//! A module in a browser has no command line, so JavaScript asks for the list of the tests and runs them one by one.
//! [`run`] may be suspended to wait for the GPU; therefore it takes and returns nothing. A test that panics stops the
//! module, and JavaScript loads it anew for the next one.

#![allow(unreachable_pub, reason = "JavaScript sees only what is public")]

use std::cell::{Cell, RefCell};
use test::{TestDescAndFn, TestFn};
use wasm_bindgen::prelude::*;

/// A test; those that are ignored say why.
struct Listed {
    name: String,
    ignored: Option<String>,
    work: fn() -> Result<(), String>,
}

thread_local! {
    static TESTS: RefCell<Vec<Listed>> = const { RefCell::new(Vec::new()) };
    static CHOSEN: Cell<usize> = const { Cell::new(0) };
}

#[wasm_bindgen(raw_module = "./host.js")]
extern "C" {
    fn can_suspend() -> bool;
    fn resume();
    fn panicked(message: &str);
}

/// The import that cannot go through glue, which would be JavaScript on the stack.
mod suspending {
    #[link(wasm_import_module = "./host.js")]
    // SAFETY: the function takes and returns nothing and touches no memory of this module.
    unsafe extern "C" {
        pub(super) safe fn suspend();
    }
}

/// Keeps the tests that the compiler has found, and runs none; this is the `main` of the module.
pub(crate) fn keep(tests: &[&TestDescAndFn]) {
    std::panic::set_hook(Box::new(|panic| panicked(&panic.to_string())));
    if can_suspend() {
        crate::device::wait_with(crate::device::Waiting { suspend: || suspending::suspend(), resume });
    }
    let listed = |test: &&TestDescAndFn| {
        let TestFn::StaticTestFn(work) = test.testfn else { return None };
        let ignored = test.desc.ignore.then(|| test.desc.ignore_message.unwrap_or_default().to_owned());
        Some(Listed { name: test.desc.name.to_string(), ignored, work })
    };
    TESTS.set(tests.iter().filter_map(listed).collect());
}

/// Returns a line for each test: its name, and after a tab why it is ignored, if it is.
#[wasm_bindgen]
pub fn tests() -> String {
    let line = |test: &Listed| match &test.ignored {
        Some(reason) => format!("{}\t{reason}\n", test.name),
        None => format!("{}\n", test.name),
    };
    TESTS.with_borrow(|tests| tests.iter().map(line).collect())
}

/// Chooses the test that runs next, by its line.
#[wasm_bindgen]
pub fn choose(test: usize) {
    CHOSEN.set(test);
}

/// Runs the chosen test.
#[wasm_bindgen]
pub fn run() {
    let work = TESTS.with_borrow(|tests| tests.get(CHOSEN.get()).map(|test| test.work));
    match work.map(|work| work()) {
        Some(Ok(())) => {}
        Some(Err(error)) => panic!("{error}"),
        None => panic!("there is no such test"),
    }
}

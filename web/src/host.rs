//! The functions of `js/host.js`, which the worker's side of the browser offers.

use semid::quantizer::TrainingProgress;
use wasm_bindgen::prelude::*;

/// Functions that are called through the glue of wasm-bindgen, which converts texts and slices.
#[wasm_bindgen(raw_module = "./host.js")]
extern "C" {
    /// Whether `suspend` can suspend the module.
    fn can_suspend() -> bool;
    /// Lets the module go on.
    fn resume();
    /// Shows how far the job is.
    fn progress(part: &str, number: u32, parts: u32, step: &str, done: f64, most: f64, state: &str);
    /// Notes why the module stops.
    pub(crate) fn panicked(message: &str);
    /// Fills `out` with the bytes of file `file` from `offset` on; returns what went wrong, or an empty text.
    pub(crate) fn read_file(file: u32, offset: f64, out: &mut [u8]) -> String;
}

/// The one function that is imported as it is: glue around it would be JavaScript on the stack, which cannot be
/// suspended.
mod suspending {
    #[link(wasm_import_module = "./host.js")]
    // SAFETY: the function takes and returns nothing and touches no memory of this module.
    unsafe extern "C" {
        /// Lets the event loop of the browser run until `resume` is called.
        pub(super) safe fn suspend();
    }
}

/// Tells the library how to wait for the GPU, if the browser can.
pub(crate) fn prepare() {
    if can_suspend() {
        semid::device::wait_with(semid::device::Waiting { suspend: || suspending::suspend(), resume });
    }
}

/// Shows how far a training is.
pub(crate) fn trained(at: &TrainingProgress<'_>) {
    let state = at.state.to_string();
    progress(at.part, at.number as u32, at.parts as u32, at.step, at.done as f64, at.most as f64, &state);
}

/// Shows how many rows of all are encoded, or how many steps of an evaluation are done.
pub(crate) fn counted(part: &str, done: usize, most: usize) {
    progress(part, 1, 1, "", done as f64, most as f64, "");
}

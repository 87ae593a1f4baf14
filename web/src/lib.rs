//! semid in a web browser.
//!
//! The module runs in a worker, one job at a time. JavaScript hands over a job by [`begin`], runs it by [`run`], and
//! takes its outcome by [`outcome`]. Only `run` may suspend the module, to wait for the GPU; so it takes and returns
//! nothing, and where the browser has JavaScript Promise Integration, `js/worker.js` calls it through
//! `WebAssembly.promising`. `js/semid.js` is the interface for users.

mod failure;
mod host;
mod input;
mod job;
mod task;

use job::Job;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    /// The job that was handed over last.
    static JOB: RefCell<Option<Job>> = const { RefCell::new(None) };
    /// The outcome of the job that ran last.
    static OUTCOME: RefCell<Option<Result<JsValue, JsValue>>> = const { RefCell::new(None) };
}

/// Prepares the module; called once, before anything else.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| host::panicked(&panic.to_string())));
    host::prepare();
}

/// Hands over a job: `task` is JSON, and the lists belong to it. Rows in memory are `values`, a model is the bytes of
/// its file.
///
/// # Errors
/// A `task` that is not understood.
#[wasm_bindgen]
pub fn begin(task: &str, values: Vec<f32>, model: Vec<u8>, codes: Vec<u32>, names: Vec<String>) -> Result<(), JsValue> {
    let job = Job::new(task, values, model, codes, names).map_err(|error| failure::value(&error))?;
    JOB.set(Some(job));
    Ok(())
}

/// Runs the job that was handed over.
#[wasm_bindgen]
pub fn run() {
    let outcome = JOB.take().map(|job| job.run().map_err(|error| failure::value(&error)));
    OUTCOME.set(outcome);
}

/// Takes the outcome of the job that ran.
///
/// # Errors
/// The error of the job, as an object with `kind`, `message` and, where a file is concerned, `path`.
#[wasm_bindgen]
pub fn outcome() -> Result<JsValue, JsValue> {
    OUTCOME.take().unwrap_or(Ok(JsValue::UNDEFINED))
}

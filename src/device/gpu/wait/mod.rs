//! Waits for the driver: by blocking the thread, or in a browser by letting its event loop run.
//!
//! Both files have the same functions, so the rest of the host code is the same everywhere.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

#[cfg(not(target_family = "wasm"))]
pub(super) use native::{for_answer, for_future, for_submission, is_possible, notify};
#[cfg(target_family = "wasm")]
pub use web::{Waiting, wait_with};
#[cfg(target_family = "wasm")]
pub(super) use web::{for_answer, for_future, for_submission, is_possible, notify};

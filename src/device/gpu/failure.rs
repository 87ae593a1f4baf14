//! What has gone wrong on a device, as typed errors.

use super::lock::lock;
use crate::error::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex};

/// Whether a device can still be trusted.
pub(super) struct Failure {
    /// The name of the device.
    device: String,
    /// The reason why it cannot; none while it can.
    reason: Arc<Mutex<Option<String>>>,
}

impl Failure {
    /// Keeps the first failure of `device`, which has that name.
    pub(super) fn watch(name: &str, device: &wgpu::Device) -> Self {
        let reason = Arc::new(Mutex::new(None::<String>));
        let note = || {
            let reason = Arc::clone(&reason);
            move |text: String| {
                lock(&reason).get_or_insert(text);
            }
        };
        // Without a handler, wgpu panics.
        let uncaptured = note();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| uncaptured(one_line(&error.to_string()))));
        let lost = note();
        device.set_device_lost_callback(move |reason, message| {
            lost(one_line(&format!("the device was lost ({reason:?}) {message}")));
        });
        Self { device: name.to_owned(), reason }
    }

    /// Returns the error that says why the device failed.
    pub(super) fn because(&self, reason: impl Into<String>) -> Error {
        ErrorKind::Device { device: self.device.clone(), reason: reason.into() }.into()
    }

    /// Returns an error if anything has gone wrong so far.
    pub(super) fn check(&self) -> Result<()> {
        match &*lock(&self.reason) {
            Some(reason) => Err(self.because(reason)),
            None => Ok(()),
        }
    }
}

/// Joins the lines of a message of wgpu.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

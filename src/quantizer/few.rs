//! Encoding a few rows at a time.

use crate::error::Result;

/// A model that is prepared to encode a few rows at a time on one device, see
/// [`Encoder::prepare`](crate::Encoder::prepare).
pub trait FewEncoder: Send + Sync {
    /// Writes the codes (n, L) of rows (n, D).
    ///
    /// # Errors
    /// Any error of the rows and of the device.
    fn encode(&mut self, rows: &[f32], codes: &mut [u32]) -> Result<()>;

    /// Returns another one with the same model, for another thread.
    fn copy(&self) -> Box<dyn FewEncoder>;
}

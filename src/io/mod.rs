//! Files: embeddings and codes in; embeddings, codes and semantic IDs out.
//!
//! Everything is read by position in pieces of bounded size, so that a file may be larger than memory. Lengths that a
//! file claims are checked against its size before memory is asked for. What is written appears complete or not at all.

mod atomic;
mod dense;
mod file;
mod ids;
mod npy;
#[cfg(test)]
mod testing;

pub use atomic::AtomicFile;
pub use ids::IdWriter;
pub use npy::{CodesFile, Element, NpyRows, NpyWriter, read_codes};

use std::path::Path;

/// The extension in lower case, or nothing.
fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

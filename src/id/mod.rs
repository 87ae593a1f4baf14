//! Semantic IDs as text.

mod format;

pub use format::IdFormat;

//! Semantic IDs as text, and unique ones.

mod format;
#[cfg_attr(not(test), expect(dead_code, reason = "the registry calls it"))]
mod reassign;

pub use format::IdFormat;

//! What the crate `parquet` needs of the crate `zstd` to read files.
//!
//! The crate `zstd` holds the C library, whose compressor `parquet` links to even where nothing is written: a seventh
//! of the module for browsers. Here the decoder is `ruzstd`, and there is no compressor.

pub mod bulk;
pub mod zstd_safe;

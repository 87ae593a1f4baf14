//! Parquet files: embeddings and item keys in, semantic IDs out.

mod ids;
mod rows;
mod strings;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use ids::IdTable;
pub use rows::ParquetRows;
pub use strings::{columns, read_strings};

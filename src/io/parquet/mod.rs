//! Parquet files: embeddings and item keys in, semantic IDs out.

mod delta;
mod ids;
mod levels;
mod pages;
mod rows;
mod shape;
mod strings;
mod table;
#[cfg(test)]
mod tests;
mod thrift;

pub(crate) use ids::IdTable;
pub use rows::ParquetRows;
pub use strings::{columns, read_strings};

//! Reads and writes embeddings and codes in NumPy's npy files.

mod codes;
mod dict;
mod header;
mod rows;
mod write;

#[cfg(test)]
mod tests;

pub use codes::{CodesFile, NO_CODE, read_codes};
pub use rows::NpyRows;
pub use write::{Element, NpyWriter};

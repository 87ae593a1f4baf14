//! Parquet files: embeddings and item keys in, semantic IDs out.
//!
//! The decoder of the `parquet` crate trusts a file: it takes the memory and the time that sizes, counts and lengths in
//! it state. So all of them are checked first, and a read is bounded by the size of the file:
//!
//! - the footer and the headers of pages are walked through (`thrift`), which finds lists, texts and nesting that do
//!   not fit their bytes;
//! - a page may unpack to, and hold as many values as, 64 MiB and 1,024 times its bytes (`pages`);
//! - a row has no more values than the first one, which is found out from the levels of a page before its values are
//!   decoded (`levels`), so that a batch of rows takes about 8 MiB;
//! - texts that are stored by what they share with the one before are measured by their lengths (`delta`), and all
//!   texts of a column together are 256 MiB and 4,096 times the file at most, as are the values of all rows.
//!
//! On damaged pages the decoder may still panic inside. That is caught and becomes an error (`table`), but for programs
//! that are built to abort on a panic.

mod delta;
mod ids;
mod keys;
mod layout;
mod levels;
mod numbers;
mod pages;
mod rows;
mod shape;
mod strings;
mod table;
#[cfg(test)]
mod tests;
mod thrift;

pub(crate) use ids::IdTable;
pub(crate) use numbers::{CodeLists, read_code_lists, read_reals};
pub use rows::ParquetRows;
pub use strings::{columns, read_strings};

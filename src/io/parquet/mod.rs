//! Reads embeddings and item keys from Parquet files, and writes semantic IDs to them.
//!
//! The decoder of the `parquet` crate trusts a file: it takes the memory and the time that sizes, counts and lengths in
//! the file ask for. So these are checked first, which bounds a read by the size of the file:
//!
//! - a walk through the footer and the headers of pages (`thrift`) finds lists, texts and nesting that do not fit their
//!   bytes;
//! - a page may unpack to, and hold as many values as, 64 MiB and 1,024 times its bytes (`pages`);
//! - a row has no more values than the first one, or, once a reader has met a longer row to report, than 8,192; the
//!   levels of a page tell this before its values are decoded (`levels`), so that a batch of rows takes about 8 MiB;
//! - texts that are stored by what they share with the one before are measured by their lengths (`delta`), and all
//!   texts of a column together are 256 MiB and 4,096 times the file at most, as are the values of all rows.
//!
//! On damaged pages the decoder may still panic inside. The panic is caught and becomes an error (`table`), except in
//! programs that are built to abort on a panic.

mod delta;
mod ids;
mod keys;
mod layout;
mod levels;
mod long_rows;
mod numbers;
mod pages;
mod rows;
mod shape;
mod strings;
mod table;
#[cfg(test)]
mod tests;
mod thrift;
mod varint;

pub(crate) use ids::IdTable;
pub(crate) use numbers::{CodeLists, read_code_lists, read_reals};
pub use rows::ParquetRows;
pub use strings::{columns, read_strings};

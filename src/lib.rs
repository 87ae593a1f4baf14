//! semid
mod error;
pub mod io;
mod rows;
pub use error::{Error, ErrorKind, Result};
pub use rows::{Matrix, Rows};
/// Most dimensions a row may have: distances stay exact in u64 up to here.
pub const MAX_DIM: usize = 8192;
/// Most codewords a level may have.
pub const MAX_CLUSTERS: usize = 65_536;

//! The functions in queries over the bundled data, beside the library's own results and beside plain arithmetic.

mod distance;
mod encode;
mod refused;
mod stats;
mod world;

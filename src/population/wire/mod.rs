//! The byte form of requests, replies and partial sums, for shards in other processes.
//!
//! All numbers are little endian. Every message begins with four letters and a version, and ends with its last value.
//! The reader allocates memory only after it knows that the bytes for it are there.

mod bytes;
mod joint;
mod loaded;
mod partial;
mod reply;
mod request;
mod state;

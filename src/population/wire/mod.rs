//! Requests, replies and partial sums as bytes, for shards in other processes.
//!
//! All numbers are little endian; every message begins with four letters and a version, and ends where its last value
//! does. Nothing is allocated before the bytes for it are known to be there.

mod bytes;
mod partial;
mod reply;
mod request;
mod state;

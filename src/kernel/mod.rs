//! The kernels: one file each, with its contract, its scalar twin in plain integers, and - beside it in `shaders/`
//! and `device/gpu/` - the WGSL version of the same name.
//!
//! The scalar twins are the specification. They use no thread, no SIMD and no float, and are never optimised; the
//! `reference` device is nothing but these functions.

pub(crate) mod assign;
pub(crate) mod centroid;
pub(crate) mod closer;
pub(crate) mod own_distances;
pub(crate) mod residual;
pub(crate) mod unit_length;
pub(crate) mod within;

#[cfg(test)]
mod tests;

//! The kernels: one file each, with its contract and its scalar twin. The WGSL version has the same name in `shaders/`,
//! and its dispatches in `device/gpu/kernels/`. `range_search` runs on the host alone; [`float`] and [`scaled`] are no
//! kernels; several kernels share them. A test keeps this list true.
//!
//! The scalar twins are the specification. They use no thread and no SIMD, and are never optimised; the `reference`
//! device is nothing but these functions. Those of residual k-means are plain integer arithmetic, those of networks add
//! the single float operations of [`float`].

pub(crate) mod adamw;
pub(crate) mod assign;
pub(crate) mod assigned_distances;
pub(crate) mod centroid;
pub(crate) mod codebook_gradient;
pub(crate) mod column_sums;
pub(crate) mod combine;
pub(crate) mod dropout;
pub(crate) mod float;
#[cfg(all(test, feature = "gpu"))]
pub(crate) mod keep;
pub(crate) mod matmul;
pub(crate) mod members;
pub(crate) mod min_distances;
pub(crate) mod nearer;
pub(crate) mod on_grid;
pub(crate) mod range_search;
pub(crate) mod rectify;
pub(crate) mod residual;
pub(crate) mod row_losses;
pub(crate) mod scaled;
pub(crate) mod seed;
pub(crate) mod straight_through;
pub(crate) mod unit_length;
pub(crate) mod update;

#[cfg(test)]
mod tests;

//! Dispatches of the kernels: one file per kernel, named like its contract and twin in `kernel/` and its WGSL in
//! `shaders/`.

pub(super) mod adamw;
pub(super) mod assign;
pub(super) mod assigned_distances;
pub(super) mod centroid;
pub(super) mod codebook_gradient;
pub(super) mod column_sums;
pub(super) mod combine;
pub(super) mod dropout;
pub(super) mod gather;
pub(super) mod keep;
pub(super) mod matmul;
pub(super) mod members;
pub(super) mod min_distances;
pub(super) mod nearer;
pub(super) mod on_grid;
pub(super) mod rectify;
pub(super) mod residual;
pub(super) mod row_losses;
pub(super) mod seed;
pub(super) mod straight_through;
pub(super) mod unit_length;
pub(super) mod update;

/// How many operations of `assign` cost as much as one exact difference, squared and added.
pub(super) const EXACT_WORK: usize = 8;

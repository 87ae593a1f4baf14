//! Matrix products in f32: `out[i][k] = 2 rows[i] . codeword[k]`, in any order.
//!
//! # Shapes
//! `rows` (n, D), `out` (n, K).

#[cfg(not(target_arch = "wasm32"))]
mod kernels;
#[cfg(target_arch = "wasm32")]
mod plain;

#[cfg(not(target_arch = "wasm32"))]
pub(super) use kernels::products;
#[cfg(target_arch = "wasm32")]
pub(super) use plain::products;

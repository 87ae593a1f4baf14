//! Two exact solvers of the transport problem: they give rows to columns that each have a limited number of places.
//!
//! [`balanced`] gives every row one of K clusters with bounds on their sizes, over dense costs that a device computes.
//! [`limited`] places as many rows as fit into columns that each row lists.

pub(crate) mod balanced;
pub(crate) mod limited;

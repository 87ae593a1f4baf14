//! Classes of shapes for which one variant is the fastest.

use serde::{Deserialize, Serialize};

/// The shapes up to these sizes, and above the next smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::device::gpu) struct Class {
    /// A power of four: how many workgroups there are matters only while there are few. The largest class has all
    /// larger tables too.
    pub(in crate::device::gpu) rows: usize,
    /// A power of two.
    pub(in crate::device::gpu) dim: usize,
    /// A power of two.
    pub(in crate::device::gpu) clusters: usize,
}

const LEAST_ROWS: usize = 1 << 12;
const MOST_ROWS: usize = 1 << 18;
const LEAST_DIM: usize = 16;
const LEAST_CLUSTERS: usize = 64;

impl Class {
    pub(in crate::device::gpu) fn of(rows: usize, dim: usize, clusters: usize) -> Self {
        let rows = rows.clamp(LEAST_ROWS, MOST_ROWS).next_power_of_two();
        Self {
            rows: rows << (rows.ilog2() % 2),
            dim: dim.next_power_of_two().max(LEAST_DIM),
            clusters: clusters.next_power_of_two().max(LEAST_CLUSTERS),
        }
    }
}

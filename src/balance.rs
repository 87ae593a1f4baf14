//! The report of an assignment that kept clusters to a size.

/// How well the clusters of a level are balanced.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Balance {
    /// Rows of the smallest cluster.
    pub smallest: u64,
    /// Rows of the largest cluster.
    pub largest: u64,
    /// The largest proved distance of an assignment's total cost above the optimum, in squared grid steps, over all
    /// assignments of the run that was kept: 0 proves that each was the optimum. `None` for Sinkhorn, which seeks no
    /// optimum.
    pub gap: Option<u128>,
    /// The gap per row and in squared units of the embeddings, which compares with the squared error.
    pub optimality_gap: Option<f64>,
}

impl Balance {
    /// Counts `codes`, which are below `clusters`; a squared grid step is `unit` squared units of the embeddings.
    pub(crate) fn new(codes: &[u32], clusters: usize, gap: Option<u128>, unit: f64) -> Self {
        let mut counts = vec![0_u64; clusters];
        for code in codes {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        let per_row = |gap| gap as f64 * unit / codes.len().max(1) as f64;
        Self {
            smallest: counts.iter().copied().min().unwrap_or(0),
            largest: counts.iter().copied().max().unwrap_or(0),
            gap,
            optimality_gap: gap.map(per_row),
        }
    }
}

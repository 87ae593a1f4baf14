//! The largest sizes of models.

/// The most dimensions that a row may have; up to here squared distances are exact in u64.
pub const MAX_DIM: usize = 8192;
/// The most codewords that a level may have.
pub const MAX_CLUSTERS: usize = 65_536;
/// The most levels that a model may have.
pub(crate) const MAX_LEVELS: usize = 256;

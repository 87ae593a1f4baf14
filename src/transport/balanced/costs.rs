//! The costs of a transport problem, which are computed when they are asked for.

use crate::error::Result;
use crate::kernel::range_search::RangeMatches;

/// The costs of giving clusters to rows.
pub(crate) trait Costs {
    /// Returns for every row the clusters with `cost + price` below the row's limit, ascending, with their costs (below
    /// 2^63).
    fn range_search(&mut self, prices: &[i128], limits: &[i128]) -> Result<RangeMatches>;
}

//! Ranks neighbours by their codes: by shared prefix, by decoded distance, or by Hamming distance.

mod decoded;
mod hamming;
mod prefix;

pub(super) use decoded::ByDecoded;
pub(super) use hamming::ByHamming;
pub(super) use prefix::ByPrefix;

use super::ties::Rank;

/// Orders all items by how near their IDs are to the ID of a query.
pub(super) trait Ranking: Sync {
    /// Returns a function from an ID to the place of its items, for a query with the ID `query`; the query itself does
    /// not count.
    ///
    /// # Shapes
    /// IDs are numbers below U; the ranking must have been made for `query`.
    fn of(&self, query: u32) -> Box<dyn Fn(u32) -> Option<Rank> + '_>;
}

//! Neighbours as the codes see them: by shared prefix, by decoded distance, by Hamming distance.

mod decoded;
mod hamming;
mod prefix;

pub(super) use decoded::ByDecoded;
pub(super) use hamming::ByHamming;
pub(super) use prefix::ByPrefix;

use super::ties::Place;

/// An order of all items by how near their IDs are to that of a query.
pub(super) trait Ranking: Sync {
    /// The places of the items of each ID for a query with the ID `query`, which is left out itself.
    ///
    /// # Shapes
    /// IDs are numbers below U; `query` is one of those that the ranking was made for.
    fn of(&self, query: u32) -> Box<dyn Fn(u32) -> Option<Place> + '_>;
}

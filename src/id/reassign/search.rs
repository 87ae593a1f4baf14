//! Finds the free places that an item looks at, nearest first.

use super::occupancy::Occupancy;
use crate::error::Result;
use crate::quantizer::CostsOfRow;

/// How many prefixes of the last level with free places an item looks at, where they have enough free places.
pub(super) const PREFIXES: usize = 8;
/// How many it looks at most, where the first ones have too few free places.
pub(super) const MOST_PREFIXES: usize = 64;

/// The item's distance at a free place, and the codes of the place.
pub(super) type FreePlace = (u64, Vec<u32>);

/// The search of one item.
struct Walk<'a> {
    distances: &'a CostsOfRow<'a>,
    occupancy: &'a Occupancy<'a>,
    levels: usize,
    wanted: usize,
    places: Vec<FreePlace>,
    free: u128,
    prefixes: usize,
}

/// Returns the `wanted` nearest of the free places that the item looks at below `prefix`, ordered by distance, then
/// codes.
pub(super) fn places(
    distances: &CostsOfRow<'_>,
    occupancy: &Occupancy<'_>,
    levels: usize,
    prefix: &[u32],
    wanted: usize,
) -> Result<Vec<FreePlace>> {
    let mut walk = Walk { distances, occupancy, levels, wanted, places: Vec::new(), free: 0, prefixes: 0 };
    walk.below(&mut prefix.to_vec())?;
    Ok(walk.places)
}

impl Walk<'_> {
    /// Visits the codes that follow `prefix`; `prefix` is unchanged on return.
    fn below(&mut self, prefix: &mut Vec<u32>) -> Result<()> {
        let distances = (self.distances)(prefix)?;
        let mut codes: Vec<(u64, u32)> = distances.into_iter().zip(0..).collect();
        codes.sort_unstable();
        let last = prefix.len() + 1 == self.levels;
        for (distance, code) in codes {
            if !last && self.is_done() {
                break;
            }
            prefix.push(code);
            let free = self.occupancy.free(prefix);
            match (free > 0, last) {
                (true, true) => {
                    self.free += free;
                    self.places.push((distance, prefix.clone()));
                }
                (true, false) => self.below(prefix)?,
                (false, _) => {}
            }
            prefix.pop();
        }
        if last {
            self.prefixes += 1;
            self.places.sort_unstable();
            self.places.truncate(self.wanted);
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.prefixes >= MOST_PREFIXES || (self.prefixes >= PREFIXES && self.free >= self.wanted as u128)
    }
}

//! The variants of the filter of `assign`, of which every adapter gets the one that is fastest there. Which one that is
//! was measured, and is remembered in a file; the choice changes how long an assignment takes, but no code.

mod cache;
mod choice;
mod class;
mod measure;
#[cfg(test)]
mod tests;

use super::filter::Filter;
#[cfg(test)]
pub(super) use cache::Cache;
pub(super) use choice::Tiles;
#[cfg(test)]
pub(super) use choice::Wanted;
pub(super) use class::Class;
pub(super) use measure::measure;

/// How many rows and codewords a workgroup multiplies at a time: 128 where they are wide, or else 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tile {
    pub(super) wide_rows: bool,
    pub(super) wide_codes: bool,
}

impl Tile {
    /// The tile while nothing has been measured: the one that reads the least per product.
    pub(super) const UNMEASURED: Self = Self { wide_rows: true, wide_codes: true };

    fn all() -> impl Iterator<Item = Self> {
        [false, true].into_iter().flat_map(|wide_rows| [false, true].map(|wide_codes| Self { wide_rows, wide_codes }))
    }

    fn named(name: &str) -> Option<Self> {
        Self::all().find(|tile| tile.name() == name)
    }

    /// Returns rows x codewords.
    fn name(self) -> String {
        let size = |wide| if wide { 128 } else { 64 };
        format!("{}x{}", size(self.wide_rows), size(self.wide_codes))
    }
}

/// A filter with its tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Variant {
    pub(super) filter: Filter,
    pub(super) tile: Tile,
}

impl Variant {
    /// Returns every variant that there is.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let both = |tile| [Filter::F32, Filter::Bytes].map(|filter| Self { filter, tile });
        Tile::all().flat_map(both).filter(|variant| *variant == variant.for_shape(usize::MAX, usize::MAX))
    }

    /// Returns the variant nearest to this one that suits rows of `dim` dimensions and so many codewords.
    pub(super) fn for_shape(self, dim: usize, clusters: usize) -> Self {
        let filter = self.filter.of(dim);
        // There is no variant of bytes with 128 of both.
        let fits = filter == Filter::F32 || !self.tile.wide_rows;
        let wide_codes = self.tile.wide_codes && fits && wide_codes(clusters);
        Self { filter, tile: Tile { wide_codes, ..self.tile } }
    }

    /// Returns the names of filter and tile.
    pub(super) fn name(self) -> String {
        format!("{} {}", self.filter.name(), self.tile.name())
    }

    fn named(name: &str) -> Option<Self> {
        Self::all().find(|variant| variant.name() == name)
    }
}

/// Seconds that an assignment took by each variant.
pub(super) type Timings = Vec<(Variant, f64)>;

/// Returns whether it can be faster to walk over so many codewords 128 at a time than 64: where that pads them by no
/// more than an eighth.
fn wide_codes(clusters: usize) -> bool {
    let padded = |to| clusters.checked_next_multiple_of(to).unwrap_or(clusters) as u128;
    padded(128) * 8 <= padded(64) * 9
}

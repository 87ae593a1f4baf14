//! The variants of the filter of `assign`, of which every adapter gets the one that is fastest there. Which one that is
//! was measured, and is remembered in a file; the choice changes how long an assignment takes, but no code.

mod cache;
mod choice;
mod class;
#[cfg(test)]
mod tests;

use super::filter::Filter;
#[cfg(test)]
pub(super) use cache::Cache;
pub(super) use choice::Tiles;
#[cfg(test)]
pub(super) use choice::Wanted;
pub(super) use class::Class;

/// How a workgroup multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tile {
    /// A tile of 128 rows where they are wide, or else 64, by 128 codewords where they are wide, or else 64.
    Sized { wide_rows: bool, wide_codes: bool },
    /// No tile: an invocation owns rows, past which the codewords stream. For software adapters, where no memory is
    /// nearer than another.
    Streamed,
    /// By cooperative matrices of signed bytes, where the adapter has them.
    Cooperative,
}

impl Tile {
    /// Returns the tile for a filter on hardware while nothing has been measured: for f32 the one that reads the least
    /// per product, for bytes the one that was the fastest on the GPU that was measured. A browser is never measured,
    /// as it has no file and may take seconds to compile the variants; it gets the tile that needs the fewest
    /// registers, because integrated GPUs, which most visitors have, spill hundreds of them with a wider one.
    pub(super) const fn unmeasured(filter: Filter) -> Self {
        Self::first_choice(filter, cfg!(target_family = "wasm"))
    }

    const fn first_choice(filter: Filter, in_browser: bool) -> Self {
        Self::Sized { wide_rows: !in_browser && matches!(filter, Filter::F32), wide_codes: !in_browser }
    }

    /// Returns every tile of this build.
    fn all() -> impl Iterator<Item = Self> {
        let sized = [false, true]
            .into_iter()
            .flat_map(|wide_rows| [false, true].map(|wide_codes| Self::Sized { wide_rows, wide_codes }));
        sized.chain([Self::Streamed]).chain(cfg!(feature = "tensor-cores").then_some(Self::Cooperative))
    }

    fn named(name: &str) -> Option<Self> {
        Self::all().find(|tile| tile.name() == name)
    }

    /// Returns rows x codewords, or what multiplies.
    fn name(self) -> String {
        let size = |wide| if wide { 128 } else { 64 };
        match self {
            Self::Sized { wide_rows, wide_codes } => format!("{}x{}", size(wide_rows), size(wide_codes)),
            Self::Streamed => "streamed".to_owned(),
            Self::Cooperative => "cooperative".to_owned(),
        }
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

    /// Returns the variant nearest to this one that suits rows of `dim` dimensions and `clusters` codewords.
    pub(super) fn for_shape(self, dim: usize, clusters: usize) -> Self {
        let filter = self.filter.of(dim);
        let tile = match self.tile {
            // Only bytes have matrices and streams.
            Tile::Cooperative | Tile::Streamed if filter == Filter::F32 => Tile::unmeasured(filter),
            tile => tile,
        };
        let Tile::Sized { wide_rows, wide_codes } = tile else { return Self { filter, tile } };
        // There is no variant of bytes with 128 of both.
        let fits = filter == Filter::F32 || !wide_rows;
        let wide_codes = wide_codes && fits && self::wide_codes(clusters);
        Self { filter, tile: Tile::Sized { wide_rows, wide_codes } }
    }

    /// Returns whether a device with or without cooperative matrices can run the variant.
    pub(super) fn runs_with(self, cooperative: bool) -> bool {
        cooperative || self.tile != Tile::Cooperative
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

/// Returns whether it can be faster to walk over `clusters` codewords 128 at a time than 64: where that pads them by no
/// more than an eighth.
fn wide_codes(clusters: usize) -> bool {
    let padded = |to| clusters.checked_next_multiple_of(to).unwrap_or(clusters) as u128;
    padded(128) * 8 <= padded(64) * 9
}

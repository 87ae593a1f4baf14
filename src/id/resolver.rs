//! Chooses IDs for items whose codes are taken.

use crate::error::{Error, Result};
use std::num::NonZeroU32;

/// How items with equal codes get different IDs.
///
/// ```
/// use semid::registry::Resolver;
///
/// assert_eq!(Resolver::default(), Resolver::Suffix { always: false });
/// assert_eq!(Resolver::reassign().name(), "reassign");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolver {
    /// The first item has the codes alone, "12-5-33"; the next ones have a counter too, "12-5-33-1".
    Suffix {
        /// Whether the first item has a suffix too, "12-5-33-0", so that all IDs have equally many parts.
        always: bool,
    },
    /// Every ID contains the item key: "12-5-33-numpy". If the item comes back to codes where its ID was retired, the
    /// new ID ends in a number: "12-5-33-numpy-1".
    ItemId,
    /// Items whose codes are taken move to the nearest free codes; where no codes are free, they get a suffix. Codes
    /// that labels give never change: items of a full category get a suffix, and not the codes of another category.
    ///
    /// The new items of a call are placed together, 65,536 rows at a time, at the smallest total increase of distance.
    /// So the codes that an item moves to depend on which other items are new in the same call; once given, its ID
    /// stays.
    Reassign {
        /// How many items may share the same codes.
        capacity: NonZeroU32,
    },
}

impl Default for Resolver {
    fn default() -> Self {
        Self::Suffix { always: false }
    }
}

impl Resolver {
    /// Returns [`Resolver::Reassign`] with one item per list of codes.
    pub fn reassign() -> Self {
        Self::Reassign { capacity: NonZeroU32::MIN }
    }

    /// Returns the name that manifests use: `suffix`, `suffix-always`, `item-id` or `reassign`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Suffix { always: false } => "suffix",
            Self::Suffix { always: true } => "suffix-always",
            Self::ItemId => "item-id",
            Self::Reassign { .. } => "reassign",
        }
    }

    /// Returns how many items may share the same codes without being moved; none where that is not limited.
    pub fn capacity(&self) -> Option<NonZeroU32> {
        match self {
            Self::Reassign { capacity } => Some(*capacity),
            _ => None,
        }
    }

    /// Returns the resolver of that name; only `reassign` uses `capacity`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Parameter`] for an unknown name.
    pub fn from_name(name: &str, capacity: NonZeroU32) -> Result<Self> {
        match name {
            "suffix" => Ok(Self::Suffix { always: false }),
            "suffix-always" => Ok(Self::Suffix { always: true }),
            "item-id" => Ok(Self::ItemId),
            "reassign" => Ok(Self::Reassign { capacity }),
            _ => Err(Error::parameter("resolver", name, "must be `suffix`, `suffix-always`, `item-id` or `reassign`")),
        }
    }
}

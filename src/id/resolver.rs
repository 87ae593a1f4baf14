//! What happens to items whose codes are taken.

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
    /// The first item has the codes alone, "12-5-33", the next ones a counter, "12-5-33-1".
    Suffix {
        /// Whether the first item has a suffix too, "12-5-33-0", so that all IDs are equally long.
        always: bool,
    },
    /// Every ID has the item key in it: "12-5-33-numpy". If that one is retired, and the item comes back to the same
    /// codes, a number makes the new one different: "12-5-33-numpy-1".
    ItemId,
    /// Colliding items move to the nearest free codes; a suffix where no codes are free.
    ///
    /// The new items of a call, 65,536 rows of it at a time, are placed together, at the smallest total increase of
    /// distance. So where an item goes depends on which items are new in the same call; once given, its ID stays as any
    /// other.
    Reassign {
        /// Items that may share the same codes.
        capacity: NonZeroU32,
    },
}

impl Default for Resolver {
    fn default() -> Self {
        Self::Suffix { always: false }
    }
}

impl Resolver {
    /// [`Resolver::Reassign`] with one item per codes.
    pub fn reassign() -> Self {
        Self::Reassign { capacity: NonZeroU32::MIN }
    }

    /// The name used in manifests and on the command line: `suffix`, `suffix-always`, `item-id` or `reassign`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Suffix { always: false } => "suffix",
            Self::Suffix { always: true } => "suffix-always",
            Self::ItemId => "item-id",
            Self::Reassign { .. } => "reassign",
        }
    }

    /// Items that may share the same codes without being moved, where that is limited.
    pub fn capacity(&self) -> Option<NonZeroU32> {
        match self {
            Self::Reassign { capacity } => Some(*capacity),
            _ => None,
        }
    }

    /// The resolver of that name; `capacity` matters to `reassign` alone.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Parameter`] for an unknown name.
    pub fn from_name(name: &str, capacity: NonZeroU32) -> Result<Self> {
        match name {
            "suffix" => Ok(Self::Suffix { always: false }),
            "suffix-always" => Ok(Self::Suffix { always: true }),
            "item-id" => Ok(Self::ItemId),
            "reassign" => Ok(Self::Reassign { capacity }),
            _ => Err(Error::parameter("resolver", name, "`suffix`, `suffix-always`, `item-id` or `reassign`")),
        }
    }
}

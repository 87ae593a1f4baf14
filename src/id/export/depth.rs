//! Checks that all IDs have the same number of tokens.

use super::Export;
use crate::error::{Error, ErrorKind, Result};
use crate::id::semantic_id::SemanticId;

/// The depth of the IDs seen so far, for files whose readers take IDs of one depth only.
///
/// IDs that differ in depth are refused: with suffixes where needed, `12-5-33` is a prefix of `12-5-33-1`, and a reader
/// of fixed depth would never give the one or the other.
#[derive(Default)]
pub(super) struct Depth {
    /// The first ID and its number of tokens.
    first: Option<(usize, String)>,
}

impl Depth {
    /// Takes the next item's ID.
    ///
    /// # Errors
    /// [`ErrorKind::MixedDepths`].
    pub(super) fn add(&mut self, export: &Export<'_>, id: &SemanticId, item: &str) -> Result<()> {
        let depth = id.codes.len() + usize::from(export.suffix(id.suffix).is_some());
        let text = || export.registry.text(id, item);
        match &self.first {
            None => self.first = Some((depth, text())),
            Some((first, _)) if *first == depth => {}
            Some((first, other)) => {
                let (short, long) = if *first < depth { (other.clone(), text()) } else { (text(), other.clone()) };
                return Err(ErrorKind::MixedDepths { short, long }.into());
            }
        }
        Ok(())
    }

    /// Returns the number of tokens of every ID.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`](crate::ErrorKind::Empty) where there is no item.
    pub(super) fn get(&self) -> Result<usize> {
        match &self.first {
            Some((depth, _)) => Ok(*depth),
            None => Err(Error::parameter(
                "registry",
                "0 items",
                "must have at least one, as an index of no IDs allows nothing",
            )),
        }
    }
}

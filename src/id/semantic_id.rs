//! The ID itself: codes and a suffix.

/// A registered semantic ID: the codes of all levels, and a suffix where several items share the codes.
///
/// IDs are ordered by codes, then suffix, so that all IDs with a common prefix are consecutive.
///
/// ```
/// use semid::registry::SemanticId;
///
/// let id = SemanticId::new(vec![12, 5, 33], 0);
/// assert!(id < SemanticId::new(vec![12, 5, 33], 1) && id < SemanticId::new(vec![12, 6, 0], 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SemanticId {
    /// One code per level.
    pub codes: Vec<u32>,
    /// 0 for the first item with these codes, then 1, 2 and so on.
    pub suffix: u64,
}

impl SemanticId {
    /// Makes the ID with these codes and suffix.
    pub fn new(codes: Vec<u32>, suffix: u64) -> Self {
        Self { codes, suffix }
    }
}

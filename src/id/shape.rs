//! Checks the codes of an ID, which no store does.

use super::store::{Entry, Record};
use crate::MAX_CLUSTERS;
use crate::error::{Error, Result};

/// The number of codes of every ID, and the number of clusters that each code must be below.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    levels: usize,
    /// The clusters per level; none until the model is known.
    clusters: Option<Vec<usize>>,
}

impl Shape {
    pub(super) fn new(levels: usize) -> Self {
        Self { levels, clusters: None }
    }

    /// Makes the shape of IDs of a model with these clusters.
    pub(super) fn with(levels: usize, clusters: Vec<usize>) -> Self {
        Self { levels, clusters: Some(clusters) }
    }

    /// Refuses an entry that a registry of this shape cannot have given.
    ///
    /// # Errors
    /// [`ErrorKind::DamagedRegistry`](crate::ErrorKind::DamagedRegistry).
    pub(super) fn check(&self, entry: &Entry) -> Result<()> {
        for codes in [Some(&entry.id.codes), entry.encoded.as_ref()].into_iter().flatten() {
            if codes.len() != self.levels {
                let (found, levels) = (codes.len(), self.levels);
                return Err(Error::damaged_registry(format!("an ID has {found} codes, not {levels}")));
            }
            for (level, code) in codes.iter().enumerate() {
                let clusters = self.clusters.as_ref().and_then(|all| all.get(level)).copied().unwrap_or(MAX_CLUSTERS);
                if *code as usize >= clusters {
                    let level = level + 1;
                    let reason = format!("an ID has codes {codes:?}, and level {level} has {clusters} codes only");
                    return Err(Error::damaged_registry(reason));
                }
            }
        }
        Ok(())
    }

    pub(super) fn check_all(&self, records: &[Record]) -> Result<()> {
        records.iter().try_for_each(|record| self.check(&record.entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::semantic_id::SemanticId;

    #[test]
    fn other_lengths_and_codes_are_damage() {
        let entry =
            |codes: &[u32], encoded: Option<Vec<u32>>| Entry { id: SemanticId::new(codes.to_vec(), 0), encoded };
        let (open, closed) = (Shape::new(2), Shape::with(2, vec![3, 4]));
        for (good, shape) in [(entry(&[2, 3], None), &closed), (entry(&[65_535, 0], Some(vec![9, 9])), &open)] {
            shape.check(&good).unwrap();
        }
        let bad = [
            (entry(&[2], None), &open),
            (entry(&[2, 3, 1], None), &open),
            (entry(&[2, 3], Some(vec![])), &open),
            (entry(&[65_536, 0], None), &open),
            (entry(&[3, 3], None), &closed),
            (entry(&[2, 3], Some(vec![2, 4])), &closed),
        ];
        for (entry, shape) in bad {
            let error = shape.check(&entry).unwrap_err();
            assert!(matches!(error.kind(), crate::ErrorKind::DamagedRegistry { .. }), "{entry:?}: {error}");
        }
    }
}

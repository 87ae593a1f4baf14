//! The numbers of clusters of the levels.

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Unexpected, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;

/// Clusters per level: one number for all levels, or a list with one number per level. It is serialized as that number
/// or list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clusters {
    /// The same number at every level.
    Same(usize),
    /// One number per level.
    PerLevel(Vec<usize>),
}

impl From<usize> for Clusters {
    fn from(clusters: usize) -> Self {
        Self::Same(clusters)
    }
}

impl From<Vec<usize>> for Clusters {
    fn from(clusters: Vec<usize>) -> Self {
        Self::PerLevel(clusters)
    }
}

impl From<&[usize]> for Clusters {
    fn from(clusters: &[usize]) -> Self {
        Self::PerLevel(clusters.to_vec())
    }
}

impl<const N: usize> From<[usize; N]> for Clusters {
    fn from(clusters: [usize; N]) -> Self {
        Self::PerLevel(clusters.to_vec())
    }
}

impl Clusters {
    /// Returns the clusters of each of `levels` levels; a list keeps its own length.
    pub(crate) fn list(&self, levels: usize) -> Vec<usize> {
        match self {
            Self::Same(clusters) => vec![*clusters; levels],
            Self::PerLevel(list) => list.clone(),
        }
    }

    /// Returns the number of levels where nobody gave one: the length of the list, or 3.
    pub(crate) fn default_levels(&self) -> usize {
        match self {
            Self::Same(_) => 3,
            Self::PerLevel(list) => list.len(),
        }
    }

    /// Makes one number of a list whose entries are all equal.
    pub(crate) fn of_list(list: &[usize]) -> Self {
        match list.first().filter(|first| list.iter().all(|clusters| clusters == *first)) {
            Some(first) => Self::Same(*first),
            None => Self::PerLevel(list.to_vec()),
        }
    }
}

impl Serialize for Clusters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Same(clusters) => clusters.serialize(serializer),
            Self::PerLevel(list) => list.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Clusters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrList)
    }
}

struct NumberOrList;

impl<'de> Visitor<'de> for NumberOrList {
    type Value = Clusters;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of clusters, or a list with one number per level")
    }

    fn visit_u64<E: Error>(self, clusters: u64) -> Result<Clusters, E> {
        usize::try_from(clusters)
            .map(Clusters::Same)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(clusters), &self))
    }

    fn visit_i64<E: Error>(self, clusters: i64) -> Result<Clusters, E> {
        usize::try_from(clusters).map(Clusters::Same).map_err(|_| E::invalid_value(Unexpected::Signed(clusters), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Clusters, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Clusters::PerLevel)
    }
}

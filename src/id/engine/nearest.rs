//! Finds the items nearest to an item.

use super::SemanticIdEngine;
use crate::error::{Error, ErrorKind, Result};
use crate::id::registry::Registry;
use crate::id::semantic_id::SemanticId;
use std::collections::BinaryHeap;

/// An item near another one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Neighbor {
    /// The neighbor's key.
    pub item: String,
    /// The neighbor's ID.
    pub id: SemanticId,
    /// How many leading codes both items share.
    pub shared: usize,
    /// Squared distance between the two items' decoded points, in units of the embeddings or, for an RQ-VAE, of its
    /// latents.
    pub squared_distance: f64,
}

impl SemanticIdEngine {
    /// Returns the `k` items nearest to `item`: those with the longest shared prefix first, then by the distance
    /// between their decoded embeddings, then by their IDs. A prefix counts as far as the levels of the model build on
    /// each other, see [`Quantizer::hierarchical_levels`](crate::Quantizer::hierarchical_levels): for product codes
    /// without residual levels, distances alone decide.
    ///
    /// Reads the items below the longest prefix of `item` that has `k` others, all as of one moment, and keeps `k` in
    /// memory.
    ///
    /// # Exactness
    /// Distances are compared as exact integers.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownItem`], and any error of the store.
    pub fn nearest(&self, item: &str, k: usize) -> Result<Vec<Neighbor>> {
        let registry = self.registry.snapshot()?;
        let own = registry.id(item)?.ok_or_else(|| ErrorKind::UnknownItem { item: item.to_owned() })?;
        let step = self.model.step();
        let mut found = Vec::new();
        let depth = self.model.hierarchical_levels().min(own.codes.len());
        for shared in (0..=depth).rev() {
            let missing = k.saturating_sub(found.len());
            if missing == 0 {
                break;
            }
            let ring = self.nearest_in_ring(&registry, &own, (shared, shared < depth), missing)?;
            found.extend(ring.into_iter().map(|(distance, id, item)| {
                let squared_distance = distance as f64 * step * step;
                let shared = own.codes.iter().zip(&id.codes).take_while(|(own, other)| own == other).count();
                Neighbor { item, id, shared, squared_distance }
            }));
        }
        Ok(found)
    }

    /// Returns the nearest `most` of the items that share the first `shared` codes and, where `ends` says so, not the
    /// next one; nearest first.
    fn nearest_in_ring(
        &self,
        registry: &Registry,
        own: &SemanticId,
        (shared, ends): (usize, bool),
        most: usize,
    ) -> Result<Vec<(u64, SemanticId, String)>> {
        let target = self.decoded(&own.codes)?;
        let prefix = own.codes.get(..shared).unwrap_or_default();
        let mut nearest = BinaryHeap::new();
        let mut last: Option<(Vec<u32>, u64)> = None;
        for record in registry.records(prefix) {
            let record = record?;
            let id = record.entry.id;
            let longer = ends && id.codes.get(shared) == own.codes.get(shared);
            if longer || id == *own {
                continue;
            }
            let distance = match &last {
                Some((codes, distance)) if *codes == id.codes => *distance,
                _ => squared_distance(&target, &self.decoded(&id.codes)?),
            };
            last = Some((id.codes.clone(), distance));
            nearest.push((distance, id, record.item));
            if nearest.len() > most {
                nearest.pop();
            }
        }
        Ok(nearest.into_sorted_vec())
    }

    /// Decodes the codes to a point on the codewords' grid.
    fn decoded(&self, codes: &[u32]) -> Result<Vec<i64>> {
        self.model.point(codes).map_err(|error| match error.kind() {
            ErrorKind::Code { .. } => Error::damaged_registry(format!("the model has no codes {codes:?}")),
            _ => error,
        })
    }
}

/// The sum fits u64: components are within 2^23 and there are at most 8,192 of them.
fn squared_distance(a: &[i64], b: &[i64]) -> u64 {
    a.iter().zip(b).map(|(a, b)| (a - b).unsigned_abs().pow(2)).sum()
}

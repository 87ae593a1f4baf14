//! Writes the index of STATIC, a trie as arrays of fixed shapes for accelerators (arXiv 2602.22647).

mod rows;
#[cfg(test)]
mod tests;

use super::depth::Depth;
use super::tensors::{ElementType, ExportArray, Put, write_safetensors};
use super::{Export, Exported, Suffixes};
#[cfg(not(feature = "npz"))]
use crate::error::ErrorKind;
use crate::error::{Error, Result};
use rows::SidRows;
use serde_json::json;
use std::path::Path;

const FORMAT: &str = "semid-static";
const FORMAT_VERSION: &str = "1";
/// The most elements of a dense table: 2^15 codes on each of two levels, or 5 GiB of masks and states.
const MOST_DENSE: u64 = 1 << 30;

/// The sizes of [`Export::static_index`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct StaticSizes {
    dense_levels: Option<usize>,
    vocab_size: Option<u64>,
}

impl StaticSizes {
    /// Takes the default sizes: two dense levels, or one where IDs have only two codes, and as many codes as the
    /// largest level has.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of first levels whose transitions are dense tables, 1 or 2; it is less than the number of codes
    /// of an ID. A table of two levels has V x V entries.
    pub fn dense_levels(mut self, levels: usize) -> Self {
        self.dense_levels = Some(levels);
        self
    }

    /// Sets V, the number of codes that the decoder scores on each level, where it is larger than every level.
    pub fn vocab_size(mut self, size: u64) -> Self {
        self.vocab_size = Some(size);
        self
    }
}

impl Export<'_> {
    /// Writes the index of STATIC as .safetensors, or as .npz where the name ends in that.
    ///
    /// The arrays are those of `build_static_index` for the codes of all IDs, from 0 on each level, and a suffix as one
    /// more level. All IDs have to have the same depth L, which is at least 2. With V codes per level, d dense levels,
    /// S states and E edges:
    ///
    /// | tensor | shape | |
    /// | --- | --- | --- |
    /// | `packed_csr` | (E + V, 2), i32 | code and next state of each edge, 0 where the ID ends; then V rows (V, 0) |
    /// | `indptr` | S + 2, i32 | first edge of each state, E, and E + V |
    /// | `layer_max_branches` | L, i32 | the most edges that leave a node of each depth, from the root on |
    /// | `dense_states` | V, or (V, V), i32 | state after the first d codes; 0 for codes that no ID begins with |
    /// | `dense_mask` | V, or (V, V), bool | whether an ID begins with these codes |
    /// | `start_mask` | V, bool | whether an ID begins with this code |
    ///
    /// The state after the first code c is c + 1. The states after more codes follow from V + 1 on, depth by depth and
    /// in the order of the IDs; the edges are in the same order. The metadata of .safetensors have `format` =
    /// "semid-static", `format_version`, the fingerprint of the model, and the sizes.
    ///
    /// Needs memory for the codes of all IDs and for S numbers, but not for the dense tables.
    ///
    /// # Errors
    /// [`ErrorKind::MixedDepths`](crate::ErrorKind::MixedDepths) for IDs of different depths;
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a registry without items, for IDs of one code and IDs
    /// that end in item keys, for sizes that do not fit the IDs, for dense tables of more than 2^30 entries, for states
    /// or edges that do not fit i32; [`ErrorKind::Feature`](crate::ErrorKind::Feature) for .npz without the feature
    /// `npz`; [`ErrorKind::Io`](crate::ErrorKind::Io); any error of the store.
    pub fn static_index(&self, path: impl AsRef<Path>, sizes: StaticSizes) -> Result<Exported> {
        self.check_tokens()?;
        let path = path.as_ref();
        let mut rows = SidRows::default();
        let (mut depth, mut suffixes) = (Depth::default(), Suffixes::default());
        self.each_record(&mut |record| {
            suffixes.add(&record)?;
            let Some(item) = &record.item else { return Ok(()) };
            let id = &record.entry.id;
            depth.add(self, id, item)?;
            rows.push(&id.codes, self.suffix(id.suffix))
        })?;
        let suffixes = suffixes.end()?;
        rows.finish(depth.get()?)?;
        let (clusters, suffixes) = self.code_counts(suffixes)?;
        let counts: Vec<u64> = clusters.into_iter().map(|clusters| clusters as u64).chain([suffixes]).collect();
        rows.check(&counts)?;
        let sizes = Sizes::of(sizes, &rows, counts.into_iter().max().unwrap_or_default())?;
        let states = self.write_static(path, &rows, sizes)?;
        Ok(Exported { items: Some(rows.len() as u64), nodes: Some(states), ..Exported::default() })
    }

    /// Writes the arrays; returns the number of states.
    fn write_static(&self, path: &Path, rows: &SidRows, sizes: Sizes) -> Result<u64> {
        let Sizes { vocab, dense } = sizes;
        let states = rows.states(vocab)?;
        let (indptr, branches) = rows.indptr(&states, vocab, &|| self.go_on(rows.len() as u64))?;
        let start = rows.start_mask(vocab);
        let edges = rows.edges();
        let dense_shape = vec![vocab; dense];
        let tensors = [
            ExportArray::new("packed_csr", ElementType::I32, vec![edges + vocab, 2], |put| {
                rows.put_edges(&states, vocab, put)
            }),
            ExportArray::i32("indptr", &indptr),
            ExportArray::i32("layer_max_branches", &branches),
            ExportArray::new("dense_states", ElementType::I32, dense_shape.clone(), |put| {
                rows.each_dense(&states, sizes, &mut |state| state.to_le_bytes(), put)
            }),
            ExportArray::new("dense_mask", ElementType::Bool, dense_shape, |put: &mut Put<'_>| {
                rows.each_dense(&states, sizes, &mut |state| [u8::from(state != 0)], put)
            }),
            ExportArray::bool("start_mask", &start),
        ];
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz")) {
            npz(path, &tensors)?;
        } else {
            let metadata = json!({
                "format": FORMAT,
                "format_version": FORMAT_VERSION,
                "fingerprint": self.registry.manifest().fingerprint(),
                "vocab_size": vocab.to_string(),
                "depth": rows.depth().to_string(),
                "dense_levels": dense.to_string(),
            });
            write_safetensors(path, metadata, &tensors)?;
        }
        Ok(states.end() as u64)
    }
}

#[cfg(feature = "npz")]
fn npz(path: &Path, tensors: &[ExportArray<'_>]) -> Result<()> {
    super::tensors::write_npz(path, tensors)
}

#[cfg(not(feature = "npz"))]
fn npz(path: &Path, _: &[ExportArray<'_>]) -> Result<()> {
    Err(Error::from(ErrorKind::Feature { feature: "npz", what: "writing .npz files" }).at(path))
}

/// Sizes that fit the IDs.
#[derive(Clone, Copy)]
struct Sizes {
    vocab: usize,
    dense: usize,
}

impl Sizes {
    fn of(asked: StaticSizes, rows: &SidRows, codes: u64) -> Result<Self> {
        let depth = rows.depth();
        if depth < 2 {
            return Err(Error::parameter(
                "levels",
                depth,
                "must be at least 2: the index has states after the first code",
            ));
        }
        let vocab = asked.vocab_size.unwrap_or(codes);
        if vocab < codes || vocab > i32::MAX as u64 {
            return Err(Error::parameter(
                "vocab_size",
                vocab,
                format!("must be from {codes}, the codes of the largest level, to 2^31"),
            ));
        }
        let dense = asked.dense_levels.unwrap_or(2.min(depth - 1));
        if !(1..=2).contains(&dense) || dense >= depth {
            let expected = format!("must be 1 or 2, and less than the {depth} codes of an ID");
            return Err(Error::parameter("dense_levels", dense, expected));
        }
        if dense == 2 && vocab * vocab > MOST_DENSE {
            let expected = format!("must be 1: a table of {vocab} x {vocab} entries is beyond 2^30");
            return Err(Error::parameter("dense_levels", dense, expected));
        }
        Ok(Self { vocab: vocab as usize, dense })
    }
}

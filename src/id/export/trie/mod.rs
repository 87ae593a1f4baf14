//! Writes all IDs as a trie, for constrained decoding.

mod build;

use super::tensors::{ExportArray, write_safetensors};
use super::{Export, Exported, Suffixes};
use crate::error::{Error, Result};
use build::Paths;
use serde_json::json;
use std::path::Path;

const FORMAT: &str = "semid-trie";
const FORMAT_VERSION: &str = "1";

impl Export<'_> {
    /// Writes the trie of all IDs as .safetensors; it tells which tokens may follow which.
    ///
    /// Nodes are numbered breadth first from the root, which is 0. Node n has the edges `indptr[n] .. indptr[n + 1]`,
    /// ordered by token. If an ID ends at node n, it is the ID of item `items[n]`; where only some IDs have suffixes,
    /// longer IDs may go on from there. Items are numbered in the order of their IDs.
    ///
    /// | tensor | shape | |
    /// | --- | --- | --- |
    /// | `indptr` | nodes + 1, i64 | first edge of a node |
    /// | `tokens` | edges, i64 | token ids, as in [`Export::vocabulary`] |
    /// | `children` | edges, i64 | the nodes they lead to |
    /// | `items` | nodes, i64 | an item, or -1 |
    /// | `item_offsets` | items + 1, i64 | first byte of an item key |
    /// | `item_keys` | bytes, u8 | item keys in UTF-8, one after the other |
    ///
    /// The metadata have `format` = "semid-trie", `format_version`, and `vocabulary`: the JSON of
    /// [`Export::vocabulary`].
    ///
    /// Needs memory for all IDs: about 100 bytes and the key for each.
    ///
    /// # Errors
    /// As for [`Export::vocabulary`].
    pub fn trie(&self, path: impl AsRef<Path>) -> Result<Exported> {
        self.check_tokens()?;
        self.first_id()?;
        let mut paths = Paths::new(self.registry.manifest().levels());
        let mut suffixes = Suffixes::default();
        self.each_record(&mut |record| {
            suffixes.add(&record)?;
            let id = &record.entry.id;
            record.item.as_deref().map_or(Ok(()), |item| paths.push(item, &id.codes, self.suffix(id.suffix)))
        })?;
        let vocabulary = self.vocabulary_of(suffixes.end()?)?;
        let token = |level, code| {
            let id = vocabulary.id(level, code).and_then(|id| i64::try_from(id).ok());
            id.ok_or_else(|| Error::damaged_registry(format!("level {} of its model has no code {code}", level + 1)))
        };
        let trie = paths.trie(&token, &|| self.go_on(paths.len() as u64))?;
        let (items, nodes) = (Some(paths.len() as u64), trie.items.len() as u64);

        let vocabulary_json = vocabulary.to_json(self.registry.manifest().fingerprint())?;
        let metadata = json!({ "format": FORMAT, "format_version": FORMAT_VERSION, "vocabulary": vocabulary_json });
        let (offsets, keys) = paths.into_keys();
        let tensors = [
            ExportArray::i64("indptr", &trie.indptr),
            ExportArray::i64("tokens", &trie.tokens),
            ExportArray::i64("children", &trie.children),
            ExportArray::i64("items", &trie.items),
            ExportArray::i64("item_offsets", &offsets),
            ExportArray::u8("item_keys", &keys),
        ];
        write_safetensors(path.as_ref(), metadata, &tensors)?;
        Ok(Exported { items, tokens: Some(vocabulary.len()), nodes: Some(nodes) })
    }
}

//! Writes the items with their IDs, in the order of the IDs.

use super::{Export, Exported};
use crate::error::Result;
use crate::id::format::level_name;
use crate::id::semantic_id::SemanticId;
use crate::io::{AtomicFile, IdWriter};
use std::path::Path;

impl Export<'_> {
    /// Writes item keys and the texts of their IDs to .csv, .jsonl or .parquet, as [`IdWriter`] does: in the order of
    /// the IDs and in constant memory.
    ///
    /// # Errors
    /// As for [`IdWriter::create`], and any error of the store.
    pub fn ids(&self, path: impl AsRef<Path>) -> Result<Exported> {
        let mut out = IdWriter::create_with_keys(path.as_ref(), self.key_column)?;
        let mut items = 0_u64;
        self.each_record(&mut |record| {
            let Some(item) = &record.item else { return Ok(()) };
            items += 1;
            let id = &record.entry.id;
            out.push(Some(item), &self.registry.text(id, item), &id.codes)
        })?;
        out.finish()?;
        Ok(Exported { items: Some(items), ..Exported::default() })
    }

    /// Writes `{"item": ["<a_12>", "<b_5>", "<c_33>"], ...}` with one item per line, in the order of the IDs and in
    /// constant memory.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a base that is neither 0 nor 1 and for IDs that end in
    /// item keys; [`ErrorKind::Io`](crate::ErrorKind::Io); any error of the store.
    pub fn index(&self, path: impl AsRef<Path>) -> Result<Exported> {
        self.check_tokens()?;
        let mut out = AtomicFile::create(path.as_ref())?;
        let mut items = 0_u64;
        self.each_record(&mut |record| {
            let Some(item) = &record.item else { return Ok(()) };
            out.put(if items == 0 { b"{\n" } else { b",\n" })?;
            items += 1;
            serde_json::to_writer(&mut out, item).map_err(|error| out.error(error.into()))?;
            out.put(format!(": [{}]", self.token_names(&record.entry.id)).as_bytes())
        })?;
        out.put(if items == 0 { b"{}\n" } else { b"\n}\n" })?;
        out.commit()?;
        Ok(Exported { items: Some(items), ..Exported::default() })
    }

    /// Returns the names of an ID's tokens as JSON strings; no character in them needs an escape.
    fn token_names(&self, id: &SemanticId) -> String {
        let numbers = id.codes.iter().map(|code| u64::from(*code)).chain(self.suffix(id.suffix)).enumerate();
        let name = |(level, number)| format!("\"{}\"", token_name(&level_name(level), number, self.base));
        numbers.map(name).collect::<Vec<_>>().join(", ")
    }
}

/// Returns the name of a token, such as `<a_12>`.
pub(super) fn token_name(level: &str, number: u64, base: u32) -> String {
    format!("<{level}_{}>", u128::from(number) + u128::from(base))
}

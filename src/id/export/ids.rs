//! Writes the items with their IDs, in the order of the IDs.

use super::{Export, Exported};
use crate::error::Result;
use crate::id::format::IdFormat;
use crate::id::semantic_id::SemanticId;
use crate::id::template::TokenTemplate;
use crate::id::text::IdText;
use crate::io::{AtomicFile, IdWriter};
use serde_json::Value;
use std::path::Path;

impl Export<'_> {
    /// Writes item keys and the texts of their IDs to .csv, .jsonl or .parquet, as [`IdWriter`] does: in the order of
    /// the IDs and in constant memory. With [`Export::template`] the texts are tokens by that template.
    ///
    /// # Errors
    /// As for [`IdWriter::create`], and any error of the store; [`ErrorKind::Parameter`](crate::ErrorKind::Parameter)
    /// for a template where IDs end in item keys.
    pub fn ids(&self, path: impl AsRef<Path>) -> Result<Exported> {
        let text = match &self.template {
            Some(_) => IdText::new(IdFormat::tokens(self.token_template()?), self.registry.id_text().suffix())?,
            None => self.registry.id_text().clone(),
        };
        let mut out = IdWriter::create_with_keys(path.as_ref(), self.key_column)?;
        let mut items = 0_u64;
        self.each_record(&mut |record| {
            let Some(item) = &record.item else { return Ok(()) };
            items += 1;
            let id = &record.entry.id;
            out.push(Some(item), &text.text(id, item), &id.codes)
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
        let template = self.token_template()?;
        let mut out = AtomicFile::create(path.as_ref())?;
        let mut items = 0_u64;
        self.each_record(&mut |record| {
            let Some(item) = &record.item else { return Ok(()) };
            out.put(if items == 0 { b"{\n" } else { b",\n" })?;
            items += 1;
            serde_json::to_writer(&mut out, item).map_err(|error| out.error(error.into()))?;
            out.put(format!(": {}", self.token_names(&template, &record.entry.id)).as_bytes())
        })?;
        out.put(if items == 0 { b"{}\n" } else { b"\n}\n" })?;
        out.commit()?;
        Ok(Exported { items: Some(items), ..Exported::default() })
    }

    /// Returns the tokens of an ID, with the marks around them, as a JSON list.
    fn token_names(&self, template: &TokenTemplate, id: &SemanticId) -> String {
        let [begin, end] = template.marks().map(|mark| mark.map(str::to_owned));
        let codes = id.codes.iter().map(|code| u64::from(*code)).chain(self.suffix(id.suffix)).enumerate();
        let tokens = codes.map(|(level, code)| template.token(level, code));
        let names = begin.into_iter().chain(tokens).chain(end).map(|name| Value::from(name).to_string());
        format!("[{}]", names.collect::<Vec<_>>().join(", "))
    }
}

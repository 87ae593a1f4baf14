//! A registry as files for other programs.

mod ids;
#[cfg(test)]
mod tests;
mod trie;
mod vocabulary;

pub use vocabulary::{TokenLevel, Vocabulary};

use super::registry::Registry;
use super::store::{self, Record};
use super::text::SuffixForm;
use crate::error::{Error, Result};
use crate::model::Model;
use std::path::Path;

/// Writes a registry's IDs for recommenders and language models; every file appears complete or not at all.
///
/// Generative models read an ID as one token per level, `<a_12><b_5><c_33>`, and the suffix, where the text form has
/// one, as one more: `<d_1>`. Token ids are contiguous, a block per level and that of the suffix last, so that more
/// suffixes move no other token. Retired IDs are not exported, but their suffixes keep their tokens.
///
/// IDs that end in item keys ([`Resolver::ItemId`](crate::registry::Resolver::ItemId)) are no tokens of a vocabulary;
/// only [`Export::ids`] takes them. A file has the IDs of one moment, whoever writes meanwhile.
///
/// ```
/// use semid::registry::{Export, Manifest, MemoryStore, Registry, Resolver};
/// use semid::{Codes, IdFormat};
///
/// let manifest = Manifest::new("any model", 2, Resolver::default(), IdFormat::plain("-"))?;
/// let mut registry = Registry::new(MemoryStore::new(), manifest, b"")?;
/// registry.assign(&["numpy", "scipy"], &Codes::new(vec![7, 1, 7, 1], 2)?)?;
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("index.json");
/// let exported = Export::new(&registry).base(1).index(&path)?;
/// assert_eq!(exported.items, Some(2));
/// let index = std::fs::read_to_string(&path)?;
/// assert_eq!(index, "{\n\"numpy\": [\"<a_8>\", \"<b_2>\"],\n\"scipy\": [\"<a_8>\", \"<b_2>\", \"<c_2>\"]\n}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Export<'a> {
    registry: &'a Registry,
    base: u32,
    first_token: u64,
    key_column: &'a str,
    watch: Option<&'a dyn Fn(u64) -> Result<()>>,
}

/// Records, tokens or nodes between two looks at whether to go on.
const WATCHED: u64 = 1024;

/// The suffixes of records, which no registry gives without all smaller ones.
#[derive(Default)]
struct Suffixes {
    records: u64,
    end: u64,
}

impl Suffixes {
    fn add(&mut self, record: &Record) -> Result<()> {
        self.records += 1;
        self.end = self.end.max(record.entry.id.suffix.saturating_add(1));
        Ok(())
    }

    /// One more than the largest suffix.
    ///
    /// # Errors
    /// [`ErrorKind::DamagedRegistry`](crate::ErrorKind::DamagedRegistry) for a suffix that takes more records than
    /// there are: it would make a vocabulary that has no end.
    fn end(&self) -> Result<u64> {
        let Self { records, end } = *self;
        if end > records {
            let reason = format!("an ID has suffix {}, and there are only {records} IDs", end - 1);
            return Err(Error::damaged_registry(reason));
        }
        Ok(end)
    }
}

/// What went into a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Items, where the file has items.
    pub items: Option<u64>,
    /// Tokens of the vocabulary, where the file has token ids.
    pub tokens: Option<u64>,
    /// Nodes of the trie, where the file is one.
    pub nodes: Option<u64>,
}

impl<'a> Export<'a> {
    /// Exports of `registry`, with tokens numbered from 0 and token ids from 0.
    pub fn new(registry: &'a Registry) -> Self {
        Self { registry, base: 0, first_token: 0, key_column: "item", watch: None }
    }

    /// The number of code 0 in the name of its token, 0 or 1: `<a_0>` or `<a_1>`; other programs expect either.
    #[must_use]
    pub fn base(mut self, base: u32) -> Self {
        self.base = base;
        self
    }

    /// The id of the first token: the size of the vocabulary that the tokens are added to.
    #[must_use]
    pub fn first_token(mut self, id: u64) -> Self {
        self.first_token = id;
        self
    }

    /// The name of the column of item keys in [`Export::ids`], `item` unless told otherwise.
    #[must_use]
    pub fn key_column(mut self, name: &'a str) -> Self {
        self.key_column = name;
        self
    }

    /// Calls `watch` with the number of items read so far, every few milliseconds; an error it returns ends the export.
    #[must_use]
    pub fn watch(mut self, watch: &'a dyn Fn(u64) -> Result<()>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// The tokens of the registry's IDs as they are now.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for another base than 0 and 1, token ids of 2^63 and
    /// above, and IDs that end in item keys; [`ErrorKind::Format`](crate::ErrorKind::Format) where the registry has no
    /// model file; what stores can meet.
    pub fn tokens(&self) -> Result<Vocabulary> {
        self.check_tokens()?;
        let mut suffixes = Suffixes::default();
        self.each_record(&mut |record| suffixes.add(&record))?;
        self.vocabulary_of(suffixes.end()?)
    }

    /// Writes the [vocabulary](Vocabulary) as JSON.
    ///
    /// `levels` has for every level the `name` and the `count` of its tokens and `first`, the id of its first one, that
    /// of code 0: code c of that level is token `first + c`, called `<name_(base + c)>`.
    ///
    /// # Errors
    /// As for [`Export::tokens`]; [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub fn vocabulary(&self, path: impl AsRef<Path>) -> Result<Exported> {
        self.tokens()?.write_json(path.as_ref(), self.registry.manifest().fingerprint())
    }

    /// Writes `{"<a_0>": 32000, ...}`, as tokenizers keep tokens that were added: `added_tokens.json`.
    ///
    /// # Errors
    /// As for [`Export::vocabulary`].
    pub fn added_tokens(&self, path: impl AsRef<Path>) -> Result<Exported> {
        self.tokens()?.write_added_tokens(path.as_ref(), &|| self.go_on(0))
    }

    fn check_tokens(&self) -> Result<()> {
        if self.base > 1 {
            return Err(Error::parameter("base", self.base, "0 or 1"));
        }
        match self.registry.id_text().suffix() {
            SuffixForm::Item => {
                let expected = "`suffix` or `reassign`: item keys are no tokens; export the IDs as text instead";
                Err(Error::parameter("resolver", "item-id", expected))
            }
            _ => Ok(()),
        }
    }

    /// The vocabulary where suffixes below `suffixes` were given.
    fn vocabulary_of(&self, suffixes: u64) -> Result<Vocabulary> {
        let clusters = Model::from_bytes(&self.registry.model()?)?.clusters();
        let suffixes = match self.registry.id_text().suffix() {
            SuffixForm::WhenNeeded if suffixes < 2 => 0,
            SuffixForm::Always => suffixes.max(1),
            _ => suffixes,
        };
        Vocabulary::new(&clusters, suffixes, self.base, self.first_token)
    }

    /// The suffix of an ID where its text has one.
    fn suffix(&self, suffix: u64) -> Option<u64> {
        (suffix > 0 || self.registry.id_text().suffix() == SuffixForm::Always).then_some(suffix)
    }

    /// Visits all records in order, retired ones too.
    fn each_record(&self, visit: &mut dyn FnMut(Record) -> Result<()>) -> Result<()> {
        let (mut records, mut items) = (0, 0);
        store::each_record(&*self.registry.store().snapshot()?, &[], &mut |record| {
            self.registry.shape().check(&record.entry)?;
            records += 1;
            items += u64::from(record.item.is_some());
            if records % WATCHED == 0 {
                self.go_on(items)?;
            }
            visit(record)
        })
    }

    /// Asks whether to go on.
    fn go_on(&self, items: u64) -> Result<()> {
        self.watch.map_or(Ok(()), |watch| watch(items))
    }
}

impl std::fmt::Debug for Export<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { registry, base, first_token, .. } = self;
        f.debug_struct("Export")
            .field("registry", registry)
            .field("base", base)
            .field("first_token", first_token)
            .finish_non_exhaustive()
    }
}

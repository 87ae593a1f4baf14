//! Writes a registry as files for other programs.

mod depth;
mod hf;
mod ids;
mod sids;
mod static_index;
mod tensors;
#[cfg(test)]
mod tests;
mod tokenizer;
mod trie;
mod vocabulary;

pub use sids::SidKey;
pub use static_index::StaticSizes;
pub use tokenizer::BaseTokenizer;
pub use vocabulary::{TokenLevel, Vocabulary};

use super::registry::Registry;
use super::store::{self, Record};
use super::template::TokenTemplate;
use super::text::SuffixForm;
use crate::error::{Error, Result};
use crate::model::Model;
use std::path::Path;

/// Writes a registry's IDs for recommenders and language models; every file appears complete or not at all.
///
/// Generative models read an ID as one token per level, `<a_12><b_5><c_33>`; where the text form has a suffix, it is
/// one more token: `<d_1>`. Token ids are contiguous: each level has a block of ids, and the suffix has the last block,
/// so that new suffixes leave the ids of all other tokens as they are. Retired IDs are not exported, but their suffixes
/// keep their tokens.
///
/// IDs that end in item keys ([`Resolver::ItemId`](crate::registry::Resolver::ItemId)) have no tokens, as item keys are
/// in no vocabulary; only [`Export::ids`] takes them. Namespaces of one store whose IDs have the same token template
/// have one vocabulary, with the suffixes that they need together, so that one model can read all of them. Every file
/// shows the registry as of one moment, even while others write to it.
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
    base: Option<u32>,
    template: Option<TokenTemplate>,
    first_token: Option<u64>,
    tokenizer: Option<&'a BaseTokenizer>,
    key_column: &'a str,
    watch: Option<&'a dyn Fn(u64) -> Result<()>>,
}

/// How many records, tokens or nodes are handled between two calls of `watch`.
const WATCHED: u64 = 1024;

/// The largest suffix and the number of records; a registry gives no suffix without all smaller ones.
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
    /// [`ErrorKind::DamagedRegistry`](crate::ErrorKind::DamagedRegistry) for a suffix that needs more records than
    /// there are: a vocabulary with all smaller suffixes would never end.
    fn end(&self) -> Result<u64> {
        let Self { records, end } = *self;
        if end > records {
            let reason = format!("an ID has suffix {}, and there are only {records} IDs", end - 1);
            return Err(Error::damaged_registry(reason));
        }
        Ok(end)
    }
}

/// Counts of what a file contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Number of items; none for a file without items.
    pub items: Option<u64>,
    /// Number of tokens of the vocabulary; none for a file without token ids.
    pub tokens: Option<u64>,
    /// Number of nodes of the trie; none for a file that is no trie.
    pub nodes: Option<u64>,
}

impl<'a> Export<'a> {
    /// Prepares exports of `registry`, in which codes in token names start from 0. Files with token ids need
    /// [`Export::first_token`] or [`Export::tokenizer`] as well.
    pub fn new(registry: &'a Registry) -> Self {
        Self {
            registry,
            base: None,
            template: None,
            first_token: None,
            tokenizer: None,
            key_column: "item",
            watch: None,
        }
    }

    /// Sets the number that code 0 has in the name of its token, `<a_0>` or `<a_1>`; programs differ in which they
    /// expect.
    #[must_use]
    pub fn base(mut self, base: u32) -> Self {
        self.base = Some(base);
        self
    }

    /// Sets how tokens are written, and the marks around those of an ID; by default as the registry's own tokens are,
    /// or `<a_12><b_5><c_33>` where its IDs are plain.
    #[must_use]
    pub fn template(mut self, template: TokenTemplate) -> Self {
        self.template = Some(template);
        self
    }

    /// Sets the id of the first token: the number of tokens of the tokenizer that the tokens are added to.
    ///
    /// That is the length of the tokenizer, which may be less than the number of rows of the model's embeddings; 0 is
    /// right only for a vocabulary that has these tokens and no others.
    #[must_use]
    pub fn first_token(mut self, id: u64) -> Self {
        self.first_token = Some(id);
        self
    }

    /// Takes the id of the first token from the tokenizer that the tokens are added to, and refuses tokens that it has
    /// already. [`Export::first_token`] has precedence.
    #[must_use]
    pub fn tokenizer(mut self, tokenizer: &'a BaseTokenizer) -> Self {
        self.tokenizer = Some(tokenizer);
        self
    }

    /// Sets the name of the column of item keys in [`Export::ids`]; it is `item` by default.
    #[must_use]
    pub fn key_column(mut self, name: &'a str) -> Self {
        self.key_column = name;
        self
    }

    /// Calls `watch` with the number of items read so far, every few milliseconds; an error that it returns ends the
    /// export.
    #[must_use]
    pub fn watch(mut self, watch: &'a dyn Fn(u64) -> Result<()>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Returns the tokens that the registry's IDs have now.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a base that is neither 0 nor 1, without the id of the
    /// first token, for token ids of 2^63 and above, and for IDs that end in item keys;
    /// [`ErrorKind::Format`](crate::ErrorKind::Format) where the registry has no model file and where the tokenizer has
    /// one of the tokens already; any error of the store.
    pub fn tokens(&self) -> Result<Vocabulary> {
        self.check_tokens()?;
        self.first_id()?;
        let mut suffixes = Suffixes::default();
        self.each_record(&mut |record| suffixes.add(&record))?;
        self.vocabulary_of(suffixes.end()?)
    }

    /// Writes the [vocabulary](Vocabulary) as JSON.
    ///
    /// Every entry of `levels` has the `name` of the level, the `count` of its tokens, and `first`, the id of the token
    /// of code 0. Code c of that level has the token `first + c`, which is called `<name_(base + c)>`, or as `template`
    /// says; `begin` and `end` are the marks around an ID. A level whose codes labels give has their `column`, and
    /// `labels` by code.
    ///
    /// # Errors
    /// As for [`Export::tokens`], and [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub fn vocabulary(&self, path: impl AsRef<Path>) -> Result<Exported> {
        self.tokens()?.write_json(path.as_ref(), self.registry.manifest().fingerprint())
    }

    /// Writes `{"<a_0>": 32000, ...}`, the form in which tokenizers keep added tokens: `added_tokens.json`.
    ///
    /// # Errors
    /// As for [`Export::vocabulary`].
    pub fn added_tokens(&self, path: impl AsRef<Path>) -> Result<Exported> {
        self.tokens()?.write_added_tokens(path.as_ref(), &|| self.go_on(0))
    }

    fn check_tokens(&self) -> Result<()> {
        self.token_template()?;
        match self.registry.id_text().suffix() {
            SuffixForm::Item => {
                let expected =
                    "must be `suffix` or `reassign`: item keys are no tokens; export the IDs as text instead";
                Err(Error::parameter("resolver", "item-id", expected))
            }
            _ => Ok(()),
        }
    }

    /// Returns how tokens are written.
    fn token_template(&self) -> Result<TokenTemplate> {
        let own = || self.registry.id_text().format().template().cloned().unwrap_or_default();
        let template = self.template.clone().unwrap_or_else(own);
        match self.base {
            Some(base) => template.base(base),
            None => Ok(template),
        }
    }

    /// Returns the id of the first token.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where nothing was said: ids from 0 would be those of other
    /// tokens, and a model trained with them would be wrong without a sign of it.
    fn first_id(&self) -> Result<u64> {
        let expected = "give the number of tokens of the tokenizer that the tokens are added to: ids from 0 would be \
                        those of its own tokens";
        let first = self.first_token.or(self.tokenizer.map(BaseTokenizer::next_id));
        first.ok_or_else(|| Error::parameter("first_token", "none", expected))
    }

    /// Returns the number of suffixes that texts show in other namespaces with the same tokens.
    fn suffixes_elsewhere(&self) -> Result<u64> {
        let own = self.registry.id_text().format().template();
        let mut most = 0;
        for (name, manifest) in self.registry.store().namespaces()? {
            let text = manifest.text();
            let is_shared = text.format().template() == own && text.suffix() != SuffixForm::Item;
            if name != self.registry.namespace() && is_shared {
                let other = self.registry.snapshot_of(&name)?;
                let (mut export, mut suffixes) = (Export::new(&other), Suffixes::default());
                export.watch = self.watch;
                export.each_record(&mut |record| suffixes.add(&record))?;
                most = most.max(export.code_counts(suffixes.end()?)?.1);
            }
        }
        Ok(most)
    }

    /// Returns the vocabulary of a registry that has given suffixes below `suffixes`.
    fn vocabulary_of(&self, suffixes: u64) -> Result<Vocabulary> {
        let model = self.model()?;
        let suffixes = self.shown_suffixes(suffixes).max(self.suffixes_elsewhere()?);
        let (template, clusters) = (self.token_template()?, model.clusters());
        let vocabulary = Vocabulary::with_template(&template, &clusters, suffixes, self.first_id()?)?;
        let vocabulary = vocabulary.with_labels(model.label_tables());
        if let Some(tokenizer) = self.tokenizer {
            vocabulary.iter().try_for_each(|(token, _)| tokenizer.check_new(&token))?;
        }
        Ok(vocabulary)
    }

    /// Returns the number of codes of each level and the number of suffixes that texts show, in a registry that has
    /// given suffixes below `suffixes`.
    fn code_counts(&self, suffixes: u64) -> Result<(Vec<usize>, u64)> {
        Ok((self.model()?.clusters(), self.shown_suffixes(suffixes)))
    }

    fn model(&self) -> Result<Model> {
        let model = Model::from_bytes(&self.registry.model()?)?;
        match model.levels() == self.registry.manifest().levels() {
            true => Ok(model),
            false => Err(Error::damaged_registry("its model is not the one its manifest names")),
        }
    }

    /// Returns how many suffixes texts show in a registry that has given those below `suffixes`.
    fn shown_suffixes(&self, suffixes: u64) -> u64 {
        match self.registry.id_text().suffix() {
            SuffixForm::WhenNeeded if suffixes < 2 => 0,
            SuffixForm::Always => suffixes.max(1),
            _ => suffixes,
        }
    }

    /// Returns the suffix if the text of the ID shows it.
    fn suffix(&self, suffix: u64) -> Option<u64> {
        (suffix > 0 || self.registry.id_text().suffix() == SuffixForm::Always).then_some(suffix)
    }

    /// Calls `visit` with all records in order, retired ones too.
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

    /// Asks `watch` whether to go on.
    fn go_on(&self, items: u64) -> Result<()> {
        self.watch.map_or(Ok(()), |watch| watch(items))
    }
}

impl std::fmt::Debug for Export<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { registry, base, template, first_token, .. } = self;
        f.debug_struct("Export")
            .field("registry", registry)
            .field("base", base)
            .field("template", template)
            .field("first_token", first_token)
            .finish_non_exhaustive()
    }
}

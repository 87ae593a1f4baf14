//! The tokens of all IDs and their numbers.

use super::ids::token_name;
use super::{Exported, WATCHED};
use crate::error::{Error, Result};
use crate::id::format::level_name;
use crate::io::AtomicFile;
use serde::Serialize;
use std::path::Path;

/// Every token that IDs can have: one block of contiguous ids per level, and one for suffixes if there are any.
///
/// ```
/// use semid::registry::Vocabulary;
///
/// // Levels of 256 and 64 codes, suffixes 0 and 1, added to a tokenizer of 32,000 tokens.
/// let vocabulary = Vocabulary::new(&[256, 64], 2, 0, 32_000)?;
/// assert_eq!(vocabulary.len(), 256 + 64 + 2);
/// assert_eq!(vocabulary.id(1, 5), Some(32_000 + 256 + 5));
/// assert_eq!(vocabulary.iter().last(), Some(("<c_1>".to_owned(), 32_321)));
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    base: u32,
    first_token: u64,
    levels: Vec<TokenLevel>,
    suffix: bool,
}

/// The tokens of one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenLevel {
    /// The beginning of the names: `a` for `<a_12>`.
    pub name: String,
    /// The id of the first token, which is that of code 0.
    pub first: u64,
    /// Number of tokens.
    pub count: u64,
}

/// The JSON file.
#[derive(Serialize)]
struct Json<'a> {
    format: &'static str,
    format_version: u32,
    /// Fingerprint of the model.
    fingerprint: &'a str,
    base: u32,
    first_token: u64,
    tokens: u64,
    /// Whether the last level holds the suffixes.
    suffix: bool,
    levels: &'a [TokenLevel],
}

impl Vocabulary {
    /// Makes the tokens of levels with these numbers of clusters, and of `suffixes` suffixes, which may be 0.
    ///
    /// `base` is the number that code 0 has in the name of its token, 0 or 1; `first_token` is the id of the first
    /// token.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for any other base, and for ids of 2^63 and above.
    pub fn new(clusters: &[usize], suffixes: u64, base: u32, first_token: u64) -> Result<Self> {
        if base > 1 {
            return Err(Error::parameter("base", base, "0 or 1"));
        }
        let suffix = suffixes > 0;
        let counts = clusters.iter().map(|clusters| *clusters as u64).chain(suffix.then_some(suffixes));
        let mut levels = Vec::with_capacity(clusters.len() + 1);
        let mut first = first_token;
        for (level, count) in counts.enumerate() {
            levels.push(TokenLevel { name: level_name(level), first, count });
            let end = first.checked_add(count).filter(|end| i64::try_from(*end).is_ok());
            first = end.ok_or_else(|| Error::parameter("first_token", first_token, "low enough for ids below 2^63"))?;
        }
        Ok(Self { base, first_token, levels, suffix })
    }

    /// Returns the blocks of tokens in the order of their ids; if [`Vocabulary::has_suffix`], the last one holds the
    /// suffixes.
    pub fn levels(&self) -> &[TokenLevel] {
        &self.levels
    }

    /// Returns whether the last level holds suffixes.
    pub fn has_suffix(&self) -> bool {
        self.suffix
    }

    /// Returns the number of tokens.
    pub fn len(&self) -> u64 {
        self.levels.iter().map(|level| level.count).sum()
    }

    /// Returns whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the id of the token of `code` at a level, counted from 0; none where no token has this code.
    pub fn id(&self, level: usize, code: u64) -> Option<u64> {
        let level = self.levels.get(level)?;
        (code < level.count).then(|| level.first + code)
    }

    /// Iterates over all tokens with their ids, in the order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = (String, u64)> + '_ {
        let token = |level: &TokenLevel, code| (token_name(&level.name, code, self.base), level.first + code);
        self.levels.iter().flat_map(move |level| (0..level.count).map(move |code| token(level, code)))
    }

    /// Returns the vocabulary as JSON.
    pub(super) fn to_json(&self, fingerprint: &str) -> Result<String> {
        let json = Json {
            format: "semid-vocabulary",
            format_version: 1,
            fingerprint,
            base: self.base,
            first_token: self.first_token,
            tokens: self.len(),
            suffix: self.suffix,
            levels: &self.levels,
        };
        serde_json::to_string(&json).map_err(|error| Error::format("vocabulary", error.to_string()))
    }

    pub(super) fn write_json(&self, path: &Path, fingerprint: &str) -> Result<Exported> {
        let mut out = AtomicFile::create(path)?;
        out.put(format!("{}\n", self.to_json(fingerprint)?).as_bytes())?;
        out.commit()?;
        Ok(self.exported())
    }

    pub(super) fn write_added_tokens(&self, path: &Path, watch: &dyn Fn() -> Result<()>) -> Result<Exported> {
        let mut out = AtomicFile::create(path)?;
        let mut before = "{\n";
        for (number, (name, id)) in (0_u64..).zip(self.iter()) {
            if number % WATCHED == 0 {
                watch()?;
            }
            out.put(format!("{before}  \"{name}\": {id}").as_bytes())?;
            before = ",\n";
        }
        out.put(b"\n}\n")?;
        out.commit()?;
        Ok(self.exported())
    }

    fn exported(&self) -> Exported {
        Exported { tokens: Some(self.len()), ..Exported::default() }
    }
}

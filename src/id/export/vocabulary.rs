//! The tokens of all IDs and their numbers.

use super::{Exported, WATCHED};
use crate::error::{Error, Result};
use crate::id::template::TokenTemplate;
use crate::io::AtomicFile;
use crate::labels::LabelTable;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// Every token that IDs can have: the marks before and after an ID, if there are any, one block of contiguous ids per
/// level, and one for suffixes if there are any.
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
    template: TokenTemplate,
    first_token: u64,
    /// The ids of the marks before and after an ID, where the template has them.
    marks: [Option<u64>; 2],
    levels: Vec<TokenLevel>,
    suffix: bool,
}

/// The tokens of one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenLevel {
    /// The level in the names: `a` for `<a_12>`.
    pub name: String,
    /// The id of the first token, which is that of code 0.
    pub first: u64,
    /// Number of tokens.
    pub count: u64,
    /// The column of the labels that give the codes of the level, where some do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The label of every code from 0 on; none for the code of unknown labels. Empty where no labels give the codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Option<String>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    begin: Option<TokenMark<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<TokenMark<'a>>,
}

/// A mark before or after the tokens of an ID.
#[derive(Serialize)]
struct TokenMark<'a> {
    token: &'a str,
    id: u64,
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
        Self::with_template(&TokenTemplate::default().base(base)?, clusters, suffixes, first_token)
    }

    /// Numbers tokens that a template writes; its marks have the first ids.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for ids of 2^63 and above.
    pub fn with_template(
        template: &TokenTemplate,
        clusters: &[usize],
        suffixes: u64,
        first_token: u64,
    ) -> Result<Self> {
        let too_large = || Error::parameter("first_token", first_token, "must be low enough for ids below 2^63");
        let mut next = first_token;
        let mut take = |count: u64| {
            let first = next;
            let end = first.checked_add(count).filter(|end| i64::try_from(*end).is_ok());
            next = end.ok_or_else(too_large)?;
            Ok::<_, Error>(first)
        };
        let mut marks = [None, None];
        for (id, mark) in marks.iter_mut().zip(template.marks()) {
            *id = mark.map(|_| take(1)).transpose()?;
        }
        let suffix = suffixes > 0;
        let counts = clusters.iter().map(|clusters| *clusters as u64).chain(suffix.then_some(suffixes));
        let mut levels = Vec::with_capacity(clusters.len() + 1);
        for (level, count) in counts.enumerate() {
            let (name, first) = (template.level(level), take(count)?);
            levels.push(TokenLevel { name, first, count, column: None, labels: Vec::new() });
        }
        Ok(Self { template: template.clone(), first_token, marks, levels, suffix })
    }

    /// Names the labels that give the codes of the first levels.
    pub(super) fn with_labels(mut self, tables: &[LabelTable]) -> Self {
        for (level, table) in self.levels.iter_mut().zip(tables) {
            level.column = Some(table.column().to_owned());
            level.labels = table.labels().map(|label| label.map(str::to_owned)).collect();
        }
        self
    }

    /// Returns the template by which the tokens are written.
    pub fn template(&self) -> &TokenTemplate {
        &self.template
    }

    /// Returns the ids of the marks before and after the tokens of an ID.
    pub fn marks(&self) -> [Option<u64>; 2] {
        self.marks
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
        let marks = self.marks.iter().flatten().count() as u64;
        marks + self.levels.iter().map(|level| level.count).sum::<u64>()
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
        let marks = self.template.marks().into_iter().zip(self.marks);
        let marks = marks.filter_map(|(mark, id)| Some((mark?.to_owned(), id?)));
        let of_level = move |(number, level): (usize, &TokenLevel)| {
            let first = level.first;
            (0..level.count).map(move |code| (self.template.token(number, code), first + code))
        };
        marks.chain(self.levels.iter().enumerate().flat_map(of_level))
    }

    /// Returns the vocabulary as JSON.
    pub(super) fn to_json(&self, fingerprint: &str) -> Result<String> {
        let template = (!self.template.is_plain()).then_some(&self.template);
        let marks = self.template.marks().into_iter().zip(self.marks);
        let mut marks = marks.map(|(token, id)| Some(TokenMark { token: token?, id: id? }));
        let json = Json {
            format: "semid-vocabulary",
            format_version: if template.is_some() { 2 } else { 1 },
            fingerprint,
            base: self.template.first_code(),
            first_token: self.first_token,
            tokens: self.len(),
            suffix: self.suffix,
            levels: &self.levels,
            template: template.map(TokenTemplate::to_string),
            begin: marks.next().flatten(),
            end: marks.next().flatten(),
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
            out.put(format!("{before}  {}: {id}", Value::from(name)).as_bytes())?;
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

//! Writes registered IDs as text and reads them back.

mod escape;
#[cfg(test)]
mod tests;

use super::format::IdFormat;
use super::resolver::Resolver;
use super::semantic_id::SemanticId;
use super::template::TokenTemplate;
use crate::error::{Error, ErrorKind, Result};

/// The part that follows the codes in the text of an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SuffixForm {
    /// The suffix, unless it is 0: "12-5-33", "12-5-33-1".
    WhenNeeded,
    /// The suffix in every text: "12-5-33-0".
    Always,
    /// The item key, percent-escaped, and also a number where an earlier ID of the item with these codes was retired:
    /// "12-5-33-numpy", "12-5-33-numpy-1".
    Item,
}

impl From<Resolver> for SuffixForm {
    fn from(resolver: Resolver) -> Self {
        match resolver {
            Resolver::Suffix { always: true } => Self::Always,
            Resolver::ItemId => Self::Item,
            _ => Self::WhenNeeded,
        }
    }
}

/// The rule by which registered IDs of a fixed number of levels are written and read.
///
/// Different IDs have different texts. A text splits at the separator in one way only: codes and suffixes are decimal
/// digits, which no separator contains, and item keys have every character of the separator escaped. As the number of
/// levels is fixed, the first parts are the codes; any further parts are the suffix, or the item key and perhaps a
/// number. Reading accepts only texts that writing gives.
///
/// ```
/// use semid::registry::{IdText, ParsedId, SemanticId, SuffixForm};
/// use semid::IdFormat;
///
/// let text = IdText::new(IdFormat::plain("-"), SuffixForm::WhenNeeded)?;
/// let id = SemanticId::new(vec![12, 5, 33], 1);
/// assert_eq!(text.text(&id, "numpy"), "12-5-33-1");
/// assert_eq!(text.parse("12-5-33-1", 3)?, ParsedId::Id(id.clone()));
/// assert_eq!(text.parse_prefix("12-5", 3)?, [12, 5]);
///
/// let token = IdText::new(IdFormat::token(), SuffixForm::Item)?;
/// assert_eq!(token.text(&id, "a-1 <b>"), "<a_12><b_5><c_33><d_a-1%20%3Cb%3E>");
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IdText {
    format: IdFormat,
    suffix: SuffixForm,
}

/// The first suffix of IDs for items that had an ID with the same codes and key before: the text of that ID is retired,
/// so the text of the new one has a number. Counters never get this far.
pub(crate) const RETURNED: u64 = 1 << 62;

/// The meaning of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsedId {
    /// A complete ID.
    Id(SemanticId),
    /// The codes of an item with this key, for [`SuffixForm::Item`].
    Item {
        /// One code per level.
        codes: Vec<u32>,
        /// The item key, without escapes.
        item: String,
        /// The suffix where the text has a number; otherwise only the registry knows it.
        suffix: Option<u64>,
    },
}

impl IdText {
    /// Makes the text form with this format of the codes and this form of the suffix.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a separator that could give two IDs the same text, and for custom formats, whose
    /// texts cannot be read back.
    pub fn new(format: IdFormat, suffix: SuffixForm) -> Result<Self> {
        format.check()?;
        if format.separator().is_none() && !format.is_token() {
            return Err(Error::parameter(
                "format",
                "custom",
                "must be plain or token, as registered IDs are read back",
            ));
        }
        if suffix == SuffixForm::Item && format.template().is_some_and(|template| *template != TokenTemplate::default())
        {
            let expected = "must be the default: an item key could hold the text of any other";
            return Err(Error::parameter("token template", format!("{:?}", format.template()), expected));
        }
        let escapes = |separator: &str| separator.contains(|c: char| c == '%' || c.is_ascii_hexdigit());
        if suffix == SuffixForm::Item && format.separator().is_some_and(escapes) {
            let separator = format!("{:?}", format.separator().unwrap_or_default());
            return Err(Error::parameter(
                "separator",
                separator,
                "must be without % and hexadecimal digits, which escape item keys",
            ));
        }
        Ok(Self { format, suffix })
    }

    /// Returns the format of the codes.
    pub fn format(&self) -> &IdFormat {
        &self.format
    }

    /// Returns the form of the part that follows the codes.
    pub fn suffix(&self) -> SuffixForm {
        self.suffix
    }

    /// Returns the text of the ID of `item`.
    pub fn text(&self, id: &SemanticId, item: &str) -> String {
        let separator = self.format.separator();
        let key = (self.suffix == SuffixForm::Item).then(|| escape::escape(item, separator.unwrap_or_default()));
        let codes = id.codes.iter().map(|code| u64::from(*code));
        let shown =
            |code| self.format.template().map_or_else(|| u64::to_string(&code), |template| template.number(code));
        let parts = codes.map(shown).chain(key).chain(self.number(id.suffix).map(shown));
        match self.format.template() {
            Some(template) => template.write(parts, true),
            None => parts.collect::<Vec<_>>().join(separator.unwrap_or_default()),
        }
    }

    /// Returns the number by which the text shows a suffix; none where the text shows no number.
    pub(crate) fn number(&self, suffix: u64) -> Option<u64> {
        match self.suffix {
            SuffixForm::WhenNeeded => (suffix > 0).then_some(suffix),
            SuffixForm::Always => Some(suffix),
            SuffixForm::Item => suffix.checked_sub(RETURNED).map(|number| number.saturating_add(1)),
        }
    }

    /// Returns the ID, or the codes and item key, that `text` names in a registry of `levels` levels.
    ///
    /// # Errors
    /// [`ErrorKind::IdText`] for a text that no ID has.
    pub fn parse(&self, text: &str, levels: usize) -> Result<ParsedId> {
        self.try_parse(text, levels).ok_or_else(|| self.refuse(text, levels, ""))
    }

    /// Returns the codes of the first levels, which may be all or none: "12-5", or "12-5-" with the separator that
    /// follows.
    ///
    /// # Errors
    /// [`ErrorKind::IdText`] for any other text, and for more than `levels` codes.
    pub fn parse_prefix(&self, text: &str, levels: usize) -> Result<Vec<u32>> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let parts = match self.format.template() {
            Some(template) => template.read_first(text),
            None => {
                let separator = self.format.separator().unwrap_or_default();
                Some(text.strip_suffix(separator).unwrap_or(text).split(separator).collect())
            }
        };
        let parts = parts.filter(|parts| parts.len() <= levels);
        let codes: Option<Vec<u32>> = parts.and_then(|parts| parts.into_iter().map(|part| self.code(part)).collect());
        codes.ok_or_else(|| self.refuse(text, levels, "the first codes of "))
    }

    fn try_parse(&self, text: &str, levels: usize) -> Option<ParsedId> {
        let mut parts = self.parts(text)?;
        if parts.len() < levels || levels == 0 {
            return None;
        }
        let rest = parts.split_off(levels);
        let codes: Vec<u32> = parts.into_iter().map(|part| self.code(part)).collect::<Option<_>>()?;
        let (suffix, item) = match (self.suffix, rest.as_slice()) {
            (SuffixForm::WhenNeeded, []) => (0, None),
            (SuffixForm::WhenNeeded | SuffixForm::Always, [suffix]) => (self.code(suffix)?, None),
            (SuffixForm::Item, [item]) => (0, Some(escape::unescape(item)?)),
            (SuffixForm::Item, [item, again]) => {
                let again = self.code::<u64>(again)?.checked_sub(1)?;
                (RETURNED.checked_add(again)?, Some(escape::unescape(item)?))
            }
            _ => return None,
        };
        let id = SemanticId::new(codes, suffix);
        // Escapes allow several spellings of a key; only the one that `text` writes is accepted.
        if self.text(&id, item.as_deref().unwrap_or_default()) != text {
            return None;
        }
        Some(match item {
            Some(item) => ParsedId::Item { codes: id.codes, item, suffix: (suffix > 0).then_some(suffix) },
            None => ParsedId::Id(id),
        })
    }

    /// Returns the parts between separators, or inside tokens; none where the text is no list of tokens.
    fn parts<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        match self.format.template() {
            Some(template) => template.read(text),
            None => Some(text.split(self.format.separator().unwrap_or_default()).collect()),
        }
    }

    /// Returns the number that a part shows.
    fn code<T: std::str::FromStr + TryFrom<u64>>(&self, part: &str) -> Option<T> {
        match self.format.template() {
            Some(template) => T::try_from(template.code(part)?).ok(),
            None => number(part),
        }
    }

    fn refuse(&self, text: &str, levels: usize, part: &str) -> Error {
        let example = SemanticId::new((1..=levels as u32).collect(), 1);
        let example = self.text(&example, "item");
        ErrorKind::IdText { text: text.to_owned(), expected: format!("{part}an ID such as `{example}`") }.into()
    }
}

/// Reads a decimal number as it is written: no sign, no leading zeros.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

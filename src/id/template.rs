//! Names of tokens by a user's template.

use super::level_name::level_name;
use crate::MAX_LEVELS;
use crate::error::{Error, Result};
use std::fmt;

/// How the tokens of an ID are written: a text with a place for the level and one for the code, and marks around the
/// tokens of an ID.
///
/// `{code}` is the code. `{level}` is the level as letters, a, b and so on; `{level0}` and `{level1}` are its number
/// from 0 or from 1. A template may contain the name of a namespace, which keeps its tokens apart from those of the
/// others: `<goods_{level}_{code}>`. A template is refused if a text could be read in two ways, or if a token could
/// begin another one that follows from the same text, as tokenizers take the longest.
///
/// ```
/// use semid::registry::{IdText, ParsedId, SemanticId, SuffixForm, TokenTemplate};
/// use semid::IdFormat;
///
/// let template = TokenTemplate::new("<s_{level}_{code}>")?.begin("<|sid_begin|>")?.end("<|sid_end|>")?;
/// let text = IdText::new(IdFormat::tokens(template), SuffixForm::WhenNeeded)?;
/// let id = SemanticId::new(vec![1661, 472, 7622], 0);
/// assert_eq!(text.text(&id, "numpy"), "<|sid_begin|><s_a_1661><s_b_472><s_c_7622><|sid_end|>");
/// assert_eq!(text.parse(&text.text(&id, "numpy"), 3)?, ParsedId::Id(id));
/// assert_eq!(TokenTemplate::new("<item_L{level0}_C{code}>")?.token(1, 12), "<item_L1_C12>");
/// assert!(TokenTemplate::new("{level0}{code}").is_err()); // 1 and 12 would read as 11 and 2
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TokenTemplate {
    before: String,
    between: String,
    after: String,
    level_first: bool,
    level: LevelName,
    base: u32,
    begin: Option<String>,
    end: Option<String>,
}

/// How a level is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LevelName {
    Letters,
    /// Its number, from 0 or 1.
    Number(usize),
}

const CODE: &str = "{code}";
const LEVELS: [(&str, LevelName); 3] =
    [("{level}", LevelName::Letters), ("{level0}", LevelName::Number(0)), ("{level1}", LevelName::Number(1))];

impl Default for TokenTemplate {
    /// Makes the template `<{level}_{code}>`, without marks.
    fn default() -> Self {
        Self {
            before: "<".to_owned(),
            between: "_".to_owned(),
            after: ">".to_owned(),
            level_first: true,
            level: LevelName::Letters,
            base: 0,
            begin: None,
            end: None,
        }
    }
}

impl TokenTemplate {
    /// Makes the template with this text, without marks and with codes from 0.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a text that does not have exactly one place for the
    /// level and one for the code, has white space or control characters, or is ambiguous.
    pub fn new(template: &str) -> Result<Self> {
        let refuse = |expected: &str| Err(Error::parameter("token template", format!("{template:?}"), expected));
        if template.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return refuse("must have no white space or control characters");
        }
        let of_level = |(place, name): &(&str, LevelName)| template.find(place).map(|at| (at, place.len(), *name));
        let levels: Vec<_> = LEVELS.iter().filter_map(of_level).collect();
        let places = template.matches(['{', '}']).count();
        let (Some((level_at, level_len, level)), Some(code_at)) = (levels.first().copied(), template.find(CODE)) else {
            return refuse("must have one {code} and one {level}, {level0} or {level1}");
        };
        if places != 4 {
            return refuse("must have one {code} and one {level}, {level0} or {level1}, and no other braces");
        }
        let level_first = level_at < code_at;
        let ((first, first_len), (second, second_len)) = match level_first {
            true => ((level_at, level_len), (code_at, CODE.len())),
            false => ((code_at, CODE.len()), (level_at, level_len)),
        };
        let text = |from: usize, to: usize| template.get(from..to).unwrap_or_default().to_owned();
        let made = Self {
            before: text(0, first),
            between: text(first + first_len, second),
            after: text(second + second_len, template.len()),
            level_first,
            level,
            ..Self::default()
        };
        made.check()
    }

    /// Sets the mark before the tokens of an ID.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a mark that is empty, has white space or control
    /// characters, is a token of the template or the mark at the end.
    pub fn begin(mut self, mark: &str) -> Result<Self> {
        self.begin = Some(mark.to_owned());
        self.check()
    }

    /// Sets the mark after the tokens of an ID.
    ///
    /// # Errors
    /// As for [`TokenTemplate::begin`], and for a mark that begins with a digit where tokens end with their code.
    pub fn end(mut self, mark: &str) -> Result<Self> {
        self.end = Some(mark.to_owned());
        self.check()
    }

    /// Sets the number that code 0 has in the name of its token: 0 by default.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a number above 1.
    pub fn base(mut self, base: u32) -> Result<Self> {
        if base > 1 {
            return Err(Error::parameter("base", base, "must be 0 or 1"));
        }
        self.base = base;
        Ok(self)
    }

    /// Returns the token of a code at a level; both count from 0.
    pub fn token(&self, level: usize, code: u64) -> String {
        let (head, tail) = self.around(level);
        format!("{head}{}{tail}", self.number(code))
    }

    /// Returns the marks before and after the tokens of an ID.
    pub fn marks(&self) -> [Option<&str>; 2] {
        [self.begin.as_deref(), self.end.as_deref()]
    }

    /// Returns whether only the number of code 0 may differ from the default.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self { base: self.base, ..Self::default() }
    }

    /// Returns the number that code 0 has in the name of its token.
    pub fn first_code(&self) -> u32 {
        self.base
    }

    /// Returns the name of a level.
    pub(crate) fn level(&self, level: usize) -> String {
        match self.level {
            LevelName::Letters => level_name(level),
            LevelName::Number(first) => level.saturating_add(first).to_string(),
        }
    }

    /// Returns the code as tokens show it.
    pub(crate) fn number(&self, code: u64) -> String {
        (u128::from(code) + u128::from(self.base)).to_string()
    }

    /// Returns a code from what a token shows; none for what no token shows.
    pub(crate) fn code(&self, shown: &str) -> Option<u64> {
        let canonical = shown.bytes().all(|byte| byte.is_ascii_digit()) && (shown == "0" || !shown.starts_with('0'));
        let number: u128 = canonical.then(|| shown.parse().ok()).flatten()?;
        u64::try_from(number.checked_sub(u128::from(self.base))?).ok()
    }

    /// Returns the texts around the code in the tokens of a level.
    fn around(&self, level: usize) -> (String, String) {
        let Self { before, between, after, .. } = self;
        match self.level_first {
            true => (format!("{before}{}{between}", self.level(level)), after.clone()),
            false => (before.clone(), format!("{between}{}{after}", self.level(level))),
        }
    }

    /// Returns whether one of the first `levels` levels has a token that is also a token of `other`, although the two
    /// write tokens differently. It may say so too of tokens whose codes are larger than any.
    pub(crate) fn confuses(&self, other: &Self, levels: usize) -> bool {
        let unmarked = |template: &Self| Self { begin: None, end: None, ..template.clone() };
        if unmarked(self) == unmarked(other) {
            return false;
        }
        let digits = |text: Option<&str>| text.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        // One text goes on where the other begins or ends with a part of its code.
        let heads = |a: &str, b: &str| digits(a.strip_prefix(b)) || digits(b.strip_prefix(a));
        let tails = |a: &str, b: &str| digits(a.strip_suffix(b)) || digits(b.strip_suffix(a));
        let theirs: Vec<(String, String)> = (0..levels).map(|level| other.around(level)).collect();
        (0..levels).map(|level| self.around(level)).any(|(head, tail)| {
            theirs.iter().any(|(other_head, other_tail)| heads(&head, other_head) && tails(&tail, other_tail))
        })
    }

    /// Writes the tokens that show `codes`, one level after the other, and the mark before them; and the mark after
    /// them if the ID is `complete`.
    pub(crate) fn write(&self, codes: impl IntoIterator<Item = String>, complete: bool) -> String {
        let mut text = self.begin.clone().unwrap_or_default();
        for (level, code) in codes.into_iter().enumerate() {
            let (head, tail) = self.around(level);
            text.extend([head, code, tail]);
        }
        if complete {
            text.push_str(self.end.as_deref().unwrap_or_default());
        }
        text
    }

    /// Returns what the tokens of an ID show at the place of the code; none for a text that is no list of tokens.
    pub(crate) fn read<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let text = text.strip_prefix(self.begin.as_deref().unwrap_or_default())?;
        self.read_tokens(text.strip_suffix(self.end.as_deref().unwrap_or_default())?)
    }

    /// Reads the first tokens of an ID, with the mark before them; the mark after them may follow.
    pub(crate) fn read_first<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let text = text.strip_prefix(self.begin.as_deref().unwrap_or_default())?;
        // A token may end as the mark does, so the mark is taken away only from what is no list of tokens with it.
        self.read_tokens(text).or_else(|| self.read_tokens(text.strip_suffix(self.end.as_deref()?)?))
    }

    fn read_tokens<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let (mut rest, mut shown) = (text, Vec::new());
        while !rest.is_empty() {
            let (head, tail) = self.around(shown.len());
            rest = rest.strip_prefix(&*head)?;
            let end = match tail.is_empty() {
                true => rest.bytes().take_while(u8::is_ascii_digit).count(),
                false => rest.find(&*tail)?,
            };
            let (code, after) = rest.split_at_checked(end)?;
            shown.push(code);
            rest = after.strip_prefix(&*tail)?;
        }
        Some(shown)
    }

    /// Refuses what could be read in two ways.
    fn check(self) -> Result<Self> {
        let refuse = |expected: &str| Err(Error::parameter("token template", format!("{self}"), expected));
        // What may follow a text that ends a token: the next token or the mark at the end.
        let follows = |text: &str| match text.chars().next() {
            Some(c) => vec![c],
            None => self
                .around(0)
                .0
                .chars()
                .next()
                .or(Some('0'))
                .into_iter()
                .chain(self.end.as_deref().and_then(|end| end.chars().next()))
                .collect(),
        };
        if follows(&self.around(0).1).iter().any(char::is_ascii_digit) {
            return refuse("must have something other than a digit after {code}, where its digits end");
        }
        let after_level = match (self.level_first, self.between.chars().next()) {
            (true, first) => vec![first.unwrap_or('0')],
            (false, _) => follows(&self.after),
        };
        let goes_on = |c: &char| match self.level {
            LevelName::Letters => c.is_ascii_lowercase(),
            LevelName::Number(_) => c.is_ascii_digit(),
        };
        if after_level.iter().any(goes_on) {
            return refuse("must have something after the level that cannot be a part of its name");
        }
        for mark in self.marks().into_iter().flatten() {
            if mark.is_empty() || mark.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return refuse("must have marks that are not empty and have no white space or control characters");
            }
            let is_token = |level: usize| {
                let (head, tail) = self.around(level);
                let code = mark.strip_prefix(&*head).and_then(|rest| rest.strip_suffix(&*tail));
                code.is_some_and(|code| self.code(code).is_some())
            };
            if (0..=MAX_LEVELS).any(is_token) {
                return refuse("must have marks that are no tokens of a code");
            }
        }
        if self.begin.is_some() && self.begin == self.end {
            return refuse("two different marks");
        }
        Ok(self)
    }
}

/// Writes the template as [`TokenTemplate::new`] reads it.
impl fmt::Display for TokenTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = LEVELS.iter().find(|(_, name)| *name == self.level).map_or("{level}", |(place, _)| place);
        let (first, second) = if self.level_first { (level, CODE) } else { (CODE, level) };
        write!(f, "{}{first}{}{second}{}", self.before, self.between, self.after)
    }
}

impl fmt::Debug for TokenTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("TokenTemplate");
        out.field("template", &self.to_string()).field("base", &self.base);
        out.field("begin", &self.begin).field("end", &self.end).finish()
    }
}

//! Text forms of codes.

use super::template::TokenTemplate;
use crate::codes::Codes;
use crate::error::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// How the codes of a row become the text of its semantic ID.
///
/// ```
/// use semid::IdFormat;
///
/// assert_eq!(IdFormat::plain("-").format_row(&[12, 5, 33]), "12-5-33");
/// assert_eq!(IdFormat::token().format_row(&[12, 5, 33]), "<a_12><b_5><c_33>");
/// let custom = IdFormat::custom(|codes| format!("{codes:?}"));
/// assert_eq!(custom.format_row(&[12, 5]), "[12, 5]");
/// ```
#[derive(Clone)]
pub struct IdFormat(Form);

type Custom = dyn Fn(&[u32]) -> String + Send + Sync;

#[derive(Clone)]
enum Form {
    Plain(String),
    Tokens(Arc<TokenTemplate>),
    Custom(Arc<Custom>),
}

impl IdFormat {
    /// Writes codes as decimal numbers with a separator between them: "12-5-33".
    ///
    /// Different codes give different texts as long as the separator is not empty and has no digit; see
    /// [`IdFormat::check`].
    pub fn plain(separator: &str) -> Self {
        Self(Form::Plain(separator.to_owned()))
    }

    /// Writes a token per level, as language models read them: `<a_12><b_5><c_33>`. Levels after the 26th are named
    /// `aa`, `ab` and so on.
    pub fn token() -> Self {
        Self::tokens(TokenTemplate::default())
    }

    /// Writes a token per level by a template: `<s_a_12><s_b_5><s_c_33>`.
    pub fn tokens(template: TokenTemplate) -> Self {
        Self(Form::Tokens(Arc::new(template)))
    }

    /// Writes whatever text `format` returns for the codes of a row.
    pub fn custom(format: impl Fn(&[u32]) -> String + Send + Sync + 'static) -> Self {
        Self(Form::Custom(Arc::new(format)))
    }

    /// Refuses a separator that could give different codes the same text.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Parameter`] for an empty separator or one with a digit.
    pub fn check(&self) -> Result<()> {
        match &self.0 {
            Form::Plain(separator) if separator.is_empty() || separator.chars().any(|c| c.is_ascii_digit()) => {
                let expected = "must not be empty or have digits: \"1\", \"23\" and \"12\", \"3\" would read the same";
                Err(Error::parameter("separator", format!("{separator:?}"), expected))
            }
            _ => Ok(()),
        }
    }

    /// Returns the separator of plain codes; none for other forms.
    pub fn separator(&self) -> Option<&str> {
        match &self.0 {
            Form::Plain(separator) => Some(separator),
            _ => None,
        }
    }

    /// Returns whether codes are written as tokens.
    pub fn is_token(&self) -> bool {
        self.template().is_some()
    }

    /// Returns the template of the tokens; none for other forms.
    pub fn template(&self) -> Option<&TokenTemplate> {
        match &self.0 {
            Form::Tokens(template) => Some(template.as_ref()),
            _ => None,
        }
    }

    /// Returns the text of every row.
    pub fn format(&self, codes: &Codes) -> Vec<String> {
        codes.rows().map(|row| self.format_row(row)).collect()
    }

    /// Returns the text of one row's codes.
    pub fn format_row(&self, codes: &[u32]) -> String {
        self.write(codes, true)
    }

    /// Returns the text of the first codes of an ID: the same as [`IdFormat::format_row`] gives, but for the mark after
    /// the last token, if there is one.
    pub fn format_prefix(&self, codes: &[u32]) -> String {
        self.write(codes, false)
    }

    fn write(&self, codes: &[u32], complete: bool) -> String {
        match &self.0 {
            Form::Plain(separator) => codes.iter().map(u32::to_string).collect::<Vec<_>>().join(separator),
            Form::Tokens(template) => {
                template.write(codes.iter().map(|code| template.number(u64::from(*code))), complete)
            }
            Form::Custom(format) => format(codes),
        }
    }
}

impl fmt::Debug for IdFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Plain(separator) => f.debug_tuple("Plain").field(separator).finish(),
            Form::Tokens(template) => f.debug_tuple("Tokens").field(template).finish(),
            Form::Custom(_) => f.write_str("Custom"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambiguous_separators_are_refused() {
        assert!(IdFormat::plain("").check().is_err());
        assert!(IdFormat::plain("-1").check().is_err());
        assert!(IdFormat::plain("/").check().is_ok());
    }
}

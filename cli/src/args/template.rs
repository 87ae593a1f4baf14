//! The flags that say how tokens are written.

use clap::Args;
use semid::registry::TokenTemplate;

#[derive(Debug, Args)]
pub(crate) struct TemplateArgs {
    /// Text of a token: {code} is the code, {level} the level as a letter, {level0} or {level1} its number from 0 or 1
    /// [default: <{level}_{code}>]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) token_template: Option<String>,
    /// Token before those of an ID, such as <|sid_begin|>
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) begin: Option<String>,
    /// Token after those of an ID, such as <|sid_end|>
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) end: Option<String>,
}

impl TemplateArgs {
    /// Returns the template that the flags ask for, or none where no flag does; `former` decides what the flags leave
    /// open.
    pub(crate) fn over(&self, former: Option<&TokenTemplate>) -> semid::Result<Option<TokenTemplate>> {
        let Self { token_template, begin, end } = self;
        let mut template = match token_template {
            Some(text) => TokenTemplate::new(text)?,
            None if begin.is_none() && end.is_none() => return Ok(None),
            None => former.cloned().unwrap_or_default(),
        };
        if let Some(mark) = begin {
            template = template.begin(mark)?;
        }
        if let Some(mark) = end {
            template = template.end(mark)?;
        }
        Ok(Some(template))
    }
}

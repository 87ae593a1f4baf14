//! The flags that say how tokens are written.

use super::NamespaceArgs;
use clap::Args;
use semid::registry::TokenTemplate;
use semid::{ErrorKind, Result};

#[derive(Debug, Args)]
pub(crate) struct TemplateArgs {
    /// Text of a token: {code} is the code, {level} the level as a letter, {level0} or {level1} its number from 0 or 1,
    /// and {namespace} the name of the namespace, which gives each namespace tokens that no other has
    /// [default: <{level}_{code}>]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) token_template: Option<String>,
    /// Token before those of an ID, such as <|sid_begin|>; may contain {namespace}
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) begin: Option<String>,
    /// Token after those of an ID, such as <|sid_end|>; may contain {namespace}
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) end: Option<String>,
}

impl TemplateArgs {
    /// Returns the template that the flags ask for, or none where no flag does; `former` decides what the flags leave
    /// open.
    pub(crate) fn over(
        &self,
        former: Option<&TokenTemplate>,
        namespace: &NamespaceArgs,
    ) -> Result<Option<TokenTemplate>> {
        let Self { token_template, begin, end } = self;
        let mut template = match token_template {
            Some(text) => TokenTemplate::new(&named(text, namespace)?)?,
            None if begin.is_none() && end.is_none() => return Ok(None),
            None => former.cloned().unwrap_or_default(),
        };
        if let Some(mark) = begin {
            template = template.begin(&named(mark, namespace)?)?;
        }
        if let Some(mark) = end {
            template = template.end(&named(mark, namespace)?)?;
        }
        Ok(Some(template))
    }
}

/// Writes the name of the namespace into a text of a template.
fn named(text: &str, namespace: &NamespaceArgs) -> Result<String> {
    const PLACE: &str = "{namespace}";
    match namespace.given() {
        None if text.contains(PLACE) => {
            let expected = format!("must be without {PLACE} where --namespace gives no name");
            Err(ErrorKind::Parameter { name: "token template", value: text.to_owned(), expected }.into())
        }
        name => Ok(text.replace(PLACE, name.unwrap_or_default())),
    }
}

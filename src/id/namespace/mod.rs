//! Namespaces: several catalogues in one store.
//!
//! A store has one model and any number of *namespaces*, each of which is a registry: a manifest and records. The
//! namespace in which a store begins has the empty name; a store with no other namespace is the same as a store that
//! knows none. The name of any other namespace has 1 to 64 ASCII letters, digits, `_`, `-` and `.`.
//!
//! # What is unique where
//! - An item key and an ID are unique within their namespace: item 7 of `goods` and item 7 of `videos` are two items,
//!   and each namespace may have an ID 12-5-33.
//! - All namespaces have the same model, so equal codes mean the same place among the embeddings in all of them.
//! - Tokens are *shared* where two namespaces write them by the same template, and so have one vocabulary: it has the
//!   suffixes that the namespaces need together. Tokens are *separate* where the templates differ, for instance since
//!   each contains the name of its namespace. Then no token of one is a token of the other, so no ID of one can be read
//!   as an ID of the other. Templates that are neither the same nor separate are refused, as one token would stand for
//!   two codes.
//!
//! Namespaces are made by the first registry in them and are never removed, as published IDs never are. A transaction
//! is about one namespace; while it lasts, nobody writes to any namespace of the store.

use super::store::{Manifest, Store};
use crate::error::{Error, ErrorKind, Result};

/// Refuses to make a registry with this manifest beside the registries of the other namespaces of `store`.
///
/// # Errors
/// [`ErrorKind::OtherModel`] for another model, [`ErrorKind::Parameter`] for tokens that stand for other codes there,
/// and [`ErrorKind::NoNamespace`] for a registry without a name beside some with one: its name was probably forgotten.
pub(super) fn check_beside(store: &dyn Store, manifest: &Manifest) -> Result<()> {
    let others = store.namespaces()?;
    if store.namespace().is_empty() && !others.is_empty() {
        return Err(missing(String::new(), others));
    }
    let template = manifest.text().format().template();
    for (name, other) in others {
        if other.fingerprint() != manifest.fingerprint() {
            let (expected, found) = (other.fingerprint().to_owned(), manifest.fingerprint().to_owned());
            return Err(ErrorKind::OtherModel { expected, found }.into());
        }
        // One level more for suffixes.
        let levels = manifest.levels().saturating_add(1);
        if let (Some(template), Some(there)) = (template, other.text().format().template())
            && template.confuses(there, levels)
        {
            let expected =
                format!("must be {there}, as in the namespace {name:?}, or one whose tokens are all different");
            return Err(Error::parameter("token template", template, expected));
        }
    }
    Ok(())
}

/// Returns the error for a namespace that has no registry.
pub(super) fn no_registry(store: &dyn Store) -> Result<Error> {
    let others = store.namespaces()?;
    Ok(match others.is_empty() && store.namespace().is_empty() {
        true => ErrorKind::NoRegistry.into(),
        false => missing(store.namespace().to_owned(), others),
    })
}

fn missing(namespace: String, others: Vec<(String, Manifest)>) -> Error {
    ErrorKind::NoNamespace { namespace, known: others.into_iter().map(|(name, _)| name).collect() }.into()
}

#[cfg(test)]
mod tests;

//! The table of the kinds of models.

use crate::error::{Error, ErrorKind};
use crate::quantizer::Kind;
use crate::{pq, rq, vae};

/// The kinds of models; a new kind needs a line here and a folder of its own.
pub(super) static KINDS: &[Kind] = &[rq::KIND, vae::KIND, vae::PLUS, pq::KIND, pq::RESIDUAL_KIND];

/// Makes the error about a kind that the table does not have; it lists the kinds that `listed` accepts.
pub(super) fn unknown(name: &str, listed: impl Fn(&Kind) -> bool) -> Error {
    let known: Vec<&str> = KINDS.iter().filter(|kind| listed(kind)).map(|kind| kind.name).collect();
    ErrorKind::UnknownKind { kind: name.to_owned(), known: known.join(", ") }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds_have_names_of_their_own() {
        for (i, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..i].iter().all(|other| other.name != kind.name), "{}", kind.name);
        }
    }

    #[test]
    fn parameters_of_every_kind_are_read_as_they_are_written() {
        for kind in KINDS {
            let read = |fields| (kind.parameters)(fields).unwrap();
            let default = read(json!({ "kind": kind.name }));
            let fields = default.parameters().unwrap();
            assert_eq!((default.kind(), fields["kind"].as_str()), (kind.name, Some(kind.name)));
            assert_eq!(read(json!(fields)).parameters().unwrap(), fields, "{}", kind.name);
            for name in ["version", "levels", "clusters", "seed"] {
                assert!(fields.contains_key(name), "{} has no {name}", kind.name);
            }
            let mut more = fields.clone();
            more.insert("another".to_owned(), json!(1));
            let error = (kind.parameters)(json!(more)).unwrap_err();
            assert!(error.contains("another"), "{}: {error}", kind.name);
            let variant = default.variant(&[5, 6, 7], 8, false).parameters().unwrap();
            let set = |name: &str| ["levels", "clusters", "seed"].contains(&name);
            assert_eq!(
                [&variant["levels"], &variant["clusters"], &variant["seed"]],
                [&json!(3), &json!([5, 6, 7]), &json!(8)]
            );
            assert!(variant.iter().all(|(name, value)| set(name) || fields.get(name) == Some(value)), "{variant:?}");
        }
    }
}

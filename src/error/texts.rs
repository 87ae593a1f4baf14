//! Parts of the messages of kinds.

/// Says which namespaces there are instead of the one that was asked for.
pub(super) fn no_namespace(namespace: &str, known: &[String]) -> String {
    let shown = |name: &String| if name.is_empty() { "the one without a name".to_owned() } else { format!("`{name}`") };
    let known = known.iter().map(shown).collect::<Vec<_>>().join(", ");
    match (namespace, known.as_str()) {
        ("", known) => format!("the registry has namespaces, and none without a name; name one of {known}"),
        (_, "") => format!("holds no registry, and so no namespace `{namespace}`: assign IDs into it first"),
        (_, known) => format!("the registry has no namespace `{namespace}`; it has {known}"),
    }
}

/// Names what is to be of a format: a folder, or a file.
pub(super) fn file_of(format: &str) -> String {
    if format == "folder" { format.to_owned() } else { format!("{format} file") }
}

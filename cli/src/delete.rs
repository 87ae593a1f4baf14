//! `semid delete`

use crate::args::{Common, DeleteArgs};
use crate::database;
use crate::file_system;
use crate::lines;
use crate::output::{self, Answer, Failure, Outcome};
use semid::registry::Registry;
use serde::Serialize;
use std::path::Path;

/// The output of `--json`.
#[derive(Serialize)]
struct Deleted<'a> {
    items: usize,
    retired: usize,
    unknown: usize,
    /// How many items remain.
    left: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(serialize_with = "output::path")]
    db: &'a Path,
}

pub(crate) fn run(common: &Common, args: &DeleteArgs) -> Outcome {
    let mut items = args.what.item.clone();
    if let Some(path) = &args.what.items {
        items.extend(lines::keys(path)?);
    }
    let failed = |error| Failure::of_file(error, &args.db);
    drop(database::read(&args.db, &args.namespace)?); // nothing is made where there is nothing
    output::warn(&Vec::from_iter(file_system::check_place(&args.db)?));
    let mut registry = Registry::open(database::open(&args.db, &args.namespace)?).map_err(failed)?;
    let retired = registry.remove(&items).map_err(failed)?.iter().flatten().count();
    let unknown = items.len() - retired;
    let left = registry.len().map_err(failed)?;
    let namespace = args.namespace.given();
    let deleted = Deleted { items: items.len(), retired, unknown, left, namespace, db: &args.db };
    output::result(common.json, &deleted, || text(&deleted))?;
    Ok(if unknown == 0 { Answer::Yes } else { Answer::No })
}

fn text(deleted: &Deleted<'_>) -> String {
    let Deleted { retired, unknown, left, namespace, db, .. } = deleted;
    let unknown = match unknown {
        0 => String::new(),
        _ => format!("the database has no item for {unknown} of {}\n", output::things(deleted.items, "key")),
    };
    let removed = match retired {
        0 => "removed no item".to_owned(),
        1 => "removed 1 item, whose ID is retired".to_owned(),
        _ => format!("removed {retired} items, whose IDs are retired"),
    };
    let left = output::things(*left as usize, "item");
    let namespace = namespace.map(|name| format!("namespace {name} of ")).unwrap_or_default();
    format!("{removed}\n{unknown}{left} left in {namespace}{}\n", db.display())
}

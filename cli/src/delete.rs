//! `semid delete`

use crate::args::{Common, DeleteArgs};
use crate::items;
use crate::output::{self, Answer, Failure, Outcome};
use crate::{database, interrupt};
use semid::registry::Registry;
use serde::Serialize;
use std::path::Path;

/// What `--json` prints.
#[derive(Serialize)]
struct Deleted<'a> {
    items: usize,
    retired: usize,
    unknown: usize,
    /// Items that remain.
    left: u64,
    db: &'a Path,
}

pub(crate) fn run(common: &Common, args: &DeleteArgs) -> Outcome {
    let mut items = args.what.item.clone();
    if let Some(path) = &args.what.items {
        items.extend(items::keys(path)?);
    }
    let failed = |error| Failure::of_file(error, &args.db);
    drop(database::read(&args.db)?); // nothing is made where there is nothing
    interrupt::end_in_order();
    let mut registry = Registry::open(database::open(&args.db)?).map_err(failed)?;
    let retired = registry.remove(&items).map_err(failed)?.iter().flatten().count();
    let unknown = items.len() - retired;
    let left = registry.len().map_err(failed)?;
    let deleted = Deleted { items: items.len(), retired, unknown, left, db: &args.db };
    output::result(common.json, &deleted, || text(&deleted))?;
    Ok(if unknown == 0 { Answer::Yes } else { Answer::No })
}

fn text(deleted: &Deleted<'_>) -> String {
    let Deleted { retired, unknown, left, db, .. } = deleted;
    let unknown = match unknown {
        0 => String::new(),
        _ => format!("{unknown} of {} were not there\n", deleted.items),
    };
    let (retired, left) = (output::things(*retired, "item"), output::things(*left as usize, "item"));
    format!("removed {retired}, the ID of each is retired\n{unknown}{left} left in {}\n", db.display())
}

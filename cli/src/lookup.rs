//! `semid lookup`

use crate::args::{Common, LookupArgs};
use crate::database;
use crate::output::{self, Answer, Failure, Outcome};
use semid::registry::{Holder, IdText, ParsedId, Registry, SemanticId};
use semid::{IdFormat, SemanticIdEngine};
use serde::Serialize;
use std::fmt::Write;

/// The output of `--json` for an ID.
#[derive(Serialize)]
struct OfId<'a> {
    id: &'a str,
    item: Option<String>,
    retired: bool,
}

/// The output of `--json` for an item.
#[derive(Serialize)]
struct OfItem<'a> {
    item: &'a str,
    id: Option<String>,
    codes: Option<Vec<u32>>,
    /// The codes that the encoder gave.
    encoded: Option<Vec<u32>>,
    neighbors: Vec<Near>,
}

#[derive(Serialize)]
struct Near {
    item: String,
    id: String,
    shared: usize,
    squared_distance: f64,
}

/// The output of `--json` for a prefix.
#[derive(Serialize)]
struct OfPrefix<'a> {
    prefix: &'a str,
    items: u64,
    children: Vec<Child>,
    records: Vec<LookupResult>,
}

#[derive(Serialize)]
struct Child {
    code: u32,
    prefix: String,
    items: u64,
}

#[derive(Serialize)]
struct LookupResult {
    item: String,
    id: String,
}

pub(crate) fn run(common: &Common, args: &LookupArgs) -> Outcome {
    let store = database::read(&args.db, &args.namespace)?;
    let failed = |error| Failure::of_file(error, &args.db);
    match (&args.what.id, &args.what.prefix, &args.what.item) {
        (Some(id), ..) => {
            let registry = Registry::open(store).map_err(failed)?;
            let found = tokens(args, &registry).and_then(|text| of_id(&registry, id, text.as_ref())).map_err(failed)?;
            output::result(common.json, &found, || id_text(&found))?;
            Ok(answer(found.item.is_some()))
        }
        (_, Some(prefix), _) => {
            let registry = Registry::open(store).and_then(|registry| registry.snapshot()).map_err(failed)?;
            let text = tokens(args, &registry).map_err(failed)?;
            let found = of_prefix(&registry, prefix, args.limit, text.as_ref()).map_err(failed)?;
            output::result(common.json, &found, || prefix_text(&found, args.limit))?;
            Ok(answer(found.items > 0))
        }
        (.., item) => {
            let engine = SemanticIdEngine::open(store).and_then(|engine| engine.snapshot()).map_err(failed)?;
            let found = of_item(&engine, item.as_deref().unwrap_or_default(), args.neighbors).map_err(failed)?;
            output::result(common.json, &found, || item_text(&found))?;
            Ok(answer(found.id.is_some()))
        }
    }
}

fn answer(found: bool) -> Answer {
    if found { Answer::Yes } else { Answer::No }
}

/// Returns the form of tokens that flags name; none where flags name none, and IDs are written as in the registry.
fn tokens(args: &LookupArgs, registry: &Registry) -> semid::Result<Option<IdText>> {
    let own = registry.id_text().format().template();
    let template = match (args.template.over(own, &args.namespace)?, args.base) {
        (None, None) => return Ok(None),
        (template, base) => {
            let template = template.or(own.cloned()).unwrap_or_default();
            base.map_or(Ok(template.clone()), |base| template.base(base))?
        }
    };
    IdText::new(IdFormat::tokens(template), registry.id_text().suffix()).map(Some)
}

fn of_id<'a>(registry: &Registry, id: &'a str, text: Option<&IdText>) -> semid::Result<OfId<'a>> {
    let holder = match text {
        Some(text) => registry.find(&match text.parse(id, registry.manifest().levels())? {
            ParsedId::Id(id) => registry.text(&id, ""),
            ParsedId::Item { codes, item, suffix } => {
                registry.text(&SemanticId::new(codes, suffix.unwrap_or_default()), &item)
            }
        })?,
        None => registry.find(id)?,
    };
    let retired = holder == Holder::Retired;
    let item = match holder {
        Holder::Item(item) => Some(item),
        _ => None,
    };
    Ok(OfId { id, item, retired })
}

fn id_text(found: &OfId<'_>) -> String {
    match (&found.item, found.retired) {
        (Some(item), _) => format!("{item}\n"),
        (None, true) => format!("{} is retired: the item that had it was removed or got another ID\n", found.id),
        (None, false) => format!("no item has {}\n", found.id),
    }
}

fn of_item<'a>(engine: &SemanticIdEngine, item: &'a str, neighbors: usize) -> semid::Result<OfItem<'a>> {
    let registry = engine.registry();
    let Some(entry) = registry.entry(item)? else {
        return Ok(OfItem { item, id: None, codes: None, encoded: None, neighbors: Vec::new() });
    };
    let near = if neighbors > 0 { engine.nearest(item, neighbors)? } else { Vec::new() };
    let near = near.into_iter().map(|near| Near {
        id: registry.text(&near.id, &near.item),
        item: near.item,
        shared: near.shared,
        squared_distance: near.squared_distance,
    });
    let (id, encoded) = (registry.text(&entry.id, item), entry.encoded().to_vec());
    Ok(OfItem { item, id: Some(id), codes: Some(entry.id.codes), encoded: Some(encoded), neighbors: near.collect() })
}

fn item_text(found: &OfItem<'_>) -> String {
    let Some(id) = &found.id else { return format!("the database has no item {:?}\n", found.item) };
    let mut text = format!("{id}\n");
    if !found.neighbors.is_empty() {
        text += "\nshared  squared distance  ID and item\n";
    }
    let distances = output::numbers(&found.neighbors.iter().map(|near| near.squared_distance).collect::<Vec<_>>());
    for (Near { item, id, shared, .. }, distance) in found.neighbors.iter().zip(distances) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{shared:>6}  {distance:>16}  {id}  {item}");
    }
    text
}

fn of_prefix<'a>(
    registry: &Registry,
    prefix: &'a str,
    limit: usize,
    text: Option<&IdText>,
) -> semid::Result<OfPrefix<'a>> {
    let text = text.unwrap_or(registry.id_text());
    let codes = text.parse_prefix(prefix, registry.manifest().levels())?;
    let format = text.format();
    let child =
        |(code, items)| Child { code, prefix: format.format_prefix(&[codes.as_slice(), &[code]].concat()), items };
    let found = |record: semid::Result<semid::registry::ItemRecord>| {
        let semid::registry::ItemRecord { item, entry } = record?;
        Ok(LookupResult { id: text.text(&entry.id, &item), item })
    };
    Ok(OfPrefix {
        prefix,
        items: registry.count(&codes)?,
        children: registry.children(&codes)?.into_iter().map(child).collect(),
        records: registry.records(&codes).take(limit).map(found).collect::<semid::Result<_>>()?,
    })
}

fn prefix_text(found: &OfPrefix<'_>, limit: usize) -> String {
    let more = |text: &mut String, all: u64, shown: usize| {
        if let Some(more @ 1..) = all.checked_sub(shown as u64) {
            let _ = writeln!(text, "... and {more} more");
        }
    };
    let mut text = format!("{}\n", output::things(found.items as usize, "item"));
    if !found.children.is_empty() {
        text += "\n   items  codes\n";
    }
    for Child { prefix, items, .. } in found.children.iter().take(limit) {
        let _ = writeln!(text, "{items:>8}  {prefix}");
    }
    more(&mut text, found.children.len() as u64, found.children.len().min(limit));
    if found.items > 0 {
        text.push('\n');
    }
    for LookupResult { item, id } in &found.records {
        let _ = writeln!(text, "{id}  {item}");
    }
    more(&mut text, found.items, found.records.len());
    text
}

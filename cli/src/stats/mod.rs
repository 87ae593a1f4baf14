//! `semid stats`

mod tally;

use crate::args::{Common, StatsArgs};
use crate::database;
use crate::interrupt;
use crate::output::{self, Answer, Failure, Outcome};
use semid::SemanticIdEngine;
use semid::metrics::Bucket;
use semid::registry::Registry;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;
use tally::Tally;

/// How many records are read at a time.
const PAGE: usize = 4096;

/// The output of `--json`.
#[derive(Serialize)]
struct Stats<'a> {
    items: u64,
    retired: u64,
    ids: u64,
    distinct_codes: u64,
    items_sharing_codes: u64,
    items_with_suffix: u64,
    items_moved: u64,
    largest_buckets: Vec<Largest>,
    used_codes: Vec<u64>,
    clusters: Vec<usize>,
    /// None for a database of PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    bytes_per_item: Option<f64>,
    resolver: &'static str,
    capacity: Option<u32>,
    format: &'static str,
    separator: Option<String>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    /// All namespaces of the database; empty if the only one has no name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    namespaces: Vec<Namespace>,
    #[serde(serialize_with = "output::path")]
    db: &'a Path,
}

/// A namespace of the database.
#[derive(Serialize)]
struct Namespace {
    /// Empty for the one without a name.
    namespace: String,
    items: u64,
}

/// Codes that several items share.
#[derive(Serialize)]
struct Largest {
    codes: String,
    items: u64,
}

pub(crate) fn run(common: &Common, args: &StatsArgs) -> Outcome {
    let failed = |error| Failure::of_file(error, &args.db);
    let engine = SemanticIdEngine::open(database::read(&args.db, &args.namespace)?).map_err(failed)?;
    let registry = engine.registry().snapshot().map_err(failed)?;
    let stats = stats(&registry, engine.model().clusters(), args).map_err(failed)?;
    output::result(common.json, &stats, || text(&stats))?;
    Ok(Answer::Yes)
}

/// Counts all records of a snapshot, retired ones too; reads a page at a time.
fn count(registry: &Registry, clusters: &[usize]) -> semid::Result<Tally> {
    let mut tally = Tally::new(clusters)?;
    let mut after = None;
    loop {
        interrupt::check()?;
        let page = registry.store().scan(&[], after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.entry.id.clone());
        page.iter().try_for_each(|record| tally.add(record))?;
    }
    Ok(tally)
}

fn stats<'a>(registry: &Registry, clusters: Vec<usize>, args: &'a StatsArgs) -> semid::Result<Stats<'a>> {
    let manifest = registry.manifest();
    let tally = count(registry, &clusters)?;
    let codes = tally.codes()?;
    let ids = codes.as_ref().map(|codes| &codes.ids);
    let used = codes.as_ref().map(|codes| codes.levels.iter().map(|level| level.used_codes).collect());
    let format = manifest.text().format();
    let largest = |Bucket { codes, items }| Largest { codes: format.format_prefix(&codes), items };
    let bytes = args.db.url().is_none().then(|| bytes(&args.db));
    let namespaces = namespaces(registry)?;
    let all = if namespaces.is_empty() { tally.items } else { namespaces.iter().map(|other| other.items).sum() };
    Ok(Stats {
        items: tally.items,
        retired: tally.retired,
        ids: tally.items + tally.retired,
        distinct_codes: ids.map_or(0, |ids| ids.distinct_ids),
        items_sharing_codes: ids.map_or(0, |ids| ids.collided_items),
        items_with_suffix: tally.suffixed,
        items_moved: tally.moved,
        used_codes: used.unwrap_or_else(|| vec![0; clusters.len()]),
        largest_buckets: codes.into_iter().flat_map(|codes| codes.largest_buckets).map(largest).collect(),
        clusters,
        bytes,
        bytes_per_item: bytes.filter(|_| all > 0).map(|bytes| bytes as f64 / all as f64),
        resolver: manifest.resolver().name(),
        capacity: manifest.resolver().capacity().map(Into::into),
        format: if format.is_token() { "token" } else { "plain" },
        separator: format.separator().map(str::to_owned),
        fingerprint: manifest.fingerprint().to_owned(),
        namespace: args.namespace.given(),
        namespaces,
        db: &args.db,
    })
}

fn namespaces(registry: &Registry) -> semid::Result<Vec<Namespace>> {
    let names = registry.namespaces()?;
    let items = |namespace: String| {
        let items = registry.snapshot_of(&namespace)?.len()?;
        Ok(Namespace { namespace, items })
    };
    if names == [""] { Ok(Vec::new()) } else { names.into_iter().map(items).collect() }
}

/// Returns the size of the database and of the log beside it that is not merged yet.
fn bytes(db: &Path) -> u64 {
    let mut log = db.as_os_str().to_owned();
    log.push("-wal");
    [db.as_os_str(), &log].iter().filter_map(|path| std::fs::metadata(path).ok()).map(|file| file.len()).sum()
}

fn text(stats: &Stats<'_>) -> String {
    let of_clusters = stats.used_codes.iter().zip(&stats.clusters);
    let used: Vec<String> = of_clusters.map(|(used, clusters)| format!("{used} of {clusters}")).collect();
    let bytes = match (stats.bytes, stats.bytes_per_item) {
        (Some(bytes), Some(per_item)) => format!("{bytes} bytes, {per_item:.1} per item"),
        (Some(bytes), None) => format!("{bytes} bytes"),
        (None, _) => stats.db.display().to_string(),
    };
    let resolver = match stats.capacity {
        Some(capacity) => format!("{}, {capacity} per codes", stats.resolver),
        None => stats.resolver.to_owned(),
    };
    let format = match &stats.separator {
        Some(separator) => format!("{} with {separator}", stats.format),
        None => stats.format.to_owned(),
    };
    let things = |items: u64| output::things(items as usize, "item");
    let facts = [
        ("items", stats.items.to_string()),
        ("retired IDs", stats.retired.to_string()),
        ("different codes", stats.distinct_codes.to_string()),
        ("sharing codes", things(stats.items_sharing_codes)),
        ("with a suffix", things(stats.items_with_suffix)),
        ("moved", things(stats.items_moved)),
        ("used per level", used.join(", ")),
        ("resolver", resolver),
        ("format", format),
        ("fingerprint", stats.fingerprint.clone()),
        ("database", bytes),
    ];
    let mut text = String::new();
    for (name, value) in facts {
        let _ = writeln!(text, "{name:<16}{value}"); // writing to a string cannot fail
    }
    if !stats.namespaces.is_empty() {
        text += "\n   items  namespace\n";
    }
    for Namespace { namespace, items } in &stats.namespaces {
        let shown = if namespace.is_empty() { "(without a name)" } else { namespace };
        let here = if stats.namespace.unwrap_or_default() == namespace { ", counted above" } else { "" };
        let _ = writeln!(text, "{items:>8}  {shown}{here}");
    }
    if !stats.largest_buckets.is_empty() {
        text += "\n   items  codes shared by most\n";
    }
    for Largest { codes, items } in &stats.largest_buckets {
        let _ = writeln!(text, "{items:>8}  {codes}");
    }
    text
}

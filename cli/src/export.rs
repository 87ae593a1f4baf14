//! `semid export`

use crate::args::{Common, ExportArgs, ExportKind};
use crate::database;
use crate::extension::extension;
use crate::interrupt;
use crate::output::{self, Answer, Failure, Outcome};
use clap::ValueEnum;
use semid::SemanticIdEngine;
use semid::registry::{BaseTokenizer, Export, Exported, SidKey, SqliteStore, StaticSizes, Store, TokenTemplate};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// The output of `--json`.
#[derive(Serialize)]
struct ExportedFile<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_base: Option<u64>,
    seconds: f64,
    #[serde(serialize_with = "output::path")]
    output: &'a Path,
}

pub(crate) fn run(common: &Common, args: &ExportArgs) -> Outcome {
    let kind = args.kind.or_else(|| kind_of(&args.output)).ok_or_else(|| unknown(&args.output))?;
    check_output(kind, args)?;
    let tokenizer = tokenizer(kind, args)?;
    check_name(kind, &args.output)?;
    let start = Instant::now();
    let failed = |error| Failure::of_file(error, &args.db);
    // The engine has the model, which knows the clusters of each level.
    let mut store = database::read(&args.db, &args.namespace)?;
    if let (ExportKind::Engine, Some((first, _))) = (kind, store.namespaces()?.first()) {
        store.use_namespace(first)?; // a copy has all namespaces, whichever is open
    }
    let engine = SemanticIdEngine::open(store).map_err(failed)?;
    let own = engine.registry().id_text().format().template();
    let template = args.template.over(own, &args.namespace)?;
    let base = args.base.or(template.as_ref().or(own).map(TokenTemplate::first_code)).unwrap_or_default();
    let (name, exported) = write(kind, args, &engine, (template, tokenizer.as_ref()));
    let Exported { items, tokens, nodes, .. } = exported.map_err(failed)?;
    let written = ExportedFile {
        kind: name,
        namespace: args.namespace.given(),
        items,
        tokens,
        nodes,
        base: (!matches!(kind, ExportKind::Ids | ExportKind::SidJson | ExportKind::Static | ExportKind::Engine))
            .then_some(base),
        packed_base: args.packed.filter(|_| kind == ExportKind::SidJson),
        first_token: tokens.and(args.first_token.or(tokenizer.as_ref().map(BaseTokenizer::next_id))),
        seconds: start.elapsed().as_secs_f64(),
        output: &args.output,
    };
    output::result(common.json, &written, || text(&written))?;
    Ok(Answer::Yes)
}

/// Refuses outputs that would overwrite the database, and copies of one namespace or over another file.
fn check_output(kind: ExportKind, args: &ExportArgs) -> Result<(), Failure> {
    output::differs(&args.output, &args.db)?;
    if kind != ExportKind::Engine {
        return Ok(());
    }
    let advice = match args.namespace.given() {
        Some(name) => format!("a copy has all namespaces of the database; leave --namespace {name} out"),
        None if args.output.exists() => "the file exists, and a database is not replaced; give a new name".to_owned(),
        None => return Ok(()),
    };
    Err(Failure::Error(format!("{}: {advice}", args.output.display())))
}

/// Writes the output; returns what it is called in `--json`.
fn write(
    kind: ExportKind,
    args: &ExportArgs,
    engine: &SemanticIdEngine,
    (template, tokenizer): (Option<TokenTemplate>, Option<&BaseTokenizer>),
) -> (&'static str, semid::Result<Exported>) {
    let watch = |_| interrupt::check();
    let mut export = Export::new(engine.registry()).watch(&watch);
    if let Some(template) = template {
        export = export.template(template);
    }
    if let Some(base) = args.base {
        export = export.base(base);
    }
    if let Some(name) = &args.id_column {
        export = export.key_column(name);
    }
    if let Some(first) = args.first_token {
        export = export.first_token(first);
    }
    if let Some(tokenizer) = tokenizer {
        export = export.tokenizer(tokenizer);
    }
    match kind {
        ExportKind::Ids => ("ids", export.ids(&args.output)),
        ExportKind::Index => ("index", export.index(&args.output)),
        ExportKind::Vocabulary => ("vocabulary", export.vocabulary(&args.output)),
        ExportKind::AddedTokens => ("added-tokens", export.added_tokens(&args.output)),
        ExportKind::Trie => ("trie", export.trie(&args.output)),
        ExportKind::Hf => ("hf", export.hf(&args.output)),
        ExportKind::Static => ("static", export.static_index(&args.output, sizes(args))),
        ExportKind::SidJson => ("sid-json", export.sids(&args.output, sid_key(args))),
        ExportKind::Engine => ("engine", copy(engine, &args.output)),
    }
}

/// Reads the tokenizer, if there is one; refuses to write token ids when nothing says where they begin.
fn tokenizer(kind: ExportKind, args: &ExportArgs) -> Result<Option<BaseTokenizer>, Failure> {
    if let Some(path) = &args.tokenizer {
        output::differs(&args.output, path)?;
        return Ok(Some(BaseTokenizer::open(path)?));
    }
    if kind.has_token_ids() && args.first_token.is_none() {
        let advice = "holds the ids of tokens, and ids from 0 would be those of other tokens; give --tokenizer \
                      tokenizer.json, or --first-token with the number of tokens of the tokenizer (0 if it has only \
                      these)";
        return Err(Failure::Error(format!("{}: {advice}", args.output.display())));
    }
    Ok(None)
}

fn sizes(args: &ExportArgs) -> StaticSizes {
    let mut sizes = StaticSizes::new();
    if let Some(levels) = args.dense_levels {
        sizes = sizes.dense_levels(levels.into());
    }
    match args.vocab_size {
        Some(size) => sizes.vocab_size(size),
        None => sizes,
    }
}

fn sid_key(args: &ExportArgs) -> SidKey {
    match (args.packed, args.end_code) {
        (Some(base), _) => SidKey::Packed { base },
        (None, true) => SidKey::CommasWithEnd,
        (None, false) => SidKey::Commas,
    }
}

/// Saves the engine to a new database.
fn copy(engine: &SemanticIdEngine, output: &Path) -> semid::Result<Exported> {
    engine.save(output)?;
    let mut exported = Exported::default();
    let mut copy = SqliteStore::open_read_only(output)?;
    let mut items = 0;
    for (name, _) in copy.namespaces()? {
        copy.use_namespace(&name)?;
        items += copy.count(&[])?;
    }
    exported.items = Some(items);
    Ok(exported)
}

/// Returns what a file of that name contains, if the name tells it.
fn kind_of(path: &Path) -> Option<ExportKind> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let is = |known: &str| name == known || name.ends_with(&format!(".{known}"));
    match extension(path).as_str() {
        "csv" | "jsonl" | "parquet" => Some(ExportKind::Ids),
        "safetensors" if is("static.safetensors") => Some(ExportKind::Static),
        "safetensors" => Some(ExportKind::Trie),
        "npz" => Some(ExportKind::Static),
        "db" => Some(ExportKind::Engine),
        _ if is("sids.json") => Some(ExportKind::SidJson),
        _ if is("index.json") => Some(ExportKind::Index),
        _ if is("vocabulary.json") => Some(ExportKind::Vocabulary),
        _ if is("added_tokens.json") => Some(ExportKind::AddedTokens),
        _ => None,
    }
}

/// Refuses a name that says another format than that of the kind; names that say none are taken.
fn check_name(kind: ExportKind, output: &Path) -> Result<(), Failure> {
    const DATA: [&str; 8] = ["json", "npy", "npz", "safetensors", "csv", "jsonl", "parquet", "db"];
    let own: &[&str] = match kind {
        ExportKind::Ids => &["csv", "jsonl", "parquet"],
        ExportKind::Index | ExportKind::Vocabulary | ExportKind::AddedTokens | ExportKind::SidJson => &["json"],
        ExportKind::Trie => &["safetensors"],
        ExportKind::Static => &["npz", "safetensors"],
        ExportKind::Hf => &[],
        ExportKind::Engine => &["db"],
    };
    let extension = extension(output);
    if !DATA.contains(&&*extension) || own.contains(&&*extension) {
        return Ok(());
    }
    let named: Vec<String> = own.iter().map(|name| format!(".{name}")).collect();
    let named = if named.is_empty() { "a folder".to_owned() } else { named.join(" or ") };
    let name = kind.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    Err(Failure::Error(format!("{}: --kind {name} writes {named}; give such a name", output.display())))
}

fn unknown(output: &Path) -> Failure {
    let output = output.display();
    Failure::Error(format!("{output}: the name does not say what to write; use --kind, see `semid help export`"))
}

fn text(written: &ExportedFile<'_>) -> String {
    let ExportedFile { kind, items, tokens, nodes, seconds, output, .. } = written;
    let counts = [("item", items), ("token", tokens), ("node", nodes)];
    let counts: Vec<String> =
        counts.iter().filter_map(|(name, n)| Some(output::things((**n)? as usize, name))).collect();
    format!("exported {kind}: {} in {seconds:.2} s\nsaved {}\n", counts.join(", "), output.display())
}

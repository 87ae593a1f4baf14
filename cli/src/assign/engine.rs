//! Checks what an engine is made of, and opens it in the database or makes it.

use crate::args::{AssignArgs, Format, NamespaceArgs, ResolverName, SettingArgs};
use crate::database;
use crate::input::Input;
use crate::output::Failure;
use semid::registry::{Manifest, MemoryStore, MoveLimits, Resolver, Store};
use semid::{Device, ErrorKind, IdFormat, Labels, Matrix, Model, Rows, SemanticIdEngine};
use std::num::NonZeroU32;

/// Returns the model that items are encoded with, as far as it can be read: what is wrong with it is told when the
/// database is opened.
pub(super) fn model(args: &AssignArgs) -> Option<Model> {
    if let Some(path) = &args.model {
        return Model::load(path).ok();
    }
    let store = args.db.is_there().then(|| database::open(&args.db, &args.namespace).ok()).flatten()?;
    Model::from_bytes(&store.model().ok().flatten()?).ok()
}

/// What the engine is made of, after all checks that need no database of one's own.
pub(super) struct Checked {
    /// The database, if it is there.
    store: Option<Box<dyn Store>>,
    model: Model,
    resolver: Resolver,
    format: IdFormat,
}

/// Refuses flags that contradict an existing database, the model or each other, so that a bad flag makes no database.
pub(super) fn check(
    args: &AssignArgs,
    input: &Input,
    labels: Option<&Labels>,
    moves: Option<&MoveLimits>,
) -> Result<Checked, Failure> {
    let failed = |error| Failure::of_file(error, &args.db);
    let store = args.db.is_there().then(|| database::open(&args.db, &args.namespace)).transpose()?;
    let manifest = store.as_ref().map(Store::manifest).transpose()?.flatten();
    let (resolver, format) = settings(&args.settings, &args.namespace, manifest.as_ref())
        .map_err(|reason| Failure::Error(format!("{}: {reason}", args.db.display())))?;
    let model = match (&args.model, store.as_ref().map(Store::model).transpose()?.flatten()) {
        (Some(path), _) => Model::load(path)?,
        (None, Some(bytes)) => Model::from_bytes(&bytes).map_err(failed)?,
        (None, None) => return Err(Failure::Error(format!("{}: {}", args.db.display(), no_model(&store, &manifest)))),
    };
    let dim = input.rows.dim();
    if model.dim() != dim {
        let mismatch = ErrorKind::DimMismatch { expected: model.dim(), found: dim };
        return Err(input.failure(mismatch.into()));
    }
    // Bad flags make no database: they are found by an engine in memory, without items.
    let trial = SemanticIdEngine::new(model.clone(), MemoryStore::new(), resolver, format.clone());
    let mut trial = configured(trial.map_err(failed)?, args);
    let (none, rows, device): ([&str; 0], _, _) = ([], Matrix::new(&[], dim)?, Device::cpu());
    trial.unique_ids(&rows, &none, &device).map_err(failed)?;
    if let Some(limits) = moves {
        trial.check_moves(limits.gain).map_err(failed)?;
    }
    // An engine without items encodes nothing, and so does not look at the beam or the labels.
    let encoder = model.encoder();
    let encoder = match args.beam {
        Some(width) => encoder.beam(width),
        None => encoder,
    };
    let encoder = match labels {
        Some(labels) => encoder.labels(&labels.part(0..0)),
        None => encoder,
    };
    encoder.encode(&rows, &device).map_err(|error| input.failure(error))?;
    Ok(Checked { store, model, resolver, format })
}

impl Checked {
    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    /// Opens or makes the database.
    pub(super) fn open(self, args: &AssignArgs) -> Result<SemanticIdEngine, Failure> {
        let failed = |error| Failure::of_file(error, &args.db);
        let Self { store, model, resolver, format } = self;
        let store = store.map_or_else(|| database::open(&args.db, &args.namespace), Ok)?;
        let engine = match (store.model()?, args.adopt_model) {
            (Some(own), true) if store.manifest()?.is_some() => {
                let own = Model::from_bytes(&own).map_err(failed)?;
                let mut engine = SemanticIdEngine::new(own, store, resolver, format).map_err(failed)?;
                engine.adopt_model(model).map_err(failed)?;
                engine
            }
            _ => SemanticIdEngine::new(model, store, resolver, format).map_err(|error| refreshable(error, args))?,
        };
        Ok(configured(engine, args))
    }
}

/// Sets what the flags ask for.
fn configured(engine: SemanticIdEngine, args: &AssignArgs) -> SemanticIdEngine {
    let engine = engine.update_changed(args.update_changed);
    let engine = match args.beam {
        Some(width) => engine.beam(width),
        None => engine,
    };
    let engine = match args.candidates {
        Some(count) => engine.candidates(count),
        None => engine,
    };
    match args.batch_rows {
        Some(rows) => engine.batch_rows(rows),
        None => engine,
    }
}

/// Returns the failure; where the database has another model, it says how that may be replaced.
fn refreshable(error: semid::Error, args: &AssignArgs) -> Failure {
    let other = matches!(error.kind(), ErrorKind::OtherModel { .. });
    match (other, Failure::of_file(error, &args.db)) {
        (true, Failure::Error(message)) => {
            Failure::Error(format!("{message}; a refresh of that model takes its place with --adopt-model"))
        }
        (_, failure) => failure,
    }
}

/// Says why the database has no model.
fn no_model(store: &Option<Box<dyn Store>>, manifest: &Option<Manifest>) -> &'static str {
    match (store, manifest) {
        (None, _) => "there is no such database yet; give --model to make one",
        (Some(_), None) => "the database holds no registry yet; give --model to make one",
        (Some(_), Some(_)) => "the registry has lost its model; restore the database from a copy",
    }
}

/// Returns the settings that the flags ask for; where they are silent, those of the database.
fn settings(
    args: &SettingArgs,
    namespace: &NamespaceArgs,
    manifest: Option<&Manifest>,
) -> Result<(Resolver, IdFormat), String> {
    let kind = args.resolver.or(manifest.map(|manifest| name(manifest.resolver()))).unwrap_or(ResolverName::Suffix);
    let resolver = resolver(args, kind, manifest.map(Manifest::resolver))?;
    let former = manifest.map(|manifest| manifest.text().format());
    let own = former.and_then(IdFormat::template);
    let template = args.template.over(own, namespace).map_err(|error| error.to_string())?;
    let token = match args.format {
        Some(format) => matches!(format, Format::Token),
        None => template.is_some() || own.is_some(),
    };
    let format = match (token, &args.separator) {
        (false, _) if template.is_some() => return Err("--token-template, --begin and --end go with tokens".to_owned()),
        (true, Some(separator)) => return Err(format!("--separator {separator} goes with plain IDs, not with tokens")),
        (true, None) => IdFormat::tokens(template.or(own.cloned()).unwrap_or_default()),
        (false, Some(separator)) => IdFormat::plain(separator),
        (false, None) => IdFormat::plain(former.and_then(IdFormat::separator).unwrap_or("-")),
    };
    Ok((resolver, format))
}

fn resolver(args: &SettingArgs, kind: ResolverName, former: Option<Resolver>) -> Result<Resolver, String> {
    let here = match former {
        Some(former) => format!("not with {}, which the registry has", former.name()),
        None => "only".to_owned(),
    };
    match (kind, args.always_suffix, args.capacity) {
        (ResolverName::ItemId | ResolverName::Reassign, true, _) => {
            Err(format!("--always-suffix goes with --resolver suffix, {here}"))
        }
        (ResolverName::ItemId | ResolverName::Suffix, _, Some(capacity)) => {
            Err(format!("--capacity {capacity} goes with --resolver reassign, {here}"))
        }
        (ResolverName::Suffix, always, None) => {
            Ok(Resolver::Suffix { always: always || former == Some(Resolver::Suffix { always: true }) })
        }
        (ResolverName::ItemId, ..) => Ok(Resolver::ItemId),
        (ResolverName::Reassign, _, capacity) => {
            let former = former.and_then(|former| former.capacity());
            Ok(Resolver::Reassign { capacity: capacity.or(former).unwrap_or(NonZeroU32::MIN) })
        }
    }
}

fn name(resolver: Resolver) -> ResolverName {
    match resolver {
        Resolver::ItemId => ResolverName::ItemId,
        Resolver::Reassign { .. } => ResolverName::Reassign,
        _ => ResolverName::Suffix,
    }
}

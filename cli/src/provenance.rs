//! Records of the files that a fit reads, for `semid fit --provenance`.

use crate::args::FitArgs;
use crate::input::Input;
use crate::output::Failure;
use semid::Model;
use semid::io::Provenance;
use std::path::Path;

/// Lists the files that a fit reads besides its embeddings, each with what it holds.
fn beside(args: &FitArgs) -> impl Iterator<Item = (&'static str, &Path)> {
    let weights = args.weights.weights.iter().map(|path| ("weights", path));
    let labels = args.labels.prefix.prefix_labels.iter().map(|path| ("labels", path));
    let pairs = args.pairs.pairs.iter().map(|path| ("pairs", path));
    let keys = args.pair_keys.items.iter().map(|path| ("item keys", path));
    weights.chain(labels).chain(pairs).chain(keys).map(|(what, path)| (what, path.as_path()))
}

/// Refuses what cannot be read once more for its SHA-256, before a long fit finds out.
pub(crate) fn check(args: &FitArgs, input: &Input) -> Result<(), Failure> {
    if !args.provenance {
        return Ok(());
    }
    let embeddings = input.rows.files().map(|(path, _)| path);
    let once = embeddings.chain(beside(args).map(|(_, path)| path)).find(|path| !path.is_file());
    match once {
        Some(path) => Err(Failure::Error(format!(
            "{}: --provenance records the SHA-256 of files, and this can be read only once; save it as a file, or \
             leave --provenance out",
            path.display()
        ))),
        None => Ok(()),
    }
}

/// Returns the model, with a record of its inputs if that was asked for.
pub(crate) fn recorded(model: Model, args: &FitArgs, input: &Input) -> semid::Result<Model> {
    if !args.provenance {
        return Ok(model);
    }
    let record = Provenance::new().inputs(&input.rows)?;
    model.with_provenance(beside(args).try_fold(record, |record, (what, path)| record.file(path, what))?)
}

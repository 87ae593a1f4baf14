//! Checks the files that a command will write, before any work.

use crate::args::Command;
use crate::extension::extension;
use crate::failure::Failure;
use crate::output::differs_from;
use same_file::Handle;
use semid::io::EXTENSIONS;
use std::path::Path;

/// Refuses outputs that are stdout, where the result is printed, and names with the extension of another format.
pub(crate) fn check(command: &Command) -> Result<(), Failure> {
    command.outputs().into_iter().try_for_each(is_no_stdout)?;
    if let Some(bad_rows) = command.input().and_then(|input| input.bad_rows_output.as_deref()) {
        is_no_stdout(bad_rows)?;
        command.outputs().into_iter().try_for_each(|output| differs_from(bad_rows, output, "output"))?;
    }
    match command {
        Command::Fit(args) => {
            if let Some(checkpoint) = &args.vae.checkpoint {
                has_extension(checkpoint, "a checkpoint", "ck", NO_MODELS)?;
            }
            has_extension(&args.output, "a model", "safetensors", NO_MODELS)
        }
        Command::Sweep(args) => has_extension(&args.output, "the result of a sweep", "jsonl", NO_SWEEPS),
        // What an existing file is, its content says.
        Command::Assign(args) => args
            .db
            .file()
            .filter(|path| !path.exists())
            .map_or(Ok(()), |path| has_extension(path, "a database", "db", NO_MODELS)),
        _ => Ok(()),
    }
}

/// Refuses a name with the extension of another format than that of `what`, whose own extension is `own`.
fn has_extension(path: &Path, what: &str, own: &str, others: &[&str]) -> Result<(), Failure> {
    let extension = extension(path);
    let extension = extension.as_str();
    if extension == own || !(EXTENSIONS.contains(&extension) || others.contains(&extension)) {
        return Ok(());
    }
    Err(Failure::Error(format!("{}: {what} is no .{extension} file; give a name that ends in .{own}", path.display())))
}

/// Extensions of files that are neither a model, a database or a checkpoint, or the result of a sweep, nor embeddings.
const NO_MODELS: &[&str] = &["db", "htm", "html", "json", "svg", "toml", "txt"];
const NO_SWEEPS: &[&str] = &["db", "htm", "html", "svg", "toml"];

/// Refuses the name `-` and the file that stdout writes to.
fn is_no_stdout(path: &Path) -> Result<(), Failure> {
    let refuse = |why: &str| Err(Failure::Error(format!("{}: {why}", path.display())));
    if path == Path::new("-") {
        return refuse("the result is printed to stdout, so no file is written there; give a name");
    }
    let named = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name));
    // Only regular files are opened to compare them, because opening a pipe would wait for its other end.
    let is_file = || path.metadata().is_ok_and(|metadata| metadata.is_file());
    let same = || Handle::from_path(path).is_ok_and(|file| Handle::stdout().is_ok_and(|stdout| stdout == file));
    if named || (is_file() && same()) {
        return refuse("this is stdout, where the result is printed; name another file");
    }
    Ok(())
}

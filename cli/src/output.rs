//! What comes out: results on stdout, errors on stderr, and the exit code.

use crate::args::Command;
use crate::interrupt;
use same_file::Handle;
use semid::ErrorKind;
use serde::{Serialize, Serializer};
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How a command that ran to its end answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, or yes.
    Yes,
    /// The answer to the command's question is no.
    No,
    /// A failure that the result itself tells about.
    Failed,
}

/// Why a command did not run to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What is wrong, where, and what to do.
    Error(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-C, after some work was saved: what and how to go on.
    Stopped(String),
    /// Nobody reads stdout any more.
    ClosedPipe,
}

/// What every command returns.
pub(crate) type Outcome = Result<Answer, Failure>;

impl From<semid::Error> for Failure {
    fn from(error: semid::Error) -> Self {
        match error.kind() {
            ErrorKind::Cancelled => Self::Interrupted,
            _ => Self::Error(said(&error)),
        }
    }
}

/// The error, and the option that helps, which the library cannot know.
fn said(error: &semid::Error) -> String {
    match hint(error.kind()) {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}

fn hint(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::NoPrices => Some("`semid fit --balanced`"),
        ErrorKind::NoAdapter { .. } => Some("--device cpu"),
        ErrorKind::OutOfMemory { .. } => Some("--sample takes a part of the rows"),
        ErrorKind::Format { reason, .. } if reason.ends_with("name the tensor to read") => Some("--tensor NAME"),
        ErrorKind::Format { reason, .. } if reason.ends_with("name the column to read") => Some("--column NAME"),
        ErrorKind::Format { format: "model", reason } if reason.ends_with("`Model::save` wrote") => {
            Some("`semid fit` writes such files")
        }
        _ => None,
    }
}

impl From<io::Error> for Failure {
    /// Only stdout is written to without the library.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Error(format!("stdout: writing failed: {error}")),
        }
    }
}

impl Failure {
    /// The failure of `error`, which concerns the file at `path` unless it names another one.
    pub(crate) fn of_file(error: semid::Error, path: &Path) -> Self {
        match (error.kind(), error.path()) {
            (ErrorKind::Cancelled, _) | (_, Some(_)) => error.into(),
            _ => Self::Error(format!("{}: {}", path.display(), said(&error))),
        }
    }

    /// The failure of `error` while the rows of the file at `input` were worked on.
    pub(crate) fn of_rows(error: semid::Error, input: &Path) -> Self {
        use ErrorKind::{Dim, DimMismatch, Empty, FarRow, NotFinite, Ragged, Sizes, TooFewRows};
        let about_rows = matches!(
            error.kind(),
            Dim { .. }
                | DimMismatch { .. }
                | Empty
                | FarRow { .. }
                | NotFinite { .. }
                | Ragged { .. }
                | Sizes { .. }
                | TooFewRows { .. }
        );
        if about_rows { Self::of_file(error, input) } else { error.into() }
    }
}

/// Prints `result` as one JSON object, or else `text`.
pub(crate) fn result(json: bool, result: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
    interrupt::say("interrupted while the result was printed");
    if json {
        let object = serde_json::to_string(result).map_err(|error| Failure::Error(error.to_string()))?;
        // As it is: without a terminal, `anstream` would leave out control characters, which keys may have.
        print(&mut io::stdout().lock(), &format!("{object}\n"))
    } else {
        self::text(&text())
    }
}

/// Prints `text`.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    print(&mut anstream::stdout(), text)
}

fn print(stdout: &mut impl Write, text: &str) -> Result<(), Failure> {
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// A path for `--json`, where JSON can hold it; bytes that are no UTF-8 become U+FFFD.
pub(crate) fn path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// [`path`], where there may be none.
pub(crate) fn path_if_any<S: Serializer>(path: &Option<&Path>, serializer: S) -> Result<S::Ok, S::Error> {
    path.map(Path::to_string_lossy).serialize(serializer)
}

/// Refuses outputs that are stdout, where the result is printed, and names that are those of other formats.
pub(crate) fn check_outputs(command: &Command) -> Result<(), Failure> {
    command.outputs().into_iter().try_for_each(is_no_stdout)?;
    let (path, what, others) = match command {
        Command::Fit(args) => (&args.output, "a model", NO_MODELS),
        Command::Sweep(args) => (&args.output, "the result of a sweep", NO_SWEEPS),
        _ => return Ok(()),
    };
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if !others.contains(&extension.as_str()) {
        return Ok(());
    }
    let known = if others == NO_MODELS { "safetensors" } else { "jsonl" };
    Err(Failure::Error(format!(
        "{}: {what} is no .{extension} file; give a name that ends in .{known}",
        path.display()
    )))
}

/// Extensions that other files have.
const NO_MODELS: &[&str] =
    &["csv", "db", "fvecs", "htm", "html", "json", "jsonl", "npy", "npz", "parquet", "svg", "toml", "txt"];
const NO_SWEEPS: &[&str] =
    &["csv", "db", "fvecs", "htm", "html", "npy", "npz", "parquet", "safetensors", "svg", "toml"];

/// Refuses the name `-` and the file that stdout goes to.
fn is_no_stdout(path: &Path) -> Result<(), Failure> {
    let refuse = |why: &str| Err(Failure::Error(format!("{}: {why}", path.display())));
    if path == Path::new("-") {
        return refuse("files are not written to stdout, where the result is printed; give a name");
    }
    let named = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name));
    // Only regular files are opened to compare them: to open a pipe would wait for its other end.
    let is_file = || path.metadata().is_ok_and(|metadata| metadata.is_file());
    let same = || Handle::from_path(path).is_ok_and(|file| Handle::stdout().is_ok_and(|stdout| stdout == file));
    if named || (is_file() && same()) {
        return refuse("is stdout, where the result is printed; name another file");
    }
    Ok(())
}

/// Refuses to replace a file that is read, or that this command makes as well.
pub(crate) fn differs(output: &Path, input: &Path) -> Result<(), Failure> {
    differs_from(output, input, "input")
}

/// `1 row`, `2 rows`.
pub(crate) fn things(number: usize, name: &str) -> String {
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}

/// Numbers that stand together, all in one format: with as many decimals as the smallest of them needs for four digits.
pub(crate) fn numbers(values: &[f64]) -> Vec<String> {
    let sizes = || values.iter().map(|value| value.abs()).filter(|size| *size > 0.0 && size.is_finite());
    let (least, most) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max));
    let exponent = if least.is_finite() { least.log10().floor() as i32 } else { 0 };
    if exponent < -6 || most >= 1e9 {
        return values.iter().map(|value| format!("{value:.3e}")).collect();
    }
    let decimals = (3 - exponent).clamp(1, 9) as usize;
    values.iter().map(|value| format!("{value:.decimals$}")).collect()
}

/// [`differs`], for a file that is the `what`.
pub(crate) fn differs_from(output: &Path, other: &Path, what: &str) -> Result<(), Failure> {
    match (place(output), place(other)) {
        (Some(to), Some(from)) if to == from && (to.is_file() || !to.exists()) => {
            Err(Failure::Error(format!("{}: is also the {what}; name another file", output.display())))
        }
        _ => Ok(()),
    }
}

/// Where a file is, or will be: its folder without links, and its name.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    path.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(path.file_name()?)))
}

/// Reports a failure and turns the outcome into an exit code.
pub(crate) fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(Answer::Yes) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Ok(Answer::Failed) => ExitCode::from(2),
        Err(Failure::Error(message)) => {
            error(&message);
            ExitCode::from(2)
        }
        Err(Failure::Interrupted) => {
            say_interrupted(&interrupt::message());
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Err(Failure::Stopped(message)) => {
            say_interrupted(&message);
            ExitCode::from(interrupt::EXIT_CODE)
        }
    }
}

/// Sentences that the user should read although the command succeeds, on stderr.
pub(crate) fn warn(warnings: &[String]) {
    for warning in warnings {
        let _ = writeln!(anstream::stderr(), "\x1b[1;33mwarning:\x1b[0m {warning}");
    }
}

/// Says once that the process was interrupted, whoever is first to.
pub(crate) fn say_interrupted(message: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        error(message);
    }
}

/// One line on stderr; if that is closed too, there is nobody left to tell.
fn error(message: &str) {
    let line = message.replace(['\n', '\r'], " ");
    let _ = writeln!(anstream::stderr(), "\x1b[1;31merror:\x1b[0m {line}");
}

/// The panic that happened last.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs `work` and reports a panic that nobody caught as an error.
///
/// The library catches the panics of a decoder that meets damaged data; such a panic is only logged.
pub(crate) fn catch_panics(work: impl FnOnce() -> Outcome) -> Outcome {
    panic::set_hook(Box::new(|info| {
        tracing::debug!("{info}");
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.to_string());
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let what = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        Err(Failure::Error(format!("internal error: {what}; please report this")))
    })
}
